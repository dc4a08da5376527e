// A gunzip of our own, for what the platform's does not do: several members, a limit, and errors in Go's words.
//
// It reads DEFLATE (RFC 1951) bit by bit with canonical codes, so it is slow and simple; the platform's decompressor is
// asked first, and this one says what was wrong or goes on behind the first member.
// Upstream: golang/go src/compress/gzip/gunzip.go src/compress/flate/inflate.go, 1.26.8
import { ProfileError } from '../errors.ts';

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical prefix code: how many codes of each length, and the symbols in order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** The code of the given lengths, or null where they make none (one code of one bit may stand alone, as in Go). */
function makeCode(lengths: readonly number[]): Code | null {
  const counts = new Uint16Array(16);
  let codes = 0;
  for (const length of lengths) {
    if (length === 0) continue;
    counts[length] = (counts[length] as number) + 1;
    codes++;
  }
  let left = 1;
  for (let bits = 1; bits < 16; bits++) {
    left = left * 2 - (counts[bits] as number);
    if (left < 0) return null;
  }
  if (left > 0 && !(codes === 0 || (codes === 1 && counts[1] === 1))) return null;
  const offsets = new Uint16Array(16);
  for (let bits = 1; bits < 15; bits++)
    offsets[bits + 1] = (offsets[bits] as number) + (counts[bits] as number);
  const symbols = new Uint16Array(codes);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    symbols[offsets[length] as number] = symbol;
    offsets[length] = (offsets[length] as number) + 1;
  }
  return { counts, symbols };
}

let fixedLiterals: Code | null = null;
let fixedDistances: Code | null = null;

function fail(
  code: 'PROFILE_TRUNCATED' | 'PROFILE_MALFORMED',
  at: number,
  what: string,
  pprof: string,
): ProfileError {
  return new ProfileError(code, `cannot decompress: ${what} at byte ${at}`, {
    pprofMessage: `decompressing profile: ${pprof}`,
  });
}

const CRC_TABLE = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  CRC_TABLE[i] = value;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

class Inflater {
  readonly #input: Uint8Array;
  readonly #limit: number;
  #at = 0;
  #bits = 0;
  #bitCount = 0;
  #output: Uint8Array;
  #size = 0;
  /** Where the current member's DEFLATE data begin: Go counts offsets from there. */
  #start = 0;
  /** Where the current member's output begins. */
  #memberStart = 0;

  constructor(input: Uint8Array, limit: number) {
    this.#input = input;
    this.#limit = limit;
    this.#output = new Uint8Array(Math.min(limit, Math.max(1024, input.length * 4)));
  }

