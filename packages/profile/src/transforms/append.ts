// Profiles one behind the other as one, for reports that only add up: nothing is looked for that is equal.
import { countedIds } from '../builder.ts';
import { type MappingsOf, MergedMappings } from './merged-mappings.ts';
import { mergedHeader } from './merged-header.ts';
import type {
  FunctionTable,
  IndexColumn,
  Int64Column,
  LocationTable,
  Profile,
  SampleTable,
} from '../profile.ts';
import { concatenateStrings, stringTableOf } from '../columns/strings.ts';

/** A text label. */
export interface Mark {
  readonly key: string;
  readonly text: string;
}

/** One of the profiles. All its columns of values are doubles. */
export interface Part {
  readonly profile: Profile;
  /** What its values are multiplied with. */
  readonly sign: 1 | -1;
  /** What all its samples get as a label behind their own, if anything. */
  readonly mark: Mark | null;
}

/** A part at work, with the number of rows in front of its own in each table. */
interface Source extends Part {
  readonly frames: number;
  readonly locations: number;
  readonly lines: number;
  readonly functions: number;
  readonly mappings: MappingsOf;
  /** Its row 0 is that of all, though: it says that there is no text. */
  readonly strings: number;
}

/** Rows for these columns: doubles where the sum of all absolute values is a safe integer. */
function roomFor(columns: readonly Int64Column[], length: number): Int64Column {
  let total = 0;
  for (const column of columns) {
    if (!(column instanceof Float64Array)) return new BigInt64Array(length);
    for (let row = 0; row < column.length; row++) total += Math.abs(column[row] as number);
  }
  return total <= Number.MAX_SAFE_INTEGER ? new Float64Array(length) : new BigInt64Array(length);
}

/** All values of the parts, times their signs. */
function valuesOf(sources: readonly Source[], type: number, length: number): Int64Column {
  const columns = sources.map(({ profile }) => profile.samples.values[type] as Float64Array);
  const values = roomFor(columns, length);
  let at = 0;
  for (const [i, column] of columns.entries()) {
    const { sign } = sources[i] as Source;
    if (values instanceof BigInt64Array)
      for (let row = 0; row < column.length; row++) values[at + row] = BigInt(sign * (column[row] as number));
    else if (sign === 1) values.set(column, at);
    // Subtracting from 0 gives no negative zero.
    else for (let row = 0; row < column.length; row++) values[at + row] = 0 - (column[row] as number);
    at += column.length;
  }
  return values;
}

/** Rows in a joined column of strings: moved, but for the one that says that there is none. */
function putStrings(to: Uint32Array, at: number, rows: Uint32Array, before: number): void {
  if (before === 0) to.set(rows, at);
  else for (let i = 0; i < rows.length; i++) to[at + i] = rows[i] === 0 ? 0 : before + (rows[i] as number);
}

/** Puts rows of another table behind each other, moved by `before`. */
function putRows(to: IndexColumn, at: number, rows: IndexColumn, before: number): void {
  if (before === 0) to.set(rows, at);
  else for (let i = 0; i < rows.length; i++) to[at + i] = before + (rows[i] as number);
}

/** Puts the offsets at which rows begin behind each other, but for the first, which is 0. */
function putStarts(to: Uint32Array, at: number, starts: Uint32Array, before: number): void {
  for (let i = 1; i < starts.length; i++) to[at + i] = before + (starts[i] as number);
}

/** Joined columns, in a new one that has room for them. */
function joined(columns: readonly Int64Column[], length: number): Int64Column {
  const to = roomFor(columns, length);
  let at = 0;
  for (const column of columns) {
    if (to instanceof Float64Array) to.set(column as Float64Array, at);
    else for (let row = 0; row < column.length; row++) to[at + row] = BigInt(column[row] as number | bigint);
    at += column.length;
  }
  return to;
}

type Labels = Pick<SampleTable, 'labelStart' | 'labels'>;

/**
 * The labels of one part behind those of the ones before, with the mark behind those of each sample.
 *
 * @param to `labelStart` is filled up to sample `sample`, and labels up to where that says
 * @param mark row of the mark's key, which that of its text follows; -1 for none
 */
function putLabels(to: Labels, sample: number, { profile, strings }: Source, mark: number): void {
  const { labelStart: starts, labels: own } = profile.samples;
  const { key, text, unit, number } = to.labels;
  let at = to.labelStart[sample] as number;
  for (let row = 0; row < profile.samples.length; row++) {
    const end = starts[row + 1] as number;
    for (let label = starts[row] as number; label < end; label++, at++) {
      const ownKey = own.key[label] as number;
      const ownText = own.text[label] as number;
      const ownUnit = own.unit[label] as number;
      // Memory that holds zeros already stays untouched: it costs nothing then.
      if (ownKey !== 0) key[at] = strings + ownKey;
      if (ownText !== 0) text[at] = strings + ownText;
      if (ownUnit !== 0) unit[at] = strings + ownUnit;
      if (number instanceof Float64Array) number[at] = own.number[label] as number;
      else number[at] = BigInt(own.number[label] as number | bigint);
    }
    if (mark >= 0) {
      key[at] = mark;
      text[at++] = mark + 1;
    }
    to.labelStart[sample + row + 1] = at;
  }
}

