// Which functions and lines addresses belong to, inlined calls too, by the DWARF in a binary.
// As `go tool pprof` names them: golang/go src/cmd/pprof/pprof.go, 1.26.8.
import { toPlace } from './cursor.ts';
import { BinaryError } from '../error.ts';
import {
  type AbbreviationTables,
  At,
  type DwarfSections,
  type Entry,
  type Split,
  Tag,
  Unit,
} from './entries.ts';
import { type LineBudget, LineTable } from './lines.ts';

/** Entries of all units that are read, and scopes that all look-ups together may meet. */
const MOST_ENTRIES = 100_000_000;
const MOST_STEPS = 500_000_000;
const MOST_UNITS = 1_000_000;
/** Entries that name one another as where they come from. */
const MOST_ORIGINS = 16;

/** A call at an address, or the function itself. */
export interface DwarfFrame {
  /** '' where it is not known. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A function that was compiled, or a call of one that was compiled into another. */
interface Scope {
  readonly isInlined: boolean;
  /** Entries around it. */
  readonly depth: number;
  readonly ranges: readonly (readonly [bigint, bigint])[];
  readonly entry: Entry;
  readonly callFile: number;
  readonly callLine: number;
}

/** Sections of the other file of a unit; null where it is not found. */
export type FindSplit = (split: Split) => DwarfSections | null;

interface ReadUnit {
  readonly unit: Unit;
  /** The unit, or the rest of it in another file. */
  body: Unit | undefined;
  lines: LineTable | null | undefined;
  scopes: readonly Scope[] | undefined;
}

function within(ranges: readonly (readonly [bigint, bigint])[], address: bigint): boolean {
  return ranges.some(([from, to]) => from <= address && address < to);
}

/** Addresses of a unit. */
interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  /** Number of the unit. */
  readonly unit: number;
}

/** Which units addresses belong to. */
class UnitIndex {
  /** In rising order. */
  readonly #stretches: readonly Stretch[];
  /** The last address that a stretch up to this one reaches. */
  readonly #reach: readonly bigint[];

  constructor(stretches: readonly Stretch[]) {
    this.#stretches = [...stretches].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    let reach = 0n;
    this.#reach = this.#stretches.map(({ to }) => (reach = to > reach ? to : reach));
  }

  /** Numbers of the units, in order. */
  at(address: bigint): number[] {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#stretches[middle]?.from ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const found = new Set<number>();
    for (let i = low - 1; i >= 0 && (this.#reach[i] ?? 0n) > address; i--) {
      const stretch = this.#stretches[i];
      if (stretch !== undefined && stretch.to > address) found.add(stretch.unit);
    }
    return [...found].sort((a, b) => a - b);
  }
}

/** The DWARF of a binary; its units are read when an address asks for them. */
export class Dwarf {
  readonly #units: ReadUnit[] = [];
  readonly #index: UnitIndex;
  readonly #lineBudget: LineBudget = { rows: 0 };
  readonly #findSplit: FindSplit;
  /** The first unit whose other file was asked for and is not there, or damaged. */
  #lacking: Split | null = null;
  #entries = 0;
  #steps = 0;

