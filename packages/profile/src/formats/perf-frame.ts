// A frame in what `perf script` prints: `address symbol+0x12 (binary)`, any of them missing, and the place below it.
import { scriptFilename } from '../script-filename.ts';
import { ANONYMOUS } from './frame-table.ts';

/** One frame of a stack. */
export interface PerfFrame {
  readonly address: bigint;
  /** '' where perf found none. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** '' where unknown. */
  readonly binary: string;
}

const SCRIPT = /^(?:JS|LazyCompile|Function|Eval|Script|Callback):[*~^+']?(\S*) (\S.*):(\d{1,9}):\d{1,9}$/;

export const PERF_SOURCE: RegExp = /^(\S.*):(\d{1,9})$/;
/** An address, and more behind it. */
export const PERF_ADDRESS: RegExp = /^(?:0x)?[0-9a-f]{1,16}\s+\S/;
/** A frame as perf itself indents it: the address ends in the 17th column, or the 24th where blanks stand for the tab. */
export const PERF_COLUMN: RegExp =
  /^(?:\t(?=.{16}(?:\s|$)) *[0-9a-f]+(?:\s|$)| {8}(?=.{16} \S) *[0-9a-f]{4,16} )/;
/** What is hardly anything else, wherever it ends: an address with a digit in it, and a name. */
export const PERF_LIKELY: RegExp = /^\t *(?=[a-f]*\d)[0-9a-f]{4,16} \S/;

/** Where the last parenthesis, which is closed at the end of `text`, opens; -1 for none. */
function openingOf(text: string): number {
  if (!text.endsWith(')')) return -1;
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    const c = text.charCodeAt(i);
    if (c === 41) depth++;
    else if (c === 40 && --depth === 0) return i;
  }
  return -1;
}

/** Reads `address symbol+0x12 (binary)`; a second line, where there is one, is the position `file:line`. */
export function readPerfFrame(lines: string): PerfFrame {
  const newline = lines.indexOf('\n');
  if (newline >= 0) {
    const source = PERF_SOURCE.exec(lines.slice(newline + 1));
    const frame = readPerfFrame(lines.slice(0, newline));
    const [, file = '??', line] = source ?? [];
    return file === '??' ? frame : { ...frame, file, line: Number(line) };
  }
  const text = lines;
  const hex = /^(?:0x)?([0-9a-f]{1,16})(?:\s+|$)/.exec(text);
  const address = hex === null ? 0n : BigInt(`0x${hex[1] as string}`);
  let symbol = hex === null ? text : text.slice(hex[0].length);
  let binary = '';
  const open = openingOf(symbol);
  // A name that ends with a parenthesis has no blank before it: f(int).
  if (open === 0 || (open > 0 && symbol[open - 1] === ' ')) {
    binary = symbol.slice(open + 1, -1);
    symbol = symbol.slice(0, open).trimEnd();
  }
  symbol = symbol.replace(/\+0x[0-9a-f]{1,16}$/, '');
  // With the field dsoff, the offset in the binary stands there, too.
  binary = binary.replace(/\+0x[0-9a-f]{1,16}$/, '');
  if (binary === '[unknown]' || binary === 'inlined') binary = '';
  if (symbol === '[unknown]' || symbol === '') return { address, name: '', file: '', line: 0, binary };
  // V8 writes names of compiled functions with their position.
  const script = SCRIPT.exec(symbol);
  if (script === null) return { address, name: symbol, file: '', line: 0, binary };
  const [, name = '', url = '', at = ''] = script;
  return {
    address,
    name: name === '' ? ANONYMOUS : name,
    file: scriptFilename(url),
    line: Number(at),
    binary,
  };
}