/** All labels, with the marks, whose strings begin with row `marks`: two for each part. */
function concatenateLabels(sources: readonly Source[], marks: number, samples: number): Labels {
  let length = 0;
  for (const { profile, mark } of sources)
    length += profile.samples.labels.length + (mark === null ? 0 : profile.samples.length);
  const numbers = sources.map(({ profile }) => profile.samples.labels.number);
  const columns = (): Uint32Array => new Uint32Array(length);
  const labels = {
    length,
    key: columns(),
    text: columns(),
    unit: columns(),
    number: roomFor(numbers, length),
  };
  const to = { labelStart: new Uint32Array(samples + 1), labels };
  let sample = 0;
  for (const [i, source] of sources.entries()) {
    putLabels(to, sample, source, source.mark === null ? -1 : marks + 2 * i);
    sample += source.profile.samples.length;
  }
  return to;
}

/** All locations. Their addresses move with their mappings. */
function concatenateLocations(
  sources: readonly Source[],
  mappings: MergedMappings,
  functions: number,
): LocationTable {
  const tables = sources.map(({ profile }) => profile.locations);
  const length = tables.reduce((sum, table) => sum + table.length, 0);
  const lines = tables.reduce((sum, table) => sum + table.lines.length, 0);
  const ofLines = functions <= 0x10000 ? new Uint16Array(lines) : new Uint32Array(lines);
  const mapping = new Int32Array(length);
  const address = new BigUint64Array(length);
  const isFolded = new Uint8Array(length);
  const lineStart = new Uint32Array(length + 1);
  const halves = new Uint32Array(address.buffer);
  for (const [i, { locations: at, lines: line, functions: before, mappings: of }] of sources.entries()) {
    const table = tables[i] as LocationTable;
    for (let row = 0; row < of.rows.length; row++) mappings.row(of, row);
    address.set(table.address, at);
    isFolded.set(table.isFolded, at);
    putStarts(lineStart, at, table.lineStart, line);
    putRows(ofLines, line, table.lines.function, before);
    for (let row = 0; row < table.length; row++) {
      const own = table.mapping[row] as number;
      if (own < 0) {
        mapping[at + row] = -1;
        continue;
      }
      mapping[at + row] = of.rows[own] as number;
      const low = (halves[2 * (at + row)] as number) + (of.shifts[2 * own] as number);
      const high = (halves[2 * (at + row) + 1] as number) + (of.shifts[2 * own + 1] as number);
      halves[2 * (at + row)] = low;
      halves[2 * (at + row) + 1] = high + (low > 0xffffffff ? 1 : 0);
    }
  }
  return {
    length,
    id: countedIds(length),
    mapping,
    address,
    isFolded,
    lineStart,
    lines: {
      length: lines,
      function: ofLines,
      line: joined(
        tables.map((table) => table.lines.line),
        lines,
      ),
      column: joined(
        tables.map((table) => table.lines.column),
        lines,
      ),
    },
  };
}

/** All functions. */
function concatenateFunctions(sources: readonly Source[], length: number): FunctionTable {
  const tables = sources.map(({ profile }) => profile.functions);
  const strings = (of: (table: FunctionTable) => Uint32Array): Uint32Array => {
    const to = new Uint32Array(length);
    for (const { profile, functions, strings: before } of sources)
      putStrings(to, functions, of(profile.functions), before);
    return to;
  };
  return {
    length,
    id: countedIds(length),
    name: strings(({ name }) => name),
    systemName: strings(({ systemName }) => systemName),
    filename: strings(({ filename }) => filename),
    startLine: joined(
      tables.map(({ startLine }) => startLine),
      length,
    ),
  };
}

/**
 * The samples of all parts, in their order, and the rows of all their other tables, whether a sample needs them or not. Only
 * mappings are merged, as pprof merges them: addresses are told apart by them.
 *
 * @param parts at least one, all of the same sample types
 */
export function concatenateProfiles(parts: readonly Part[]): Profile {
  const profiles = parts.map(({ profile }) => profile);
  const mappings = new MergedMappings();
  const sources: Source[] = [];
  const before = { frames: 0, locations: 0, lines: 0, functions: 0, strings: 0 };
  let samples = 0;
  for (const part of parts) {
    const { profile } = part;
    sources.push({ ...part, ...before, mappings: mappings.of(profile) });
    samples += profile.samples.length;
    before.frames += profile.samples.stackLocations.length;
    before.locations += profile.locations.length;
    before.lines += profile.locations.lines.length;
    before.functions += profile.functions.length;
    before.strings += profile.strings.length;
  }
  const { frames, locations, functions, strings } = before;
  const stackLocations = locations <= 0x10000 ? new Uint16Array(frames) : new Uint32Array(frames);
  const stackStart = new Uint32Array(samples + 1);
  let sample = 0;
  for (const source of sources) {
    const { length, stackStart: starts, stackLocations: stacks } = source.profile.samples;
    putRows(stackLocations, source.frames, stacks, source.locations);
    putStarts(stackStart, sample, starts, source.frames);
    sample += length;
  }
  const marks = parts.flatMap(({ mark }) => (mark === null ? ['', ''] : [mark.key, mark.text]));
  const tables = profiles.map((profile) => profile.strings);
  return {
    ...mergedHeader(profiles),
    samples: {
      length: samples,
      stackStart,
      stackLocations,
      values: (profiles[0] as Profile).sampleTypes.map((_, type) => valuesOf(sources, type, samples)),
      ...concatenateLabels(sources, strings + 1, samples),
    },
    locations: concatenateLocations(sources, mappings, functions),
    functions: concatenateFunctions(sources, functions),
    mappings: mappings.build((profile, row) =>
      row === 0 ? 0 : (sources[profiles.indexOf(profile)] as Source).strings + row,
    ),
    strings: concatenateStrings([...tables, stringTableOf(['', ...marks])]),
  };
}
