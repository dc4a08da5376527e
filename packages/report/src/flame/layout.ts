// Flame layout: stacks → boxes, level by level, never descending below a visible share.
import type { Stacks } from './stacks.ts';

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

/** Which stacks to lay out, where in each stack depth 0 lies, and in which direction to walk. */
export interface FlamePlan {
  readonly stacks: Stacks;
  /** Rows of `stacks`, ascending; null means all. */
  readonly rows: Uint32Array | null;
  /** Position in `stacks.frames` of the first frame of each row of the plan; null means the root end (`step` 1) or the leaf end. */
  readonly from: Uint32Array | null;
  /** 1 walks towards the leaf, -1 towards the root. */
  readonly step: 1 | -1;
}

/** `down`: root first. `up`: leaf first, for the inverted graph. */
export type FlameDirection = 'down' | 'up';

/** A plan over all stacks. */
export function planFlame(stacks: Stacks, direction: FlameDirection): FlamePlan {
  return { stacks, rows: null, from: null, step: direction === 'down' ? 1 : -1 };
}

/**
 * The two halves of a sandwich: plans over the stacks that contain a frame of `mask`, callees from its outermost
 * occurrence down, callers from there up. Both begin with the frame itself.
 */
export function planSandwich(stacks: Stacks, mask: Uint8Array): { callees: FlamePlan; callers: FlamePlan } {
  const rows = new Uint32Array(stacks.length);
  const from = new Uint32Array(stacks.length);
  let count = 0;
  for (let i = 0; i < stacks.length; i++) {
    const end = stacks.start[i + 1] as number;
    for (let at = stacks.start[i] as number; at < end; at++) {
      if (mask[stacks.frames[at] as number] !== 1) continue;
      from[count] = at;
      rows[count++] = i;
      break;
    }
  }
  const plan = (step: 1 | -1): FlamePlan => ({
    stacks,
    rows: rows.subarray(0, count),
    from: from.subarray(0, count),
    step,
  });
  return { callees: plan(1), callers: plan(-1) };
}

/** The part of `plan` whose stacks begin with the frames of `path` (in walking direction), moved past them: a zoom. */
export function zoomPlan(plan: FlamePlan, path: readonly number[]): FlamePlan {
  const { stacks, step } = plan;
  if (path.length === 0) return plan;
  const total = plan.rows?.length ?? stacks.length;
  const rows = new Uint32Array(total);
  const from = new Uint32Array(total);
  let count = 0;
  for (let i = 0; i < total; i++) {
    const row = plan.rows === null ? i : (plan.rows[i] as number);
    const low = stacks.start[row] as number;
    const high = stacks.start[row + 1] as number;
    let at = plan.from === null ? (step === 1 ? low : high - 1) : (plan.from[i] as number);
    let matched = 0;
    while (matched < path.length && at >= low && at < high && stacks.frames[at] === path[matched]) {
      at += step;
      matched++;
    }
    if (matched < path.length) continue;
    rows[count] = row;
    // A stack that ends here points outside of its run; -1 would wrap, so it is kept one past its end.
    from[count++] = at < low || at >= high ? high : at;
  }
  return { stacks, rows: rows.subarray(0, count), from: from.subarray(0, count), step };
}

/** How fine a layout is. */
export interface LayoutOptions {
  /** Frame of the root box; {@link rootFrame} by default. */
  readonly frame?: number;
  /** Boxes narrower than this share of the root are merged; default 1/4096, under a pixel on most screens. */
  readonly minShare?: number;
  /** The layout ends early above so many boxes; default 400,000. */
  readonly maxBoxes?: number;
}

/** A growable column. */
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

