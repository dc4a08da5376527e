// Flame layout: stacks → boxes, level by level, never descending below a visible share.
import { Boxes, type FlameLayout, rootFrame } from './boxes.ts';
import { Candidates } from './candidates.ts';
import { firstFrame, type FlamePlan } from './plan.ts';
import type { Stacks } from './stacks.ts';

/** How fine a layout is. */
export interface LayoutOptions {
  /** Frame of the root box; {@link rootFrame} by default. */
  readonly frame?: number;
  /** Boxes narrower than this share of the root are merged; default 1/4096, under a pixel on most screens. */
  readonly minShare?: number;
  /** The layout ends early above so many boxes; default 400,000. */
  readonly maxBoxes?: number;
}

/** Rows that are still in a visible box, with their next position and that box; compacted level by level, in their order in memory. */
interface LiveRows {
  readonly live: Uint32Array;
  readonly position: Int32Array;
  readonly boxOf: Int32Array;
  length: number;
}

/** All rows of a plan at its beginning, and the box that they are in: the root. */
function begin(plan: FlamePlan, frame: number): { rows: LiveRows; boxes: Boxes; weight: number } {
  const { stacks } = plan;
  const length = plan.rows?.length ?? stacks.length;
  const live = new Uint32Array(length);
  const position = new Int32Array(length);
  let weight = 0;
  let before = 0;
  let after = 0;
  for (let i = 0; i < length; i++) {
    const row = plan.rows === null ? i : (plan.rows[i] as number);
    live[i] = row;
    position[i] = firstFrame(plan, i);
    weight += stacks.weight[row] as number;
    if (stacks.diff === null) continue;
    before += stacks.diff.before[row] as number;
    after += stacks.diff.after[row] as number;
  }
  const rows = { live, position, boxOf: new Int32Array(length), length };
  return { rows, boxes: new Boxes(frame, weight, before, after), weight };
}

/**
 * One level of {@link layoutFlame}, a function of its own so that it is compiled early: every live row either ends in its
 * box or votes for a child of it. Compacts the live rows, which then carry their candidate in `boxOf`; returns their count.
 */
function vote(
  stacks: Stacks,
  step: 1 | -1,
  { live, position, boxOf, length }: LiveRows,
  self: Float64Array,
  candidates: Candidates,
): number {
  const { start, frames, weight, diff } = stacks;
  let kept = 0;
  for (let i = 0; i < length; i++) {
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

/** Keeps the rows in boxes that are drawn. */
function descend(rows: LiveRows, boxOfCandidate: Int32Array): void {
  const { live, position, boxOf } = rows;
  let kept = 0;
  for (let i = 0; i < rows.length; i++) {
    const box = boxOfCandidate[boxOf[i] as number] as number;
    if (box < 0) continue;
    live[kept] = live[i] as number;
    position[kept] = position[i] as number;
    boxOf[kept++] = box;
  }
  rows.length = kept;
}

/**
 * Lays out a plan. Each level reads the rows that are still in a visible box once, in their order in memory, so the cost
 * is the number of (stack, depth) pairs inside boxes of at least `minShare`; a million distinct stacks are never
 * expanded into a full tree.
 */
export function layoutFlame(plan: FlamePlan, options: LayoutOptions = {}): FlameLayout {
  const { stacks, step } = plan;
  const { rows, boxes, weight } = begin(plan, options.frame ?? rootFrame);
  const minWeight = weight * (options.minShare ?? 1 / 4096);
  const maxBoxes = options.maxBoxes ?? 400_000;
  const candidates = new Candidates();
  let levelLow = 0;
  while (rows.length > 0) {
    candidates.clear();
    rows.length = vote(stacks, step, rows, boxes.self, candidates);
    if (candidates.length === 0) break;
    const levelHigh = boxes.length;
    const boxOf = boxes.addLevel(levelLow, candidates, minWeight, stacks.table.name);
    if (boxes.length > maxBoxes) return boxes.layout(weight, stacks.diff !== null, false);
    descend(rows, boxOf);
    levelLow = levelHigh;
  }
  return boxes.layout(weight, stacks.diff !== null, true);
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
