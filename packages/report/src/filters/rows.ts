// New tables made of rows of old ones: the tools of every filter.
import {
  type IndexColumn,
  type LineTable,
  type LocationTable,
  pickInt64,
  type Profile,
} from '@stackpile/profile';

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
    line: pickInt64(lines.line, rows),
    column: pickInt64(lines.column, rows),
  };
}