/** The children found on one level: (parent box, frame) → sums; open addressing, no deletion. */
class Candidates {
  length = 0;
  parent = new Int32Array(4096);
  frame = new Uint32Array(4096);
  weight = new Float64Array(4096);
  before = new Float64Array(4096);
  after = new Float64Array(4096);
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

/**
 * One level of {@link layoutFlame}, a function of its own so that it is compiled early: every live row either ends in its
 * box or votes for a child of it. Compacts the live rows, which then carry their candidate in `boxOf`; returns their count.
 */
function vote(
  stacks: Stacks,
  step: 1 | -1,
  live: Uint32Array,
  position: Int32Array,
  boxOf: Int32Array,
  liveCount: number,
  self: Float64Array,
  candidates: Candidates,
): number {
  const { start, frames, weight, diff } = stacks;
  let kept = 0;
  for (let i = 0; i < liveCount; i++) {
    const row = live[i] as number;
    const at = position[i] as number;
    const box = boxOf[i] as number;
    if (at >= (start[row + 1] as number) || at < (start[row] as number)) {
      self[box] = (self[box] as number) + (weight[row] as number);
      continue;
    }
    const candidate = candidates.find(box, frames[at] as number);
    candidates.weight[candidate] = (candidates.weight[candidate] as number) + (weight[row] as number);
    if (diff !== null) {
      candidates.before[candidate] = (candidates.before[candidate] as number) + (diff.before[row] as number);
      candidates.after[candidate] = (candidates.after[candidate] as number) + (diff.after[row] as number);
    }
    live[kept] = row;
    position[kept] = at + step;
    boxOf[kept++] = candidate;
  }
  return kept;
}

/**
 * Lays out a plan. Each level reads the rows that are still in a visible box once, in their order in memory, so the cost
 * is the number of (stack, depth) pairs inside boxes of at least `minShare`; a million distinct stacks are never
 * expanded into a full tree.
 */
export function layoutFlame(plan: FlamePlan, options: LayoutOptions = {}): FlameLayout {
  const { stacks, step } = plan;
  const { start: stackStart, weight, diff } = stacks;
  const maxBoxes = options.maxBoxes ?? 400_000;
  const names = stacks.table.name;

  const frameColumn = new Column();
  const parentColumn = new Column();
  const startColumn = new Column();
  const weightColumn = new Column();
  const selfColumn = new Column();
  const beforeColumn = new Column();
  const afterColumn = new Column();
  const levelStart: number[] = [0, 1];

  // Live rows with their next position and the box they are in, compacted level by level.
  const count = plan.rows?.length ?? stacks.length;
  const live = new Uint32Array(count);
  const position = new Int32Array(count);
  const boxOf = new Int32Array(count);
  let rootWeight = 0;
  let rootBefore = 0;
  let rootAfter = 0;
  for (let i = 0; i < count; i++) {
    const row = plan.rows === null ? i : (plan.rows[i] as number);
    live[i] = row;
    position[i] =
      plan.from !== null
        ? (plan.from[i] as number)
        : step === 1
          ? (stackStart[row] as number)
          : (stackStart[row + 1] as number) - 1;
    rootWeight += weight[row] as number;
    if (diff !== null) {
      rootBefore += diff.before[row] as number;
      rootAfter += diff.after[row] as number;
    }
  }
  const minWeight = rootWeight * (options.minShare ?? 1 / 4096);
  frameColumn.push(options.frame ?? rootFrame);
  parentColumn.push(-1);
  startColumn.push(0);
  weightColumn.push(rootWeight);
  selfColumn.push(0);
  beforeColumn.push(rootBefore);
  afterColumn.push(rootAfter);

  const candidates = new Candidates();
  let liveCount = count;
  let complete = true;
  let levelLow = 0;
  while (liveCount > 0) {
    // 1. Every live row either ends in its box or votes for a child of it.
    candidates.clear();
    const self = selfColumn.data;
    const kept = vote(stacks, step, live, position, boxOf, liveCount, self, candidates);
    if (candidates.length === 0) break;

    // 2. Wide children become boxes, the others of one parent become one merged box behind them.
    const levelHigh = startColumn.length;
    const wide: number[] = [];
    const parents = levelHigh - levelLow;
    const mergedWeight = new Float64Array(parents);
    const mergedBefore = new Float64Array(parents);
    const mergedAfter = new Float64Array(parents);
    const mergedCount = new Uint32Array(parents);
    for (let i = 0; i < candidates.length; i++) {
      if ((candidates.weight[i] as number) >= minWeight) {
        wide.push(i);
        continue;
      }
      const slot = (candidates.parent[i] as number) - levelLow;
      mergedCount[slot] = (mergedCount[slot] as number) + 1;
      mergedWeight[slot] = (mergedWeight[slot] as number) + (candidates.weight[i] as number);
      mergedBefore[slot] = (mergedBefore[slot] as number) + (candidates.before[i] as number);
      mergedAfter[slot] = (mergedAfter[slot] as number) + (candidates.after[i] as number);
    }
    // Equal widths by name, so that the picture does not depend on the order of the samples.
    wide.sort((a, b) => {
      const byParent = (candidates.parent[a] as number) - (candidates.parent[b] as number);
      if (byParent !== 0) return byParent;
      const byWeight = (candidates.weight[b] as number) - (candidates.weight[a] as number);
      if (byWeight !== 0) return byWeight;
      const nameA = names[candidates.frame[a] as number] as string;
      const nameB = names[candidates.frame[b] as number] as string;
      return nameA < nameB ? -1 : nameA > nameB ? 1 : a - b;
    });
    const boxOfCandidate = new Int32Array(candidates.length).fill(-1);
    let next = 0;
    for (let parent = levelLow; parent < levelHigh; parent++) {
      let x = startColumn.data[parent] as number;
      for (; next < wide.length; next++) {
        const candidate = wide[next] as number;
        if (candidates.parent[candidate] !== parent) break;
        boxOfCandidate[candidate] = startColumn.length;
        const width = candidates.weight[candidate] as number;
        frameColumn.push(candidates.frame[candidate] as number);
        parentColumn.push(parent);
        startColumn.push(x);
        weightColumn.push(width);
        selfColumn.push(0);
        beforeColumn.push(candidates.before[candidate] as number);
        afterColumn.push(candidates.after[candidate] as number);
        x += width;
      }
      const slot = parent - levelLow;
      if ((mergedCount[slot] as number) > 0) {
        frameColumn.push(mergedFrame);
        parentColumn.push(parent);
        startColumn.push(x);
        weightColumn.push(mergedWeight[slot] as number);
        selfColumn.push(mergedCount[slot] as number);
        beforeColumn.push(mergedBefore[slot] as number);
        afterColumn.push(mergedAfter[slot] as number);
      }
    }
    levelStart.push(startColumn.length);
    if (startColumn.length > maxBoxes) {
      complete = false;
      break;
    }

    // 3. Rows in boxes that are drawn go on; the order in memory is kept.
    let still = 0;
    for (let i = 0; i < kept; i++) {
      const box = boxOfCandidate[boxOf[i] as number] as number;
      if (box < 0) continue;
      live[still] = live[i] as number;
      position[still] = position[i] as number;
      boxOf[still++] = box;
    }
    liveCount = still;
    levelLow = levelHigh;
  }

  const scale = rootWeight > 0 ? 1 / rootWeight : 0;
  return {
    length: startColumn.length,
    frame: Uint32Array.from(frameColumn.done()),
    parent: Int32Array.from(parentColumn.done()),
    levelStart: Uint32Array.from(levelStart),
    start: startColumn.done().map((value) => value * scale),
    width: weightColumn.done().map((value) => value * scale),
    weight: weightColumn.done(),
    self: selfColumn.done(),
    before: diff === null ? null : beforeColumn.done(),
    after: diff === null ? null : afterColumn.done(),
    maxDepth: levelStart.length - 2,
    rootWeight,
    complete,
  };
}

/** Depth of a box. */
export function boxDepth(layout: Pick<FlameLayout, 'levelStart'>, box: number): number {
  const { levelStart } = layout;
  let low = 0;
  let high = levelStart.length - 1;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((levelStart[middle] as number) <= box) low = middle;
    else high = middle;
  }
  return low;
}

/** Frame ids from the root's child down to `box`, not including the root box. */
export function boxPath(layout: Pick<FlameLayout, 'parent' | 'frame'>, box: number): number[] {
  const path: number[] = [];
  for (let at = box; at > 0; at = layout.parent[at] as number) path.push(layout.frame[at] as number);
  return path.reverse();
}
