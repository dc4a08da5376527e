// Names for functions that have none: what they are there for, where they were made, and where they stand.
import { findSites, type Site } from './sites.ts';

/** What the text says of a function. */
export interface FunctionWords {
  /** `callback of setInterval in startHeartbeat`, `listener of 'message' in onConnection`, `socket.onmessage`. */
  readonly words: string;
  /** Whether the words are as good as a name, so that no place needs to tell the function from others. */
  readonly isName: boolean;
  /** Whether another function of the same words begins on the same line. */
  readonly hasTwin: boolean;
}

/** What functions are called of which nothing is known. */
const ANONYMOUS = '(anonymous)';
/** What the top level of a script is called. */
export const MODULE = '(module)';
/** Characters of the words for one function. */
const MOST_WORDS = 120;
/** Longer texts are not read. */
const MOST_TEXT = 16 * 1024 * 1024;
/** Columns by which a source map may miss the beginning of a function. */
const NEAR = 16;

/** The functions without a name of one script, by where V8 says that they begin. Lines and columns are 1-based. */
export class ScriptFunctions {
  readonly #words: readonly FunctionWords[];
  /** By line, in the order of the columns. */
  readonly #byLine: ReadonlyMap<number, readonly Start[]>;

  /** Reads a script's text: JavaScript or TypeScript, whole or cut. Takes time in proportion to its length; nothing is an error. */
  constructor(text: string) {
    const sites = text.length > MOST_TEXT ? [] : findSites(text);
    const words = wordsOf(sites);
    const rows: { readonly start: number; readonly words: Words }[] = [];
    sites.forEach(({ start }, i) => {
      const own = words[i];
      if (own !== undefined) rows.push({ start, words: own });
    });
    rows.sort((a, b) => a.start - b.start);
    const lines = lineStarts(text, rows.length > 0);
    const byLine = new Map<number, Start[]>();
    const counts = new Map<string, number>();
    const keys: string[] = [];
    let line = 0;
    rows.forEach(({ start, words: own }, row) => {
      while (line + 1 < lines.length && (lines[line + 1] as number) <= start) line++;
      const at = { column: start - (lines[line] as number) + 1, row };
      const there = byLine.get(line + 1);
      if (there === undefined) byLine.set(line + 1, [at]);
      else there.push(at);
      const key = `${line} ${own.words}`;
      keys.push(key);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    this.#byLine = byLine;
    this.#words = rows.map((row, i) => ({ ...row.words, hasTwin: (counts.get(keys[i] as string) ?? 0) > 1 }));
  }

  /** How many functions have no name. */
  get length(): number {
    return this.#words.length;
  }

  /** The function without a name that begins exactly there; null where there is none: the text is then not what ran. */
  at(line: number, column: number): FunctionWords | null {
    const there = this.#byLine.get(line);
    if (there === undefined) return null;
    const found = there[firstFrom(there, column)];
    return found?.column === column ? (this.#words[found.row] ?? null) : null;
  }

  /**
   * The function without a name that begins about there, as a source map says it; the only one of its line where the column is
   * unknown (0). Null where that cannot be told.
   */
  near(line: number, column: number): FunctionWords | null {
    const there = this.#byLine.get(line) ?? [];
    const at = column === 0 ? 0 : firstFrom(there, column);
    if (column === 0 && there.length !== 1) return null;
    const [before, after] = [there[at - 1], there[at]];
    const gap = (one: Start | undefined): number =>
      one === undefined ? Infinity : Math.abs(one.column - column);
    const best = gap(after) <= gap(before) ? after : before;
    if (best === undefined || (column > 0 && gap(best) > NEAR)) return null;
    return this.#words[best.row] ?? null;
  }
}

/** Where a function begins in its line, and its row. */
interface Start {
  readonly column: number;
  readonly row: number;
}

/** Index of the first that begins at `column` or after it. */
function firstFrom(starts: readonly Start[], column: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle]?.column ?? 0) < column) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Words {
  readonly words: string;
  readonly isName: boolean;
}

/** The words for each site without a name; undefined for the others. Sites stand after those they are made in. */
export function wordsOf(sites: readonly Site[]): readonly (Words | undefined)[] {
  /** What is made in a site is said to be made in that: a name, or words that tell it wherever it stands; '' for none. */
  const solid: string[] = [];
  /** The same, but any words will do. */
  const nearest: string[] = [];
  return sites.map((site) => {
    const { parent, name, role } = site;
    const solidAbove = parent < 0 ? '' : (solid[parent] as string);
    const above = solidAbove === '' && parent >= 0 ? (nearest[parent] as string) : solidAbove;
    const isTransparent = name === '' && site.isCalled;
    const own = name === '' && !isTransparent && role.kind !== 'weak' ? role.words : name;
    solid.push(own === '' ? solidAbove : own);
    nearest.push(own !== '' ? own : isTransparent ? above : role.words);
    return name === '' ? described(site, above) : undefined;
  });
}

function described({ role, isCalled, isClass }: Site, above: string): Words {
  if (role.kind === 'name' && !isCalled) return { words: role.words, isName: true };
  const what = isClass ? 'class' : isCalled ? 'IIFE' : role.words;
  const where =
    above !== '' ? ` in ${above}` : role.kind === 'strong' && !isCalled ? '' : ' at module top level';
  return { words: cut(`${what}${where}`), isName: false };
}

function cut(words: string): string {
  return words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS - 1)}…` : words;
}

/** Offsets at which lines begin, as V8 counts them. */
export function lineStarts(text: string, isNeeded: boolean): readonly number[] {
  const starts = [0];
  if (!isNeeded) return starts;
  const ends = /\r\n|[\n\r\u2028\u2029]/gu;
  for (let found = ends.exec(text); found !== null; found = ends.exec(text)) starts.push(ends.lastIndex);
  return starts;
}

/** Where a function stands; lines and columns are 1-based, 0 where unknown. */
export interface FunctionPlace {
  /** Path or URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Whether a name tells nothing: `default` is what V8 calls every default export. */
export function isNameless(name: string): boolean {
  return name === '' || name === ANONYMOUS || name === 'default';
}

/** What is known of a function besides its name. */
export interface FunctionFacts {
  /** What its text says, null where there is none. */
  readonly words: FunctionWords | null;
  /** The function in which it was made, where only that is known; else ''. */
  readonly madeIn: string;
}

export const NO_FACTS: FunctionFacts = { words: null, madeIn: '' };

/** What a function is called, without its place: its name, what its text says, or who made it. */
export function functionWords(name: string, { words, madeIn }: FunctionFacts): string {
  if (!isNameless(name)) return name;
  if (words !== null) return words.words;
  if (name === 'default') return name;
  return madeIn === '' ? 'anonymous function' : `anonymous function in ${madeIn}`;
}

/**
 * What a function is called in a profile. One without a name is told by its text and its place, so that no two are taken for one:
 * `callback of setInterval in startHeartbeat (server.mjs:3)`; where its text is not known, by its place with the column.
 */
export function functionName(name: string, facts: FunctionFacts, place: FunctionPlace): string {
  const { words } = facts;
  const { file, line, column } = place;
  // A script's own code is a function to V8, which begins where the script does.
  if (name !== 'default' && isNameless(name) && line === 1 && column === 1 && file !== '') return MODULE;
  const told = functionWords(name, facts);
  if (!isNameless(name) || words?.isName === true || told === name) return told;
  if (file === '' || line === 0) return words === null && facts.madeIn === '' ? ANONYMOUS : told;
  const hasColumn = column > 0 && (words === null || words.hasTwin);
  return `${told} (${baseName(file)}:${line}${hasColumn ? `:${column}` : ''})`;
}

/** The last part of a path, without a query; `node:…` names are whole. */
export function baseName(file: string): string {
  if (file.startsWith('node:')) return file;
  const parts = file.replace(/[?#].*$/su, '').split(/[\\/]/u);
  return parts.at(-1) || file;
}
