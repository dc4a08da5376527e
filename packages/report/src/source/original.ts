// Shows generated JavaScript as what it was written in: lines of a profile follow source maps to their originals.
import { decodeText, encodeText, extendStrings, int64Column, type Profile } from '@stackpile/profile';
import { cleanPath } from '../paths.ts';
import type { ReportContext, SourceFiles } from '../context.ts';
import { plainPath } from './plain-path.ts';
import { SourceReader } from './reader.ts';
import { parseSourceMap, type SourceMap, sourceMapUrl } from './source-map.ts';

/** A map and the folder that its names are relative to. */
interface FoundMap {
  readonly map: SourceMap;
  readonly folder: string;
}

const scriptName = /\.[cm]?jsx?$/;

function folderOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

function decodeBase64(text: string): string | undefined {
  const { atob } = globalThis as { atob?: (text: string) => string };
  try {
    const bytes = atob?.(text);
    return bytes === undefined ? undefined : decodeText(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

function dataText(url: string): string | undefined {
  const match = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url);
  if (match === null) return undefined;
  if (match[1] !== undefined) return decodeBase64(match[2] ?? '');
  try {
    return decodeURIComponent(match[2] ?? '');
  } catch {
    return undefined;
  }
}

/** The map that a script names; nothing where it names none, or why the one it names is of no use. */
function findMap(
  name: string,
  reader: SourceReader,
  files: SourceFiles,
): FoundMap | { readonly problem: string } | undefined {
  const script = reader.find(name);
  if ('problem' in script) return undefined;
  const url = sourceMapUrl(decodeText(script.bytes));
  if (url === undefined) return undefined;
  const folder = folderOf(script.path);
  if (url.startsWith('data:')) {
    const map = parseSourceMap(dataText(url) ?? '');
    return map === undefined ? { problem: 'the source map inside of it is damaged' } : { map, folder };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) && !url.startsWith('file:'))
    return { problem: `its source map is not fetched from ${url}` };
  const relative = plainPath(url);
  const path = relative.startsWith('/') ? relative : cleanPath(`${folder}/${relative}`);
  const content = files.read(path);
  if (!('bytes' in content)) return { problem: `its source map ${path}: ${content.error}` };
  const map = parseSourceMap(decodeText(content.bytes));
  return map === undefined
    ? { problem: `its source map ${path} is damaged` }
    : { map, folder: folderOf(path) };
}

/** Where an original file would lie; names that are no paths (`webpack://…`) stay as they are. */
function originalPath(source: string, folder: string): string {
  const path = plainPath(source);
  if (path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path)) return path;
  return cleanPath(`${folder}/${path}`);
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
  const { functions, locations, strings } = profile;
  if (files === undefined) return { profile, context, warnings };
  const reader = new SourceReader(files, paths.source_path, paths.trim_path);
  const maps = new Map<number, FoundMap | undefined>();
  const mapOf = (fn: number): FoundMap | undefined => {
    const file = functions.filename[fn] as number;
    if (!maps.has(file)) {
      const name = strings.get(file);
      const found = scriptName.test(name) ? findMap(name, reader, files) : undefined;
      if (found !== undefined && 'problem' in found) {
        warnings.push(`${name} is shown as it runs: ${found.problem}`);
        maps.set(file, undefined);
      } else maps.set(file, found);
    }
    return maps.get(file);
  };
  const mapped: (FoundMap | undefined)[] = [];
  for (let fn = 0; fn < functions.length; fn++) mapped.push(wanted(fn) ? mapOf(fn) : undefined);
  if (mapped.every((map) => map === undefined)) return { profile, context, warnings };

  const carried = new Map<string, string>();
  const added: string[] = [];
  const stringRow = (text: string): number => strings.length + added.push(text) - 1;
  /** New functions: the old row, its original file and first line. */
  const rows: { old: number; filename: number; startLine: number }[] = [];
  const rowOf = new Map<string, number>();
  const originalFunction = (fn: number, { map, folder }: FoundMap, source: number): number => {
    const key = `${fn} ${source}`;
    let row = rowOf.get(key);
    if (row === undefined) {
      const path = originalPath(map.sources[source] as string, folder);
      const content = map.contents[source];
      if (content !== undefined) carried.set(path, content);
      const start = Number(functions.startLine[fn]);
      const first = start > 0 ? map.original(start - 1, undefined) : undefined;
      const startLine = first !== undefined && first.source === source ? first.line + 1 : 0;
      row = functions.length + rows.push({ old: fn, filename: stringRow(path), startLine }) - 1;
      rowOf.set(key, row);
    }
    return row;
  };
  const { lines } = locations;
  const fnColumn = Uint32Array.from(lines.function);
  const lineColumn: (number | bigint)[] = Array.from(lines.line as ArrayLike<number | bigint>);
  const columnColumn: (number | bigint)[] = Array.from(lines.column as ArrayLike<number | bigint>);
  for (let i = 0; i < lines.length; i++) {
    const fn = lines.function[i] as number;
    const found = mapped[fn];
    if (found === undefined) continue;
    const column = Number(columnColumn[i]);
    const place = found.map.original(Number(lineColumn[i]) - 1, column > 0 ? column - 1 : undefined);
    if (place === undefined) continue;
    fnColumn[i] = originalFunction(fn, found, place.source);
    lineColumn[i] = place.line + 1;
    columnColumn[i] = place.column + 1;
  }
  if (rows.length === 0) return { profile, context, warnings };

  const column = (old: Uint32Array, pick: (row: (typeof rows)[number]) => number): Uint32Array => {
    const grown = new Uint32Array(old.length + rows.length);
    grown.set(old);
    for (const [i, row] of rows.entries()) grown[old.length + i] = pick(row);
    return grown;
  };
  let nextId = 0n;
  for (const id of functions.id) if (id > nextId) nextId = id;
  const id = new BigUint64Array(functions.length + rows.length);
  id.set(functions.id);
  for (let i = 0; i < rows.length; i++) id[functions.length + i] = ++nextId;
  const oldStarts: (number | bigint)[] = Array.from(functions.startLine as ArrayLike<number | bigint>);
  return {
    profile: {
      ...profile,
      strings: extendStrings(strings, added),
      functions: {
        length: functions.length + rows.length,
        id,
        name: column(functions.name, ({ old }) => functions.name[old] as number),
        systemName: column(functions.systemName, ({ old }) => functions.systemName[old] as number),
        filename: column(functions.filename, ({ filename }) => filename),
        startLine: int64Column([...oldStarts, ...rows.map(({ startLine }) => startLine)]),
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
    },
    context: {
      ...context,
      sources: {
        ...files,
        read(path) {
          const content = files.read(path);
          if ('bytes' in content) return content;
          const text = carried.get(path);
          return text === undefined ? content : { bytes: encodeText(text) };
        },
      },
    },
    warnings,
  };
}
