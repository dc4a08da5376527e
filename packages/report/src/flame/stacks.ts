// Flat stacks: every sample of one or two profiles as a run of frame ids, root first, after filters. All layouts read these.
import type { Int64Column, Profile } from '@stackpile/profile';
import type { FrameInterner, FrameTable, LocationFrames } from './frames.ts';
import { isNoise } from './noise.ts';

/** Stack i is `frames[start[i]]` … `frames[start[i + 1] - 1]`, root first, and may be empty. */
export interface Stacks {
  readonly length: number;
  readonly table: FrameTable;
  readonly start: Uint32Array;
  readonly frames: Uint16Array | Uint32Array;
  /** Width of each stack, never negative: |value|, or max(before, after) in a comparison. */
  readonly weight: Float64Array;
  /** Signed value of each stack: the profile's value, or after − before in a comparison. */
  readonly value: Float64Array;
  /** Sample row of each stack in its own profile. */
  readonly sample: Uint32Array;
  /** Set in a comparison (or where values are negative). */
  readonly diff: { readonly before: Float64Array; readonly after: Float64Array } | null;
  /** Sum of `weight` over what the filters kept. */
  readonly kept: number;
  /** Sum of |value| (in a comparison: of `after`) over the whole profile; percentages stay relative to this. */
  readonly total: number;
  /** In a comparison: total of the base. */
  readonly totalBefore: number;
}

/** Filters by frame; a mask has one byte per frame id. Semantics of focus, ignore, hide, show and show_from are pprof's. */
export interface FrameFilter {
  readonly focus?: Uint8Array | null;
  readonly ignore?: Uint8Array | null;
  readonly hide?: Uint8Array | null;
  readonly show?: Uint8Array | null;
  readonly showFrom?: Uint8Array | null;
  /** `collapse` draws a run of library frames of one package as one frame; `hide` leaves them out. */
  readonly libraries?: 'show' | 'collapse' | 'hide';
}

/** One profile that goes into {@link flattenStacks}. */
export interface StackLayer {
  readonly profile: Profile;
  readonly frames: LocationFrames;
  /** Which sample type. */
  readonly valueIndex: number;
}

/** A column as doubles; values above 2^53 lose their last bits, which no picture can show. */
export function toDoubles(column: Int64Column): Float64Array {
  if (column instanceof Float64Array) return column;
  const out = new Float64Array(column.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(column[i]);
  return out;
}

/**
 * Flattens one profile, or a base and a second profile that were interned by the same `interner`.
 * Samples whose value is 0 and those that `filter` drops are left out; their values still count in `total`.
 */
export function flattenStacks(
  interner: FrameInterner,
  layer: StackLayer,
  filter: FrameFilter = {},
  base: StackLayer | null = null,
): Stacks {
  const layers = base === null ? [layer] : [base, layer];
  const remap = frameRemap(interner, filter);
  const table = interner.table;
  let samples = 0;
  let entries = 0;
  const prepared = layers.map((one) => {
    const locations = remapLocations(one.frames, remap);
    const { stackLocations } = one.profile.samples;
    const single = oneFrameEach(locations);
    if (single) entries += stackLocations.length;
    else {
      for (let i = 0; i < stackLocations.length; i++) {
        const location = stackLocations[i] as number;
        entries += (locations.start[location + 1] as number) - (locations.start[location] as number);
      }
    }
    samples += one.profile.samples.length;
    return {
      single,
      locations,
      samples: one.profile.samples,
      values: toDoubles(
        one.profile.samples.values[one.valueIndex] ?? new Float64Array(one.profile.samples.length),
      ),
    };
  });
  const frames = table.length <= 0x10000 ? new Uint16Array(entries) : new Uint32Array(entries);
  const start = new Uint32Array(samples + 1);
  const sample = new Uint32Array(samples);
  const weight = new Float64Array(samples);
  const value = new Float64Array(samples);
  let negative = false;
  const totals = [0, 0];
  let before: Float64Array | null = base === null ? null : new Float64Array(samples);
  let after: Float64Array | null = base === null ? null : new Float64Array(samples);
  let length = 0;
  let size = 0;
  const { focus = null, ignore = null, showFrom = null } = filter;
  const plain = focus === null && ignore === null && showFrom === null && !remap.collapse;
  for (const [index, one] of prepared.entries()) {
    const { stackStart, stackLocations } = one.samples;
    const { start: frameStart, frames: frameOf } = one.locations;
    let total = 0;
    for (let row = 0; row < one.samples.length; row++) {
      const amount = one.values[row] as number;
      if (amount === 0) continue;
      total += amount < 0 ? -amount : amount;
      const begin = size;
      const stackLow = stackStart[row] as number;
      const stackHigh = stackStart[row + 1] as number;
      if (one.single) {
        for (let i = stackHigh - 1; i >= stackLow; i--)
          frames[size++] = frameOf[stackLocations[i] as number] as number;
      } else
        for (let i = stackHigh - 1; i >= stackLow; i--) {
          const location = stackLocations[i] as number;
          const end = frameStart[location + 1] as number;
          for (let at = frameStart[location] as number; at < end; at++)
            frames[size++] = frameOf[at] as number;
        }
      if (!plain) {
        const kept = filterStack(frames, begin, size, focus, ignore, showFrom, remap.collapse);
        size = kept < 0 ? begin : kept;
        if (kept < 0) continue;
      }
      if (amount < 0) negative = true;
      value[length] = base !== null && index === 0 ? -amount : amount;
      weight[length] = amount < 0 ? -amount : amount;
      if (before !== null && after !== null) (index === 0 ? before : after)[length] = amount;
      sample[length] = row;
      start[++length] = size;
    }
    totals[index] = total;
  }
  if (base === null && negative) {
    before = new Float64Array(length);
    after = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const amount = value[i] as number;
      if (amount < 0) before[i] = -amount;
      else after[i] = amount;
    }
  }
  const result: Stacks = {
    length,
    table,
    start: start.subarray(0, length + 1),
    frames: frames.subarray(0, size),
    weight: weight.subarray(0, length),
    value: value.subarray(0, length),
    sample: sample.subarray(0, length),
    diff:
      before === null || after === null
        ? null
        : { before: before.subarray(0, length), after: after.subarray(0, length) },
    kept: 0,
    total: (base === null ? totals[0] : totals[1]) as number,
    totalBefore: base === null ? 0 : (totals[0] as number),
  };
  const joined = base === null ? result : joinEqualStacks(result);
  let kept = 0;
  for (let i = 0; i < joined.length; i++) kept += joined.weight[i] as number;
  return { ...joined, kept };
}

