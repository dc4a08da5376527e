// DWARF's units and their entries: abbreviations, attributes in all forms of versions 2 to 5, ranges of addresses.
// Source: "DWARF Debugging Information Format", versions 4 and 5, sections 7.5 and 7.25.
import { textAt } from '../elf.ts';
import { Cursor, damaged, toPlace } from './cursor.ts';

/** Sections that may be missing are empty. */
export interface DwarfSections {
  readonly isLittle: boolean;
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly line: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly addr: Uint8Array;
  readonly ranges: Uint8Array;
  readonly rnglists: Uint8Array;
}

/** Attributes that are looked at. */
export const At = {
  name: 0x03,
  statements: 0x10,
  low: 0x11,
  high: 0x12,
  directory: 0x1b,
  origin: 0x31,
  specification: 0x47,
  ranges: 0x55,
  callFile: 0x58,
  callLine: 0x59,
  linkageName: 0x6e,
  strBase: 0x72,
  addrBase: 0x73,
  rangesBase: 0x74,
  splitName: 0x76,
  mipsLinkageName: 0x2007,
  gnuSplitName: 0x2130,
  gnuSplitId: 0x2131,
  gnuRangesBase: 0x2132,
  gnuAddrBase: 0x2133,
} as const;

export const Tag = { inlined: 0x1d, unit: 0x11, partial: 0x3c, skeleton: 0x4a, subprogram: 0x2e } as const;

/** What an attribute says; what nobody asks for is null. */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'address' | 'number' | 'list'; readonly number: bigint }
  /** Another entry, by its place in `.debug_info`. */
  | { readonly kind: 'entry'; readonly at: number }
  | { readonly kind: 'indexed'; readonly of: 'text' | 'address' | 'list'; readonly index: number }
  | null;

interface Field {
  readonly attribute: number;
  readonly form: number;
  readonly constant: bigint;
}

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly fields: readonly Field[];
}

/** Abbreviations by code, in tables by their place in the section. */
export type AbbreviationTables = Map<number, ReadonlyMap<number, Abbreviation>>;

/** An entry that was read. */
export interface Entry {
  /** 0 for the end of a list of children. */
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly values: ReadonlyMap<number, Value>;
}

const END: Entry = { tag: 0, hasChildren: false, values: new Map() };
const wanted: ReadonlySet<number> = new Set(Object.values(At));
const IMPLICIT = 0x21;
const INDIRECT = 0x16;
/** Sizes of forms that say nothing which is asked for: flags, numbers of types, of 128 bits, and of another file. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0x0c, 1],
  [0x19, 0],
  [0x1c, 4],
  [0x1e, 16],
  [0x20, 8],
  [0x24, 8],
]);
/** Places in another file. */
const OF_OTHER_FILES: ReadonlySet<number> = new Set([0x1d, 0x1f20, 0x1f21]);
const MOST_FIELDS = 1000;
const MOST_RANGES = 1_000_000;

type Range = readonly [from: bigint, to: bigint];

/** Types of units in version 5. */
const UnitType = { type: 2, skeleton: 4, split: 5, splitType: 6 } as const;

/** What stands in another file of a unit (`.dwo`, split DWARF). */
export interface Split {
  /** As the unit says it, from the folder that it was compiled in. */
  readonly name: string;
  readonly directory: string;
  /** Tells one build of the unit from another. */
  readonly id: bigint;
}

/** Abbreviations of one table, by code. */
function readAbbreviations(sections: DwarfSections, at: number): ReadonlyMap<number, Abbreviation> {
  const cursor = new Cursor(sections.abbrev, sections.isLittle, at);
  const table = new Map<number, Abbreviation>();
  for (let code = cursor.count(); code !== 0; code = cursor.count()) {
    const tag = cursor.count();
    const hasChildren = cursor.u8() !== 0;
    const fields: Field[] = [];
    for (;;) {
      const attribute = cursor.count();
      const form = cursor.count();
      const constant = form === IMPLICIT ? cursor.sleb() : 0n;
      if (attribute === 0 && form === 0) break;
      if (fields.push({ attribute, form, constant }) > MOST_FIELDS) throw damaged();
    }
    table.set(code, { tag, hasChildren, fields });
  }
  return table;
}

