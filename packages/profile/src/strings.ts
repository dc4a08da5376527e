// String tables: the compact one that every reader makes, and the interner that builds new ones.
import type { StringTable } from './profile.ts';
import { decodeText, utf8Length, writeText } from './utf8.ts';

/** A string table whose bytes lie in one buffer; text is decoded on first use and kept. */
class PackedStrings implements StringTable {
  readonly length: number;
  readonly #buffer: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #texts: (string | undefined)[];

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

  #check(index: number): void {
    if (!(index >= 0 && index < this.length)) {
      throw new RangeError(`string ${index} of a table with ${this.length} strings`);
    }
  }
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
  const extra = stringTableOf(added);
  const split = base.length;
  return {
    length: split + added.length,
    get: (index) => (index < split ? base.get(index) : extra.get(index - split)),
    bytes: (index) => (index < split ? base.bytes(index) : extra.bytes(index - split)),
  };
}
