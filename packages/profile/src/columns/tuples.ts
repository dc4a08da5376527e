// A set of integer tuples: gives each distinct tuple a number, without a key object or a string per tuple.
import { GrowingUint32 } from './growable.ts';

/** Numbers distinct tuples of unsigned 32-bit integers 0, 1, 2 … in order of first appearance. */
export class TupleSet {
  /** Tuples one after the other. */
  readonly #words = new GrowingUint32(1024);
  /** Start of each tuple in `#words`; one more than there are tuples. */
  readonly #starts = new GrowingUint32(256);
  readonly #hashes = new GrowingUint32(256);
  #slots: Int32Array = new Int32Array(512).fill(-1);

  constructor() {
    this.#starts.push(0);
  }

  get length(): number {
    return this.#hashes.length;
  }

  /** Word `index` of a tuple. */
  word(tuple: number, index: number): number {
    return this.#words.get(this.#starts.get(tuple) + index);
  }

  /** The number of the tuple `words[from…to)`; equal to the previous `length` where it is new. */
  add(words: ArrayLike<number>, from = 0, to: number = words.length): number {
    let hash = to - from;
    // One multiplication for all words: Maglev calls a function for each.
    for (let i = from; i < to; i++) hash = ((hash << 7) | (hash >>> 25)) ^ (words[i] as number);
    hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
    hash ^= hash >>> 16;
    let mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const found = this.#slots[slot] as number;
      if (found < 0) break;
      if (this.#hashes.get(found) === hash >>> 0 && this.#equals(found, words, from, to)) return found;
      slot = (slot + 1) & mask;
    }
    const number = this.length;
    for (let i = from; i < to; i++) this.#words.push(words[i] as number);
    this.#starts.push(this.#words.length);
    this.#hashes.push(hash);
    if ((number + 1) * 2 > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
      mask = this.#slots.length - 1;
      for (let i = 0; i <= number; i++) {
        let free = this.#hashes.get(i) & mask;
        while ((this.#slots[free] as number) >= 0) free = (free + 1) & mask;
        this.#slots[free] = i;
      }
    } else this.#slots[slot] = number;
    return number;
  }

  #equals(tuple: number, words: ArrayLike<number>, from: number, to: number): boolean {
    const start = this.#starts.get(tuple);
    if (this.#starts.get(tuple + 1) - start !== to - from) return false;
    const own = this.#words.raw;
    for (let i = from; i < to; i++) if (own[start + i - from] !== (words[i] as number) >>> 0) return false;
    return true;
  }
}