  /** All members, joined. */
  run(): Uint8Array {
    do {
      this.#header();
      this.#start = this.#at;
      this.#memberStart = this.#size;
      this.#bits = 0;
      this.#bitCount = 0;
      while (!this.#block());
      this.#trailer();
    } while (this.#at < this.#input.length);
    return this.#output.slice(0, this.#size);
  }

  #eof(): ProfileError {
    return fail('PROFILE_TRUNCATED', this.#input.length, 'the gzip data end', 'unexpected EOF');
  }

  #byte(): number {
    if (this.#at >= this.#input.length) throw this.#eof();
    return this.#input[this.#at++] as number;
  }

  #header(): void {
    const start = this.#at;
    const bad = (): ProfileError =>
      fail('PROFILE_MALFORMED', start, 'the gzip header is invalid', 'gzip: invalid header');
    if (this.#input.length - start < 10) throw this.#eof();
    const [one, two, method, flags] = this.#input.subarray(start, start + 4) as unknown as number[];
    this.#at += 10;
    if (one !== 0x1f || two !== 0x8b || method !== 8) throw bad();
    if (((flags as number) & 4) !== 0) {
      const length = this.#byte() | (this.#byte() << 8);
      if (this.#input.length - this.#at < length) throw this.#eof();
      this.#at += length;
    }
    for (const flag of [8, 16]) {
      if (((flags as number) & flag) === 0) continue;
      // Go keeps names and comments in a buffer of this size.
      for (let length = 0; this.#byte() !== 0; length++) if (length >= 511) throw bad();
    }
    if (((flags as number) & 2) !== 0) {
      const sum = crc32(this.#input.subarray(start, this.#at)) & 0xffff;
      if ((this.#byte() | (this.#byte() << 8)) !== sum) throw bad();
    }
  }

  #trailer(): void {
    if (this.#input.length - this.#at < 8) throw this.#eof();
    const view = new DataView(this.#input.buffer, this.#input.byteOffset + this.#at, 8);
    const output = this.#output.subarray(this.#memberStart, this.#size);
    if (view.getUint32(0, true) !== crc32(output) || view.getUint32(4, true) !== output.length >>> 0) {
      throw fail('PROFILE_MALFORMED', this.#at, 'the gzip checksum does not match', 'gzip: invalid checksum');
    }
    this.#at += 8;
  }

  #corrupt(): ProfileError {
    const offset = this.#at - this.#start;
    const pprof = `flate: corrupt input before offset ${offset}`;
    return fail('PROFILE_MALFORMED', this.#at, 'the gzip data are corrupt', pprof);
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      this.#bits |= this.#byte() << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits < 16; bits++) {
      value |= this.#take(1);
      const count = code.counts[bits] as number;
      if (value - count < first) return code.symbols[index + (value - first)] as number;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw this.#corrupt();
  }

  #room(size: number): void {
    if (this.#size + size > this.#limit) throw tooLarge(this.#limit);
    if (this.#size + size <= this.#output.length) return;
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(this.#output.length * 2, this.#size + size)));
    grown.set(this.#output.subarray(0, this.#size));
    this.#output = grown;
  }

  /** Reads one block; true after the last. */
  #block(): boolean {
    const last = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 0) this.#stored();
    else if (type === 1) {
      if (fixedLiterals === null || fixedDistances === null) {
        const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
        fixedLiterals = makeCode(lengths) as Code;
        fixedDistances = makeCode(new Array<number>(32).fill(5)) as Code;
      }
      this.#compressed(fixedLiterals, fixedDistances);
    } else if (type === 2) this.#dynamic();
    else throw this.#corrupt();
    return last;
  }

  #stored(): void {
    this.#bits = 0;
    this.#bitCount = 0;
    const length = this.#byte() | (this.#byte() << 8);
    const complement = this.#byte() | (this.#byte() << 8);
    if ((length ^ complement) !== 0xffff) throw this.#corrupt();
    this.#room(Math.min(length, this.#input.length - this.#at));
    if (this.#input.length - this.#at < length) throw this.#eof();
    this.#output.set(this.#input.subarray(this.#at, this.#at + length), this.#size);
    this.#at += length;
    this.#size += length;
  }

  #dynamic(): void {
    const literals = this.#take(5) + 257;
    if (literals > 286) throw this.#corrupt();
    const distances = this.#take(5) + 1;
    if (distances > 30) throw this.#corrupt();
    const codes = this.#take(4) + 4;
    const lengths = new Array<number>(19).fill(0);
    for (let i = 0; i < codes; i++) lengths[CODE_ORDER[i] as number] = this.#take(3);
    const lengthCode = makeCode(lengths);
    if (lengthCode === null) throw this.#corrupt();
    const all: number[] = [];
    while (all.length < literals + distances) {
      const symbol = this.#symbol(lengthCode);
      if (symbol < 16) {
        all.push(symbol);
        continue;
      }
      if (symbol === 16 && all.length === 0) throw this.#corrupt();
      const value = symbol === 16 ? (all[all.length - 1] as number) : 0;
      const times =
        symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (all.length + times > literals + distances) throw this.#corrupt();
      for (let i = 0; i < times; i++) all.push(value);
    }
    const literalCode = makeCode(all.slice(0, literals));
    const distanceCode = makeCode(all.slice(literals));
    if (literalCode === null || distanceCode === null) throw this.#corrupt();
    this.#compressed(literalCode, distanceCode);
  }

  #compressed(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol < 256) {
        this.#room(1);
        this.#output[this.#size++] = symbol;
        continue;
      }
      if (symbol === 256) return;
      if (symbol > 285) throw this.#corrupt();
      const length = (LENGTH_BASE[symbol - 257] as number) + this.#take(LENGTH_EXTRA[symbol - 257] as number);
      const code = this.#symbol(distances);
      if (code > 29) throw this.#corrupt();
      const distance = (DISTANCE_BASE[code] as number) + this.#take(DISTANCE_EXTRA[code] as number);
      if (distance > this.#size - this.#memberStart) throw this.#corrupt();
      this.#room(length);
      for (let i = 0; i < length; i++) {
        this.#output[this.#size] = this.#output[this.#size - distance] as number;
        this.#size++;
      }
    }
  }
}

/** The error of a compressed profile that opens to more than `limit` bytes. */
export function tooLarge(limit: number): ProfileError {
  return new ProfileError(
    'PROFILE_TOO_LARGE',
    `too large: the profile is more than ${limit} bytes uncompressed`,
  );
}

/**
 * Gunzips all members of `bytes`.
 *
 * @throws {ProfileError} `PROFILE_TRUNCATED` or `PROFILE_MALFORMED` naming the byte, with Go's own text;
 * `PROFILE_TOO_LARGE` before more than `limit` bytes are held
 */
export function inflateGzip(bytes: Uint8Array, limit: number): Uint8Array {
  return new Inflater(bytes, limit).run();
}
