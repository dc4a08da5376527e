// Go's regular expression syntax (RE2) as a tree, with Go's error messages.
// Upstream: golang/go src/regexp/syntax/parse.go, 1.26.8
import { CharSet } from './charset.ts';
import { perlClasses, posixClasses, unicodeSet } from './classes.ts';

/** A parsed regular expression. Groups leave no trace: only whether a text matches is ever asked. */
export type Node =
  | { readonly op: 'empty' }
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'concat' | 'alternate'; readonly subs: readonly Node[] }
  | {
      readonly op: 'repeat';
      readonly sub: Node;
      readonly min: number /** -1: no limit */;
      readonly max: number;
    };

/** A condition on the place between two characters. */
export type Assertion = 'beginText' | 'endText' | 'beginLine' | 'endLine' | 'word' | 'noWord';

/** A malformed expression; the message is that of Go's regexp.Compile. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  constructor(code: string, expression: string) {
    super(`error parsing regexp: ${code}: \`${expression}\``);
  }
}

const INVALID_ESCAPE = 'invalid escape sequence';
const INVALID_RANGE = 'invalid character class range';
const INVALID_REPEAT = 'invalid repeat count';
const MISSING_ARGUMENT = 'missing argument to repetition operator';

/** Limits of Go's parser. */
const MAX_HEIGHT = 1000;
const MAX_SIZE = (128 << 20) / 40;

interface Measured {
  readonly node: Node;
  readonly height: number;
  readonly size: number;
  /** A counted repetition, for the limit on nested ones. */
  readonly counted?: { readonly max: number; readonly min: number };
  readonly subs: readonly Measured[];
}

interface Group {
  /** Alternatives that are complete. */
  readonly alternatives: Measured[];
  /** The concatenation that is being read. */
  items: Measured[];
  /** Flags to go back to. */
  readonly flags: number;
  readonly capture: boolean;
}

const FOLD = 1;
const MULTI_LINE = 2;
const DOT_NL = 4;

