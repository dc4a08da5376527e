// The children that one level of a layout may have, and what each weighs.

/** The children found on one level: (parent box, frame) → sums; open addressing, no deletion. */
export class Candidates {
  length = 0;
  parent: Int32Array = new Int32Array(4096);
  frame: Uint32Array = new Uint32Array(4096);
  weight: Float64Array = new Float64Array(4096);
  before: Float64Array = new Float64Array(4096);
  after: Float64Array = new Float64Array(4096);
  #slots = new Int32Array(16384).fill(-1);
  #mask = 16383;

  clear(): void {
    this.length = 0;
    this.#slots.fill(-1);
  }

  find(parent: number, frame: number): number {
    let slot = this.#hash(parent, frame);
    for (;;) {
      const candidate = this.#slots[slot] as number;
      if (candidate < 0) break;
      if (this.frame[candidate] === frame && this.parent[candidate] === parent) return candidate;
      slot = (slot + 1) & this.#mask;
    }
    if (this.length * 3 >= this.#mask) {
      this.#grow();
      slot = this.#hash(parent, frame);
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & this.#mask;
    }
    const added = this.length++;
    this.#slots[slot] = added;
    this.parent[added] = parent;
    this.frame[added] = frame;
    this.weight[added] = 0;
    this.before[added] = 0;
    this.after[added] = 0;
    return added;
  }

  #hash(parent: number, frame: number): number {
    const mixed = Math.imul(parent ^ Math.imul(frame, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(-1);
    for (let i = 0; i < this.length; i++) {
      let slot = this.#hash(this.parent[i] as number, this.frame[i] as number);
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i;
    }
    // A third of the slots, plus the one that is about to be added.
    const capacity = Math.ceil(size / 3) + 2;
    const grow = <T extends Uint32Array | Int32Array | Float64Array>(old: T, next: T): T => {
      next.set(old);
      return next;
    };
    if (capacity <= this.parent.length) return;
    this.parent = grow(this.parent, new Int32Array(capacity));
    this.frame = grow(this.frame, new Uint32Array(capacity));
    this.weight = grow(this.weight, new Float64Array(capacity));
    this.before = grow(this.before, new Float64Array(capacity));
    this.after = grow(this.after, new Float64Array(capacity));
  }
}
