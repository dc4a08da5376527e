// Where functions stand in their scripts, while the rows come in: each place once, however many closures a function has.
import { release } from './release.ts';
import type { SnapshotLocations } from './snapshot.ts';

/** Gives a column room for so many rows, in place of the one it is given. */
export type Grow = (column: Uint32Array, capacity: number) => Uint32Array;

/** Slots of the table that finds a place again; a power of two. */
const FIRST_SLOTS = 1 << 10;

/** Rows of the section `locations`. */
export class LocationRows {
  readonly #grow: Grow;
  #length = 0;
  #node: Uint32Array = new Uint32Array(0);
  #place: Uint32Array = new Uint32Array(0);
  #sorted = true;

  #places = 0;
  #scriptId: Uint32Array = new Uint32Array(0);
  #line: Uint32Array = new Uint32Array(0);
  #column: Uint32Array = new Uint32Array(0);
  /** Place + 1 by hash, open addressing; at most half full. */
  #slots: Uint32Array = new Uint32Array(FIRST_SLOTS);

  constructor(grow: Grow) {
    this.#grow = grow;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes a row; there will be `most` at most. */
  store(node: number, scriptId: number, line: number, column: number, most: number): void {
    const at = this.#length;
    if (at === this.#node.length) {
      const capacity = Math.min(Math.max(1024, at * 2), Math.max(most, at + 1));
      this.#node = this.#grow(this.#node, capacity);
      this.#place = this.#grow(this.#place, capacity);
    }
    if (at > 0 && node < (this.#node[at - 1] as number)) this.#sorted = false;
    this.#node[at] = node;
    this.#place[at] = this.#intern(scriptId, line, column);
    this.#length = at + 1;
  }

  #slotOf(scriptId: number, line: number, column: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(scriptId, 0x9e3779b1) ^ Math.imul(line, 0x85ebca6b) ^ Math.imul(column, 0xc2b2ae35);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    for (;;) {
      const place = (this.#slots[slot] as number) - 1;
      if (place < 0) return slot;
      const isSame =
        this.#scriptId[place] === scriptId && this.#line[place] === line && this.#column[place] === column;
      if (isSame) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #intern(scriptId: number, line: number, column: number): number {
    const slot = this.#slotOf(scriptId, line, column);
    const known = this.#slots[slot] as number;
    if (known !== 0) return known - 1;
    const place = this.#places++;
    if (place === this.#scriptId.length) {
      const capacity = Math.max(256, place * 2);
      this.#scriptId = this.#grow(this.#scriptId, capacity);
      this.#line = this.#grow(this.#line, capacity);
      this.#column = this.#grow(this.#column, capacity);
    }
    this.#scriptId[place] = scriptId;
    this.#line[place] = line;
    this.#column[place] = column;
    this.#slots[slot] = place + 1;
    if (this.#places * 2 > this.#slots.length) this.#rehash();
    return place;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let place = 0; place < this.#places; place++) {
      const slot = this.#slotOf(
        this.#scriptId[place] as number,
        this.#line[place] as number,
        this.#column[place] as number,
      );
      this.#slots[slot] = place + 1;
    }
  }

  /** The rows by node. V8 writes them in the order it met the objects, which is nearly but not always that. */
  finish(): SnapshotLocations {
    release(this.#slots);
    if (!this.#sorted) this.#sort();
    return {
      length: this.#length,
      node: this.#node,
      place: this.#place,
      scriptId: this.#scriptId,
      line: this.#line,
      column: this.#column,
    };
  }

  #sort(): void {
    const length = this.#length;
    // One number that sorts by node and remembers the row: both fit 2^53 for fewer than 2^26 rows of 2^27 nodes.
    const keys = new Float64Array(length);
    for (let i = 0; i < length; i++) keys[i] = (this.#node[i] as number) * length + i;
    keys.sort();
    const place = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      const key = keys[i] as number;
      const row = key % length;
      this.#node[i] = (key - row) / length;
      place[i] = this.#place[row] as number;
    }
    release(this.#place);
    this.#place = place;
  }
}
