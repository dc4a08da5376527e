// Series that are drawn by hand or found by search: what the judge sees of a program, number by number, with the truth beside it.
import { BORN_LABEL, type Profile, taskLabel, weightsSentence } from '@stackpile/profile';
import type { Dump, LeakOptions } from '../src/index.ts';
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
  /** Bytes that each object keeps, where it is a heap. */
  readonly bytes?: number;
  /** Longest wait, in windows from the first dump to the last. */
  readonly waited?: number;
  /** Of the same function as the first series, on another line. */
  readonly same?: boolean;
  /** An open thing of the function of the first series: its timer, its socket. */
  readonly handle?: boolean;
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
  /** Objects of a heap by class: `lives` are told by their ages, for there are no ids. */
  readonly heap?: boolean;
  /** Counts were extrapolated from samples. */
  readonly sampled?: boolean;
  readonly series: readonly DrawnSeries[];
  /** What else is there, and does not move. */
  readonly company: number;
  /** How many came and went before each dump, between it and the one before: they took numbers, and are never seen. */
  readonly passing?: readonly number[];
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

/** Ids of everything that is followed, given in the order of birth, as Go does: by series and life, and of the company. */
function idsOf(drawn: Drawn): {
  readonly company: readonly number[];
  readonly of: ReadonlyMap<string, number>;
} {
  const born: { readonly key: string; readonly birth: number }[] = [];
  drawn.series.forEach(({ lives = [] }, i) =>
    lives.forEach(([count, birth], l) => {
      for (let j = 0; j < count; j++) born.push({ key: `${i} ${l} ${j}`, birth });
    }),
  );
  drawn.passing?.forEach((count, k) => {
    for (let j = 0; j < count; j++) born.push({ key: '', birth: k - 0.5 });
  });
  born.sort((a, b) => a.birth - b.birth);
  const company = Array.from({ length: drawn.company }, (_, j) => j + 1);
  return { company, of: new Map(born.map(({ key }, j) => [key, drawn.company + j + 1])) };
}

/** What a dump of `drawn` holds at moment `k`. */
function rowsOf(drawn: Drawn, k: number): Row[] {
  const rows: Row[] = [];
  const ids = drawn.series.some(({ lives }) => lives !== undefined);
  const given = idsOf(drawn);
  drawn.series.forEach((series, i) => {
    const stack = stackOf(series, i);
    const kind = series.handle === true ? { kind: 'handle' } : {};
    const labels = series.state === undefined ? kind : { ...kind, state: series.state };
    const waited = series.waited === undefined ? {} : { waited: series.waited * (drawn.n - 1) * 60_000 };
    if (series.values !== undefined) rows.push({ stack, value: series.values[k] ?? 0, labels, ...waited });
    const weight = (series.weight ?? 1) === 1 ? {} : { [taskLabel.textWeight]: `${series.weight}` };
    for (const [l, [count, birth, death]] of (series.lives ?? []).entries()) {
      if (birth > k || death <= k) continue;
      for (let j = 0; j < count; j++)
        rows.push({
          stack,
          id: given.of.get(`${i} ${l} ${j}`) ?? 0,
          labels: { ...labels, ...weight },
          ...waited,
        });
    }
  });
  if (drawn.company > 0) {
    if (ids) for (const id of given.company) rows.push({ stack: waiting('company'), id });
    else rows.push({ stack: waiting('company'), value: drawn.company });
  }
  return rows;
}

/** Objects that a variable holds. */
function objectsIn(variable: string, objects: number, bytes: number, age: number): Row {
  const stack: readonly Frame[] = [
    ['Session', '', 0],
    [`variable ${variable}`, '/srv/app.mjs', 1],
  ];
  return { stack, value: objects, retained: objects * bytes, numbers: { [BORN_LABEL]: age } };
}

/** What a snapshot of a heap holds at moment `k`, which `k + 1` others came before. */
function objectsOf(drawn: Drawn, k: number): Row[] {
  const rows = drawn.series.flatMap(({ lives = [], bytes = 0 }, i) =>
    lives
      .filter(([, birth, death]) => birth <= k && death > k)
      .map(([count, birth]) => objectsIn(`series${i}`, count, bytes, Math.max(0, birth + 1))),
  );
  return drawn.company > 0 ? [...rows, objectsIn('company', drawn.company, 100, 0)] : rows;
}

/** A heap's snapshots, each of which tells ages. */
function snapshotsOf(drawn: Drawn): Profile[] {
  return Array.from({ length: drawn.n }, (_, k) =>
    profileOf(objectsOf(drawn, k), {
      type: 'objects',
      retained: true,
      comments: [`object ids up to ${2000 * (k + 2)}, of process abc`, `ages told by ${k + 1} earlier looks`],
    }),
  );
}

/** What a watch of `drawn` has to be told. */
export function optionsOf(drawn: Drawn): LeakOptions {
  return drawn.heap === true ? { sampleType: 'objects' } : {};
}

/** The dumps of `drawn`. */
export function dumpsOf(drawn: Drawn): Dump[] {
  const options = {
    ...(drawn.bytes === true ? { type: 'inuse_space', unit: 'bytes', period: drawn.period ?? 1 } : {}),
    ...(drawn.sampled === true ? { comments: [weightsSentence('weighted')] } : {}),
  };
  const profiles =
    drawn.heap === true
      ? snapshotsOf(drawn)
      : Array.from({ length: drawn.n }, (_, k) => profileOf(rowsOf(drawn, k), options));
  return profiles.map((profile, k) => ({
    profile,
    time: drawn.times ? 1_700_000_000_000 + k * 60_000 : null,
  }));
}
