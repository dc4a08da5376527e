// Functions that their language gave no name are told apart by where they stand, in every view alike.
import {
  extendStrings,
  functionName,
  isNameless,
  languageOf,
  NO_FACTS,
  type Profile,
  safeText,
} from '@stackpile/profile';

/** The profile in which each function without a name is called by its place; the very profile where all have one. */
export function withPlaces(profile: Profile): Profile {
  const { functions, strings } = profile;
  const nameless = namelessRows(profile);
  if (nameless.length === 0) return profile;
  const first = firstPlaces(profile);
  const named = (row: number, withColumn: boolean): string => {
    const start = Number(functions.startLine[row]);
    const [line, column] = first.get(row) ?? [0, 0];
    return functionName('', NO_FACTS, {
      file: safeText(strings.get(functions.filename[row] as number)),
      line: start > 0 ? start : line,
      column: withColumn ? column : 0,
    });
  };
  // The column is that of a call in it, not of its beginning: it is said only where two functions share their line.
  const keyOf = (row: number): string => `${String(functions.filename[row])} ${named(row, false)}`;
  const counts = new Map<string, number>();
  for (const row of nameless) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  const name = functions.name.slice();
  const added: string[] = [];
  for (const row of nameless) {
    const several = (counts.get(keyOf(row)) ?? 0) > 1;
    name[row] = strings.length + added.push(named(row, several)) - 1;
  }
  return { ...profile, functions: { ...functions, name }, strings: extendStrings(strings, added) };
}

/** Functions without a name of languages that have such, in files that are known. */
function namelessRows({ functions, strings }: Profile): number[] {
  const rows: number[] = [];
  const known = new Map<number, boolean>();
  for (let row = 0; row < functions.length; row++) {
    const name = functions.name[row] as number;
    let isNone = known.get(name);
    if (isNone === undefined) known.set(name, (isNone = isNameless(strings.get(name))));
    if (isNone && languageOf(strings.get(functions.filename[row] as number)) === 'javascript') rows.push(row);
  }
  return rows;
}

/** Line and column at which each function is met first. */
function firstPlaces({
  locations: { lines },
}: Profile): Map<number, readonly [line: number, column: number]> {
  const places = new Map<number, readonly [number, number]>();
  for (let row = 0; row < lines.length; row++) {
    const of = lines.function[row] as number;
    if (!places.has(of)) places.set(of, [Number(lines.line[row]), Number(lines.column[row])]);
  }
  return places;
}
