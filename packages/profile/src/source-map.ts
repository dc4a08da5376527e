// Source maps (ECMA-426): where a place of a compiled script was written, in one pass over the map, nothing of it kept.
import { decodeText } from './bytes/utf8.ts';

/** A map as it was read; see {@link findOriginals}. */
export interface SourceMapText {
  /** Names of the originals, with the map's root in front; null where it names none. */
  readonly sources: readonly (string | null)[];
  /** Texts of the originals; null where the map does not carry them. */
  readonly contents: readonly (string | null)[];
  /** Parts of the map, by where they begin in the compiled script; most maps have one. */
  readonly parts: readonly SourceMapPart[];
}

interface SourceMapPart {
  readonly line: number;
  readonly column: number;
  readonly mappings: string;
  /** Index in `sources` of the part's first one. */
  readonly firstSource: number;
}

/** A place of a compiled script that is looked for, both from 0, and what was found. */
export interface OriginalQuery {
  readonly line: number;
  /** -1 where only the line is known. */
  readonly column: number;
  /** Index in `sources`; -1 where nothing was found. */
  source: number;
  /** From 0, as the next. */
  sourceLine: number;
  sourceColumn: number;
  /** For a query by line alone: lines of originals between the first and the last that stand on the line; Infinity where they lie in several files. */
  spread: number;
}

/** A query that nothing has answered; both numbers from 0, a column of -1 where only the line is known. */
export function originalQuery(line: number, column: number): OriginalQuery {
  return { line, column, source: -1, sourceLine: 0, sourceColumn: 0, spread: 0 };
}

interface MapFile {
  readonly sourceRoot?: unknown;
  readonly sources?: unknown;
  readonly sourcesContent?: unknown;
  readonly mappings?: unknown;
  readonly sections?: unknown;
}

const digits = new Int8Array(128).fill(-1);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let i = 0; i < alphabet.length; i++) digits[alphabet.charCodeAt(i)] = i;

/** Sections that are read; a map made by hand may name any number. */
const MAX_SECTIONS = 10_000;

function textAt(list: unknown, index: number): string | null {
  const value: unknown = Array.isArray(list) ? list[index] : null;
  return typeof value === 'string' ? value : null;
}

function isMapFile(value: unknown): value is MapFile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countAt(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Reads the text of a map, also one made of sections; null where it is none. */
export function readSourceMap(json: string): SourceMapText | null {
  let file: unknown;
  try {
    // A guard against inclusion as a script may stand in front.
    file = JSON.parse(json.replace(/^\)\]\}'[^\n]*\n/u, ''));
  } catch {
    return null;
  }
  if (!isMapFile(file)) return null;
  const sources: (string | null)[] = [];
  const contents: (string | null)[] = [];
  const parts: SourceMapPart[] = [];
  const add = (map: MapFile, line: number, column: number): void => {
    if (typeof map.mappings !== 'string') return;
    parts.push({ line, column, mappings: map.mappings, firstSource: sources.length });
    const root =
      typeof map.sourceRoot === 'string' && map.sourceRoot !== '' ? map.sourceRoot.replace(/\/?$/u, '/') : '';
    const named = Array.isArray(map.sources) ? map.sources.length : 0;
    for (let i = 0; i < named; i++) {
      const name = textAt(map.sources, i);
      sources.push(name === null ? null : /^(?:\/|[a-z][a-z\d+.-]*:)/iu.test(name) ? name : root + name);
      contents.push(textAt(map.sourcesContent, i));
    }
  };
  if (Array.isArray(file.sections)) {
    for (const section of (file.sections as unknown[]).slice(0, MAX_SECTIONS)) {
      if (!isMapFile(section)) continue;
      const { offset, map } = section as { offset?: { line?: unknown; column?: unknown }; map?: unknown };
      if (isMapFile(map)) add(map, countAt(offset?.line), countAt(offset?.column));
    }
  } else add(file, 0, 0);
  return parts.length === 0 ? null : { sources, contents, parts };
}

/**
 * Decodes `mappings`, segment by segment, all numbers from 0, for as long as `onSegment` does not return false. Segments that
 * name no original are passed over. What is malformed ends the decoding.
 */
