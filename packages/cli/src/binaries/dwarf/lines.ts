// DWARF's programs of line numbers, versions 2 to 5: which line of which file an address belongs to.
// Source: "DWARF Debugging Information Format", version 5, section 6.2. Names of files are joined as golang/go
// src/debug/dwarf/line.go does, 1.26.8.
import { posix } from 'node:path';
import { textAt } from '../elf.ts';
import { Cursor, damaged } from './cursor.ts';
import type { DwarfSections } from './entries.ts';

/** Rows of all tables that are read. */
const MOST_ROWS = 50_000_000;
const MOST_FILES = 1_000_000;

/** A row of the table. */
export interface LineRow {
  readonly file: number;
  readonly line: number;
}

/** Rows from one address on to another, without a hole. */
interface Sequence {
  readonly from: bigint;
  readonly to: bigint;
  readonly addresses: readonly bigint[];
  readonly rows: readonly LineRow[];
}

interface Header {
  readonly version: number;
  readonly is64: boolean;
  readonly minimum: number;
  readonly operations: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly lengths: readonly number[];
  readonly programAt: number;
  readonly end: number;
}

/** What rows are counted against. */
export interface LineBudget {
  rows: number;
}

function join(directory: string, name: string): string {
  return directory === '' ? name : posix.join(directory, name);
}

/** The lines of one unit. */
export class LineTable {
  readonly #sections: DwarfSections;
  readonly #sequences: readonly Sequence[];
  readonly #files: readonly string[];

  /**
   * @param at in `.debug_line`
   * @param directory in which the unit was compiled
   */
  constructor(
    sections: DwarfSections,
    at: number,
    directory: string,
    addressSize: number,
    budget: LineBudget,
  ) {
    this.#sections = sections;
    const cursor = new Cursor(sections.line, sections.isLittle, at);
    const { header, files } = this.#readHeader(cursor, directory, addressSize);
    this.#files = files;
    this.#sequences = this.#run(header, cursor.from(header.programAt, header.end), budget);
  }

  /** The file of that number; '' where there is none. */
  file(number: number): string {
    return this.#files[number] ?? '';
  }

  /** The row of an address; null where it lies in none. */
  find(address: bigint): LineRow | null {
    const sequence = this.#sequences.find(({ from, to }) => address >= from && address < to);
    if (sequence === undefined) return null;
    const { addresses, rows } = sequence;
    let low = 0;
    let high = addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    return rows[low - 1] ?? null;
  }

