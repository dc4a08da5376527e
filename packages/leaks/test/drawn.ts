// Series that are drawn by hand or found by search: what the judge sees of a program, number by number, with the truth beside it.
import { taskLabel, weightsSentence } from '@stackpile/profile';
import type { Dump } from '../src/index.ts';
import { type Frame, profileOf, type Row, waiting } from './synthetic.ts';

/** One stack over time. */
export interface DrawnSeries {
  /** One number per dump. */
  readonly values?: readonly number[];
  /** With ids instead: how many are seen from one dump on (below 0: before the first), and are gone by another. */
  readonly lives?: readonly (readonly [count: number, birth: number, death: number])[];
  /** How many each id stands for. */
  readonly weight?: number;
  readonly state?: 'sleep' | 'running';
  /** Longest wait, in windows from the first dump to the last. */
  readonly waited?: number;
  /** Of the same function as the first series, on another line. */
  readonly same?: boolean;
  /** A library's stack, without a frame of the user's own. */
  readonly library?: boolean;
}

/** A program as the judge sees it. */
export interface Drawn {
  readonly truth: 'leak' | 'harmless';
  /** What the program does. */
  readonly what: string;
  /** Number of dumps, a minute apart. */
  readonly n: number;
  /** Whether it is known when each was taken. */
  readonly times: boolean;
  readonly bytes?: boolean;
  /** Sampling period of bytes. */
  readonly period?: number;
  /** Counts were extrapolated from samples. */
  readonly sampled?: boolean;
  readonly series: readonly DrawnSeries[];
  /** What else is there, and does not move. */
  readonly company: number;
}

/** A drawn program with what is to be said of it. */
export interface DrawnCase extends Drawn {
  /** The best that can be said of what is seen: never that a harmless one leaks, or that a leak is none. */
  readonly expected: 'leak' | 'unsure' | 'none';
  /** Function that the first finding blames, where that is the point. */
  readonly first?: string;
  /** Number of findings, where that is the point. */
  readonly findings?: number;
}

function stackOf(series: DrawnSeries, i: number): readonly Frame[] {
  if (series.library === true)
    return [
      ['net.poll', 'net/fd.go', 10 + i],
      ['example.org/lib.Run', 'example.org/lib@v1.0.0/run.go', 5],
    ];
  const stack = waiting(series.same === true ? 'series0' : `series${i}`);
  return series.same === true ? [...stack, ['main.elsewhere', 'example.com/shop/main.go', 99]] : stack;
}

/** What a dump of `drawn` holds at moment `k`. */
function rowsOf(drawn: Drawn, k: number): Row[] {
  const rows: Row[] = [];
  let id = 0;
  const ids = drawn.series.some(({ lives }) => lives !== undefined);
  drawn.series.forEach((series, i) => {
    const stack = stackOf(series, i);
    const labels = series.state === undefined ? {} : { state: series.state };
    const waited = series.waited === undefined ? {} : { waited: series.waited * (drawn.n - 1) * 60_000 };
    if (series.values !== undefined) rows.push({ stack, value: series.values[k] ?? 0, labels, ...waited });
    const weight = (series.weight ?? 1) === 1 ? {} : { [taskLabel.textWeight]: `${series.weight}` };
    for (const [count, birth, death] of series.lives ?? []) {
      for (let j = 0; j < count; j++) {
        id++;
        if (birth <= k && death > k) rows.push({ stack, id, labels: { ...labels, ...weight }, ...waited });
      }
    }
  });
  if (drawn.company > 0) {
    if (ids) for (let j = 0; j < drawn.company; j++) rows.push({ stack: waiting('company'), id: ++id });
    else rows.push({ stack: waiting('company'), value: drawn.company });
  }
  return rows;
}

/** The dumps of `drawn`. */
export function dumpsOf(drawn: Drawn): Dump[] {
  const options = {
    ...(drawn.bytes === true ? { type: 'inuse_space', unit: 'bytes', period: drawn.period ?? 1 } : {}),
    ...(drawn.sampled === true ? { comment: weightsSentence('weighted') } : {}),
  };
  return Array.from({ length: drawn.n }, (_, k) => ({
    profile: profileOf(rowsOf(drawn, k), options),
    time: drawn.times ? 1_700_000_000_000 + k * 60_000 : null,
  }));
}
