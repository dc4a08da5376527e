// Whether a source map belongs to a script, and what is known of a script's lines that has none.
import { eachSegment, type SourceMapText } from './source-map.ts';

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
