// Profiles as flat stacks, after whatever filters: the runs of frames that all layouts read.
import type { Profile } from '@stackpile/profile';
import { joinEqualStacks } from './comparison.ts';
import type { FrameInterner, LocationFrames } from './frames.ts';
import { type Stacks, toDoubles } from './stacks.ts';

/** One profile that goes into {@link flattenStacks}. */
export interface StackLayer {
  /** After filters. */
  readonly profile: Profile;
  readonly frames: LocationFrames;
  /** Which sample type. */
  readonly valueIndex: number;
  /** What 100 % is; all that the profile holds where it is not said. */
  readonly total?: number;
}

/** How stacks are drawn. */
export interface FlattenOptions {
  /** A run of library frames of one package is one frame. */
  readonly collapse?: boolean;
}

/**
 * Flattens one profile, or a base and a second profile that were interned by the same `interner`. Samples whose value is 0 are
 * left out.
 */
export function flattenStacks(
  interner: FrameInterner,
  layer: StackLayer,
  base: StackLayer | null = null,
  options: FlattenOptions = {},
): Stacks {
  const to = options.collapse === true ? collapsedFrames(interner) : null;
  const grouped = interner.granularity === 'files' || interner.granularity === 'packages';
  const layers = (base === null ? [layer] : [base, layer]).map((one) => openLayer(one, to));
  const flat = emptyFlat(layers, interner.table.length);
  let bases = 0;
  for (const one of layers) {
    bases = flat.length;
    append(flat, one, grouped || to !== null);
  }
  const { length, size } = flat;
  const value = flat.value.subarray(0, length);
  const result: Stacks = {
    length,
    table: interner.table,
    start: flat.start.subarray(0, length + 1),
    frames: flat.frames.subarray(0, size),
    weight: value.map(Math.abs),
    value,
    sample: flat.sample.subarray(0, length),
    diff: base === null ? signs(value) : sides(value, bases),
    kept: 0,
    total: totalOf(layer),
    totalBefore: base === null ? 0 : totalOf(base),
  };
  const joined = base === null ? result : joinEqualStacks(result);
  let kept = 0;
  for (let i = 0; i < joined.length; i++) kept += joined.weight[i] as number;
  return { ...joined, kept };
}

/** What goes into the stacks of one profile. */
interface OpenLayer {
  readonly samples: Profile['samples'];
  readonly values: Float64Array;
  readonly frames: LocationFrames;
  /** Whether location i has just frame i. */
  readonly single: boolean;
  /** How many frames all stacks have. */
  readonly entries: number;
}

function openLayer({ profile, frames, valueIndex }: StackLayer, to: Int32Array | null): OpenLayer {
  const { samples } = profile;
  const { stackLocations } = samples;
  const renamed =
    to === null ? frames : { ...frames, frames: frames.frames.map((frame) => to[frame] ?? frame) };
  const single = isOneFrameEach(renamed);
  let entries = single ? stackLocations.length : 0;
  for (let i = 0; i < stackLocations.length && !single; i++) {
    const location = stackLocations[i] as number;
    entries += (renamed.start[location + 1] as number) - (renamed.start[location] as number);
  }
  const values = toDoubles(samples.values[valueIndex] ?? new Float64Array(samples.length));
  return { samples, values, frames: renamed, single, entries };
}

/** Stacks while they are put together. */
interface Flat {
  length: number;
  size: number;
  readonly frames: Uint16Array | Uint32Array;
  readonly start: Uint32Array;
  readonly sample: Uint32Array;
  /** As the profile has them, of the base too. */
  readonly value: Float64Array;
}

function emptyFlat(layers: readonly OpenLayer[], frames: number): Flat {
  let entries = 0;
  let samples = 0;
  for (const layer of layers) {
    entries += layer.entries;
    samples += layer.samples.length;
  }
  return {
    length: 0,
    size: 0,
    frames: frames <= 0x10000 ? new Uint16Array(entries) : new Uint32Array(entries),
    start: new Uint32Array(samples + 1),
    sample: new Uint32Array(samples),
    value: new Float64Array(samples),
  };
}

/** Appends the stacks of a layer, root first; `joinRuns` makes one frame of equal neighbours. */
function append(flat: Flat, layer: OpenLayer, joinRuns: boolean): void {
  const { frames, start, sample, value } = flat;
  const { samples, values, single } = layer;
  const { stackStart, stackLocations } = samples;
  const { start: frameStart, frames: frameOf } = layer.frames;
  let { length, size } = flat;
  for (let row = 0; row < samples.length; row++) {
    const amount = values[row] as number;
    if (amount === 0) continue;
    const begin = size;
    const low = stackStart[row] as number;
    for (let i = (stackStart[row + 1] as number) - 1; i >= low; i--) {
      const location = stackLocations[i] as number;
      if (single) {
        frames[size++] = frameOf[location] as number;
        continue;
      }
      const end = frameStart[location + 1] as number;
      for (let at = frameStart[location] as number; at < end; at++) frames[size++] = frameOf[at] as number;
    }
    if (joinRuns) size = joinEqualFrames(frames, begin, size);
    value[length] = amount;
    sample[length] = row;
    start[++length] = size;
  }
  flat.length = length;
  flat.size = size;
}

/** Makes one frame of equal neighbours in `frames[begin..end)`; returns the new end. */
function joinEqualFrames(frames: Uint16Array | Uint32Array, begin: number, end: number): number {
  let size = begin;
  for (let i = begin; i < end; i++) {
    const frame = frames[i] as number;
    if (size > begin && frames[size - 1] === frame) continue;
    frames[size++] = frame;
  }
  return size;
}

/** What of one profile is taken away and what is added; null where nothing is negative. */
function signs(value: Float64Array): Stacks['diff'] {
  if (!value.some((amount) => amount < 0)) return null;
  return {
    before: value.map((amount) => Math.max(0, -amount)),
    after: value.map((amount) => Math.max(0, amount)),
  };
}

/** The values of the first `bases` rows, which are the base's, and those of the others. */
function sides(value: Float64Array, bases: number): NonNullable<Stacks['diff']> {
  return {
    before: value.map((amount, row) => (row < bases ? amount : 0)),
    after: value.map((amount, row) => (row < bases ? 0 : amount)),
  };
}

function totalOf({ profile, valueIndex, total }: StackLayer): number {
  if (total !== undefined) return total;
  let sum = 0;
  for (const amount of toDoubles(profile.samples.values[valueIndex] ?? new Float64Array(0)))
    sum += Math.abs(amount);
  return sum;
}

/** Most profiles have no inlining: then location i has frame i, and the inner loop of flattening has no bounds to read. */
function isOneFrameEach(locations: LocationFrames): boolean {
  if (locations.frames.length !== locations.start.length - 1) return false;
  for (let i = 0; i < locations.start.length; i++) if (locations.start[i] !== i) return false;
  return true;
}

/** For each frame the one that it is drawn as where libraries are collapsed. */
function collapsedFrames(interner: FrameInterner): Int32Array {
  const { table } = interner;
  const to = new Int32Array(table.length);
  for (let frame = 0; frame < to.length; frame++)
    to[frame] = table.origin[frame] === 'user' ? frame : collapsedFrame(interner, frame);
  return to;
}

function collapsedFrame(interner: FrameInterner, frame: number): number {
  const table = interner.table;
  if (table.origin[frame] === 'runtime') return interner.intern('[runtime]', '', 0, 'runtime');
  const name = table.package[frame] as string;
  return interner.intern(`[${name === '' ? 'library' : name}]`, '', 0, 'library');
}
