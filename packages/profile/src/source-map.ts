// Source maps (ECMA-426): where a place of a compiled script was written, in one pass over the map, nothing of it kept.
import { decodeText } from './utf8.ts';

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
  /** From 0. */
  sourceLine: number;
  /** For a query by line alone: lines of originals between the first and the last that stand on the line; Infinity where they lie in several files. */
  spread: number;
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
  let [firstSource, firstLine, lastSource, lastLine] = [-1, 0, -1, 0];
  let [least, most, severalFiles] = [0, 0, false];
  const answerBefore = (column: number): void => {
    for (; nextPlaced < placed.length; nextPlaced++) {
      const query = placed[nextPlaced] as OriginalQuery;
      if (query.line > line || (query.line === line && query.column >= column)) return;
      if (query.line < line) continue;
      query.source = lastSource;
      query.sourceLine = lastLine;
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
      query.spread = severalFiles ? Infinity : most - least;
    }
  };
  eachSegment(mappings, (toLine, column, source, sourceLine) => {
    if (toLine !== line) {
      if (line >= 0) endLine();
      if (nextPlaced >= placed.length && nextByLine >= byLine.length) return false;
      line = toLine;
      firstSource = lastSource = source;
      firstLine = lastLine = least = most = sourceLine;
      severalFiles = false;
    }
    answerBefore(column);
    lastSource = source;
    lastLine = sourceLine;
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
        inPart: { line: query.line - part.line, column, source: -1, sourceLine: 0, spread: 0 },
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
    }
  }
}

/** Where each line of a text begins, and where the text ends. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  starts.push(text.length + 1);
  return starts;
}

const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;

/** The word that begins at a place; '' where none does, null where there is no such place. */
function wordAt(text: string, starts: readonly number[], line: number, column: number): string | null {
  const start = starts[line];
  const end = starts[line + 1];
  if (start === undefined || end === undefined || start + column >= end) return null;
  word.lastIndex = start + column;
  return word.exec(text)?.[0] ?? '';
}

/** Mappings that are looked at to see whether a map belongs to a script. */
const MOST_SAMPLES = 2000;
/** Fewer than this many words say nothing. */
const FEWEST_WORDS = 6;
/** A compiler renames some and leaves most; a map of another text, or one that is off by a line, agrees by chance alone. */
const LEAST_AGREEMENT = 0.3;
/** A minifier's names are shorter. */
const SHORTEST_WORD = 3;
/** Words that stand everywhere. */
const keywords: ReadonlySet<string> = new Set(
  'async await break case catch class const continue default delete else export extends finally for from function if import new null return static super switch this throw true try typeof undefined var void while yield'.split(
    ' ',
  ),
);

/**
 * Whether a map can be that of a script: its mappings lie inside of the script, and the words that they begin at stand in the
 * originals too. Where the originals cannot be read only the first is asked.
 *
 * @param original text of an original, by index; null where there is none
 */
export function mapBelongs(
  map: SourceMapText,
  script: string,
  original: (source: number) => string | null,
): boolean {
  const starts = lineStarts(script);
  const originals = new Map<number, { text: string; starts: number[] } | null>();
  const originalOf = (source: number): { text: string; starts: number[] } | null => {
    let found = originals.get(source);
    if (found === undefined) {
      const text = source < 0 || source >= map.sources.length ? null : original(source);
      originals.set(source, (found = text === null ? null : { text, starts: lineStarts(text) }));
    }
    return found;
  };
  let [segments, outside, words, agree] = [0, 0, 0, 0];
  const length = map.parts.reduce((sum, part) => sum + part.mappings.length, 0);
  const step = Math.max(1, Math.floor(length / 5 / MOST_SAMPLES));
  for (const part of map.parts) {
    eachSegment(part.mappings, (line, column, source, sourceLine, sourceColumn) => {
      if (segments++ % step !== 0) return;
      const here = wordAt(script, starts, line + part.line, line === 0 ? column + part.column : column);
      // One past the end of a line is where a statement ends.
      if (here === null) outside++;
      else if (here.length >= SHORTEST_WORD && !keywords.has(here)) {
        const from = originalOf(source + part.firstSource);
        const there = from === null ? null : wordAt(from.text, from.starts, sourceLine, sourceColumn);
        if (there === '' || from === null) return;
        words++;
        if (here === there) agree++;
      }
    });
  }
  if (outside > Math.max(2, (segments / step) * 0.02)) return false;
  return words < FEWEST_WORDS || agree / words >= LEAST_AGREEMENT;
}

/** What the last `sourceMappingURL` comment of a script names; null where it has none. */
export function sourceMappingUrl(script: string): string | null {
  const found = script.lastIndexOf('sourceMappingURL=');
  if (found < 4 || !/\/[/*][#@][ \t]$/u.test(script.slice(found - 4, found))) return null;
  return /^[^\s'"`]+/u.exec(script.slice(found + 'sourceMappingURL='.length))?.[0] ?? null;
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

/** Words of one line that a loader may have left standing. */
function wordsOf(line: string): string[] {
  return line.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*|\d+/gu) ?? [];
}

/** A line says the same when most of its words stand on the other one, in their order. */
function saysTheSame(ran: string, written: string): boolean {
  const words = wordsOf(ran);
  const others = wordsOf(written);
  let [at, same] = [0, 0];
  for (const one of words) {
    const found = others.indexOf(one, at);
    if (found < 0) continue;
    same++;
    at = found + 1;
  }
  return words.length === 0 || same / words.length >= 0.5;
}

/**
 * The lines of a script that say what the same lines of the file say that it was made of: what a loader gives that only blanks
 * types out, or keeps lines on purpose. Null where it did not: a few lines agree in any two texts.
 *
 * @returns for each line, from 0, whether it does (1) or not (0)
 */
export function keptLines(ran: string, written: string): Uint8Array | null {
  const [lines, others] = [ran.split('\n'), written.split('\n')];
  const kept = new Uint8Array(lines.length);
  let [told, agree] = [0, 0];
  for (const [i, line] of lines.entries()) {
    const same = saysTheSame(line, others[i] ?? '');
    kept[i] = same ? 1 : 0;
    if (!/[\p{ID_Start}$_]/u.test(line) || line.startsWith('//# source')) continue;
    told++;
    if (same) agree++;
  }
  return told > 0 && agree / told >= 0.7 ? kept : null;
}

/** Whether JavaScript looks as a compiler or bundler leaves it: its lines are not those that somebody wrote. */
export function looksCompiled(script: string): boolean {
  const head = script.slice(0, 4096);
  if (/__webpack_require__|^\/\/#region /mu.test(head)) return true;
  if (/Object\.defineProperty\(exports, ?["']__esModule["']|\(this && this\.__awaiter\)/u.test(head))
    return true;
  const names = new Set<string>();
  for (const [, name = ''] of script.matchAll(/^\/\/ (\S+\.[cm]?[jt]sx?)$/gmu)) names.add(name);
  if (names.size > 1 || [...names].some((name) => /\.[cm]?tsx?$/u.test(name))) return true;
  let [long, length] = [0, 0];
  for (const line of script.split('\n')) {
    length += line.length;
    if (line.length > 200) long += line.length;
  }
  return length > 0 && long / length > 0.5;
}