  #readHeader(cursor: Cursor, directory: string, addressSize: number): { header: Header; files: string[] } {
    const { size, is64 } = cursor.length();
    const end = cursor.at + size;
    const version = cursor.u16();
    if (version < 2 || version > 5) throw damaged();
    if (version >= 5) cursor.skip(2);
    const headerSize = cursor.offset(is64);
    const programAt = cursor.at + headerSize;
    if (programAt > end) throw damaged();
    const minimum = cursor.u8();
    const operations = version >= 4 ? cursor.u8() : 1;
    cursor.skip(1);
    const lineBase = cursor.i8();
    const lineRange = cursor.u8();
    const opcodeBase = cursor.u8();
    if (lineRange === 0 || opcodeBase === 0 || operations === 0) throw damaged();
    const lengths = Array.from({ length: opcodeBase - 1 }, () => cursor.u8());
    const header = {
      version,
      is64,
      minimum,
      operations,
      lineBase,
      lineRange,
      opcodeBase,
      lengths,
      programAt,
      end,
    };
    const files =
      version >= 5 ? this.#readFiles(cursor, is64, addressSize) : this.#readOldFiles(cursor, directory);
    return { header, files };
  }

  #readOldFiles(cursor: Cursor, directory: string): string[] {
    const directories = [directory];
    for (let name = cursor.text(); name !== ''; name = cursor.text())
      if (directories.push(name.startsWith('/') ? name : join(directory, name)) > MOST_FILES) throw damaged();
    const files = [''];
    for (let name = cursor.text(); name !== ''; name = cursor.text()) {
      const within = directories[cursor.count()] ?? '';
      cursor.count();
      cursor.count();
      if (files.push(name.startsWith('/') ? name : join(within, name)) > MOST_FILES) throw damaged();
    }
    return files;
  }

  /** Version 5: what is said of each directory and file is said first. */
  #readFiles(cursor: Cursor, is64: boolean, addressSize: number): string[] {
    const readList = (directories: readonly string[]): string[] => {
      const format = Array.from({ length: cursor.u8() }, () => [cursor.count(), cursor.count()] as const);
      const count = cursor.count();
      if (count > MOST_FILES) throw damaged();
      return Array.from({ length: count }, () => {
        let name = '';
        let within = '';
        for (const [content, form] of format) {
          const value = this.#content(cursor, form, is64, addressSize);
          if (content === 1 && typeof value === 'string') name = value;
          else if (content === 2 && typeof value === 'number') within = directories[value] ?? '';
        }
        return within !== '' && name !== '' ? join(within, name) : name;
      });
    };
    const directories = readList([]);
    return readList(directories);
  }

  #content(cursor: Cursor, form: number, is64: boolean, addressSize: number): string | number {
    switch (form) {
      case 0x08:
        return cursor.text();
      case 0x1f:
        return textAt(this.#sections.lineStr, cursor.offset(is64));
      case 0x0e:
        return textAt(this.#sections.str, cursor.offset(is64));
      case 0x0b:
        return cursor.u8();
      case 0x05:
        return cursor.u16();
      case 0x06:
        return cursor.u32();
      case 0x07:
        return Number(cursor.u64());
      case 0x0f:
        return cursor.count();
      case 0x1e:
        cursor.skip(16);
        return 0;
      case 0x09:
        cursor.skip(cursor.count());
        return 0;
      case 0x01:
        cursor.skip(addressSize);
        return 0;
      default:
        throw damaged();
    }
  }

  #run(header: Header, cursor: Cursor, budget: LineBudget): Sequence[] {
    const { minimum, operations, lineBase, lineRange, opcodeBase, lengths } = header;
    const sequences: Sequence[] = [];
    let addresses: bigint[] = [];
    let rows: LineRow[] = [];
    let address = 0n;
    let operation = 0;
    let file = 1;
    let line = 1;
    const reset = (): void => {
      [address, operation, file, line] = [0n, 0, 1, 1];
      [addresses, rows] = [[], []];
    };
    const add = (): void => {
      if (++budget.rows > MOST_ROWS) throw damaged();
      addresses.push(address);
      rows.push({ file, line });
    };
    const advance = (by: number): void => {
      const next = operation + by;
      address = BigInt.asUintN(64, address + BigInt(minimum * Math.floor(next / operations)));
      operation = next % operations;
    };
    const endSequence = (): void => {
      const [from] = addresses;
      // Rows of one sequence rise; those of code that the linker left out begin at 0.
      const rises = addresses.every((one, i) => i === 0 || one >= (addresses[i - 1] ?? 0n));
      if (from !== undefined && from !== 0n && rises && address > from)
        sequences.push({ from, to: address, addresses, rows });
      reset();
    };
    while (cursor.left > 0) {
      const opcode = cursor.u8();
      if (opcode >= opcodeBase) {
        const adjusted = opcode - opcodeBase;
        advance(Math.floor(adjusted / lineRange));
        line += lineBase + (adjusted % lineRange);
        add();
        continue;
      }
      switch (opcode) {
        case 0: {
          const size = cursor.count();
          const { at } = cursor;
          if (size > cursor.left) throw damaged();
          const what = size === 0 ? 0 : cursor.u8();
          if (what === 1) endSequence();
          else if (what === 2) [address, operation] = [cursor.unsigned(size - 1), 0];
          cursor.at = at + size;
          break;
        }
        case 1:
          add();
          break;
        case 2:
          advance(cursor.count());
          break;
        case 3:
          line += Number(cursor.sleb());
          break;
        case 4:
          file = cursor.count();
          break;
        case 8:
          advance(Math.floor((255 - opcodeBase) / lineRange));
          break;
        case 9:
          address = BigInt.asUintN(64, address + BigInt(cursor.u16()));
          operation = 0;
          break;
        default:
          for (let more = lengths[opcode - 1] ?? 0; more > 0; more--) cursor.count();
      }
    }
    return sequences;
  }
}
