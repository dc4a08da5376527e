// A tree of calls with values, for formats that name a stack by its node or repeat it: equal stacks become one sample.
import type { ProfileBuilder, SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';

/** Frames that the stacks of any file may have together; more only where the file is large enough to mean it. */
const ALWAYS_ALLOWED = 1 << 20;
const FRAMES_PER_BYTE = 4;
const NONE = 0xffffffff;

/**
 * Guards against small files that mean huge profiles: a chain of n nodes with a value each has n² / 2 frames.
 *
 * @param what name of the format and the table, for the message
 */
export class FrameBudget {
  #left: number;
  readonly #limit: number;
  readonly #what: string;

  constructor(inputBytes: number, what: string) {
    this.#limit = ALWAYS_ALLOWED + inputBytes * FRAMES_PER_BYTE;
    this.#left = this.#limit;
    this.#what = what;
  }

  /** Whether so many frames are left. */
  has(frames: number): boolean {
    return frames <= this.#left;
  }

  /** Takes the frames of the stack of row `row`. */
  take(frames: number, row: number): void {
    this.#left -= frames;
    if (this.#left >= 0) return;
    const message = `${this.#what} row ${row} brings the frames of all stacks beyond ${this.#limit}, more than a file of this size can mean`;
    throw new ProfileError('PROFILE_TOO_LARGE', message);
  }
}

/** Stacks that share their beginnings; a node is a stack. */
export class CallTree {
  readonly #parent = new GrowingUint32(1024);
  readonly #frame = new GrowingUint32(1024);
  readonly #depth = new GrowingUint32(1024);
  readonly #roots: (readonly SampleLabel[])[] = [];
  readonly #values: GrowingFloat64[] = [];
  /** Open addressing over (parent, frame). */
  #slots: Int32Array = new Int32Array(2048).fill(-1);

  get length(): number {
    return this.#parent.length;
  }

  /** A new empty stack; all samples of stacks that begin here carry `labels`. */
  root(labels: readonly SampleLabel[] = []): number {
    this.#roots.push(labels);
    return this.#append(NONE, this.#roots.length - 1, 0);
  }

  /** The stack `parent` with one more call of `frame`. */
  child(parent: number, frame: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(parent, frame) & mask;
    for (;;) {
      const node = this.#slots[slot] as number;
      if (node < 0) break;
      if (this.#parent.get(node) === parent && this.#frame.get(node) === frame) return node;
      slot = (slot + 1) & mask;
    }
    const node = this.#append(parent, frame, this.#depth.get(parent) + 1);
    this.#slots[slot] = node;
    if (node * 2 > this.#slots.length) this.#rehash();
    return node;
  }

  /** The caller's stack. */
  parent(node: number): number {
    return this.#parent.get(node);
  }

  frame(node: number): number {
    return this.#frame.get(node);
  }

  /** Calls in the stack `node`. */
  depth(node: number): number {
    return this.#depth.get(node);
  }

  /** Adds to value `type` of a stack; -0 and 0 add nothing. */
  add(node: number, type: number, value: number): void {
    while (this.#values.length <= type) this.#values.push(new GrowingFloat64());
    const column = this.#values[type] as GrowingFloat64;
    while (column.length <= node) column.push(0);
    column.set(node, column.get(node) + value);
  }

  /** Value `type` of a stack. */
  value(node: number, type: number): number {
    const column = this.#values[type];
    return column === undefined || node >= column.length ? 0 : column.get(node);
  }

  /**
   * Adds a sample to `builder` for each stack that has a value.
   *
   * @param types number of sample types
   * @param location the location row of a frame
   * @param round a value as it is kept
   */
  write(
    builder: ProfileBuilder,
    types: number,
    location: (frame: number) => number,
    budget: FrameBudget,
    round: (value: number, type: number, node: number) => number = Math.round,
  ): void {
    const values: number[] = [];
    const stack: number[] = [];
    for (let node = 0; node < this.length; node++) {
      let some = false;
      for (let type = 0; type < types; type++) {
        const column = this.#values[type];
        const value = column === undefined || node >= column.length ? 0 : round(column.get(node), type, node);
        values[type] = value;
        if (value !== 0) some = true;
      }
      if (!some) continue;
      budget.take(this.#depth.get(node), node);
      stack.length = 0;
      let at = node;
      for (; this.#parent.get(at) !== NONE; at = this.#parent.get(at))
        stack.push(location(this.#frame.get(at)));
      builder.sample(stack, values, this.#roots[this.#frame.get(at)]);
    }
  }

  #append(parent: number, frame: number, depth: number): number {
    this.#parent.push(parent);
    this.#frame.push(frame);
    this.#depth.push(depth);
    return this.#parent.length - 1;
  }

  #hash(parent: number, frame: number): number {
    let hash = Math.imul(parent ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul(frame + 1, 0xc2b2ae35);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x27d4eb2f);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let node = 0; node < this.length; node++) {
      if (this.#parent.get(node) === NONE) continue;
      let slot = this.#hash(this.#parent.get(node), this.#frame.get(node)) & mask;
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = node;
    }
  }
}
