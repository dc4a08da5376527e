// A cache of a few values.
/** The least recently used value is dropped first. */
export class Recent<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  constructor(limit: number) {
    this.#limit = limit;
  }
  get(key: string, make: () => T): T {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    // Make room first: the old and the new value of a large profile need not fit together.
    for (const old of this.#entries.keys()) {
      if (this.#entries.size < this.#limit) break;
      this.#entries.delete(old);
    }
    const made = make();
    this.#entries.set(key, made);
    return made;
  }
}
