// Sums per frame: flat and cumulative values, callers and callees of one frame, and what a search matches.
import type { LocationFrames } from './frames.ts';
import type { Stacks } from './stacks.ts';

/** Flat and cumulative sums; row = frame id. Recursion counts once. In a comparison of `after`, with `before` beside. */
export interface FrameSums {
  readonly flat: Float64Array;
  readonly cum: Float64Array;
  readonly flatBefore: Float64Array | null;
  readonly cumBefore: Float64Array | null;
}

/** Sums the stacks per frame in one pass. Values keep their sign. */
export function sumFrames(stacks: Stacks): FrameSums {
  const size = stacks.table.length;
  const { start, frames, diff } = stacks;
  const values = diff === null ? stacks.value : diff.after;
  const flat = new Float64Array(size);
  const cum = new Float64Array(size);
  const flatBefore = diff === null ? null : new Float64Array(size);
  const cumBefore = diff === null ? null : new Float64Array(size);
  const seen = new Uint32Array(size);
  for (let i = 0; i < stacks.length; i++) {
    const value = values[i] as number;
    const before = diff === null ? 0 : (diff.before[i] as number);
    const end = start[i + 1] as number;
    const stamp = i + 1;
    for (let at = start[i] as number; at < end; at++) {
      const frame = frames[at] as number;
      if (seen[frame] === stamp) continue;
      seen[frame] = stamp;
      cum[frame] = (cum[frame] as number) + value;
      if (cumBefore !== null) cumBefore[frame] = (cumBefore[frame] as number) + before;
    }
    if (end > (start[i] as number)) {
      const leaf = frames[end - 1] as number;
      flat[leaf] = (flat[leaf] as number) + value;
      if (flatBefore !== null) flatBefore[leaf] = (flatBefore[leaf] as number) + before;
    }
  }
  return { flat, cum, flatBefore, cumBefore };
}

/**
 * Sums of groups of frames, as {@link sumFrames} makes them of frames: a stack counts once for each group that it meets.
 *
 * @param group the group of each frame, from 0 to `groups` - 1; -1 for none
 */
export function sumGroups(
  stacks: Stacks,
  group: Int32Array,
  groups: number,
): { readonly flat: Float64Array; readonly cum: Float64Array } {
  const { start, frames, diff } = stacks;
  const values = diff === null ? stacks.value : diff.after;
  const flat = new Float64Array(groups);
  const cum = new Float64Array(groups);
  const seen = new Uint32Array(groups);
  for (let i = 0; i < stacks.length; i++) {
    const value = values[i] as number;
    const end = start[i + 1] as number;
    let leaf = -1;
    for (let at = start[i] as number; at < end; at++) {
      leaf = group[frames[at] as number] as number;
      if (leaf < 0 || seen[leaf] === i + 1) continue;
      seen[leaf] = i + 1;
      cum[leaf] = (cum[leaf] as number) + value;
    }
    if (leaf >= 0) flat[leaf] = (flat[leaf] as number) + value;
  }
  return { flat, cum };
}

/** A caller or callee and how much of the value passes between. */
export interface Neighbour {
  readonly frame: number;
  readonly value: number;
}

/** Direct callers and callees of the frames in `mask`, largest first; a stack counts once per neighbour. */
export function neighbours(
  stacks: Stacks,
  mask: Uint8Array,
): { callers: Neighbour[]; callees: Neighbour[]; flat: number; cum: number } {
  const { start, frames } = stacks;
  const values = stacks.diff === null ? stacks.value : stacks.diff.after;
  const up = new Map<number, number>();
  const down = new Map<number, number>();
  const seenUp = new Set<number>();
  const seenDown = new Set<number>();
  let flat = 0;
  let cum = 0;
  for (let i = 0; i < stacks.length; i++) {
    const begin = start[i] as number;
    const end = start[i + 1] as number;
    const value = values[i] as number;
    let hit = false;
    for (let at = begin; at < end; at++) {
      if (mask[frames[at] as number] !== 1) continue;
      hit = true;
      if (at > begin) seenUp.add(frames[at - 1] as number);
      if (at + 1 < end) seenDown.add(frames[at + 1] as number);
      else flat += value;
    }
    if (!hit) continue;
    cum += value;
    for (const frame of seenUp) up.set(frame, (up.get(frame) ?? 0) + value);
    for (const frame of seenDown) down.set(frame, (down.get(frame) ?? 0) + value);
    seenUp.clear();
    seenDown.clear();
  }
  const sorted = (sums: Map<number, number>): Neighbour[] =>
    [...sums]
      .map(([frame, value]) => ({ frame, value }))
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.frame - b.frame);
  return { callers: sorted(up), callees: sorted(down), flat, cum };
}

