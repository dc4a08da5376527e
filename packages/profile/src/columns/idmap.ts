// From the 64-bit ids of a file to the rows of a table.

/** Rows by id. Ids are two 32-bit halves, so that no lookup makes a bigint. */
export interface IdMap {
  /** The row of an id, or -1. The last of several equal ids wins, as in Go. */
  row(low: number, high: number): number;
  /** The first row whose id an earlier row has already, or -1. */
  readonly duplicate: number;
  /** The first row with id 0, or -1. */
  readonly zero: number;
  /** Rows by id, -1 for none, where ids are small; null where they must be looked up. */
  readonly direct: Int32Array | null;
  /** Whether the ids are 1, 2, 3 … in order. */
  readonly counted: boolean;
}

/** Ids are usually 1, 2, 3 …: a plain table while the largest is not much larger than their number. */
class DirectIdMap implements IdMap {
  readonly duplicate: number;
  readonly zero: number;
  readonly direct: Int32Array;
  readonly counted: boolean;

  constructor(halves: Uint32Array, count: number, largest: number) {
    const rows = new Int32Array(largest + 1).fill(-1);
    let duplicate = -1;
    let zero = -1;
    let counted = true;
    for (let row = 0; row < count; row++) {
      const id = halves[2 * row] as number;
      if (id === 0 && zero < 0) zero = row;
      if (duplicate < 0 && (rows[id] as number) >= 0) duplicate = row;
      rows[id] = row;
      if (id !== row + 1) counted = false;
    }
    this.counted = counted;
    this.direct = rows;
    this.duplicate = duplicate;
    this.zero = zero;
  }

  row(low: number, high: number): number {
    return high === 0 && low < this.direct.length ? (this.direct[low] as number) : -1;
  }
}

/** Open addressing over the halves themselves, for ids that are addresses or hashes. */
class HashedIdMap implements IdMap {
  readonly duplicate: number;
  readonly zero: number;
  readonly direct: null = null;
  readonly counted = false;
  readonly #halves: Uint32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(halves: Uint32Array, count: number) {
    let size = 16;
    while (size < count * 2) size *= 2;
    this.#halves = halves;
    this.#slots = new Int32Array(size).fill(-1);
    this.#mask = size - 1;
    let duplicate = -1;
    let zero = -1;
    for (let row = 0; row < count; row++) {
      const low = halves[2 * row] as number;
      const high = halves[2 * row + 1] as number;
      if (low === 0 && high === 0 && zero < 0) zero = row;
      const slot = this.#slot(low, high);
      if (duplicate < 0 && (this.#slots[slot] as number) >= 0) duplicate = row;
      this.#slots[slot] = row;
    }
    this.duplicate = duplicate;
    this.zero = zero;
  }

  #slot(low: number, high: number): number {
    let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot] as number;
      if (row < 0 || (this.#halves[2 * row] === low && this.#halves[2 * row + 1] === high)) return slot;
    }
  }

  row(low: number, high: number): number {
    return this.#slots[this.#slot(low, high)] as number;
  }
}

/** Numbers distinct ids 0, 1, 2 … as they come, for those that are known before the table they belong to. */
export class IdInterner {
  length = 0;
  #halves = new Uint32Array(2048);
  #slots: Int32Array = new Int32Array(2048).fill(-1);

  /** The number of an id. */
  number(low: number, high: number): number {
    const found = this.#slots[this.#slot(low, high)] as number;
    if (found >= 0) return found;
    const number = this.length++;
    if (number * 2 === this.#halves.length) {
      const halves = new Uint32Array(number * 4);
      halves.set(this.#halves);
      this.#halves = halves;
      this.#slots = new Int32Array(number * 4).fill(-1);
      for (let i = 0; i < number; i++) {
        this.#slots[this.#slot(halves[2 * i] as number, halves[2 * i + 1] as number)] = i;
      }
    }
    this.#slots[this.#slot(low, high)] = number;
    this.#halves[2 * number] = low;
    this.#halves[2 * number + 1] = high;
    return number;
  }

  /** The row that `map` has for the id with this number, or -1. */
  row(number: number, map: IdMap): number {
    return map.row(this.#halves[2 * number] as number, this.#halves[2 * number + 1] as number);
  }

  #slot(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number;
      if (number < 0 || (this.#halves[2 * number] === low && this.#halves[2 * number + 1] === high))
        return slot;
    }
  }
}

/** Builds the map of `ids`. */
export function idMap(ids: BigUint64Array): IdMap {
  const halves = new Uint32Array(ids.buffer, ids.byteOffset, ids.length * 2);
  let largest = 0;
  for (let row = 0; row < ids.length; row++) {
    if (halves[2 * row + 1] !== 0) return new HashedIdMap(halves, ids.length);
    largest = Math.max(largest, halves[2 * row] as number);
  }
  return largest <= 2 * ids.length + 64
    ? new DirectIdMap(halves, ids.length, largest)
    : new HashedIdMap(halves, ids.length);
}
