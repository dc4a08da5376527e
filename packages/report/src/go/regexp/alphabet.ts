// The characters as an expression tells them apart: those that are in the same of its sets are one class to its automaton.
import { asciiWord, type CharSet } from './charset.ts';

/** The class of no character: the end of the text. */
export const END = 0;

/** What a character is to a condition beside it; nothing, at the edges of the text. */
export const AT_EDGE = 0;
export const LINE = 1;
export const WORD = 2;
export const OTHER = 3;

/** Above this many characters beyond ASCII their classes are worked out anew. */
const MAX_KNOWN = 65_536;

/** Classes are found as characters come, so that a class of Unicode's costs no more than the characters it is asked of. */
export class Alphabet {
  /** Class of each ASCII character; END where nobody asked yet. */
  readonly ascii: Uint16Array = new Uint16Array(128);
  readonly #beyond = new Map<number, number>();
  readonly #sets: readonly CharSet[];
  readonly #conditions: boolean;
  readonly #classes = new Map<string, number>();
  /** By class: is it in set i? */
  readonly #members: Uint8Array[] = [new Uint8Array(0)];
  readonly #kinds: number[] = [AT_EDGE];

  /** `conditions`: whether lines and words matter. */
  constructor(sets: readonly CharSet[], conditions: boolean) {
    this.#sets = sets;
    this.#conditions = conditions;
  }

  /** How many classes there are by now, END included. */
  get length(): number {
    return this.#kinds.length;
  }

  classOf(point: number): number {
    const known = point < 128 ? this.ascii[point] : this.#beyond.get(point);
    if (known !== undefined && known !== END) return known;
    const found = this.#find(point);
    if (point < 128) this.ascii[point] = found;
    else {
      if (this.#beyond.size >= MAX_KNOWN) this.#beyond.clear();
      this.#beyond.set(point, found);
    }
    return found;
  }

  /** One byte per set: 1 where the characters of class `c` are in it. */
  members(c: number): Uint8Array {
    return this.#members[c] as Uint8Array;
  }

  /** {@link LINE}, {@link WORD} or {@link OTHER}; {@link AT_EDGE} of {@link END}. */
  kind(c: number): number {
    return this.#kinds[c] as number;
  }

  #find(point: number): number {
    const member = Uint8Array.from(this.#sets, (set) => Number(set.has(point)));
    const kind = this.#kindOf(point);
    const key = `${kind}${member.join('')}`;
    let found = this.#classes.get(key);
    if (found === undefined) {
      found = this.#kinds.push(kind) - 1;
      this.#members.push(member);
      this.#classes.set(key, found);
    }
    return found;
  }

  #kindOf(point: number): number {
    if (!this.#conditions) return OTHER;
    return point === 10 ? LINE : asciiWord.has(point) ? WORD : OTHER;
  }
}