export function eachSegment(
  mappings: string,
  onSegment: (
    line: number,
    column: number,
    source: number,
    sourceLine: number,
    sourceColumn: number,
  ) => unknown,
): void {
  let [line, column, source, sourceLine, sourceColumn] = [0, 0, 0, 0, 0];
  const values = [0, 0, 0, 0, 0];
  let [field, value, shift] = [0, 0, 0];
  for (let i = 0; i <= mappings.length; i++) {
    const code = i < mappings.length ? mappings.charCodeAt(i) : 59;
    if (code === 59 /* ; */ || code === 44 /* , */) {
      if (field > 0) {
        column += values[0] as number;
        if (field >= 4) {
          source += values[1] as number;
          sourceLine += values[2] as number;
          sourceColumn += values[3] as number;
          if (onSegment(line, column, source, sourceLine, sourceColumn) === false) return;
        }
        field = 0;
      }
      if (code === 59) {
        line++;
        column = 0;
      }
      continue;
    }
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

/**
 * Answers queries, which must be sorted by line, then column, by one `mappings` text. A place takes the last segment at or before
 * it on its line; where there is none, and where only the line is known, the first one of that line.
 */
export function findInMappings(mappings: string, queries: readonly OriginalQuery[]): void {
  const placed = queries.filter((query) => query.column >= 0);
  const byLine = queries.filter((query) => query.column < 0);
  let [nextPlaced, nextByLine] = [0, 0];
  // Of the line that is being read:
  let line = -1;
  let [firstSource, firstLine, firstColumn] = [-1, 0, 0];
  let [lastSource, lastLine, lastColumn] = [-1, 0, 0];
  let [least, most, severalFiles] = [0, 0, false];
  const answerBefore = (column: number): void => {
    for (; nextPlaced < placed.length; nextPlaced++) {
      const query = placed[nextPlaced] as OriginalQuery;
      if (query.line > line || (query.line === line && query.column >= column)) return;
      if (query.line < line) continue;
      query.source = lastSource;
      query.sourceLine = lastLine;
      query.sourceColumn = lastColumn;
    }
  };
  const endLine = (): void => {
    answerBefore(Infinity);
    for (; nextByLine < byLine.length; nextByLine++) {
      const query = byLine[nextByLine] as OriginalQuery;
      if (query.line > line) return;
      if (query.line < line) continue;
      query.source = firstSource;
      query.sourceLine = firstLine;
      query.sourceColumn = firstColumn;
      query.spread = severalFiles ? Infinity : most - least;
    }
  };
  eachSegment(mappings, (toLine, column, source, sourceLine, sourceColumn) => {
    if (toLine !== line) {
      if (line >= 0) endLine();
      if (nextPlaced >= placed.length && nextByLine >= byLine.length) return false;
      line = toLine;
      firstSource = lastSource = source;
      firstLine = lastLine = least = most = sourceLine;
      firstColumn = lastColumn = sourceColumn;
      severalFiles = false;
    }
    answerBefore(column);
    lastSource = source;
    lastLine = sourceLine;
    lastColumn = sourceColumn;
    least = Math.min(least, sourceLine);
    most = Math.max(most, sourceLine);
    severalFiles ||= source !== firstSource;
    return true;
  });
  if (line >= 0) endLine();
}

/** Answers queries by a map, in whatever order they come; `source` counts in the map's `sources`. */
export function findOriginals(map: SourceMapText, queries: readonly OriginalQuery[]): void {
  const sorted = [...queries].sort((a, b) => a.line - b.line || a.column - b.column);
  for (const [i, part] of map.parts.entries()) {
    const end = map.parts[i + 1];
    const shifted: { readonly query: OriginalQuery; readonly inPart: OriginalQuery }[] = [];
    for (const query of sorted) {
      const column =
        query.line === part.line && query.column >= 0 ? query.column - part.column : query.column;
      const isBefore = query.line < part.line || (query.column >= 0 && column < 0);
      const isBehind =
        end !== undefined &&
        (query.line > end.line || (query.line === end.line && query.column >= end.column));
      if (isBefore || isBehind) continue;
      shifted.push({
        query,
        inPart: originalQuery(query.line - part.line, column),
      });
    }
    if (shifted.length === 0) continue;
    findInMappings(
      part.mappings,
      shifted.map(({ inPart }) => inPart),
    );
    for (const { query, inPart } of shifted) {
      const source = inPart.source + part.firstSource;
      if (inPart.source < 0 || source >= map.sources.length || inPart.sourceLine < 0) continue;
      // Two sections share a line: what is asked by line alone lies in either.
      query.spread = query.source >= 0 ? Infinity : inPart.spread;
      query.source = source;
      query.sourceLine = inPart.sourceLine;
      query.sourceColumn = inPart.sourceColumn;
    }
  }
}

/** The text in a `data:` URL; null where it is none, or damaged. */
export function dataUrlText(url: string): string | null {
  const head = /^data:[^,]*?(;base64)?,/iu.exec(url);
  if (head === null) return null;
  const body = url.slice(head[0].length);
  try {
    if (head[1] === undefined) return decodeURIComponent(body);
    const { atob } = globalThis as { atob?: (text: string) => string };
    return atob === undefined ? null : decodeText(Uint8Array.from(atob(body), (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}
