// Two profiles beside each other: equal stacks joined, and those whose change chance explains left out.
import { isNoise } from './noise.ts';
import type { Stacks } from './stacks.ts';

/** Of a comparison only the stacks whose change chance does not explain; see {@link isNoise}. */
export function changedStacks(stacks: Stacks, eventWeight: number): Stacks {
  const { start, frames, diff } = stacks;
  if (diff === null) return stacks;
  const rows: number[] = [];
  let size = 0;
  for (let i = 0; i < stacks.length; i++) {
    if (isNoise(diff.before[i] as number, diff.after[i] as number, eventWeight)) continue;
    rows.push(i);
    size += (start[i + 1] as number) - (start[i] as number);
  }
  const outStart = new Uint32Array(rows.length + 1);
  const outFrames = frames instanceof Uint16Array ? new Uint16Array(size) : new Uint32Array(size);
  let kept = 0;
  for (const [to, row] of rows.entries()) {
    const run = frames.subarray(start[row], start[row + 1]);
    outFrames.set(run, outStart[to]);
    outStart[to + 1] = (outStart[to] as number) + run.length;
    kept += stacks.weight[row] as number;
  }
  const pick = (column: Float64Array): Float64Array =>
    Float64Array.from(rows, (row) => column[row] as number);
  return {
    ...stacks,
    length: rows.length,
    start: outStart,
    frames: outFrames,
    weight: pick(stacks.weight),
    value: pick(stacks.value),
    sample: Uint32Array.from(rows, (row) => stacks.sample[row] as number),
    diff: { before: pick(diff.before), after: pick(diff.after) },
    kept,
  };
}

/**
 * Joins equal stacks of the two sides of a comparison, so that a stack's weight is max(before, after):
 * what vanished keeps its width and what did not change is not counted twice.
 */
export function joinEqualStacks(stacks: Stacks): Stacks {
  const { start, frames, diff } = stacks;
  if (diff === null) return stacks;
  let capacity = 16;
  while (capacity < stacks.length * 2) capacity *= 2;
  const slots = new Int32Array(capacity).fill(-1);
  const before = new Float64Array(stacks.length);
  const after = new Float64Array(stacks.length);
  const outStart = new Uint32Array(stacks.length + 1);
  const outFrames = frames.slice();
  const sample = new Uint32Array(stacks.length);
  let length = 0;
  let size = 0;
  for (let i = 0; i < stacks.length; i++) {
    const from = start[i] as number;
    const to = start[i + 1] as number;
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (frames[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    let slot = hash & (capacity - 1);
    let found = -1;
    for (;;) {
      const other = slots[slot] as number;
      if (other < 0) break;
      if (sameStack(outFrames, outStart[other] as number, outStart[other + 1] as number, frames, from, to)) {
        found = other;
        break;
      }
      slot = (slot + 1) & (capacity - 1);
    }
    if (found < 0) {
      found = length++;
      slots[slot] = found;
      sample[found] = stacks.sample[i] as number;
      // The output never overtakes the input: both grow in the same order and the output skips doubles.
      for (let at = from; at < to; at++) outFrames[size++] = frames[at] as number;
      outStart[length] = size;
    }
    before[found] = (before[found] as number) + (diff.before[i] as number);
    after[found] = (after[found] as number) + (diff.after[i] as number);
  }
  const weight = new Float64Array(length);
  const value = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const was = before[i] as number;
    const is = after[i] as number;
    weight[i] = Math.max(Math.abs(was), Math.abs(is));
    value[i] = is - was;
  }
  return {
    ...stacks,
    length,
    start: outStart.subarray(0, length + 1),
    frames: outFrames.subarray(0, size),
    weight,
    value,
    sample: sample.subarray(0, length),
    diff: { before: before.subarray(0, length), after: after.subarray(0, length) },
  };
}

function sameStack(
  a: Uint16Array | Uint32Array,
  aFrom: number,
  aTo: number,
  b: Uint16Array | Uint32Array,
  bFrom: number,
  bTo: number,
): boolean {
  if (aTo - aFrom !== bTo - bFrom) return false;
  for (let i = 0; i < bTo - bFrom; i++) if (a[aFrom + i] !== b[bFrom + i]) return false;
  return true;
}
