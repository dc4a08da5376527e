// The boxes of a layout while they are found, level by level.
import type { Candidates } from './candidates.ts';

/** Frame id of a box that stands for several children too small to draw. */
export const mergedFrame = 0xffffffff;
/** Frame id of the root box ("all"). */
export const rootFrame = 0xfffffffe;

/**
 * Boxes level by level: the root, then all boxes of depth 1 from left to right, and so on; children in the order of their
 * parents, the widest first. Positions are shares (0 … 1) of the root's weight.
 */
export interface FlameLayout {
  readonly length: number;
  /** Frame id, {@link rootFrame} or {@link mergedFrame}. */
  readonly frame: Uint32Array;
  /** Row of the parent box, -1 for the root. */
  readonly parent: Int32Array;
  /** `maxDepth + 2` offsets: depth d owns the boxes `levelStart[d]` … `levelStart[d + 1] - 1`, sorted by `start`. */
  readonly levelStart: Uint32Array;
  readonly start: Float64Array;
  readonly width: Float64Array;
  /** Weight of the box: the sum of its stacks' weights. */
  readonly weight: Float64Array;
  /** Weight of the stacks that end in this box; for a merged box, how many frames it stands for. */
  readonly self: Float64Array;
  /** In a comparison the sums before and after, else null. */
  readonly before: Float64Array | null;
  readonly after: Float64Array | null;
  /** Depth of the deepest box. */
  readonly maxDepth: number;
  /** Weight of the root: what share 1 stands for. */
  readonly rootWeight: number;
  /** False where `maxBoxes` ended the layout early. */
  readonly complete: boolean;
}

/** A column that grows. */
class Column {
  length = 0;
  data = new Float64Array(1024);
  push(value: number): void {
    if (this.length === this.data.length) {
      const next = new Float64Array(this.length * 2);
      next.set(this.data);
      this.data = next;
    }
    this.data[this.length++] = value;
  }
  done(): Float64Array {
    return this.data.slice(0, this.length);
  }
}

/** Sums of the children of each box of a level that are too narrow to be drawn. */
class Merged {
  readonly count: Uint32Array;
  readonly weight: Float64Array;
  readonly before: Float64Array;
  readonly after: Float64Array;
  constructor(parents: number) {
    this.count = new Uint32Array(parents);
    this.weight = new Float64Array(parents);
    this.before = new Float64Array(parents);
    this.after = new Float64Array(parents);
  }
  add(parent: number, candidates: Candidates, i: number): void {
    this.count[parent] = (this.count[parent] as number) + 1;
    this.weight[parent] = (this.weight[parent] as number) + (candidates.weight[i] as number);
    this.before[parent] = (this.before[parent] as number) + (candidates.before[i] as number);
    this.after[parent] = (this.after[parent] as number) + (candidates.after[i] as number);
  }
}

/** The columns of a {@link FlameLayout}; positions are in units of weight. */
export class Boxes {
  readonly #frame = new Column();
  readonly #parent = new Column();
  readonly #start = new Column();
  readonly #weight = new Column();
  readonly #self = new Column();
  readonly #before = new Column();
  readonly #after = new Column();
  readonly #levelStart: number[] = [0, 1];

  /** Begins with the root. */
  constructor(frame: number, weight: number, before: number, after: number) {
    this.#add(frame, -1, 0, weight, 0, before, after);
  }

  get length(): number {
    return this.#start.length;
  }

  /** The weight that ends in each box, to be added to. */
  get self(): Float64Array {
    return this.#self.data;
  }

  #add(
    frame: number,
    parent: number,
    start: number,
    weight: number,
    self: number,
    before: number,
    after: number,
  ): void {
    this.#frame.push(frame);
    this.#parent.push(parent);
    this.#start.push(start);
    this.#weight.push(weight);
    this.#self.push(self);
    this.#before.push(before);
    this.#after.push(after);
  }

  /**
   * Adds the children of the boxes from `low` on: those of at least `minWeight` become boxes, widest first, the others of one parent
   * one merged box behind them. Answers the box of each candidate, -1 where it has none.
   */
  addLevel(low: number, candidates: Candidates, minWeight: number, names: readonly string[]): Int32Array {
    const high = this.length;
    const merged = new Merged(high - low);
    const wide: number[] = [];
    for (let i = 0; i < candidates.length; i++) {
      if ((candidates.weight[i] as number) >= minWeight) wide.push(i);
      else merged.add((candidates.parent[i] as number) - low, candidates, i);
    }
    sortByWidth(wide, candidates, names);
    const boxOf = new Int32Array(candidates.length).fill(-1);
    let next = 0;
    for (let parent = low; parent < high; parent++) {
      let x = this.#start.data[parent] as number;
      for (; next < wide.length; next++) {
        const i = wide[next] as number;
        if (candidates.parent[i] !== parent) break;
        boxOf[i] = this.length;
        const width = candidates.weight[i] as number;
        const before = candidates.before[i] as number;
        this.#add(candidates.frame[i] as number, parent, x, width, 0, before, candidates.after[i] as number);
        x += width;
      }
      const slot = parent - low;
      const count = merged.count[slot] as number;
      if (count === 0) continue;
      const before = merged.before[slot] as number;
      const weight = merged.weight[slot] as number;
      this.#add(mergedFrame, parent, x, weight, count, before, merged.after[slot] as number);
    }
    this.#levelStart.push(this.length);
    return boxOf;
  }

  /** The finished layout; `compared` where there are sums before and after. */
  layout(rootWeight: number, compared: boolean, complete: boolean): FlameLayout {
    const scale = rootWeight > 0 ? 1 / rootWeight : 0;
    const weight = this.#weight.done();
    return {
      length: this.length,
      frame: Uint32Array.from(this.#frame.done()),
      parent: Int32Array.from(this.#parent.done()),
      levelStart: Uint32Array.from(this.#levelStart),
      start: this.#start.done().map((value) => value * scale),
      width: weight.map((value) => value * scale),
      weight,
      self: this.#self.done(),
      before: compared ? this.#before.done() : null,
      after: compared ? this.#after.done() : null,
      maxDepth: this.#levelStart.length - 2,
      rootWeight,
      complete,
    };
  }
}

/** Sorts candidates by parent and width; equal widths by name, so that the picture does not depend on the order of the samples. */
function sortByWidth(wide: number[], candidates: Candidates, names: readonly string[]): void {
  const { parent, weight, frame } = candidates;
  wide.sort((a, b) => {
    const byParent = (parent[a] as number) - (parent[b] as number);
    if (byParent !== 0) return byParent;
    const byWeight = (weight[b] as number) - (weight[a] as number);
    if (byWeight !== 0) return byWeight;
    const nameA = names[frame[a] as number] as string;
    const nameB = names[frame[b] as number] as string;
    return nameA < nameB ? -1 : nameA > nameB ? 1 : a - b;
  });
}
