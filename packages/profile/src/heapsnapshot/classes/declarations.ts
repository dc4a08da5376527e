// Where a text declares its variables: the line of `cache` in `const cache = new Map()`.
import { Tokens } from '../../naming/tokens.ts';

/** Longer texts are not read. */
const MOST_TEXT = 16 * 1024 * 1024;
/** Places that are remembered of one name. */
const MOST_PLACES = 64;

/** Words after which a name is declared. */
const DECLARING = new Set(['const', 'let', 'var', 'function', 'class', 'import']);
/** Words after which an expression begins, so that a slash begins one too. */
const BEFORE_EXPRESSION = new Set(
  'return typeof case do else in of instanceof new void delete throw yield await default extends'.split(' '),
);
/** Names of the global object. */
const GLOBALS = new Set(['globalThis', 'global', 'window', 'self']);
const CLOSING = new Set([')', ']', '}']);

interface Place {
  readonly line: number;
  /** Braces, brackets and parentheses that are open there. */
  readonly depth: number;
  readonly isDeclared: boolean;
}

/** The words of one script, and where each may be declared. Nothing is an error. */
export class Declarations {
  readonly #places = new Map<string, Place[]>();

  /** Reads a text of JavaScript or TypeScript, whole or cut, in time in proportion to its length. */
  constructor(text: string) {
    if (text.length <= MOST_TEXT) this.#read(new Tokens(text));
  }

  /**
   * The line (1-based) on which a variable of the scope that begins on line `from` is declared, 0 where the text does not say.
   *
   * @param isModule whether it is a variable of the script's top level: one in a function is another one then
   */
  lineOf(name: string, from: number, isModule: boolean): number {
    const all = (this.#places.get(name) ?? []).filter((place) => place.line >= from);
    const declared = all.filter((place) => place.isDeclared);
    const best = isModule
      ? (declared.find((place) => place.depth === 0) ?? declared[0] ?? all.find((place) => place.depth <= 1))
      : all[0];
    return (best ?? all[0])?.line ?? 0;
  }

  /** The first line that gives the global object a property of that name, 0 where none does. */
  lineOfGlobal(name: string): number {
    return this.#places.get(`globalThis.${name}`)?.[0]?.line ?? 0;
  }

  #read(tokens: Tokens): void {
    const { text } = tokens;
    let line = 1;
    let counted = 0;
    let depth = 0;
    let before = '';
    let beforeThat = '';
    let regexAllowed = true;
    /** Depths at which an expression within a template ends. */
    const templates: number[] = [];
    for (tokens.next(true); tokens.kind !== 'end'; tokens.next(regexAllowed)) {
      if (tokens.kind === 'mark' && text[tokens.start] === '}' && templates.at(-1) === depth) {
        tokens.continueTemplate();
        if (!tokens.isOpen) templates.pop();
        regexAllowed = tokens.isOpen;
        before = '`';
        continue;
      }
      if (tokens.kind === 'template') {
        if (tokens.isOpen) templates.push(depth);
        regexAllowed = tokens.isOpen;
        before = '`';
        continue;
      }
      const word = tokens.value;
      if (tokens.kind === 'word') {
        const isMember = before === '.' || before === '?.';
        const isGlobal = isMember && GLOBALS.has(beforeThat);
        if ((!isMember || isGlobal) && word.length <= 256) {
          for (
            let at = text.indexOf('\n', counted);
            at >= 0 && at < tokens.start;
            at = text.indexOf('\n', counted)
          ) {
            counted = at + 1;
            line++;
          }
          const isDeclared = DECLARING.has(before) || (before === '*' && beforeThat === 'function');
          this.#note(isGlobal ? `globalThis.${word}` : word, { line, depth, isDeclared });
        }
        regexAllowed = BEFORE_EXPRESSION.has(word) && !isMember;
      } else if (tokens.kind === 'mark') {
        if (word === '{' || word === '(' || word === '[') depth++;
        else if (CLOSING.has(word)) depth--;
        regexAllowed = !CLOSING.has(word);
      } else regexAllowed = false;
      beforeThat = before;
      before = word.length > 16 ? '' : word;
    }
  }

  #note(word: string, place: Place): void {
    const known = this.#places.get(word);
    if (known === undefined) this.#places.set(word, [place]);
    else if (known.length < MOST_PLACES || (place.isDeclared && known.length < 2 * MOST_PLACES))
      known.push(place);
  }
}
