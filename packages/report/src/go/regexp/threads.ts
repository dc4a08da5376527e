// A set of small integers that is emptied in one step and remembers the order: the threads of an automaton. Briggs and Torczon's
// sparse set, "An Efficient Representation for Sparse Sets" (1993).

/** Holds numbers from 0 up to its capacity, in the order in which they came. */
export class ThreadSet {
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  size = 0;

  constructor(capacity: number) {
    this.#order = new Int32Array(capacity);
    this.#place = new Int32Array(capacity);
  }

  has(thread: number): boolean {
    const place = this.#place[thread] as number;
    return place < this.size && this.#order[place] === thread;
  }

  add(thread: number): void {
    if (this.has(thread)) return;
    this.#place[thread] = this.size;
    this.#order[this.size++] = thread;
  }

  /** The thread that came as the `index`-th. */
  at(index: number): number {
    return this.#order[index] as number;
  }

  clear(): void {
    this.size = 0;
  }
}
