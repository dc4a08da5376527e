// Go's own table of functions, files and lines, which is in every binary of Go, stripped ones too: layouts of Go 1.18 and later.
// Upstream: golang/go src/debug/gosym/pclntab.go src/internal/abi/symtab.go, 1.26.8
import { textAt } from './elf.ts';

const GO_118 = 0xfffffff0;
const GO_120 = 0xfffffff1;
/** Words of the header behind its first eight bytes: numbers of functions and files, text, names, units, files, lines, functions. */
const HEADER_WORDS = 8;
/** Steps through lists of lines that all look-ups together may take. */
const MOST_STEPS = 100_000_000;

/** Where in the sources an address is. */
export interface GoPlace {
  readonly name: string;
  readonly file: string;
  /** -1 where the table has none. */
  readonly line: number;
}

/** Looks addresses up; a table that is damaged finds nothing. */
export class GoLineTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittle: boolean;
  readonly #text: bigint;
  readonly #quantum: number;
  readonly #count: number;
  readonly #names: number;
  readonly #units: number;
  readonly #files: number;
  readonly #lines: number;
  readonly #functions: number;
  #steps = 0;

  private constructor(
    bytes: Uint8Array,
    view: DataView,
    isLittle: boolean,
    text: bigint,
    header: readonly number[],
  ) {
    const [count = 0, , , names = 0, units = 0, files = 0, lines = 0, functions = 0] = header;
    this.#bytes = bytes;
    this.#view = view;
    this.#isLittle = isLittle;
    this.#text = text;
    this.#quantum = bytes[6] as number;
    this.#count = count;
    this.#names = names;
    this.#units = units;
    this.#files = files;
    this.#lines = lines;
    this.#functions = functions;
  }

  /**
   * Reads the head of a table; null where it is of no layout that is known.
   *
   * @param text the address that offsets of functions count from: that of `runtime.text`
   */
  static read(bytes: Uint8Array, text: bigint): GoLineTable | null {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pointer = bytes[7];
    if (bytes.length < 8 || (pointer !== 4 && pointer !== 8)) return null;
    if (![1, 2, 4].includes(bytes[6] as number)) return null;
    const isLittle = [true, false].find((one) => [GO_118, GO_120].includes(view.getUint32(0, one)));
    if (isLittle === undefined || bytes.length < 8 + HEADER_WORDS * pointer) return null;
    const header: number[] = [];
    for (let word = 0; word < HEADER_WORDS; word++) {
      const at = 8 + word * pointer;
      header.push(pointer === 4 ? view.getUint32(at, isLittle) : Number(view.getBigUint64(at, isLittle)));
    }
    const [count = 0, , , ...tables] = header;
    const functions = tables.at(-1) ?? 0;
    const isWithin =
      tables.every((at) => at <= bytes.length) && functions + (2 * count + 1) * 4 <= bytes.length;
    return isWithin ? new GoLineTable(bytes, view, isLittle, text, header) : null;
  }

  /** The function, file and line of an address of the file; null where no function of Go's is there. */
  find(address: bigint): GoPlace | null {
    const offset = address - this.#text;
    if (offset < 0n || offset > 0xffffffffn) return null;
    try {
      return this.#find(Number(offset));
    } catch (error) {
      // What the table names lies outside of it.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  #find(offset: number): GoPlace | null {
    const row = this.#row(offset);
    if (row < 0) return null;
    const end = this.#entry(row + 1);
    const at = this.#functions + this.#word(this.#functions + 8 * row + 4);
    // The fields of a function, each of four bytes: its offset, its name, two for its frame, its tables, its unit.
    const entry = this.#word(at);
    const field = (number: number): number => this.#word(at + 4 * number);
    const fileOf = this.#value(field(5), entry, offset, end);
    const line = this.#value(field(6), entry, offset, end);
    const name = textAt(this.#bytes, this.#names + field(1));
    return { name, file: fileOf < 0 ? '' : this.#file(field(8), fileOf), line };
  }

  /** The row of the function that an offset lies in, -1 for none. */
  #row(offset: number): number {
    let from = 0;
    let to = this.#count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#entry(middle) <= offset) from = middle + 1;
      else to = middle;
    }
    const row = from - 1;
    return row >= 0 && offset < this.#entry(row + 1) ? row : -1;
  }

  #entry(row: number): number {
    return this.#word(this.#functions + 8 * row);
  }

  #file(unit: number, file: number): string {
    const at = this.#word(this.#units + 4 * (unit + file));
    return at === 0xffffffff ? '' : textAt(this.#bytes, this.#files + at);
  }

  /** What a list of values says for an offset: pairs of how the value changes and for how many instructions it holds. */
  #value(list: number, entry: number, wanted: number, end: number): number {
    let at = this.#lines + list;
    let value = -1;
    let offset = entry;
    // A list goes no further than its function.
    while (offset < end && this.#steps++ < MOST_STEPS) {
      let change: number;
      [change, at] = this.#varint(at);
      if (change === 0 && offset !== entry) return -1;
      value = (value + ((change & 1) === 0 ? change >>> 1 : ~(change >>> 1))) | 0;
      let held: number;
      [held, at] = this.#varint(at);
      if (held === 0 && offset !== entry) return -1;
      offset += held * this.#quantum;
      if (wanted < offset) return value;
    }
    return -1;
  }

  #varint(at: number): [value: number, next: number] {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return [value >>> 0, at];
  }

  #word(at: number): number {
    return this.#view.getUint32(at, this.#isLittle);
  }
}
