// Positions of compiled JavaScript in its sources, by the map that the file names: one pass per map, nothing of it kept.
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A position in a source; lines are 1-based. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
}

/** A position in a compiled file; lines are 1-based, columns too, 0 where unknown. */
export interface CompiledPosition {
  /** URL or path of the script. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Files larger than this are not searched for their map. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Positions whose answer is remembered. */
const MAX_KNOWN = 50_000;

/** The fields of a source map (ECMA-426) that positions need. */
interface SourceMap {
  readonly sources?: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly mappings?: string;
}

const digits = new Int8Array(128).fill(-1);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let i = 0; i < alphabet.length; i++) digits[alphabet.charCodeAt(i)] = i;

/** What is looked for: a 0-based position and, in the end, the source and line that it belongs to. */
interface Wanted {
  readonly line: number;
  readonly column: number;
  source: number;
  sourceLine: number;
}

/**
 * Finds positions in the `mappings` of a map in one pass. `wanted` must be sorted. A position takes the last segment at or
 * before it on its line; where there is none, the first one after it on that line.
 */
export function findInMappings(mappings: string, wanted: readonly Wanted[]): void {
  let [line, column, source, sourceLine, next] = [0, 0, 0, 0, 0];
  // The segment before the one that is being read, on the same line.
  let [lastSource, lastLine] = [-1, 0];
  const values = [0, 0, 0, 0, 0];
  let [field, value, shift] = [0, 0, 0];
  /** Answers what lies before `limit` on this line. */
  const settle = (limit: number): void => {
    for (; next < wanted.length; next++) {
      const one = wanted[next] as Wanted;
      if (one.line > line || (one.line === line && one.column >= limit)) return;
      if (one.line < line) continue;
      one.source = lastSource < 0 ? source : lastSource;
      one.sourceLine = lastSource < 0 ? sourceLine : lastLine;
    }
  };
  const end = (): void => {
    if (field === 0) return;
    column += values[0] as number;
    if (field >= 4) {
      source += values[1] as number;
      sourceLine += values[2] as number;
      settle(column);
      lastSource = source;
      lastLine = sourceLine;
    }
    field = 0;
  };
  const endLine = (): void => {
    end();
    if (lastSource >= 0) settle(Infinity);
    lastSource = -1;
  };
  for (let i = 0; i < mappings.length; i++) {
    const code = mappings.charCodeAt(i);
    if (code === 59 /* ; */) {
      endLine();
      line++;
      column = 0;
      if (next >= wanted.length) return;
    } else if (code === 44 /* , */) end();
    else {
      const digit = code < 128 ? (digits[code] as number) : -1;
      if (digit < 0 || shift > 30) return; // not a map: what was found so far stands
      value |= (digit & 31) << shift;
      if ((digit & 32) !== 0) shift += 5;
      else {
        if (field < 5) values[field] = (value & 1) === 1 ? -(value >>> 1) : value >>> 1;
        field++;
        value = 0;
        shift = 0;
      }
    }
  }
  endLine();
}

function pathOf(url: string): string | null {
  if (url.startsWith('file://')) {
    try {
      return fileURLToPath(url);
    } catch {
      return null;
    }
  }
  return isAbsolute(url) ? url : null;
}

/** The map that a compiled file names in its last comment, and the folder that its sources are relative to. */
function readMap(path: string): { map: SourceMap; folder: string } | null {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return null;
    const text = readFileSync(path, 'utf8');
    const at = Math.max(text.lastIndexOf('//# sourceMappingURL='), text.lastIndexOf('//@ sourceMappingURL='));
    if (at < 0) return null;
    const link = (text.slice(at + 21).split(/[\s'"`]/u, 1)[0] ?? '').trim();
    const data = /^data:application\/json[^,]*?(;base64)?,/iu.exec(link);
    if (data !== null) {
      const body = link.slice(data[0].length);
      const json =
        data[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString('utf8');
      return { map: JSON.parse(json) as SourceMap, folder: dirname(path) };
    }
    if (/^[a-z]+:/iu.test(link)) return null; // nothing is fetched
    const file = resolve(dirname(path), decodeURIComponent(link));
    if (statSync(file).size > MAX_FILE_BYTES) return null;
    return { map: JSON.parse(readFileSync(file, 'utf8')) as SourceMap, folder: dirname(file) };
  } catch {
    return null; // no map, or none that can be read: the compiled position is shown
  }
}

function sourcePath(map: SourceMap, index: number, folder: string): string | null {
  const name = map.sources?.[index];
  if (typeof name !== 'string') return null;
  const plain = name.replace(/^webpack:\/\/[^/]*\//u, '');
  if (plain.startsWith('file://')) return pathOf(plain);
  return resolve(folder, typeof map.sourceRoot === 'string' ? map.sourceRoot : '', plain);
}

/** Looks up positions, file by file. Runs in the sidecar, so that reading a map never stops the service. */
export class SourceMaps {
  readonly #known = new Map<string, SourcePosition | null>();
  readonly #without = new Set<string>();

  /** Looks up positions that are not known yet, in one pass per file. */
  prepare(positions: Iterable<CompiledPosition>): void {
    const files = new Map<string, Map<string, Wanted>>();
    for (const { file, line, column } of positions) {
      if (line <= 0 || this.#without.has(file) || !/\.[cm]?jsx?(?:\?|$)/u.test(file)) continue;
      const key = `${line}:${column}`;
      if (this.#known.has(`${file}:${key}`)) continue;
      let wanted = files.get(file);
      if (wanted === undefined) files.set(file, (wanted = new Map<string, Wanted>()));
      wanted.set(key, {
        line: line - 1,
        column: Math.max(0, column - 1),
        source: -1,
        sourceLine: 0,
      });
    }
    for (const [file, wanted] of files) this.#lookUp(file, wanted);
  }

  /** The source position of a prepared position; null where the compiled one is all there is. */
  locate(file: string, line: number, column: number): SourcePosition | null {
    return this.#known.get(`${file}:${line}:${column}`) ?? null;
  }

  #lookUp(file: string, wanted: ReadonlyMap<string, Wanted>): void {
    const path = pathOf(file);
    const found = path === null ? null : readMap(path);
    if (found === null || typeof found.map.mappings !== 'string') {
      this.#without.add(file);
      return;
    }
    const sorted = [...wanted.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    findInMappings(found.map.mappings, sorted);
    if (this.#known.size + wanted.size > MAX_KNOWN) this.#known.clear();
    for (const [key, one] of wanted) {
      const source = one.source < 0 ? null : sourcePath(found.map, one.source, found.folder);
      this.#known.set(`${file}:${key}`, source === null ? null : { file: source, line: one.sourceLine + 1 });
    }
  }
}
