// Which function puts things into a variable, as a script's text tells: `track` of `function track(s) { sessions.set(s.id, s); }`.
import { lineStarts, MODULE, wordsOf } from './names.ts';
import { findSites, type SeenWord, type Site } from './sites.ts';

/** Longer texts are not read. */
const MOST_TEXT = 16 * 1024 * 1024;
/** Uses that are remembered of one name. */
const MOST_USES = 256;
/** Calls that are remembered of one script. */
const MOST_CALLS = 20_000;

/** What a name is followed by where something is put into it: `cache.set(`, `cache.items.push(`, `cache[id] =`. */
const WAY = String.raw`(?:\s*\??\.\s*[\w$#]+|\s*\[[^\]\n]{0,200}\])`;
const FILLING = new RegExp(
  String.raw`(?:${WAY}{0,4}\s*\??\.\s*(?:set|add|push|unshift|append|prepend|insert|enqueue|put|register|save|store|on|once|addListener|prependListener|prependOnceListener|addEventListener|subscribe|observe)\s*\()|` +
    String.raw`(?:${WAY}{1,4}\s*(?:\?\?|\|\||&&)?=(?![=>]))`,
  'uy',
);
/** … or where it becomes a value made of the one before: `text += line`, `list = [...list, item]`, `list = list.concat(item)`. */
const APPENDED = /\s*\+=/uy;
const JOINED = /\s*=\s*(?:this\s*\.\s*)?([\w$#]+)\s*(?:\?\.|\.)\s*concat\s*\(/uy;
const RENEWED = /\s*=\s*(?:new\s+[\w$.]+\s*|Object\s*\.\s*assign\s*)?(?=[[{(])/uy;
/** … or of what some function makes of the one before: `state = next(state, event)`. It may as well make less of it. */
const HANDED_ON =
  /\s*=\s*(?:await\s+)?(?!(?:function|async|typeof|yield|await|void|delete|super|import|if|for|while|switch|new)\b)[\w$#]+(?:\s*\??\.\s*[\w$#]+)*\s*(?=\()/uy;
/** Whose property it is: `this` of `this.state`. */
const OWNER = /([\w$]+)\s*\??\.\s*$/u;
/** Characters of such a value that are read. */
const MOST_VALUE = 500;
/** … and where something is only read or taken out of it. */
const TAKING =
  /\s*\??\.\s*(?:get|has|delete|clear|size|length|keys|values|entries|forEach|pop|shift|at|find|filter|map|some|every|includes|indexOf|off|removeListener|removeAllListeners|removeEventListener|unsubscribe|end|close|destroy|emit)\b/uy;

/** Calls that open a file whose descriptor somebody has to close. */
const OPENING = new Set([
  'createReadStream',
  'createWriteStream',
  'openSync',
  'opendir',
  'opendirSync',
  'open',
]);
/** `open` is a word of many: it is a file's behind these … */
const OF_FILES = /\b(?:fs|fsp|fsPromises|promises|files?|nodeFs)\s*\??\.\s*$/u;
/** … or where the script imports names of that module, and declares none of that name itself. */
const IMPORTED = /\b(?:from|require\()\s*['"](?:node:)?fs(?:\/promises)?['"]/u;
const CALLED = /\s*\(/uy;

/** How sure it is that a use puts something into a variable. */
const Fill = { surely: 3, probably: 2, maybe: 1, no: 0 } as const;
/** How sure the use of a property has to be. */
export type Sureness = 'surely' | 'probably';

interface Use {
  readonly site: number;
  readonly offset: number;
  readonly fill: number;
}

/** A function of a script, with a line of it that matters. */
export interface Maker {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

/** The variables of one script, and the functions that use them. Nothing is an error. */
export class VariableUses {
  readonly #sites: readonly Site[];
  readonly #names: readonly string[];
  readonly #lines: readonly number[];
  readonly #uses = new Map<string, Use[]>();
  readonly #declared = new Map<string, Set<number>>();
  /** Functions of the script that are called, by name, where they are. */
  readonly #calls: { readonly site: number; readonly word: string }[] = [];
  readonly #opening: { readonly site: number; readonly offset: number; readonly word: string }[] = [];
  readonly #importsFiles: boolean;
  readonly #starts: ReadonlyMap<number, number>;

  /** Reads a text of JavaScript or TypeScript, whole or cut, in time in proportion to its length. */
  constructor(text: string) {
    const read = text.length > MOST_TEXT ? '' : text;
    this.#sites = findSites(read, (seen) => this.#see(read, seen));
    const words = wordsOf(this.#sites);
    this.#names = this.#sites.map(({ name }, i) => name || (words[i]?.words ?? ''));
    this.#lines = lineStarts(read, true);
    this.#importsFiles = IMPORTED.test(read);
    this.#starts = new Map(this.#sites.map(({ start }, i) => [start, i]));
  }

  /**
   * The function that puts things into a variable, at the line where it does; where none does for sure, and the variable is the top
   * level's, the first that uses it otherwise than to read it. Null where no function does either.
   *
   * @param line on which it is declared (1-based); which of several variables of one name is meant is told by that
   */
  fillerOf(name: string, line: number): Maker | null {
    const home = this.#homeOf(name, line);
    const uses = (this.#uses.get(name) ?? []).filter(
      (use) => use.site >= 0 && use.fill > Fill.no && this.#declarer(name, use.site) === home,
    );
    // What a function has of its own is most often a value: whoever uses that does not fill it.
    const best =
      uses.find(({ fill }) => fill === Fill.surely) ??
      (home < 0 ? uses[0] : uses.find(({ fill }) => fill === Fill.probably));
    return best === undefined ? null : this.#maker(best.site, this.#lineOf(best.offset));
  }

  /** The function that puts things into a property, wherever that stands: `write` of `this.lines.push(line)`; null where none does. */
  fillerOfProperty(name: string, sureness: Sureness = 'surely'): Maker | null {
    const best = (this.#uses.get(`.${name}`) ?? []).find(
      ({ fill, site }) => fill === Fill[sureness] && site >= 0,
    );
    return best === undefined ? null : this.#maker(best.site, this.#lineOf(best.offset));
  }

  /** The function in which the one that begins at that place (1-based) is made; null at the top level, and where none begins there. */
  makerAt(line: number, column: number): Maker | null {
    const offset = (this.#lines[line - 1] ?? -1) + column - 1;
    const parent = this.#sites[this.#starts.get(offset) ?? -1]?.parent ?? -1;
    const around = this.#sites[parent];
    return around === undefined ? null : this.#maker(parent, this.#lineOf(around.start));
  }

  /** The functions that open files, each at the first line where it does; what is opened once, at the top level, is left out. */
  openers(): Maker[] {
    const found = new Map<string, Maker>();
    for (const { site, offset, word } of this.#opening) {
      if (word !== '' && (!this.#importsFiles || this.#declared.has(word))) continue;
      const maker = this.#maker(site, this.#lineOf(offset));
      if (!found.has(maker.name)) found.set(maker.name, maker);
    }
    return [...found.values()];
  }

  /**
   * Functions without a name at the top level, as the callback of a timer, that call one named function of the script and no other:
   * V8 draws such a function into its caller, and what it allocates then seems to be the caller's.
   */
  wrappers(): { readonly line: number; readonly calls: Maker }[] {
    const byName = new Map<string, number>();
    this.#sites.forEach(({ name, parent }, i) => {
      if (name !== '' && parent < 0) byName.set(name, i);
    });
    const called = new Map<number, Set<number>>();
    for (const { site, word } of this.#calls) {
      const top = this.#topOf(site);
      const callee = byName.get(word);
      if (callee === undefined || callee === top || this.#sites[top]?.name !== '') continue;
      called.set(top, (called.get(top) ?? new Set()).add(callee));
    }
    return [...called].flatMap(([top, [first, ...more]]) =>
      first === undefined || more.length > 0
        ? []
        : [
            {
              line: this.#lineOf(this.#sites[top]?.start ?? 0),
              calls: this.#maker(first, this.#lineOf(this.#sites[first]?.start ?? 0)),
            },
          ],
    );
  }

  /** The outermost function around a site. */
  #topOf(site: number): number {
    let at = site;
    for (let above = this.#sites[at]?.parent ?? -1; above >= 0; above = this.#sites[at]?.parent ?? -1)
      at = above;
    return at;
  }

  /** The function that declares a variable on that line; null at the top level, and where none does. */
  declarerOf(name: string, line: number): Maker | null {
    const home = this.#homeOf(name, line);
    return home < 0 ? null : this.#maker(home, line);
  }

  #see(text: string, { word, end, site, isMember, isDeclared }: SeenWord): void {
    if (word.length > 128) return;
    if (site >= 0 && !isDeclared && isOpening(text, word, end, isMember) && this.#opening.length < MOST_USES)
      this.#opening.push({ site, offset: end - word.length, word: isMember ? '' : word });
    if (site >= 0 && !isDeclared && !isMember && this.#calls.length < MOST_CALLS) {
      CALLED.lastIndex = end;
      if (CALLED.test(text)) this.#calls.push({ site, word });
    }
    const key = isMember ? `.${word}` : word;
    if (isDeclared && !isMember) {
      const known = this.#declared.get(key);
      if (known === undefined) this.#declared.set(key, new Set([site]));
      else known.add(site);
      return;
    }
    let known = this.#uses.get(key);
    if (known === undefined) this.#uses.set(key, (known = []));
    if (known.length >= MOST_USES) return;
    known.push({ site, offset: end - word.length, fill: fillOf(text, end, word) });
  }

  /** The nearest function around that declares a name; -1 where only the top level may. */
  #declarer(name: string, site: number): number {
    const homes = this.#declared.get(name);
    let at = site;
    while (at >= 0 && homes?.has(at) !== true) at = this.#sites[at]?.parent ?? -1;
    return at;
  }

  /** In which function the variable of that name is declared that stands on a line; -1 at the top level. */
  #homeOf(name: string, line: number): number {
    const from = this.#lines[line - 1] ?? 0;
    const until = this.#lines[line] ?? Number.POSITIVE_INFINITY;
    // Parameters stand where their function begins; other variables within it.
    const homes = [...(this.#declared.get(name) ?? [])];
    const starting = homes.find((home) => {
      const start = this.#sites[home]?.start ?? -1;
      return start >= from && start < until;
    });
    if (starting !== undefined) return starting;
    if (homes.includes(-1)) return -1;
    return homes.findLast((home) => (this.#sites[home]?.start ?? 0) < until) ?? -1;
  }

  #maker(site: number, line: number): Maker {
    // A function without a name is told by that around it.
    let at = site;
    while (at >= 0 && this.#sites[at]?.name === '' && (this.#sites[at]?.parent ?? -1) >= 0)
      at = this.#sites[at]?.parent ?? -1;
    return { name: this.#names[at] || MODULE, line };
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isOpening(text: string, word: string, end: number, isMember: boolean): boolean {
  if (!OPENING.has(word)) return false;
  CALLED.lastIndex = end;
  if (!CALLED.test(text)) return false;
  if (!isMember || (word !== 'open' && word !== 'opendir')) return true;
  const start = end - word.length;
  return OF_FILES.test(text.slice(Math.max(0, start - 40), start));
}

/** Whether a variable or property that ends there is given a value in which the one before is still held. */
function isMadeOfItself(text: string, end: number, word: string): boolean {
  APPENDED.lastIndex = JOINED.lastIndex = RENEWED.lastIndex = end;
  if (APPENDED.test(text) || JOINED.exec(text)?.[1] === word) return true;
  return RENEWED.test(text) && stands(word, bracketed(text, RENEWED.lastIndex));
}

/** Whether it is given what a function makes of the one before. */
function isHandedOn(text: string, end: number, word: string): boolean {
  HANDED_ON.lastIndex = end;
  if (!HANDED_ON.test(text)) return false;
  const start = end - word.length;
  const owner = OWNER.exec(text.slice(Math.max(0, start - 40), start))?.[1];
  const value = bracketed(text, HANDED_ON.lastIndex);
  return owner === undefined
    ? stands(word, value)
    : value
        .replaceAll(/\s*\??\.\s*/gu, '.')
        .split(/[^\w$#.]/u)
        .some((one) => `${one}.`.startsWith(`${owner}.${word}.`));
}

/** Whether a name stands in a value, as a whole word that is no key. */
function stands(word: string, value: string): boolean {
  for (let at = value.indexOf(word); at >= 0; at = value.indexOf(word, at + 1)) {
    const after = at + word.length;
    if (
      !/[\w$#'"`]/u.test(value.charAt(at - 1)) &&
      !/^(?:[\w$'"`]|\s?:)/u.test(value.slice(after, after + 2))
    )
      return true;
  }
  return false;
}

/** From an opening bracket to the one that closes it, as far as that is read. */
function bracketed(text: string, start: number): string {
  const until = Math.min(text.length, start + MOST_VALUE);
  let depth = 0;
  for (let at = start; at < until; at++) {
    if ('([{'.includes(text.charAt(at))) depth++;
    else if (')]}'.includes(text.charAt(at)) && --depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start, until);
}

function fillOf(text: string, end: number, word: string): number {
  FILLING.lastIndex = end;
  if (FILLING.test(text) || isMadeOfItself(text, end, word)) return Fill.surely;
  if (isHandedOn(text, end, word)) return Fill.probably;
  TAKING.lastIndex = end;
  return TAKING.test(text) ? Fill.no : Fill.maybe;
}
