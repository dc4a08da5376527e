// The lines of one script as they were written: by the map that V8 compiled with it, where that map can be shown to belong to it.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  dataUrlText,
  findOriginals,
  keptLines,
  looksCompiled,
  mapBelongs,
  type OriginalQuery,
  originalQuery,
  readRegularFile,
  readSourceMap,
  type SourceMapText,
} from '@stackpile/profile';

/** A script as V8 announces it. */
export interface Script {
  readonly scriptId: string;
  readonly url: string;
  /** SHA-256 of the text in UTF-8. */
  readonly hash: string;
  /** What the script's text names as its map: a URL with the map in it, or the name of a file; '' where it names none. */
  readonly sourceMapURL: string;
}

/** A place of a script as it was compiled; lines and columns are 1-based, columns 0 where unknown. */
export interface CompiledPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Where a place was written.
 * - `written`: there; the function begins on `startLine` of the same file, 0 where unknown;
 * - `compiled`: at its own place in a file that a compiler has made, and nobody knows what of;
 * - `added`: at its own place in a text that is not the file's, in code that the loader has added or changed;
 * - `unknown`: the text that ran is not that of the file, so the place is none in the file.
 */
export type WrittenPlace =
  | { readonly kind: 'written'; readonly file: string; readonly line: number; readonly startLine: number }
  | { readonly kind: 'compiled' }
  | { readonly kind: 'added' }
  | { readonly kind: 'unknown' };

/** How the lines of a script are told. */
export type ScriptLines =
  /** The text that ran is what stands in the file. */
  | { readonly kind: 'same' }
  /** The same, and a compiler has written it. */
  | { readonly kind: 'compiled'; readonly why: string }
  /** A loader has changed the text and left these lines where they are. */
  | { readonly kind: 'kept'; readonly lines: Uint8Array }
  | {
      readonly kind: 'mapped';
      readonly link: string;
      readonly path: string;
      readonly isFile: boolean;
      /** Columns by which the first line lies further right than in the text of the map. */
      readonly shift: number;
    }
  /** Nobody can know. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Longer files are not read. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The text of a regular file; null where there is none, or one that is too long. */
function readText(path: string): string | null {
  try {
    // Node leaves a byte order mark out.
    return Buffer.from(readRegularFile(fs, path, MAX_BYTES))
      .toString('utf8')
      .replace(/^\ufeff/u, '');
  } catch {
    return null;
  }
}

/** The path of a script's file, without what a loader has put behind it; null where the name is that of no file. */
export function pathOf(url: string): string | null {
  if (url.startsWith('file://')) {
    try {
      return fileURLToPath(url);
    } catch {
      return null;
    }
  }
  return isAbsolute(url) ? url : null;
}

/** Whether a name is that of TypeScript, which V8 does not run: some loader has made JavaScript of it. */
export function isTypeScript(url: string): boolean {
  return /\.[cm]?tsx?(?:\?|$)/u.test(url);
}

/** What a compile cache (`v8-compile-cache`) puts around a CommonJS module, as Node itself once did. */
const WRAPPER = ['(function (exports, require, module, __filename, __dirname) { ', '\n});'] as const;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A map and the folder that its sources are relative to. */
interface FoundMap {
  readonly map: SourceMapText;
  readonly folder: string;
}

function readMap(link: string, path: string): FoundMap | null {
  if (/^data:/iu.test(link)) {
    const map = link.length > 2 * MAX_BYTES ? null : readSourceMap(dataUrlText(link) ?? '');
    return map === null ? null : { map, folder: dirname(path) };
  }
  let file: string | null;
  try {
    if (link.startsWith('file://')) file = pathOf(link);
    else file = /^[a-z][a-z\d+.-]+:/iu.test(link) ? null : resolve(dirname(path), decodeURIComponent(link)); // nothing is fetched
  } catch {
    return null;
  }
  const text = file === null ? null : readText(file);
  const map = text === null ? null : readSourceMap(text);
  return map === null || file === null ? null : { map, folder: dirname(file) };
}

