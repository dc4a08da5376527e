// What a run adds up to.
import type { FuzzFormat } from './seeds.ts';

/** The worst input of its kind. */
export interface Worst {
  readonly index: number;
  readonly format: FuzzFormat;
  /** Bytes of the input, unpacked. */
  readonly size: number;
  /** Milliseconds of CPU, or bytes. */
  readonly value: number;
}

/** An input that broke a promise. */
export interface Failure {
  readonly index: number;
  readonly format: FuzzFormat;
  readonly reason: string;
}

/** Figures of some inputs. */
export interface Tally {
  inputs: number;
  accepted: number;
  refused: number;
  bytes: number;
  readonly formats: Partial<Record<FuzzFormat, { inputs: number; accepted: number }>>;
  /** CPU time of the slowest input. */
  slowest: Worst | null;
  /** The input with the most CPU time per byte, among those of 100 kB and more. */
  slowestPerByte: Worst | null;
  /** The input with the most memory. */
  largest: Worst | null;
  /** The input with the most memory per byte, among those that are large enough to show above the floor. */
  largestPerByte: Worst | null;
  readonly failures: Failure[];
}

export function emptyTally(): Tally {
  return {
    inputs: 0,
    accepted: 0,
    refused: 0,
    bytes: 0,
    formats: {},
    slowest: null,
    slowestPerByte: null,
    largest: null,
    largestPerByte: null,
    failures: [],
  };
}

/** Adds one input to the count of its format. */
export function countInput(tally: Tally, format: FuzzFormat, accepted: boolean, bytes: number): void {
  tally.inputs++;
  tally.bytes += bytes;
  if (accepted) tally.accepted++;
  else tally.refused++;
  const one = (tally.formats[format] ??= { inputs: 0, accepted: 0 });
  one.inputs++;
  if (accepted) one.accepted++;
}

function larger(a: Worst | null, b: Worst | null, rank: (one: Worst) => number): Worst | null {
  if (a === null || b === null) return a ?? b;
  return rank(b) > rank(a) ? b : a;
}

const perByte = (one: Worst): number => one.value / one.size;
const alone = (one: Worst): number => one.value;

/** Notes the time of an input. */
export function noteTime(tally: Tally, worst: Worst): void {
  tally.slowest = larger(tally.slowest, worst, alone);
  if (worst.size >= 100_000) tally.slowestPerByte = larger(tally.slowestPerByte, worst, perByte);
}

/** Notes the memory of an input that was measured alone. */
export function noteMemory(tally: Tally, worst: Worst, floor: number): void {
  tally.largest = larger(tally.largest, worst, alone);
  if (worst.size * 50 >= floor) tally.largestPerByte = larger(tally.largestPerByte, worst, perByte);
}

/** Adds `more` to `tally`. */
export function addTally(tally: Tally, more: Tally): void {
  tally.inputs += more.inputs;
  tally.accepted += more.accepted;
  tally.refused += more.refused;
  tally.bytes += more.bytes;
  for (const [format, { inputs, accepted }] of Object.entries(more.formats)) {
    const one = (tally.formats[format as FuzzFormat] ??= { inputs: 0, accepted: 0 });
    one.inputs += inputs;
    one.accepted += accepted;
  }
  tally.slowest = larger(tally.slowest, more.slowest, alone);
  tally.slowestPerByte = larger(tally.slowestPerByte, more.slowestPerByte, perByte);
  tally.largest = larger(tally.largest, more.largest, alone);
  tally.largestPerByte = larger(tally.largestPerByte, more.largestPerByte, perByte);
  tally.failures.push(...more.failures);
}