/** A unit of `.debug_info`. */
export class Unit {
  readonly sections: DwarfSections;
  readonly start: number;
  readonly end: number;
  readonly version: number;
  readonly is64: boolean;
  readonly addressSize: number;
  /** Its first entry, which speaks for all of it. */
  readonly root: Entry;
  /** Where the entries behind it begin. */
  readonly entriesAt: number;
  /** Whether it stands in another file than the program. */
  readonly isSplit: boolean;
  readonly #abbreviations: ReadonlyMap<number, Abbreviation>;
  /** What ranges of its other file count from, before version 5. */
  readonly #gnuRangesBase: number;
  readonly #bases: { strings: number; addresses: number; ranges: number; oldRanges: number };
  /** Where its addresses begin; 0 where it does not say. */
  readonly #low: bigint;
  /** What tells a unit in two files; null for others. */
  readonly #id: bigint | null;

  /**
   * @param tables abbreviations that were read, by their place
   * @param skeleton of a unit in another file what is left of it in the program: its addresses are there
   */
  constructor(
    sections: DwarfSections,
    start: number,
    tables: AbbreviationTables,
    skeleton: Unit | null = null,
  ) {
    this.sections = sections;
    this.start = start;
    const cursor = new Cursor(sections.info, sections.isLittle, start);
    const { size, is64 } = cursor.length();
    this.is64 = is64;
    this.end = cursor.at + size;
    this.version = cursor.u16();
    let abbreviationsAt = 0;
    let id: bigint | null = null;
    if (this.version >= 5) {
      const type = cursor.u8();
      this.addressSize = cursor.u8();
      abbreviationsAt = cursor.offset(is64);
      // Units of types have a number and a place of their own, those whose rest is in another file a number.
      if (type === UnitType.type || type === UnitType.splitType) cursor.skip(8 + (is64 ? 8 : 4));
      else if (type === UnitType.skeleton || type === UnitType.split) id = cursor.u64();
    } else {
      abbreviationsAt = cursor.offset(is64);
      this.addressSize = cursor.u8();
    }
    if (this.version < 2 || this.version > 5 || ![4, 8].includes(this.addressSize)) throw damaged();
    let table = tables.get(abbreviationsAt);
    if (table === undefined)
      tables.set(abbreviationsAt, (table = readAbbreviations(sections, abbreviationsAt)));
    this.#abbreviations = table;
    const header = is64 ? 16 : 8;
    // Before version 5 the tables of texts had no head.
    const strings = this.version >= 5 ? header : 0;
    this.#bases = { strings, addresses: header, ranges: header + 4, oldRanges: 0 };
    const entries = this.cursor(cursor.at);
    this.root = entries.left === 0 ? END : this.read(entries);
    this.entriesAt = entries.at;
    const base = (attribute: number): number | null => {
      const value = this.root.values.get(attribute) ?? null;
      return value?.kind === 'number' || value?.kind === 'list' ? toPlace(value.number) : null;
    };
    const own = base(At.addrBase) ?? base(At.gnuAddrBase) ?? this.#bases.addresses;
    this.#bases = {
      strings: base(At.strBase) ?? this.#bases.strings,
      addresses: skeleton === null ? own : skeleton.#bases.addresses,
      ranges: base(At.rangesBase) ?? this.#bases.ranges,
      oldRanges: skeleton === null ? 0 : skeleton.#gnuRangesBase,
    };
    this.#gnuRangesBase = base(At.gnuRangesBase) ?? 0;
    this.#low = this.number(this.root, At.low) ?? (skeleton === null ? 0n : skeleton.#low);
    this.#id = id ?? this.number(this.root, At.gnuSplitId);
    this.isSplit = skeleton !== null;
  }

  /** Where the rest of the unit stands; null where it is here. */
  get split(): Split | null {
    if (this.isSplit || this.#id === null) return null;
    const name = this.text(this.root, At.splitName) ?? this.text(this.root, At.gnuSplitName) ?? '';
    return name === '' ? null : { name, directory: this.text(this.root, At.directory) ?? '', id: this.#id };
  }

  /** Whether it is the rest of a unit that says so. */
  isOf({ id }: Split): boolean {
    return this.#id === id;
  }

  cursor(at: number): Cursor {
    return new Cursor(this.sections.info, this.sections.isLittle, at, this.end);
  }

  /** Reads the entry at the cursor; with a tag of 0 where a list of children ends. */
  read(cursor: Cursor): Entry {
    const code = cursor.count();
    if (code === 0) return END;
    const abbreviation = this.#abbreviations.get(code);
    if (abbreviation === undefined) throw damaged();
    const values = new Map<number, Value>();
    for (const { attribute, form, constant } of abbreviation.fields) {
      const value = this.#value(cursor, form, constant);
      if (wanted.has(attribute)) values.set(attribute, value);
    }
    return { tag: abbreviation.tag, hasChildren: abbreviation.hasChildren, values };
  }

  /** A text that an entry says; null for none. */
  text({ values }: Entry, attribute: number): string | null {
    const value = values.get(attribute) ?? null;
    if (value?.kind === 'text') return value.text;
    if (value?.kind !== 'indexed' || value.of !== 'text') return null;
    const { strOffsets, str, isLittle } = this.sections;
    const size = this.is64 ? 8 : 4;
    const at = new Cursor(strOffsets, isLittle, this.#bases.strings + value.index * size).offset(this.is64);
    return textAt(str, at);
  }

  /** An address or a number that an entry says; null for none. */
  number({ values }: Entry, attribute: number): bigint | null {
    const value = values.get(attribute) ?? null;
    if (value?.kind === 'address' || value?.kind === 'number' || value?.kind === 'list') return value.number;
    return value?.kind === 'indexed' && value.of === 'address' ? this.#addressAt(value.index) : null;
  }

  #addressAt(index: number): bigint {
    const at = this.#bases.addresses + index * this.addressSize;
    return new Cursor(this.sections.addr, this.sections.isLittle, at).unsigned(this.addressSize);
  }

  /** The addresses that an entry stands for. */
  ranges(entry: Entry): Range[] {
    const low = this.number(entry, At.low);
    const high = entry.values.get(At.high) ?? null;
    const ranges: Range[] = [];
    if (low !== null && high !== null) {
      const end = this.number(entry, At.high);
      const isAddress = high.kind === 'address' || high.kind === 'indexed';
      if (end !== null) ranges.push([low, isAddress ? end : low + end]);
    }
    const list = entry.values.get(At.ranges) ?? null;
    if (list === null) return ranges;
    const base = this.#low;
    if (this.version < 5) {
      if (list.kind === 'list' || list.kind === 'number')
        this.#oldRanges(this.#bases.oldRanges + toPlace(list.number), base, ranges);
    } else if (list.kind === 'indexed') {
      const { rnglists, isLittle } = this.sections;
      const at = this.#bases.ranges + list.index * (this.is64 ? 8 : 4);
      this.#newRanges(
        this.#bases.ranges + new Cursor(rnglists, isLittle, at).offset(this.is64),
        base,
        ranges,
      );
    } else if (list.kind === 'list' || list.kind === 'number') {
      this.#newRanges(toPlace(list.number), base, ranges);
    }
    return ranges;
  }

  #oldRanges(at: number, first: bigint, ranges: Range[]): void {
    const cursor = new Cursor(this.sections.ranges, this.sections.isLittle, at);
    const largest = this.addressSize === 8 ? 2n ** 64n - 1n : 2n ** 32n - 1n;
    let base = first;
    for (;;) {
      const from = cursor.unsigned(this.addressSize);
      const to = cursor.unsigned(this.addressSize);
      if (from === 0n && to === 0n) return;
      if (from === largest) base = to;
      else if (ranges.push([base + from, base + to]) > MOST_RANGES) throw damaged();
    }
  }

  #newRanges(at: number, first: bigint, ranges: Range[]): void {
    const cursor = new Cursor(this.sections.rnglists, this.sections.isLittle, at);
    const address = (): bigint => cursor.unsigned(this.addressSize);
    const indexed = (): bigint => this.#addressAt(cursor.count());
    let base = first;
    const add = (from: bigint, to: bigint): void => {
      if (ranges.push([from, to]) > MOST_RANGES) throw damaged();
    };
    for (;;) {
      switch (cursor.u8()) {
        case 0:
          return;
        case 1:
          base = indexed();
          break;
        case 2:
          add(indexed(), indexed());
          break;
        case 3: {
          const from = indexed();
          add(from, from + cursor.uleb());
          break;
        }
        case 4:
          add(base + cursor.uleb(), base + cursor.uleb());
          break;
        case 5:
          base = address();
          break;
        case 6:
          add(address(), address());
          break;
        case 7: {
          const from = address();
          add(from, from + cursor.uleb());
          break;
        }
        default:
          throw damaged();
      }
    }
  }

  /** Goes behind a value of a form that nobody asks for; false for any other form. */
  #passOver(cursor: Cursor, form: number): boolean {
    const fixed = FIXED.get(form);
    if (fixed !== undefined) cursor.skip(fixed);
    else if (OF_OTHER_FILES.has(form)) cursor.skip(this.is64 ? 8 : 4);
    else if (form === 0x03) cursor.skip(cursor.u16());
    else if (form === 0x04) cursor.skip(cursor.u32());
    else if (form === 0x09 || form === 0x18) cursor.skip(cursor.count());
    else if (form === 0x0a) cursor.skip(cursor.u8());
    else if (form === 0x22) cursor.count();
    else return false;
    return true;
  }

  #value(cursor: Cursor, form: number, constant: bigint): Value {
    if (this.#passOver(cursor, form)) return null;
    const indexed = readIndexed(cursor, form);
    if (indexed !== null) return indexed;
    const number = (value: bigint | number): Value => ({ kind: 'number', number: BigInt(value) });
    const near = (at: number): Value => ({ kind: 'entry', at: this.start + at });
    const text = (section: Uint8Array): Value => ({
      kind: 'text',
      text: textAt(section, cursor.offset(this.is64)),
    });
    switch (form) {
      case 0x01:
        return { kind: 'address', number: cursor.unsigned(this.addressSize) };
      case 0x05:
        return number(cursor.u16());
      case 0x06:
        return number(cursor.u32());
      case 0x07:
        return number(cursor.u64());
      case 0x08:
        return { kind: 'text', text: cursor.text() };
      case 0x0b:
        return number(cursor.u8());
      case 0x0d:
        return number(cursor.sleb());
      case 0x0e:
        return text(this.sections.str);
      case 0x0f:
        return number(cursor.uleb());
      case 0x10:
        // In version 2 it had the size of an address.
        return {
          kind: 'entry',
          at: this.version === 2 ? toPlace(cursor.unsigned(this.addressSize)) : cursor.offset(this.is64),
        };
      case 0x11:
        return near(cursor.u8());
      case 0x12:
        return near(cursor.u16());
      case 0x13:
        return near(cursor.u32());
      case 0x14:
        return near(toPlace(cursor.u64()));
      case 0x15:
        return near(cursor.count());
      case 0x17:
        return { kind: 'list', number: BigInt(cursor.offset(this.is64)) };
      case 0x1f:
        return text(this.sections.lineStr);
      case IMPLICIT:
        return number(constant);
      case INDIRECT: {
        const actual = cursor.count();
        if (actual === INDIRECT || actual === IMPLICIT) throw damaged();
        return this.#value(cursor, actual, 0n);
      }
      default:
        throw damaged();
    }
  }
}

/** A value that stands in a table of its own, by its number there; null for other forms. */
function readIndexed(cursor: Cursor, form: number): Value {
  const of = (what: 'text' | 'address' | 'list', index: number): Value => ({
    kind: 'indexed',
    of: what,
    index,
  });
  const sizes = [(): number => cursor.u8(), () => cursor.u16(), () => cursor.u24(), () => cursor.u32()];
  if (form === 0x1a || form === 0x1f02) return of('text', cursor.count());
  if (form === 0x1b || form === 0x1f01) return of('address', cursor.count());
  if (form === 0x23) return of('list', cursor.count());
  const texts = sizes[form - 0x25];
  if (texts !== undefined) return of('text', texts());
  const addresses = sizes[form - 0x29];
  return addresses === undefined ? null : of('address', addresses());
}
