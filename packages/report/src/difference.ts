// Differences: how much of one is chance, because profiles count sampled events.
import { eventWeight } from './flame/noise.ts';
import type { FrameTable } from './graph/frames.ts';
import { sumNodes } from './graph/kernel.ts';
import type { PreparedReport } from './prepare.ts';

/** Standard deviations of the flat and cum values of every node, in the unit of the values. */
export interface Noise {
  readonly flat: Float64Array;
  readonly cum: Float64Array;
}

/**
 * Sampling error of a difference of two profiles, or null where the report is none or its values are exact counts. Events
 * are sampled independently (Poisson), so the variance of a sum is the number of events on both sides times the square of
 * what one event stands for.
 */
export function differenceNoise(report: PreparedReport, frames: FrameTable): Noise | null {
  const { weights, profile } = report;
  if (weights.divisor !== null || report.ratio !== 1) return null;
  const values = weights.value;
  if (!values.some((value: number | bigint) => value < 0)) return null;
  const weight = eventWeight(profile, report.index);
  if (weight <= 0) return null;
  const sizes = new Float64Array(values.length);
  for (let s = 0; s < values.length; s++) sizes[s] = Math.abs(Number(values[s]));
  const sums = sumNodes(profile, frames, { value: sizes, divisor: null });
  const deviation = (column: Float64Array | BigInt64Array): Float64Array =>
    Float64Array.from(column as Float64Array, (size) => Math.sqrt(size * weight));
  return { flat: deviation(sums.flat), cum: deviation(sums.cum) };
}

/** Is a difference no larger than what chance makes of none in 19 of 20 cases (two standard deviations)? */
export function isWithinNoise(difference: number | bigint, deviation: number): boolean {
  return Math.abs(Number(difference)) <= 2 * deviation;
}
