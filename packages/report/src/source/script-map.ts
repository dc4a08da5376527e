// The source map of a script: named by a comment in it, beside it or inside of it.
import { dataUrlText, decodeText, readSourceMap, type SourceMapText } from '@stackpile/profile';
import type { SourceFiles } from '../context.ts';
import { cleanPath } from '../names/paths.ts';
import { plainPath } from './plain-path.ts';
import type { SourceReader } from './reader.ts';

/** A map and the folder that its names are relative to. */
export interface ScriptMap {
  readonly map: SourceMapText;
  readonly folder: string;
}

const scriptName = /\.[cm]?jsx?$/;

function folderOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

/** What the last `sourceMappingURL` comment of a script names; undefined where it has none. */
export function sourceMapUrl(script: string): string | undefined {
  const tail = script.slice(-(1 << 24));
  const found = tail.lastIndexOf('sourceMappingURL=');
  if (found < 3 || !/[#@][ \t]$/.test(tail.slice(found - 2, found))) return undefined;
  return /^[^\s'"]+/.exec(tail.slice(found + 'sourceMappingURL='.length))?.[0];
}

/** The map that a script names; undefined where it names none, or why the one it names is of no use. */
export function findScriptMap(
  name: string,
  reader: SourceReader,
  files: SourceFiles,
): ScriptMap | { readonly problem: string } | undefined {
  if (!scriptName.test(name)) return undefined;
  const script = reader.find(name);
  if ('problem' in script) return undefined;
  const url = sourceMapUrl(decodeText(script.bytes));
  if (url === undefined) return undefined;
  const folder = folderOf(script.path);
  if (url.startsWith('data:')) {
    const map = readSourceMap(dataUrlText(url) ?? '');
    return map === null ? { problem: 'the source map inside of it is damaged' } : { map, folder };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) && !url.startsWith('file:'))
    return { problem: `its source map is not fetched from ${url}` };
  const relative = plainPath(url);
  const path = relative.startsWith('/') ? relative : cleanPath(`${folder}/${relative}`);
  const content = files.read(path);
  if (!('bytes' in content)) return { problem: `its source map ${path}: ${content.error}` };
  const map = readSourceMap(decodeText(content.bytes));
  return map === null ? { problem: `its source map ${path} is damaged` } : { map, folder: folderOf(path) };
}

/** Where an original file would lie; names that are no paths (`webpack://…`) stay as they are. */
export function originalPath({ map, folder }: ScriptMap, source: number): string {
  const path = plainPath(map.sources[source] ?? '');
  if (path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path)) return path;
  return cleanPath(`${folder}/${path}`);
}