/** Parses `pattern`. Throws {@link PatternError}. */
export function parsePattern(pattern: string): Node {
  return new Parser(pattern).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #flags = 0;
  readonly #groups: Group[] = [];
  #group: Group = { alternatives: [], items: [], flags: 0, capture: false };

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Node {
    const text = this.#text;
    // Where the repetition before the current position begins, -1 where there is none.
    let lastRepeat = -1;
    while (this.#at < text.length) {
      const begin = this.#at;
      let repeat = -1;
      switch (text[begin]) {
        case '(':
          if (text[begin + 1] === '?') this.#perlGroup();
          else {
            this.#at++;
            this.#open(true);
          }
          break;
        case '|':
          this.#at++;
          this.#endAlternative();
          break;
        case ')':
          this.#close();
          break;
        case '^':
          this.#at++;
          this.#assert(this.#flags & MULTI_LINE ? 'beginLine' : 'beginText');
          break;
        case '$':
          this.#at++;
          this.#assert(this.#flags & MULTI_LINE ? 'endLine' : 'endText');
          break;
        case '.':
          this.#at++;
          this.#set(this.#flags & DOT_NL ? CharSet.any : CharSet.of(10, 10).negate());
          break;
        case '[':
          this.#class();
          break;
        case '*':
        case '+':
        case '?':
          this.#at++;
          this.#repeat(text[begin] === '+' ? 1 : 0, text[begin] === '?' ? 1 : -1, begin, lastRepeat, false);
          repeat = begin;
          break;
        case '{': {
          const count = /^\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/.exec(text.slice(begin));
          if (count === null) {
            this.#at++;
            this.#literal(0x7b);
            break;
          }
          this.#at += count[0].length;
          const min = Number(count[1]);
          const max = count[2] === undefined ? min : count[3] === undefined ? -1 : Number(count[3]);
          if (min > 1000 || max > 1000 || (max >= 0 && min > max))
            throw new PatternError(INVALID_REPEAT, count[0]);
          this.#repeat(min, max, begin, lastRepeat, true);
          repeat = begin;
          break;
        }
        case '\\':
          this.#escape();
          break;
        default:
          this.#literal(this.#rune());
      }
      lastRepeat = repeat;
    }
    if (this.#groups.length > 0) throw new PatternError('missing closing )', text);
    this.#endAlternative();
    return this.#finish(this.#group).node;
  }

  /** The code point at the current position, which moves on. */
  #rune(): number {
    const point = this.#text.codePointAt(this.#at) as number;
    if (point >= 0xd800 && point <= 0xdfff)
      throw new PatternError('invalid UTF-8', this.#text.slice(this.#at));
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  #push(item: Measured): void {
    if (item.size > MAX_SIZE) throw new PatternError('expression too large', this.#text);
    if (item.height > MAX_HEIGHT) throw new PatternError('expression nests too deeply', this.#text);
    this.#group.items.push(item);
  }

  #set(set: CharSet): void {
    this.#push({ node: { op: 'set', set }, height: 1, size: 1, subs: [] });
  }

  #literal(point: number): void {
    const set = CharSet.of(point, point);
    this.#set(this.#flags & FOLD ? set.fold() : set);
  }

  #assert(what: Assertion): void {
    this.#push({ node: { op: 'assert', what }, height: 1, size: 1, subs: [] });
  }

  #open(capture: boolean): void {
    this.#groups.push(this.#group);
    this.#group = { alternatives: [], items: [], flags: this.#flags, capture };
  }

  #endAlternative(): void {
    const { items } = this.#group;
    this.#group.alternatives.push(joined(items, 'concat'));
    this.#group.items = [];
  }

  #finish(group: Group): Measured {
    return joined(group.alternatives, 'alternate');
  }

  #close(): void {
    const outer = this.#groups.pop();
    if (outer === undefined) throw new PatternError('unexpected )', this.#text);
    this.#at++;
    this.#endAlternative();
    const inner = this.#group;
    const body = this.#finish(inner);
    this.#group = outer;
    this.#flags = inner.flags;
    if (inner.capture)
      this.#push({ node: body.node, height: body.height + 1, size: body.size + 2, subs: [body] });
    else this.#push(body);
  }

  #perlGroup(): void {
    const text = this.#text;
    const begin = this.#at;
    const named = /^\(\?P?</.exec(text.slice(begin, begin + 4));
    // `(?P<` needs something behind it to be taken for a name.
    if (named !== null && text.length - begin > named[0].length) {
      const end = text.indexOf('>', begin);
      if (end < 0) throw new PatternError('invalid named capture', text.slice(begin));
      const name = text.slice(begin + named[0].length, end);
      if (!/^[A-Za-z0-9_]+$/.test(name))
        throw new PatternError('invalid named capture', text.slice(begin, end + 1));
      this.#at = end + 1;
      this.#open(true);
      return;
    }
    this.#at = begin + 2;
    let flags = this.#flags;
    let set = true;
    let saw = false;
    while (this.#at < text.length) {
      const point = this.#rune();
      const char = String.fromCodePoint(point);
      const bit =
        char === 'i' ? FOLD : char === 'm' ? MULTI_LINE : char === 's' ? DOT_NL : char === 'U' ? 0 : -1;
      if (bit >= 0) {
        flags = set ? flags | bit : flags & ~bit;
        saw = true;
      } else if (char === '-' && set) {
        set = false;
        saw = false;
      } else if ((char === ':' || char === ')') && (set || saw)) {
        if (char === ':') this.#open(false);
        this.#flags = flags;
        return;
      } else break;
    }
    throw new PatternError('invalid or unsupported Perl syntax', text.slice(begin, this.#at));
  }

  #repeat(min: number, max: number, begin: number, lastRepeat: number, counted: boolean): void {
    if (this.#text[this.#at] === '?') this.#at++;
    if (lastRepeat >= 0) {
      throw new PatternError('invalid nested repetition operator', this.#text.slice(lastRepeat, this.#at));
    }
    const written = this.#text.slice(begin, this.#at);
    const sub = this.#group.items.pop();
    if (sub === undefined) throw new PatternError(MISSING_ARGUMENT, written);
    let size = sub.size + 2;
    if (counted) {
      if (max === -1) size = min === 0 ? 2 + sub.size : 1 + min * sub.size;
      else size = Math.max(1, max * sub.size + (max - min));
    }
    const item: Measured = {
      node: { op: 'repeat', sub: sub.node, min, max },
      height: sub.height + 1,
      size,
      subs: [sub],
      ...(counted ? { counted: { min, max } } : {}),
    };
    if (counted && (min >= 2 || max >= 2) && !repeatFits(item, 1000))
      throw new PatternError(INVALID_REPEAT, written);
    this.#push(item);
  }

  #escape(): void {
    const text = this.#text;
    switch (text[this.#at + 1]) {
      case 'A':
        this.#at += 2;
        this.#assert('beginText');
        return;
      case 'z':
        this.#at += 2;
        this.#assert('endText');
        return;
      case 'b':
        this.#at += 2;
        this.#assert('word');
        return;
      case 'B':
        this.#at += 2;
        this.#assert('noWord');
        return;
      case 'C':
        throw new PatternError(INVALID_ESCAPE, '\\C');
      case 'Q': {
        const end = text.indexOf('\\E', this.#at + 2);
        this.#at += 2;
        while (this.#at < (end < 0 ? text.length : end)) this.#literal(this.#rune());
        if (end >= 0) this.#at += 2;
        return;
      }
      default: {
        const set = this.#unicodeClass() ?? this.#perlClass();
        if (set !== null) this.#set(set);
        else this.#literal(this.#escapedRune());
      }
    }
  }

  #perlClass(): CharSet | null {
    const name = this.#text.slice(this.#at, this.#at + 2);
    const positive = perlClasses.get(name.toLowerCase());
    if (positive === undefined || name[0] !== '\\') return null;
    this.#at += 2;
    const set = this.#flags & FOLD ? positive.fold() : positive;
    return name === name.toLowerCase() ? set : set.negate();
  }

  #unicodeClass(): CharSet | null {
    const text = this.#text;
    const begin = this.#at;
    const letter = text[begin + 1];
    if (text[begin] !== '\\' || (letter !== 'p' && letter !== 'P')) return null;
    let negative = letter === 'P';
    this.#at += 2;
    if (this.#at >= text.length) {
      // Go reads an empty rune and finds no class of that name.
      throw new PatternError(INVALID_RANGE, text.slice(begin));
    }
    const point = this.#rune();
    let name: string;
    if (point === 0x7b) {
      const end = text.indexOf('}', begin);
      if (end < 0) throw new PatternError(INVALID_RANGE, text.slice(begin));
      name = text.slice(begin + 3, end);
      this.#at = end + 1;
    } else name = String.fromCodePoint(point);
    const written = text.slice(begin, this.#at);
    if (name.startsWith('^')) {
      negative = !negative;
      name = name.slice(1);
    }
    const set = unicodeSet(name, (this.#flags & FOLD) !== 0);
    if (set === null) throw new PatternError(INVALID_RANGE, written);
    return negative ? set.negate() : set;
  }

  #class(): void {
    const text = this.#text;
    const begin = this.#at;
    this.#at++;
    let negative = false;
    if (text[this.#at] === '^') {
      negative = true;
      this.#at++;
    }
    const parts: CharSet[] = [];
    for (let first = true; this.#at >= text.length || text[this.#at] !== ']' || first; first = false) {
      if (text.startsWith('[:', this.#at)) {
        const end = text.indexOf(':]', this.#at + 2);
        if (end >= 0) {
          const written = text.slice(this.#at, end + 2);
          const inverse = written[2] === '^';
          const set = posixClasses.get(written.slice(inverse ? 3 : 2, -2));
          if (set === undefined) throw new PatternError(INVALID_RANGE, written);
          const folded = this.#flags & FOLD ? set.fold() : set;
          parts.push(inverse ? folded.negate() : folded);
          this.#at = end + 2;
          continue;
        }
      }
      const set = this.#unicodeClass() ?? this.#perlClass();
      if (set !== null) {
        parts.push(set);
        continue;
      }
      const start = this.#at;
      const low = this.#classRune(begin);
      let high = low;
      if (text[this.#at] === '-' && this.#at + 1 < text.length && text[this.#at + 1] !== ']') {
        this.#at++;
        high = this.#classRune(begin);
        if (high < low) throw new PatternError(INVALID_RANGE, text.slice(start, this.#at));
      }
      const range = CharSet.of(low, high);
      parts.push(this.#flags & FOLD ? range.fold() : range);
    }
    this.#at++;
    const set = CharSet.union(parts);
    this.#set(negative ? set.negate() : set);
  }

  #classRune(begin: number): number {
    if (this.#at >= this.#text.length) throw new PatternError('missing closing ]', this.#text.slice(begin));
    return this.#text[this.#at] === '\\' ? this.#escapedRune() : this.#rune();
  }

  #escapedRune(): number {
    const text = this.#text;
    const begin = this.#at;
    this.#at++;
    if (this.#at >= text.length) throw new PatternError('trailing backslash at end of expression', '');
    const point = this.#rune();
    const char = String.fromCodePoint(point);
    const invalid = (): never => {
      throw new PatternError(INVALID_ESCAPE, text.slice(begin, this.#at));
    };
    if (char >= '0' && char <= '7') {
      const next = text[this.#at];
      if (char !== '0' && !(next !== undefined && next >= '0' && next <= '7')) return invalid();
      let value = point - 0x30;
      for (let i = 1; i < 3; i++) {
        const digit = text[this.#at];
        if (digit === undefined || digit < '0' || digit > '7') break;
        value = value * 8 + Number(digit);
        this.#at++;
      }
      return value;
    }
    if (char === 'x') return this.#hexRune(invalid);
    const control = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }[char];
    if (control !== undefined) return control;
    if (point < 0x80 && !/[0-9A-Za-z]/.test(char)) return point;
    return invalid();
  }

  #hexRune(invalid: () => never): number {
    const text = this.#text;
    if (this.#at >= text.length) return invalid();
    const digit = (point: number): number => {
      const char = String.fromCodePoint(point);
      return /[0-9a-fA-F]/.test(char) ? Number.parseInt(char, 16) : -1;
    };
    const first = this.#rune();
    if (first !== 0x7b) {
      const high = digit(first);
      // Go reads the second digit as an empty rune at the end of the text, which is not valid UTF-8 to it.
      if (this.#at >= text.length) return invalid();
      const low = digit(this.#rune());
      return high < 0 || low < 0 ? invalid() : high * 16 + low;
    }
    let value = 0;
    let digits = 0;
    for (;;) {
      if (this.#at >= text.length) return invalid();
      const point = this.#rune();
      if (point === 0x7d) break;
      const add = digit(point);
      value = value * 16 + add;
      if (add < 0 || value > 0x10ffff) return invalid();
      digits++;
    }
    return digits === 0 ? invalid() : value;
  }
}

function joined(items: readonly Measured[], op: 'concat' | 'alternate'): Measured {
  if (items.length === 0) return { node: { op: 'empty' }, height: 1, size: 1, subs: [] };
  if (items.length === 1) return items[0] as Measured;
  let height = 0;
  let size = op === 'alternate' ? items.length - 1 : 0;
  for (const item of items) {
    height = Math.max(height, item.height);
    size += item.size;
  }
  // A run of plain characters is a single node for Go.
  const plain = op === 'concat' && items.every((item) => item.node.op === 'set');
  return {
    node: { op, subs: items.map((item) => item.node) },
    height: plain ? height : height + 1,
    size,
    subs: items,
  };
}

/** May nested counted repetitions multiply to no more than `limit`? */
function repeatFits(item: Measured, limit: number): boolean {
  let left = limit;
  if (item.counted !== undefined) {
    const times = item.counted.max < 0 ? item.counted.min : item.counted.max;
    if (item.counted.max === 0) return true;
    if (times > left) return false;
    if (times > 0) left = Math.trunc(left / times);
  }
  return item.subs.every((sub) => repeatFits(sub, left));
}