/** One byte per frame: 1 where name or file matches. */
export function matchFrames(
  stacks: Pick<Stacks, 'table'>,
  pattern: { test(text: string): boolean },
): Uint8Array {
  const { name, file, length } = stacks.table;
  const mask = new Uint8Array(length);
  for (let frame = 0; frame < length; frame++) {
    if (pattern.test(name[frame] as string) || pattern.test(file[frame] as string)) mask[frame] = 1;
  }
  return mask;
}

/** Weight of the stacks that contain a frame of `mask`. */
export function matchedWeight(stacks: Stacks, mask: Uint8Array): number {
  const { start, frames, weight } = stacks;
  let sum = 0;
  for (let i = 0; i < stacks.length; i++) {
    const end = start[i + 1] as number;
    for (let at = start[i] as number; at < end; at++) {
      if (mask[frames[at] as number] === 1) {
        sum += weight[i] as number;
        break;
      }
    }
  }
  return sum;
}

/** Where the user's own code is when the value is spent: the user frame nearest to the leaf, with its exact line. */
export interface OwnPlace {
  readonly frame: number;
  /** Source line, 0 where unknown. */
  readonly line: number;
  readonly value: number;
  /** Leaf frame of the heaviest stack counted here: what is being waited for or run. */
  readonly leaf: number;
}

/**
 * Charges every sample to the user frame nearest to its leaf ("whose fault is it") and returns the heaviest places.
 * `lines` are the location frames from which `stacks` was flattened, without filters that rename or drop frames.
 */
export function ownPlaces(
  stacks: Stacks,
  locations: LocationFrames,
  samples: { readonly stackStart: Uint32Array; readonly stackLocations: ArrayLike<number> },
  limit = 5,
): OwnPlace[] {
  const { origin } = stacks.table;
  const values = stacks.diff === null ? stacks.value : stacks.diff.after;
  interface Sum {
    frame: number;
    line: number;
    value: number;
    leaf: number;
    heaviest: number;
  }
  const sums = new Map<number, Sum>();
  for (let i = 0; i < stacks.length; i++) {
    const row = stacks.sample[i] as number;
    const value = values[i] as number;
    const end = samples.stackStart[row + 1] as number;
    let found = -1;
    for (let at = samples.stackStart[row] as number; at < end && found < 0; at++) {
      const location = samples.stackLocations[at] as number;
      const first = locations.start[location] as number;
      for (let entry = (locations.start[location + 1] as number) - 1; entry >= first; entry--) {
        if (origin[locations.frames[entry] as number] === 'user') {
          found = entry;
          break;
        }
      }
    }
    if (found < 0) continue;
    const frame = locations.frames[found] as number;
    const line = locations.lines[found] as number;
    // Frame and line in one exact number: lines are below 2^32, frames below 2^21 in any profile that fits in memory.
    const key = frame * 0x100000000 + line;
    const leaf = stacks.frames[(stacks.start[i + 1] as number) - 1] ?? frame;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { frame, line, value, leaf, heaviest: value });
    else {
      sum.value += value;
      if (value > sum.heaviest) {
        sum.heaviest = value;
        sum.leaf = leaf;
      }
    }
  }
  return [...sums.values()]
    .sort((a, b) => b.value - a.value || a.frame - b.frame)
    .slice(0, limit)
    .map(({ frame, line, value, leaf }) => ({ frame, line, value, leaf }));
}
