// Lines, spaces and numbers as the old text readers of pprof see them.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import { ProfileError } from '../../errors.ts';
import { LineReader } from '../../bytes/lines.ts';

/** Longest line in bytes that pprof's line scanner takes, plus one. */
const MAX_LINE = 65536;

/** An error in the words of pprof; `where` names the line for our own message. */
export function legacyError(pprof: string, where: string): ProfileError {
  const code = pprof === 'unrecognized profile format' ? 'PROFILE_UNRECOGNIZED' : 'PROFILE_MALFORMED';
  return new ProfileError(code, `${where}: ${pprof}`, { pprofMessage: `parsing profile: ${pprof}` });
}

/** What the `bufio.Scanner` of these readers does: after the last line its text is empty. */
export class Scanner {
  readonly #lines: LineReader;
  #tooLong = false;
  text = '';

  constructor(bytes: Uint8Array, at = 0) {
    this.#lines = new LineReader(bytes, at);
  }

  scan(): boolean {
    this.text = '';
    if (this.#tooLong) return false;
    if (this.#lines.peekLength() >= MAX_LINE) {
      this.#tooLong = true;
      return false;
    }
    const more = this.#lines.next();
    this.text = this.#lines.line;
    return more;
  }

  /** Where the scanner is, for messages. */
  get where(): string {
    return `line ${this.#lines.number} (byte ${this.#lines.offset})`;
  }

  /** Whether the last `scan` failed because of a line that is too long. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** Throws if a line was too long. */
  check(): void {
    if (!this.#tooLong) return;
    const where = `line ${this.#lines.number + 1} (byte ${this.#lines.end})`;
    throw legacyError('bufio.Scanner: token too long', where);
  }

  error(pprof: string): ProfileError {
    return legacyError(pprof, this.where);
  }
}

const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${SPACE}+`);
const IS_SPACE = new RegExp(`^${SPACE}$`);

/** Go's `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  let end = text.length;
  while (end > 0 && IS_SPACE.test(text[end - 1] as string)) end--;
  return text.slice(0, end).replace(LEADING, '');
}

export function isSpaceOrComment(line: string): boolean {
  const trimmed = trimSpace(line);
  return trimmed === '' || trimmed.startsWith('#');
}

const INT64_MAX = 2n ** 63n - 1n;

/** Go's `strconv.ParseInt(text, 10, 64)`: the value, or what its error says. */
export function parseInt10(text: string): bigint | string {
  const quoted = JSON.stringify(text);
  if (!/^[+-]?\d+$/.test(text)) return `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
  const digits = text.replace(/^[+-]?0*/, '');
  const value = digits === '' ? 0n : digits.length > 19 ? INT64_MAX + 2n : BigInt(digits);
  const negative = text.startsWith('-');
  if (value > INT64_MAX + (negative ? 1n : 0n))
    return `strconv.ParseInt: parsing ${quoted}: value out of range`;
  return negative ? -value : value;
}

/** Go's `strconv.ParseInt(text, 0, 64)`: prefixes 0x, 0o, 0b and a bare 0, underscores between digits. */
export function parseInt0(text: string): bigint | string {
  const quoted = JSON.stringify(text);
  const invalid = `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
  const match =
    /^([+-]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[oO]_?[0-7]+(?:_[0-7]+)*|0[bB]_?[01]+(?:_[01]+)*|0_?[0-7]+(?:_[0-7]+)*|[1-9][0-9]*(?:_[0-9]+)*|0)$/.exec(
      text,
    );
  if (match === null) return invalid;
  const plain = (match[2] as string).replaceAll('_', '').toLowerCase();
  const prefixed = /^0[xob]/.test(plain)
    ? plain
    : plain.length > 1 && plain.startsWith('0')
      ? `0o${plain.slice(1)}`
      : plain;
  const value = prefixed.length > 70 && !/^0[xob]0*/.test(prefixed) ? INT64_MAX + 2n : bigOf(prefixed);
  if (value > INT64_MAX + (match[1] === '-' ? 1n : 0n))
    return `strconv.ParseInt: parsing ${quoted}: value out of range`;
  return match[1] === '-' ? -value : value;
}

function bigOf(text: string): bigint {
  const match = /^(0[xob])0*(.*)$/.exec(text);
  if (match === null) return text.length > 20 ? INT64_MAX + 2n : BigInt(text);
  const digits = match[2] as string;
  if (digits === '') return 0n;
  return digits.length > 64 ? INT64_MAX + 2n : BigInt((match[1] as string) + digits);
}

/** An unsigned hexadecimal number of 64 bits, or null. */
export function parseHex64(digits: string): bigint | null {
  const significant = digits.replace(/^0+/, '');
  if (significant.length > 16 || !/^[0-9a-fA-F]*$/.test(significant)) return null;
  return significant === '' ? 0n : BigInt(`0x${significant}`);
}

/** All `0x…` numbers of a text; the first that has more than 64 bits comes back as a string. */
export function parseHexAddresses(text: string): bigint[] | string {
  const addresses: bigint[] = [];
  for (const [number] of text.matchAll(/0x[0-9a-f]+/g)) {
    const address = parseHex64(number.slice(2));
    if (address === null) return number;
    addresses.push(address);
  }
  return addresses;
}
