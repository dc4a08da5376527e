// Functions, locations, lines and strings as the kernel reads them → tables.
import { filled, GrowingUint32 } from '../../columns/growable.ts';
import type { IdMap } from '../../columns/idmap.ts';
import { Int64Filler } from '../../columns/int64.ts';
import type { FunctionTable, IndexColumn, LocationTable, StringTable } from '../../profile.ts';
import { packedStrings } from '../../columns/strings.ts';
import { type Kernel, takeNumbers, tellNumbers } from './kernel.ts';
import { Header, Numbers, Reading } from './layout.ts';

/** Rows that there is room for at first. */
const FIRST = 8192;

/** Columns of 64-bit integers that grow with the tables they belong to. */
class Column {
  readonly filler: Int64Filler = new Int64Filler(FIRST);
  #room = FIRST;

  take(of: Kernel, column: number, row: number, length: number): void {
    if (row + length > this.#room) {
      this.#room = Math.max(row + length, 2 * this.#room);
      this.filler.grow(this.#room);
    }
    takeNumbers(of, column, this.filler, row, length);
  }
}

/** Ids or addresses of two halves each as a column. */
function wideColumn(halves: GrowingUint32): BigUint64Array {
  const words = filled(halves.raw, halves.length);
  return new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
}

/** Collects what the kernel reads of every table but that of the samples, and puts it together in the end. */
export class TableReader {
  functions = 0;
  locations = 0;
  lines = 0;
  strings = 0;
  #largestString = 0;
  readonly #functionIds = new GrowingUint32(2 * FIRST);
  readonly #names = new GrowingUint32(FIRST);
  readonly #systemNames = new GrowingUint32(FIRST);
  readonly #files = new GrowingUint32(FIRST);
  readonly #startLines = new Column();
  readonly #locationIds = new GrowingUint32(2 * FIRST);
  readonly #addresses = new GrowingUint32(2 * FIRST);
  readonly #mappings = new GrowingUint32(FIRST);
  readonly #folded = new GrowingUint32(FIRST);
  readonly #lineStart = new GrowingUint32(FIRST);
  readonly #lineFunctions = new GrowingUint32(FIRST);
  readonly #lineNumbers = new Column();
  readonly #lineColumns = new Column();
  readonly #stringEnds = new GrowingUint32(FIRST);
  /** The bytes of all strings. */
  #text = new Uint8Array(1 << 16);
  #textSize = 0;

  constructor() {
    this.#lineStart.push(0);
  }

  /** Tells the kernel what there is already. */
  tell(of: Kernel): void {
    const { header } = of;
    header[Header.reading] = (header[Header.reading] as number) | Reading.tables;
    header[Header.linesBefore] = this.lines;
    header[Header.stringsBefore] = this.strings;
    header[Header.textBefore] = this.#textSize;
    tellNumbers(of, Numbers.startLines, this.#startLines.filler);
    tellNumbers(of, Numbers.lines, this.#lineNumbers.filler);
    tellNumbers(of, Numbers.columns, this.#lineColumns.filler);
  }

  /** Keeps what the kernel has read. */
  take(of: Kernel): void {
    const { header } = of;
    const functions = header[Header.functions] as number;
    const locations = header[Header.locations] as number;
    const lines = header[Header.lines] as number;
    const strings = header[Header.strings] as number;
    if (functions > 0) {
      this.#functionIds.pushAll(of.functionIds, 2 * functions);
      this.#names.pushAll(of.functionNames, functions);
      this.#systemNames.pushAll(of.functionSystemNames, functions);
      this.#files.pushAll(of.functionFiles, functions);
      this.#startLines.take(of, Numbers.startLines, this.functions, functions);
      this.functions += functions;
      this.#largestString = Math.max(this.#largestString, header[Header.largestStringOfFunctions] as number);
    }
    if (locations > 0) {
      this.#locationIds.pushAll(of.locationIds, 2 * locations);
      this.#addresses.pushAll(of.locationAddresses, 2 * locations);
      this.#mappings.pushAll(of.locationMappings, locations);
      this.#folded.pushAll(of.locationFolded, locations);
      this.#lineStart.pushAll(of.lineEnds, locations);
      this.#lineFunctions.pushAll(of.lineFunctions, lines);
      this.#lineNumbers.take(of, Numbers.lines, this.lines, lines);
      this.#lineColumns.take(of, Numbers.columns, this.lines, lines);
      this.locations += locations;
      this.lines += lines;
    }
    if (strings > 0) {
      this.#stringEnds.pushAll(of.stringEnds, strings);
      this.strings += strings;
      const size = header[Header.text] as number;
      const before = this.#textSize;
      this.#textSize = before + size;
      if (this.#textSize > this.#text.length) {
        const larger = new Uint8Array(Math.max(2 * this.#text.length, this.#textSize));
        larger.set(this.#text.subarray(0, before));
        this.#text = larger;
      }
      this.#text.set(of.text.subarray(0, size), before);
    }
  }

  /** Does every string that a function names exist? */
  get consistent(): boolean {
    return this.#largestString < this.strings;
  }

  /** The table of all strings. */
  stringTable(): StringTable {
    return packedStrings(
      this.#text.subarray(0, this.#textSize),
      filled(this.#stringEnds.raw, this.#stringEnds.length),
    );
  }

  /** The table of all functions. */
  functionTable(): FunctionTable {
    const length = this.functions;
    return {
      length,
      id: wideColumn(this.#functionIds),
      name: filled(this.#names.raw, length),
      systemName: filled(this.#systemNames.raw, length),
      filename: filled(this.#files.raw, length),
      startLine: this.#startLines.filler.finish(length),
    };
  }

  /** The table of all locations; `badLine` is the first location with a line without a function, or -1. */
  locationTable(
    mappingIds: IdMap,
    functionIds: IdMap,
    functions: number,
  ): { locations: LocationTable; badLine: number } {
    const { locations: length, lines } = this;
    const lineStart = filled(this.#lineStart.raw, length + 1);
    const mapping = new Int32Array(length);
    const isFolded = new Uint8Array(length);
    const mappings = this.#mappings.raw;
    const folded = this.#folded.raw;
    for (let row = 0; row < length; row++) {
      const id = mappings[row] as number;
      mapping[row] = id === 0 ? -1 : mappingIds.row(id, 0);
      isFolded[row] = folded[row] as number;
    }
    const fn: IndexColumn = functions <= 0x10000 ? new Uint16Array(lines) : new Uint32Array(lines);
    const ids = this.#lineFunctions.raw;
    let bad = -1;
    for (let line = 0; line < lines; line++) {
      const id = ids[line] as number;
      let row = id === 0 ? -1 : functionIds.row(id, 0);
      if (row < 0) {
        if (bad < 0) bad = line;
        row = 0;
      }
      fn[line] = row;
    }
    let badLine = -1;
    if (bad >= 0) {
      badLine = 0;
      while ((lineStart[badLine + 1] as number) <= bad) badLine++;
    }
    const table = {
      length,
      id: wideColumn(this.#locationIds),
      mapping,
      address: wideColumn(this.#addresses),
      isFolded,
      lineStart,
      lines: {
        length: lines,
        function: fn,
        line: this.#lineNumbers.filler.finish(lines),
        column: this.#lineColumns.filler.finish(lines),
      },
    };
    return { locations: table, badLine };
  }
}
