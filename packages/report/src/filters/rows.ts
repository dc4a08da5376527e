// New tables made of rows of old ones: the tools of every filter.
import type {
  IndexColumn,
  Int64Column,
  LabelTable,
  LineTable,
  LocationTable,
  Profile,
  SampleTable,
} from '@stackpile/profile';

/** Stacks of samples: offsets and locations. */
export interface Stacks {
  readonly start: Uint32Array;
  readonly locations: IndexColumn;
}

/** An array of row numbers that grows. */
export class RowList {
  #rows: Uint32Array = new Uint32Array(1024);
  length = 0;
  push(row: number): void {
    if (this.length === this.#rows.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.length++] = row;
  }
  rows(): Uint32Array {
    return this.#rows.subarray(0, this.length);
  }
}

/** The given samples, in that order, with other stacks if given (one per row). */
export function gatherSamples(samples: SampleTable, rows: Uint32Array, stacks: Stacks | null): SampleTable {
  const all = rows.length === samples.length;
  const labelStart = all ? samples.labelStart : new Uint32Array(rows.length + 1);
  let { labels } = samples;
  if (!all) {
    const kept = new RowList();
    for (let i = 0; i < rows.length; i++) {
      const end = samples.labelStart[(rows[i] as number) + 1] as number;
      for (let l = samples.labelStart[rows[i] as number] as number; l < end; l++) kept.push(l);
      labelStart[i + 1] = kept.length;
    }
    labels = gatherLabels(labels, kept.rows());
  }
  let start = samples.stackStart;
  let stackLocations = samples.stackLocations;
  if (stacks !== null) {
    start = stacks.start;
    stackLocations = stacks.locations;
  } else if (!all) {
    start = new Uint32Array(rows.length + 1);
    let size = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      size += (samples.stackStart[row + 1] as number) - (samples.stackStart[row] as number);
      start[i + 1] = size;
    }
    stackLocations = stackLocations instanceof Uint16Array ? new Uint16Array(size) : new Uint32Array(size);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const from = samples.stackStart[row] as number;
      const to = samples.stackStart[row + 1] as number;
      const at = start[i] as number;
      for (let k = from; k < to; k++) stackLocations[at + k - from] = samples.stackLocations[k] as number;
    }
  }
  return {
    length: rows.length,
    stackStart: start,
    stackLocations,
    values: all ? samples.values : samples.values.map((column) => gatherInt64(column, rows)),
    labelStart,
    labels,
  };
}

/** The given rows of a label table. */
export function gatherLabels(labels: LabelTable, rows: Uint32Array): LabelTable {
  const pick = (column: Uint32Array): Uint32Array => {
    const out = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) out[i] = column[rows[i] as number] as number;
    return out;
  };
  return {
    length: rows.length,
    key: pick(labels.key),
    text: pick(labels.text),
    number: gatherInt64(labels.number, rows),
    unit: pick(labels.unit),
  };
}

/** `locations` with other lines: location i gets the rows `start[i]` … `start[i + 1] - 1` of `rows`. */
export function withLines(locations: LocationTable, start: Uint32Array, rows: Uint32Array): LocationTable {
  return { ...locations, lineStart: start, lines: gatherLines(locations.lines, rows) };
}

/** A decision about texts of the string table, made once per row. */
export class TextTest {
  readonly #profile: Profile;
  readonly #test: (text: string) => boolean;
  /** 0 undecided, 1 no, 2 yes. */
  readonly #known: Uint8Array;
  constructor(profile: Profile, test: (text: string) => boolean) {
    this.#profile = profile;
    this.#test = test;
    this.#known = new Uint8Array(profile.strings.length);
  }
  test(row: number): boolean {
    let known = this.#known[row] as number;
    if (known === 0) {
      known = this.#test(this.#profile.strings.get(row)) ? 2 : 1;
      this.#known[row] = known;
    }
    return known === 2;
  }
}

/** The given rows of a line table, in that order. */
function gatherLines(lines: LineTable, rows: Uint32Array): LineTable {
  const fn: IndexColumn =
    lines.function instanceof Uint16Array ? new Uint16Array(rows.length) : new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) fn[i] = lines.function[rows[i] as number] as number;
  return {
    length: rows.length,
    function: fn,
    line: gatherInt64(lines.line, rows),
    column: gatherInt64(lines.column, rows),
  };
}

/** The given rows of a column, in that order. */
function gatherInt64(column: Int64Column, rows: Uint32Array): Int64Column {
  if (column instanceof Float64Array) {
    const out = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) out[i] = column[rows[i] as number] as number;
    return out;
  }
  const out = new BigInt64Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = column[rows[i] as number] as bigint;
  return out;
}
