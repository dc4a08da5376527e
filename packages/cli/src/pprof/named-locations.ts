// Gives locations of a profile functions that were not in it.
import { extendStrings, int64Column, type Profile } from '@stackpile/profile';

/** A function that is added. */
export interface AddedFunction {
  readonly name: string;
  /** '' where it is not known. */
  readonly file: string;
}

/** A function of a location, by index of those added, and the line in it, 0 where it is not known. */
export interface NamedLocation {
  readonly function: number;
  readonly line: number;
}

type Numbers = ArrayLike<number | bigint>;

function grown<T extends Uint32Array | BigUint64Array>(column: T, added: readonly T[number][]): T {
  const all = new (column.constructor as new (length: number) => T)(column.length + added.length);
  (all as Uint32Array).set(column as Uint32Array);
  for (const [i, value] of added.entries()) all[column.length + i] = value;
  return all;
}

/** The profile in which each of `named` (by row of the locations) has the lines of its functions, innermost first; others keep theirs. */
export function withNamedLocations(
  profile: Profile,
  added: readonly AddedFunction[],
  named: ReadonlyMap<number, readonly NamedLocation[]>,
): Profile {
  if (named.size === 0) return profile;
  const { locations, functions, strings } = profile;
  const lineStart = new Uint32Array(locations.length + 1);
  const rows: number[] = [];
  const numbers: (number | bigint)[] = [];
  const columns: (number | bigint)[] = [];
  for (let i = 0; i < locations.length; i++) {
    const places = named.get(i);
    if (places === undefined) {
      for (
        let line = locations.lineStart[i] as number;
        line < (locations.lineStart[i + 1] as number);
        line++
      ) {
        rows.push(locations.lines.function[line] as number);
        numbers.push(locations.lines.line[line] as number | bigint);
        columns.push(locations.lines.column[line] as number | bigint);
      }
    } else {
      for (const place of places) {
        rows.push(functions.length + place.function);
        numbers.push(place.line);
        columns.push(0);
      }
    }
    lineStart[i + 1] = rows.length;
  }
  const texts = added.flatMap(({ name, file }) => [name, file]);
  const textRow = (i: number): number => (texts[i] === '' ? 0 : strings.length + i);
  const names = added.map((_, i) => textRow(2 * i));
  const startLines = [...Array.from(functions.startLine as Numbers), ...added.map(() => 0)];
  return {
    ...profile,
    strings: extendStrings(strings, texts),
    functions: {
      length: functions.length + added.length,
      id: grown(
        functions.id,
        added.map((_, i) => BigInt(functions.length + i + 1)),
      ),
      name: grown(functions.name, names),
      systemName: grown(functions.systemName, names),
      filename: grown(
        functions.filename,
        added.map((_, i) => textRow(2 * i + 1)),
      ),
      startLine: int64Column(startLines),
    },
    locations: {
      ...locations,
      lineStart,
      lines: {
        length: rows.length,
        function: Uint32Array.from(rows),
        line: int64Column(numbers),
        column: int64Column(columns),
      },
    },
  };
}
