// Shows generated JavaScript as what it was written in: lines of a profile follow source maps to their originals.
import {
  encodeText,
  extendStrings,
  findOriginals,
  int64Column,
  type OriginalQuery,
  originalQuery,
  type Profile,
} from '@stackpile/profile';
import type { ReportContext, SourceFiles } from '../context.ts';
import { SourceReader } from './reader.ts';
import { findScriptMap, originalPath, type ScriptMap } from './script-map.ts';

/** What a function of a script becomes in one of its originals. */
interface OriginalFunction {
  /** Row of the function as it runs. */
  readonly old: number;
  readonly file: string;
  /** From 1; 0 where it is not known. */
  readonly startLine: number;
}

/** A line of the profile that stands in an original. */
interface OriginalLine {
  readonly row: number;
  /** Index of an {@link OriginalFunction}. */
  readonly fn: number;
  /** From 1, as the next. */
  readonly line: number;
  readonly column: number;
}

/** What the maps say of a profile. */
interface Originals {
  readonly functions: readonly OriginalFunction[];
  readonly lines: readonly OriginalLine[];
  /** Texts of originals that maps carry, by path. */
  readonly carried: ReadonlyMap<string, string>;
}

/**
 * A profile whose lines of scripts with a source map are those of the original files, and a context that also reads the
 * originals that only the maps hold. Both come back as they are where no script has a map. Warnings name the scripts that are
 * shown as they run although they have one.
 *
 * @param wanted which functions (rows) are going to be shown: only their scripts are opened
 */
export function withOriginals(
  profile: Profile,
  context: ReportContext,
  paths: { readonly source_path: string; readonly trim_path: string },
  wanted: (row: number) => boolean,
): { profile: Profile; context: ReportContext; warnings: readonly string[] } {
  const { sources: files } = context;
  const warnings: string[] = [];
  if (files === undefined) return { profile, context, warnings };
  const reader = new SourceReader(files, paths.source_path, paths.trim_path);
  const maps = mapsOfFunctions(profile, wanted, (name) => {
    const found = findScriptMap(name, reader, files);
    if (found === undefined || !('problem' in found)) return found;
    warnings.push(`${name} is shown as it runs: ${found.problem}`);
    return undefined;
  });
  const originals = lookUp(profile, maps);
  if (originals.functions.length === 0) return { profile, context, warnings };
  return {
    profile: rewritten(profile, originals),
    context: { ...context, sources: carrying(files, originals.carried) },
    warnings,
  };
}

/** The map of each function's script, by row; each script is looked at once. */
function mapsOfFunctions(
  { functions, strings }: Profile,
  wanted: (row: number) => boolean,
  find: (name: string) => ScriptMap | undefined,
): (ScriptMap | undefined)[] {
  const byFile = new Map<number, ScriptMap | undefined>();
  const maps: (ScriptMap | undefined)[] = [];
  for (let fn = 0; fn < functions.length; fn++) {
    const file = functions.filename[fn] as number;
    if (wanted(fn) && !byFile.has(file)) byFile.set(file, find(strings.get(file)));
    maps.push(wanted(fn) ? byFile.get(file) : undefined);
  }
  return maps;
}

/** Asks each map once for all places of its scripts. */
function lookUp(
  { functions, locations: { lines } }: Profile,
  maps: readonly (ScriptMap | undefined)[],
): Originals {
  const queries = new Map<ScriptMap, OriginalQuery[]>();
  const ask = (map: ScriptMap, line: number, column: number): OriginalQuery => {
    const query = originalQuery(line - 1, column - 1);
    const asked = queries.get(map);
    if (asked === undefined) queries.set(map, [query]);
    else asked.push(query);
    return query;
  };
  const starts = maps.map((map, fn) => {
    const line = Number(functions.startLine[fn]);
    return map === undefined || line <= 0 ? undefined : ask(map, line, 0);
  });
  const places: { readonly row: number; readonly map: ScriptMap; readonly query: OriginalQuery }[] = [];
  for (let row = 0; row < lines.length; row++) {
    const map = maps[lines.function[row] as number];
    if (map === undefined) continue;
    const query = ask(map, Number(lines.line[row]), Math.max(0, Number(lines.column[row])));
    places.push({ row, map, query });
  }
  for (const [{ map }, asked] of queries) findOriginals(map, asked);

  const found: OriginalFunction[] = [];
  const carried = new Map<string, string>();
  const known = new Map<string, number>();
  const originalFunction = (old: number, map: ScriptMap, source: number): number => {
    const key = `${old} ${source}`;
    let index = known.get(key);
    if (index === undefined) {
      const file = originalPath(map, source);
      const content = map.map.contents[source] ?? null;
      if (content !== null) carried.set(file, content);
      const start = starts[old];
      const startLine = start !== undefined && start.source === source ? start.sourceLine + 1 : 0;
      index = found.push({ old, file, startLine }) - 1;
      known.set(key, index);
    }
    return index;
  };
  const moved: OriginalLine[] = [];
  for (const { row, map, query } of places) {
    if (query.source < 0) continue;
    const fn = originalFunction(lines.function[row] as number, map, query.source);
    moved.push({ row, fn, line: query.sourceLine + 1, column: query.sourceColumn + 1 });
  }
  return { functions: found, lines: moved, carried };
}

/** The profile with the originals' functions behind its own, and with lines that lead to them. */
function rewritten(profile: Profile, originals: Originals): Profile {
  const { functions, locations, strings } = profile;
  const { lines } = locations;
  const added = originals.functions;
  const fnColumn = Uint32Array.from(lines.function);
  const lineColumn = numbers(lines.line);
  const columnColumn = numbers(lines.column);
  for (const { row, fn, line, column } of originals.lines) {
    fnColumn[row] = functions.length + fn;
    lineColumn[row] = line;
    columnColumn[row] = column;
  }
  const column = (old: Uint32Array, pick: (one: OriginalFunction, index: number) => number): Uint32Array => {
    const grown = new Uint32Array(old.length + added.length);
    grown.set(old);
    grown.set(added.map(pick), old.length);
    return grown;
  };
  let nextId = 0n;
  for (const id of functions.id) if (id > nextId) nextId = id;
  const id = new BigUint64Array(functions.length + added.length);
  id.set(functions.id);
  for (let i = 0; i < added.length; i++) id[functions.length + i] = ++nextId;
  return {
    ...profile,
    strings: extendStrings(
      strings,
      added.map(({ file }) => file),
    ),
    functions: {
      length: functions.length + added.length,
      id,
      name: column(functions.name, ({ old }) => functions.name[old] as number),
      systemName: column(functions.systemName, ({ old }) => functions.systemName[old] as number),
      filename: column(functions.filename, (_, index) => strings.length + index),
      startLine: int64Column([...numbers(functions.startLine), ...added.map(({ startLine }) => startLine)]),
    },
    locations: {
      ...locations,
      lines: {
        length: lines.length,
        function: fnColumn,
        line: int64Column(lineColumn),
        column: int64Column(columnColumn),
      },
    },
  };
}

function numbers(column: Float64Array | BigInt64Array): (number | bigint)[] {
  return Array.from(column as ArrayLike<number | bigint>);
}

/** Files that also have the texts that maps carry, where there is none on disk. */
function carrying(files: SourceFiles, carried: ReadonlyMap<string, string>): SourceFiles {
  return {
    ...files,
    read(path) {
      const content = files.read(path);
      if ('bytes' in content) return content;
      const text = carried.get(path);
      return text === undefined ? content : { bytes: encodeText(text) };
    },
  };
}
