// Random numbers that a seed and the number of an input decide alone.

/** A small generator of unsigned 32-bit numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number, index: number) {
    // Neighbouring inputs must have nothing in common.
    let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    this.#state = (mixed ^ (mixed >>> 12)) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer from 0 to `limit` − 1; 0 for a limit below 1. */
  below(limit: number): number {
    return limit < 1 ? 0 : this.next() % limit;
  }

  /** Small numbers far more often than large ones, up to `limit` − 1. */
  small(limit: number): number {
    return this.below(1 + this.below(1 + this.below(limit)));
  }

  chance(oneIn: number): boolean {
    return this.next() % oneIn === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}
