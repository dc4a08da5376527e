// `symbol`: names of functions by address, for symbolizers; GET with the words as its query, POST with them as its body.
// Upstream: golang/go src/net/http/pprof/pprof.go src/internal/strconv/atoi.go, 1.26.8
import { safeText } from '@stackpile/profile';
import type { SymbolTable } from '../symbols.ts';
import { textResponse } from '../http/messages.ts';
import type { Endpoint } from './endpoint.ts';

/** Go reads words through a buffer of this many bytes; one that does not fit with its `+` ends the answer. */
const BUFFER = 4096;
/** Characters of an answer: whoever repeats an address with a long name is given no more. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

const HIGHEST = 2n ** 64n - 1n;
const NUMBER = /^(?:0x(?:_?[\da-f])+|0b(?:_?[01])+|0o(?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/iu;

/** Go's `strconv.ParseUint(word, 0, 64)`: null where it is no number or does not fit. */
function parseUint(word: string): bigint | null {
  if (!NUMBER.test(word)) return null;
  const digits = word.replaceAll('_', '');
  const value = BigInt(/^0\d/u.test(digits) ? `0o${digits.slice(1)}` : digits);
  return value > HIGHEST ? null : value;
}

/**
 * The answer to words with `+` between two: a line for each that is an address with a name, in their order.
 *
 * @param posted whether they are a body: its last bytes come with its end, where a query's end comes behind a full buffer
 */
export function symbolText(words: string, symbols: SymbolTable, posted: boolean): string {
  let out = 'num_symbols: 1\n';
  const all = words.split('+');
  for (const [i, word] of all.entries()) {
    const room = posted && i === all.length - 1 ? BUFFER : BUFFER - 1;
    const isFull = word.length > room || Buffer.byteLength(word) > room;
    // Go looks up what its buffer holds, also where that is no whole word.
    const address = parseUint(isFull ? word.slice(0, BUFFER) : word);
    const name = address === null ? undefined : symbols.nameAt(address);
    if (address !== null && name !== undefined) out += `0x${address.toString(16)} ${safeText(name)}\n`;
    if (isFull) return `${out}reading request: bufio: buffer full\n`;
    if (out.length > MOST_CHARACTERS) return `${out}reading request: the answer is too long\n`;
  }
  return out;
}

/** Names of the addresses that profiles of this process have shown. */
export const symbol: Endpoint = {
  name: 'symbol',
  description:
    "Maps given program counters to function names. Counters can be specified in a GET raw query or POST body, multiple counters are separated by '+'.",
  kind: 'text',
  query: {},
  delta: false,
  count: null,
  answer: async ({ captures }, { words, posted }) =>
    textResponse(symbolText(words, captures.symbols, posted)),
};