/** Most profiles have no inlining: then location i has frame i, and the inner loop of flattening has no bounds to read. */
function oneFrameEach(locations: LocationFrames): boolean {
  if (locations.frames.length !== locations.start.length - 1) return false;
  for (let i = 0; i < locations.start.length; i++) if (locations.start[i] !== i) return false;
  return true;
}

interface Remap {
  /** New frame id of each frame, -1 where it is left out; null where nothing changes. */
  readonly to: Int32Array | null;
  /** Whether a run of equal frames becomes one. */
  readonly collapse: boolean;
}

function frameRemap(interner: FrameInterner, filter: FrameFilter): Remap {
  const { hide = null, show = null, libraries = 'show' } = filter;
  const grouped = interner.granularity === 'files' || interner.granularity === 'packages';
  if (hide === null && show === null && libraries === 'show') return { to: null, collapse: grouped };
  const table = interner.table;
  const count = table.length;
  const to = new Int32Array(count);
  for (let frame = 0; frame < count; frame++) {
    const library = table.origin[frame] !== 'user';
    if (hide?.[frame] === 1 || (show !== null && show[frame] !== 1)) to[frame] = -1;
    else if (library && libraries === 'hide') to[frame] = -1;
    else if (library && libraries === 'collapse') to[frame] = collapsedFrame(interner, frame);
    else to[frame] = frame;
  }
  return { to, collapse: grouped || libraries === 'collapse' };
}

function collapsedFrame(interner: FrameInterner, frame: number): number {
  const table = interner.table;
  if (table.origin[frame] === 'runtime') return interner.intern('[runtime]', '', 0, 'runtime');
  const name = table.package[frame] as string;
  return interner.intern(`[${name === '' ? 'library' : name}]`, '', 0, 'library');
}

function remapLocations(locations: LocationFrames, remap: Remap): LocationFrames {
  const { to } = remap;
  if (to === null) return locations;
  const start = new Uint32Array(locations.start.length);
  const frames = new Uint32Array(locations.frames.length);
  const lines = new Uint32Array(locations.frames.length);
  let size = 0;
  for (let location = 0; location + 1 < start.length; location++) {
    const end = locations.start[location + 1] as number;
    for (let at = locations.start[location] as number; at < end; at++) {
      const frame = to[locations.frames[at] as number] as number;
      if (frame < 0) continue;
      lines[size] = locations.lines[at] as number;
      frames[size++] = frame;
    }
    start[location + 1] = size;
  }
  return { start, frames: frames.subarray(0, size), lines: lines.subarray(0, size) };
}

/** Filters `frames[begin..end)` in place; returns the new end, -1 where the stack is dropped. */
function filterStack(
  frames: Uint16Array | Uint32Array,
  begin: number,
  end: number,
  focus: Uint8Array | null,
  ignore: Uint8Array | null,
  showFrom: Uint8Array | null,
  collapse: boolean,
): number {
  if (focus !== null || ignore !== null) {
    let matched = focus === null;
    for (let i = begin; i < end; i++) {
      const frame = frames[i] as number;
      if (ignore?.[frame] === 1) return -1;
      if (focus?.[frame] === 1) matched = true;
    }
    if (!matched) return -1;
  }
  let from = begin;
  if (showFrom !== null) {
    while (from < end && showFrom[frames[from] as number] !== 1) from++;
    if (from === end) return -1;
  }
  if (!collapse && from === begin) return end;
  let size = begin;
  for (let i = from; i < end; i++) {
    const frame = frames[i] as number;
    if (collapse && size > begin && frames[size - 1] === frame) continue;
    frames[size++] = frame;
  }
  return size;
}

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
function joinEqualStacks(stacks: Stacks): Stacks {
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
