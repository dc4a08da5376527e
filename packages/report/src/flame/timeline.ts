// Time order: stacks side by side in the order in which they were sampled, equal neighbours joined (a flame chart).
import type { Profile } from '@stackpile/profile';
import { type FlameLayout, rootFrame } from './boxes.ts';
import type { Stacks } from './stacks.ts';

/** Numeric label keys that carry the time of one sample. */
const timeKeys = new Set(['timestamp', 'timestamp_ns', 'end_timestamp_ns', 'time', 'time_ns', 'ts']);

/** The time of each sample from its numeric label, or null where the profile has no time. NaN where one sample has none. */
export function sampleTimes(profile: Profile): Float64Array | null {
  const { samples, strings } = profile;
  const { labelStart, labels } = samples;
  let times: Float64Array | null = null;
  const isTime = new Map<number, boolean>();
  for (let sample = 0; sample < samples.length; sample++) {
    const end = labelStart[sample + 1] as number;
    for (let row = labelStart[sample] as number; row < end; row++) {
      if (labels.text[row] !== 0) continue;
      const key = labels.key[row] as number;
      let known = isTime.get(key);
      if (known === undefined) {
        known = timeKeys.has(strings.get(key));
        isTime.set(key, known);
      }
      if (!known) continue;
      times ??= new Float64Array(samples.length).fill(Number.NaN);
      times[sample] = Number(labels.number[row]);
      break;
    }
  }
  return times;
}

/**
 * Lays the stacks out by `times` (one per sample row), left to right, each as wide as its weight; equal neighbours
 * of the same depth become one box. Boxes under `minShare` of the whole are left out.
 *
 * @param hasLanes whether the outermost frame is what stacks ran in (a thread): each is a lane of its own then, the widest first,
 *   and the order of time is that within it
 */
export function layoutTimeline(
  stacks: Stacks,
  times: Float64Array,
  minShare: number = 1 / 4096,
  hasLanes: boolean = false,
): FlameLayout {
  const order = new Uint32Array(stacks.length);
  let length = 0;
  for (let i = 0; i < stacks.length; i++) {
    if (!Number.isNaN(times[stacks.sample[i] as number])) order[length++] = i;
  }
  const lanes = hasLanes ? laneOrder(stacks) : null;
  const sorted = order.subarray(0, length).sort((a, b) => {
    const difference =
      (lanes === null ? 0 : (lanes[a] as number) - (lanes[b] as number)) ||
      (times[stacks.sample[a] as number] as number) - (times[stacks.sample[b] as number] as number);
    return difference === 0 ? a - b : difference;
  });
  let total = 0;
  for (let i = 0; i < length; i++) total += stacks.weight[sorted[i] as number] as number;
  const min = total * minShare;

  const frame: number[] = [rootFrame];
  const depth: number[] = [0];
  const start: number[] = [0];
  const weight: number[] = [total];
  const self: number[] = [0];
  const openFrame: number[] = [];
  const openStart: number[] = [];
  const openSelf: number[] = [];
  let x = 0;
  const close = (to: number): void => {
    while (openFrame.length > to) {
      const began = openStart.pop() as number;
      const own = openSelf.pop() as number;
      const id = openFrame.pop() as number;
      if (x - began < min) continue;
      frame.push(id);
      depth.push(openFrame.length + 1);
      start.push(began);
      weight.push(x - began);
      self.push(own);
    }
  };
  for (let i = 0; i < length; i++) {
    const row = sorted[i] as number;
    const begin = stacks.start[row] as number;
    const size = (stacks.start[row + 1] as number) - begin;
    let same = 0;
    while (same < size && same < openFrame.length && openFrame[same] === stacks.frames[begin + same]) same++;
    close(same);
    for (let at = same; at < size; at++) {
      openFrame.push(stacks.frames[begin + at] as number);
      openStart.push(x);
      openSelf.push(0);
    }
    const amount = stacks.weight[row] as number;
    if (size > 0) openSelf[size - 1] = (openSelf[size - 1] as number) + amount;
    x += amount;
  }
  close(0);
  return orderBoxes(frame, depth, start, weight, self, total);
}

/** Of each stack, which lane it is in: the widest is 0. */
function laneOrder(stacks: Stacks): Uint32Array {
  const lane = (row: number): number => {
    const begin = stacks.start[row] as number;
    return begin === stacks.start[row + 1] ? rootFrame : (stacks.frames[begin] as number);
  };
  const widths = new Map<number, number>();
  for (let row = 0; row < stacks.length; row++)
    widths.set(lane(row), (widths.get(lane(row)) ?? 0) + (stacks.weight[row] as number));
  const order = [...widths].sort(([a, width], [b, other]) => other - width || a - b);
  const rank = new Map(order.map(([frame], at) => [frame, at]));
  return Uint32Array.from({ length: stacks.length }, (_, row) => rank.get(lane(row)) ?? 0);
}

/** Sorts boxes that were emitted at their end into levels and finds their parents. */
function orderBoxes(
  frame: number[],
  depth: number[],
  start: number[],
  weight: number[],
  self: number[],
  total: number,
): FlameLayout {
  const rows = Array.from({ length: frame.length }, (_, i) => i);
  rows.sort(
    (a, b) => (depth[a] as number) - (depth[b] as number) || (start[a] as number) - (start[b] as number),
  );
  const { length } = rows;
  const scale = total > 0 ? 1 / total : 0;
  const parent = new Int32Array(length).fill(-1);
  const levelStart: number[] = [];
  let above = 0;
  for (const [box, row] of rows.entries()) {
    const level = depth[row] as number;
    if (level === levelStart.length) {
      above = levelStart[level - 1] ?? 0;
      levelStart.push(box);
    }
    if (level === 0) continue;
    // Both levels run from left to right: the parent is the last box above that began at or before this one.
    const last = levelStart[level] as number;
    while (above + 1 < last && (start[rows[above + 1] as number] as number) <= (start[row] as number))
      above++;
    parent[box] = above;
  }
  levelStart.push(length);
  return {
    length,
    frame: Uint32Array.from(rows, (i) => frame[i] as number),
    parent,
    levelStart: Uint32Array.from(levelStart),
    start: Float64Array.from(rows, (i) => (start[i] as number) * scale),
    width: Float64Array.from(rows, (i) => (weight[i] as number) * scale),
    weight: Float64Array.from(rows, (i) => weight[i] as number),
    self: Float64Array.from(rows, (i) => self[i] as number),
    before: null,
    after: null,
    maxDepth: levelStart.length - 2,
    rootWeight: total,
    complete: true,
  };
}