/** Where an original lies; null where the map does not name it. */
function originalPath({ map, folder }: FoundMap, source: number): string | null {
  const name = map.sources[source];
  if (name === undefined || name === null) return null;
  if (name.startsWith('file://')) return pathOf(name);
  return resolve(folder, name.replace(/^webpack:\/\/[^/]*\//u, ''));
}

/**
 * How the lines of a script can be told.
 *
 * @param running the text that V8 compiled; asked only where it is not the file's
 */
export async function linesOf(script: Script, running: () => Promise<string | null>): Promise<ScriptLines> {
  const path = pathOf(script.url);
  const file = path === null ? null : readText(path);
  const isPlain = file !== null && hashOf(file) === script.hash;
  const isWrapped = file !== null && !isPlain && hashOf(WRAPPER.join(file)) === script.hash;
  const isFile = isPlain || isWrapped;
  // That others ship compiled code without its map is their own business: the lines are right for what is installed.
  const isLibrary = /[\\/]node_modules[\\/]/u.test(script.url);
  const link = script.sourceMapURL;
  const text = isFile ? file : await running();
  if (link !== '') {
    const base = path ?? resolve('script');
    // A map in a file of its own is that of the file beside it: where that was written anew, so was the map.
    const inside = /^data:/iu.test(link);
    if (!inside && !isFile && file !== null)
      return { kind: 'unknown', why: 'its file has changed since it was loaded, and so has its source map' };
    const found = readMap(link, base);
    const original = (source: number): string | null => {
      const content = found?.map.contents[source];
      if (content !== undefined && content !== null) return content;
      const at = found === null ? null : originalPath(found, source);
      return at === null ? null : readText(at);
    };
    if (found !== null && (text === null || mapBelongs(found.map, text, original)))
      return { kind: 'mapped', link, path: base, isFile, shift: isWrapped ? WRAPPER[0].length : 0 };
    const why = found === null ? 'its source map cannot be read' : 'its source map is that of another text';
    // The file of a process on another machine is not here, and not contradicted. Where there is a map that does not belong, or
    // another text, nobody after us shall follow it.
    const isTheirs = isFile || (file === null && !isTypeScript(script.url));
    if (!isTheirs || found !== null) return { kind: 'unknown', why };
    return isLibrary ? { kind: 'same' } : { kind: 'compiled', why };
  }
  if (isFile) {
    return !isLibrary && looksCompiled(file)
      ? { kind: 'compiled', why: 'it is compiled and names no source map' }
      : { kind: 'same' };
  }
  if (path === null || text === null) return { kind: 'same' };
  if (file === null) {
    // Nothing to compare with: JavaScript is taken at its word, and so is what Node itself has stripped of its types.
    const stripped = !isTypeScript(script.url) || /\n\n\/\/# sourceURL=[^\n]*$/u.test(text);
    return stripped ? { kind: 'same' } : { kind: 'unknown', why: 'it names no source map' };
  }
  const lines = keptLines(text, file);
  if (lines !== null) return { kind: 'kept', lines };
  return { kind: 'unknown', why: 'it is not the text of its file and names no source map' };
}

/** A place that is looked up: where a frame is, and where its function begins. */
export interface LookUp {
  readonly at: CompiledPlace;
  /** Where the function begins; line 0 where unknown. */
  readonly start: CompiledPlace;
}

/** Lines of originals on one compiled line from which on the line by itself says nothing. */
const MOST_SPREAD = 3;

/** Looks places up, in one pass over the script's map. */
export function writtenPlaces(lines: ScriptLines, url: string, wanted: readonly LookUp[]): WrittenPlace[] {
  switch (lines.kind) {
    case 'same':
      return wanted.map(({ at, start }) => ({
        kind: 'written',
        file: url,
        line: at.line,
        startLine: start.line,
      }));
    case 'compiled':
      return wanted.map(() => ({ kind: 'compiled' }));
    case 'unknown':
      return wanted.map(() => ({ kind: 'unknown' }));
    case 'kept':
      return wanted.map(({ at, start }) => {
        const isKept = ({ line }: CompiledPlace): boolean => lines.lines[line - 1] === 1;
        if (!isKept(at)) return { kind: 'added' };
        return { kind: 'written', file: url, line: at.line, startLine: isKept(start) ? start.line : 0 };
      });
    case 'mapped':
      return mappedPlaces(lines, url, wanted);
  }
}

function query({ line, column }: CompiledPlace, shift: number): OriginalQuery {
  const shifted = line === 1 && column > 0 ? Math.max(1, column - shift) : column;
  return originalQuery(line - 1, shifted - 1);
}

function mappedPlaces(
  lines: ScriptLines & { kind: 'mapped' },
  url: string,
  wanted: readonly LookUp[],
): WrittenPlace[] {
  const found = readMap(lines.link, lines.path);
  if (found === null) return wanted.map(() => ({ kind: 'unknown' }));
  const { shift } = lines;
  const asked = wanted.map(({ at, start }) => ({ at: query(at, shift), start: query(start, shift) }));
  findOriginals(
    found.map,
    asked.flatMap(({ at, start }) => [at, start]),
  );
  return asked.map(({ at, start }, i) => {
    // V8 tells the line alone where it counts ticks. On a line that holds half a program the function is all that is known.
    const best = at.column < 0 && at.spread > MOST_SPREAD && start.source >= 0 ? start : at;
    const file = best.source < 0 ? null : originalPath(found, best.source);
    if (file !== null) {
      const startLine = start.source === best.source ? start.sourceLine + 1 : 0;
      return { kind: 'written', file, line: best.sourceLine + 1, startLine };
    }
    // What a bundler has added stands in no original, but in its own file.
    const { line } = (wanted[i] as LookUp).at;
    return lines.isFile ? { kind: 'written', file: url, line, startLine: 0 } : { kind: 'added' };
  });
}
