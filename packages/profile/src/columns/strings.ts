// String tables: the compact one that every reader makes, and the interner that builds new ones.
import type { StringTable } from '../profile.ts';
import { decodeText, utf8Length, writeText } from '../bytes/utf8.ts';

/** A string table whose bytes lie in one buffer; text is decoded on first use and kept. */
class PackedStrings implements StringTable {
  readonly length: number;
  readonly #buffer: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #texts: (string | undefined)[];
  #firstRows: Uint32Array | null = null;

  constructor(buffer: Uint8Array, ends: Uint32Array) {
    this.length = ends.length;
    this.#buffer = buffer;
    this.#ends = ends;
    this.#texts = [];
  }

  get(index: number): string {
    const known = this.#texts[index];
    if (known !== undefined) return known;
    this.#check(index);
    const text = decodeText(this.#buffer, index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
    this.#texts[index] = text;
    return text;
  }

  bytes(index: number): Uint8Array {
    this.#check(index);
    return this.#buffer.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
  }

  firstRow(index: number): number {
    this.#check(index);
    this.#firstRows ??= firstRows(this.#buffer, this.#ends);
    return this.#firstRows[index] as number;
  }

  /** Writes all bytes from `at` on, and the end of each row from `row` on; the offset behind the bytes. */
  copyTo(buffer: Uint8Array, at: number, ends: Uint32Array, row: number): number {
    const { size } = this;
    buffer.set(this.#buffer.subarray(0, size), at);
    for (let i = 0; i < this.length; i++) ends[row + i] = at + (this.#ends[i] as number);
    return at + size;
  }

  /** Number of bytes. */
  get size(): number {
    return this.length === 0 ? 0 : (this.#ends[this.length - 1] as number);
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.length)) {
      throw new RangeError(`string ${index} of a table with ${this.length} strings`);
    }
  }
}

/** A hash of `bytes[from…to)`: a signed 32-bit integer. Four bytes a step: Maglev calls a function to multiply. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const high = ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ low ^ high, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = ((hash << 5) | (hash >>> 27)) ^ (bytes[at] as number);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** The first row with the same bytes, for each row. */
function firstRows(buffer: Uint8Array, ends: Uint32Array): Uint32Array {
  const first = new Uint32Array(ends.length);
  let size = 64;
  while (size < ends.length * 2) size *= 2;
  // Rows plus one; 0 is free.
  const slots = new Uint32Array(size);
  const hashes = new Int32Array(ends.length);
  let start = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row] as number;
    const hash = hashBytes(buffer, start, end);
    hashes[row] = hash;
    let slot = hash & (size - 1);
    let other = 0;
    for (; (other = slots[slot] as number) !== 0; slot = (slot + 1) & (size - 1)) {
      if (hashes[other - 1] === hash && sameBytes(buffer, ends, other - 1, start, end)) break;
    }
    if (other === 0) {
      slots[slot] = row + 1;
      first[row] = row;
    } else first[row] = other - 1;
    start = end;
  }
  return first;
}

function sameBytes(buffer: Uint8Array, ends: Uint32Array, row: number, start: number, end: number): boolean {
  const own = row === 0 ? 0 : (ends[row - 1] as number);
  if ((ends[row] as number) - own !== end - start) return false;
  for (let i = start; i < end; i++) if (buffer[own + i - start] !== buffer[i]) return false;
  return true;
}

/** A string table over `buffer`: row i ends at `ends[i]` and begins where row i − 1 ends. Row 0 must be empty. */
export function packedStrings(buffer: Uint8Array, ends: Uint32Array): StringTable {
  return new PackedStrings(buffer, ends);
}

/** A string table of the given texts, row by row; the first must be ''. */
export function stringTableOf(texts: readonly string[]): StringTable {
  const ends = new Uint32Array(texts.length);
  let size = 0;
  for (let i = 0; i < texts.length; i++) {
    size += utf8Length(texts[i] as string);
    ends[i] = size;
  }
  const buffer = new Uint8Array(size);
  let at = 0;
  for (const text of texts) at = writeText(text, buffer, at);
  return new PackedStrings(buffer, ends);
}

/** Gives each distinct text one row; row 0 is ''. Texts are those of {@link StringTable.get}. */
export class StringInterner {
  readonly #rows = new Map<string, number>();
  readonly #texts: string[] = [];

  constructor() {
    this.add('');
  }

  get length(): number {
    return this.#texts.length;
  }

  /** Row of `text`, new where it was not seen before. */
  add(text: string): number {
    const known = this.#rows.get(text);
    if (known !== undefined) return known;
    const row = this.#texts.length;
    this.#rows.set(text, row);
    this.#texts.push(text);
    return row;
  }

  /** Row of `text`, or -1. */
  find(text: string): number {
    return this.#rows.get(text) ?? -1;
  }

  /** The text of row `row`. */
  get(row: number): string {
    return this.#texts[row] as string;
  }

  /** The table of everything added so far. */
  build(): StringTable {
    return stringTableOf(this.#texts);
  }
}

/** A table that keeps all rows of `base` and appends `added` texts; rows of `base` keep their numbers. */
export function extendStrings(base: StringTable, added: readonly string[]): StringTable {
  if (added.length === 0) return base;
  // Its first row is no row of the result: that every table begins with the empty text.
  const extra = stringTableOf(['', ...added]);
  const split = base.length;
  let rows: Map<string, number> | null = null;
  /** Where the bytes of an added text stand first. */
  const firstOf = (index: number): number => {
    if (rows === null) {
      rows = new Map();
      for (const text of added) if (!rows.has(text)) rows.set(text, -1);
      for (let row = split - 1; row >= 0; row--) if (rows.has(base.get(row))) rows.set(base.get(row), row);
      for (const [i, text] of added.entries()) if (rows.get(text) === -1) rows.set(text, split + i);
    }
    return rows.get(added[index - split] as string) ?? index;
  };
  return {
    length: split + added.length,
    get: (index) => (index < split ? base.get(index) : extra.get(index - split + 1)),
    bytes: (index) => (index < split ? base.bytes(index) : extra.bytes(index - split + 1)),
    firstRow: (index) => (index < split ? base.firstRow(index) : firstOf(index)),
  };
}

/** All rows of all tables, one table behind the other; texts that several of them have stand there several times. */
export function concatenateStrings(tables: readonly StringTable[]): StringTable {
  const packed = tables.map((table) => (table instanceof PackedStrings ? table : repacked(table)));
  const ends = new Uint32Array(packed.reduce((sum, { length }) => sum + length, 0));
  const buffer = new Uint8Array(packed.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  let row = 0;
  for (const table of packed) {
    at = table.copyTo(buffer, at, ends, row);
    row += table.length;
  }
  return new PackedStrings(buffer, ends);
}

function repacked(table: StringTable): PackedStrings {
  const ends = new Uint32Array(table.length);
  let size = 0;
  for (let row = 0; row < table.length; row++) ends[row] = size += table.bytes(row).length;
  const buffer = new Uint8Array(size);
  for (let row = 0; row < table.length; row++) {
    const bytes = table.bytes(row);
    buffer.set(bytes, (ends[row] as number) - bytes.length);
  }
  return new PackedStrings(buffer, ends);
}
