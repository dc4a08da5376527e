// Flat stacks: every sample of one or two profiles as a run of frame ids, root first. All layouts read these.
import type { Int64Column } from '@stackpile/profile';
import type { FrameTable } from './frames.ts';

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

/** A column as doubles; values above 2^53 lose their last bits, which no picture can show. */
export function toDoubles(column: Int64Column): Float64Array {
  if (column instanceof Float64Array) return column;
  const out = new Float64Array(column.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(column[i]);
  return out;
}