  /** Throws {@link BinaryError} where the heads of the units are damaged. */
  constructor(sections: DwarfSections, findSplit: FindSplit = () => null) {
    this.#findSplit = findSplit;
    const tables: AbbreviationTables = new Map();
    const stretches: Stretch[] = [];
    for (let at = 0; at < sections.info.length; ) {
      const unit = new Unit(sections, at, tables);
      at = unit.end;
      if (this.#units.length === MOST_UNITS) throw new BinaryError('its DWARF has too many units');
      const number = this.#units.push({ unit, body: undefined, lines: undefined, scopes: undefined }) - 1;
      for (const [from, to] of unit.ranges(unit.root)) stretches.push({ from, to, unit: number });
    }
    this.#index = new UnitIndex(stretches);
  }

  /**
   * The calls at an address, innermost first; null where nothing is known.
   *
   * @param inlined without them there is one frame: the function that was compiled, at the line of the innermost call, as pprof says
   */
  find(address: bigint, inlined: boolean): DwarfFrame[] | null {
    for (const number of this.#index.at(address)) {
      const read = this.#units[number];
      if (read === undefined) continue;
      const lines = this.#linesOf(read);
      const row = lines?.find(address) ?? null;
      if (lines === null || row === null) continue;
      const place = { file: lines.file(row.file), line: row.line };
      const scopes = this.#scopesAt(read, address);
      const [outer] = scopes;
      if (!inlined || outer === undefined) {
        const name = outer === undefined ? '' : this.#plainName(this.#bodyOf(read), outer.entry);
        return [{ name, ...place }];
      }
      const body = this.#bodyOf(read);
      return framesOf(
        scopes.map((scope) => ({ scope, name: this.#fullName(body, scope.entry) })),
        lines,
        place,
      );
    }
    return null;
  }

  #linesOf(read: ReadUnit): LineTable | null {
    if (read.lines !== undefined) return read.lines;
    const { unit } = read;
    const at = unit.number(unit.root, At.statements);
    const directory = unit.text(unit.root, At.directory) ?? '';
    read.lines =
      at === null
        ? null
        : new LineTable(unit.sections, toPlace(at), directory, unit.addressSize, this.#lineBudget);
    return read.lines;
  }

  /** The file of the first unit that was asked for whose rest cannot be read; '' where all were found. */
  get lacking(): string {
    return this.#lacking?.name ?? '';
  }

  /** The unit whose functions are read: where they stand in another file that is there, the one of that file. */
  #bodyOf(read: ReadUnit): Unit {
    read.body ??= this.#splitOf(read.unit) ?? read.unit;
    return read.body;
  }

  /** The rest of a unit; null where it has none, or none that can be read: the file is missing then, or damaged. */
  #splitOf(unit: Unit): Unit | null {
    const { split } = unit;
    if (split === null) return null;
    try {
      const sections = this.#findSplit(split);
      const tables: AbbreviationTables = new Map();
      // Units of types stand in front of it.
      for (let at = 0; sections !== null && at < sections.info.length; ) {
        const one = new Unit(sections, at, tables, unit);
        if (one.isOf(split)) return one;
        at = one.end;
      }
    } catch (error) {
      if (!(error instanceof BinaryError)) throw error;
    }
    this.#lacking ??= split;
    return null;
  }

  /** The functions and calls of a unit. */
  #scopesOf(read: ReadUnit): readonly Scope[] {
    const body = this.#bodyOf(read);
    try {
      return this.#readScopes(body);
    } catch (error) {
      if (!(error instanceof BinaryError && body.isSplit)) throw error;
    }
    // Its other file is damaged: lines are told all the same.
    this.#lacking ??= read.unit.split;
    read.body = read.unit;
    return this.#readScopes(read.unit);
  }

  /** The functions and calls around an address, outermost first. */
  #scopesAt(read: ReadUnit, address: bigint): Scope[] {
    read.scopes ??= this.#scopesOf(read);
    const found: Scope[] = [];
    for (const scope of read.scopes) {
      if (++this.#steps > MOST_STEPS)
        throw new BinaryError('its DWARF is too large to look so many addresses up');
      const inner = found.at(-1);
      if (inner !== undefined && scope.depth <= (found[0]?.depth ?? 0)) break;
      if (inner === undefined ? scope.isInlined : !scope.isInlined || scope.depth <= inner.depth) continue;
      if (within(scope.ranges, address)) found.push(scope);
    }
    return found;
  }

  #readScopes(unit: Unit): Scope[] {
    const scopes: Scope[] = [];
    const cursor = unit.cursor(unit.entriesAt);
    for (let depth = 1; cursor.left > 0 && depth > 0; ) {
      if (++this.#entries > MOST_ENTRIES) throw new BinaryError('its DWARF has too many entries');
      const entry = unit.read(cursor);
      if (entry.tag === 0) {
        depth--;
        continue;
      }
      const isInlined = entry.tag === Tag.inlined;
      if (isInlined || entry.tag === Tag.subprogram) {
        const ranges = unit.ranges(entry);
        const call = (attribute: number): number => Number(unit.number(entry, attribute) ?? 0n);
        if (ranges.length > 0)
          scopes.push({
            isInlined,
            depth,
            ranges,
            entry,
            callFile: call(At.callFile),
            callLine: call(At.callLine),
          });
      }
      if (entry.hasChildren) depth++;
    }
    return scopes;
  }

  /** The unit that a place lies in which `home` names. */
  #unitAt(home: Unit, at: number): Unit | undefined {
    if (at >= home.start && at < home.end) return home;
    if (home.isSplit) return undefined;
    return this.#units.find(({ unit }) => at >= unit.start && at < unit.end)?.unit;
  }

  /** The entry, and those that it is made of or declared by. */
  *#origins(unit: Unit, first: Entry): Generator<{ unit: Unit; entry: Entry }> {
    let [home, entry] = [unit, first];
    for (let count = 0; count < MOST_ORIGINS; count++) {
      yield { unit: home, entry };
      const next = entry.values.get(At.origin) ?? entry.values.get(At.specification) ?? null;
      if (next?.kind !== 'entry') return;
      const owner = this.#unitAt(home, next.at);
      if (owner === undefined) return;
      home = owner;
      entry = owner.read(owner.cursor(next.at));
    }
  }

  /** As pprof: the name alone; where it has none the one of where it comes from. */
  #plainName(unit: Unit, first: Entry): string {
    for (const { unit: home, entry } of this.#origins(unit, first)) {
      const name = home.text(entry, At.name);
      if (name !== null) return name;
    }
    return '';
  }

  /** The name that the linker knows, which tells classes and types; else the name alone. */
  #fullName(unit: Unit, first: Entry): string {
    for (const { unit: home, entry } of this.#origins(unit, first)) {
      const name = home.text(entry, At.linkageName) ?? home.text(entry, At.mipsLinkageName);
      if (name !== null) return name;
    }
    return this.#plainName(unit, first);
  }
}

/** Each function at the line of the call within it; the innermost at `place`. @param scopes outermost first */
function framesOf(
  scopes: readonly { readonly scope: Scope; readonly name: string }[],
  lines: LineTable,
  place: { readonly file: string; readonly line: number },
): DwarfFrame[] {
  return scopes
    .filter(({ name }, i) => name !== '' || i === 0)
    .map(({ name }, i, named) => {
      const call = named[i + 1]?.scope;
      return call === undefined
        ? { name, ...place }
        : { name, file: lines.file(call.callFile), line: call.callLine };
    })
    .reverse();
}
