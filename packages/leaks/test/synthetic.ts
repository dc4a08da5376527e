// Programs that were never run: goroutines that come and go by the rules of a model, seen through dumps of either form.
import { ProfileBuilder, type Profile, type SampleLabel } from '@stackpile/profile';
import type { Dump } from '../src/index.ts';

/** Numbers from 0 to 1 that are the same on every run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Exponentially distributed with the given mean. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** One frame: name, file, line, and where it is known the line on which its function begins. */
export type Frame = readonly [name: string, file: string, line: number, start?: number];

/** One sample of a made profile. */
export interface Row {
  /** Leaf first. */
  readonly stack: readonly Frame[];
  readonly value?: number;
  readonly id?: number;
  /** Number of its outermost function. */
  readonly task?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly numbers?: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly waited?: number;
  readonly retained?: number;
}

/** Makes a profile of rows. */
export function profileOf(
  rows: readonly Row[],
  options: {
    type?: string;
    unit?: string;
    period?: number;
    retained?: boolean;
    buildId?: string;
    comments?: readonly string[];
  } = {},
): Profile {
  const main = { type: options.type ?? 'goroutine', unit: options.unit ?? 'count' };
  const builder = new ProfileBuilder({
    sampleTypes: options.retained === true ? [main, { type: 'retained', unit: 'bytes' }] : [main],
    periodType: main,
    period: options.period ?? 1,
  });
  for (const comment of options.comments ?? []) builder.comment(comment);
  const mapping =
    options.buildId === undefined
      ? undefined
      : builder.mapping({ filename: '/srv/app', buildId: options.buildId });
  for (const row of rows) {
    const stack = row.stack.map(([name, file, line, start]) =>
      builder.location({
        ...(mapping === undefined ? {} : { mapping }),
        lines: [{ function: builder.function(name, file, start ?? 0), line }],
      }),
    );
    const labels: SampleLabel[] = Object.entries(row.labels ?? {}).map(([key, text]) => ({ key, text }));
    for (const [key, number] of Object.entries(row.numbers ?? {})) labels.push({ key, number });
    if (row.id !== undefined) labels.push({ key: 'goroutine', number: row.id });
    if (row.task !== undefined) labels.push({ key: 'task', number: row.task });
    if (row.waited !== undefined) labels.push({ key: 'waited', number: row.waited, unit: 'milliseconds' });
    const value = row.value ?? 1;
    builder.sample(stack, options.retained === true ? [value, row.retained ?? 0] : [value], labels);
  }
  return builder.build();
}

/** Goroutines of one stack: when each began and when it ended, in parts of the window (0 … 1, before and after allowed). */
export interface Crowd {
  readonly stack: readonly Frame[];
  readonly lives: readonly (readonly [birth: number, death: number])[];
}

/** A stack of the user's own that waits on a channel. */
export function waiting(name: string): readonly Frame[] {
  return [
    ['runtime.gopark', 'runtime/proc.go', 462],
    ['runtime.chanrecv1', 'runtime/chan.go', 509],
    [`main.${name}`, 'example.com/shop/main.go', 40],
    [`main.${name}.func1`, 'example.com/shop/main.go', 20],
  ];
}

/** Sees crowds through `n` evenly spaced dumps; with `ids`, one sample per goroutine, else one per stack. */
export function dumpsOfCrowds(crowds: readonly Crowd[], n: number, ids: boolean): Dump[] {
  // Ids are given in the order of birth, as Go does.
  const all = crowds.flatMap((crowd, i) => crowd.lives.map(([birth, death]) => ({ birth, death, crowd: i })));
  all.sort((a, b) => a.birth - b.birth);
  const dumps: Dump[] = [];
  for (let k = 0; k < n; k++) {
    const at = n === 1 ? 0 : k / (n - 1);
    const rows: Row[] = [];
    const counts = new Array<number>(crowds.length).fill(0);
    all.forEach(({ birth, death, crowd }, id) => {
      if (birth > at || death <= at) return;
      counts[crowd] = (counts[crowd] ?? 0) + 1;
      if (ids) rows.push({ stack: crowds[crowd]?.stack ?? [], id: id + 1 });
    });
    if (!ids) counts.forEach((value, i) => rows.push({ stack: crowds[i]?.stack ?? [], value }));
    dumps.push({ profile: profileOf(rows), time: k * 10_000 + 1_700_000_000_000 });
  }
  return dumps;
}

/** A model: what one random run of it does. `leaks` is the truth. */
export interface Model {
  readonly name: string;
  readonly leaks: boolean;
  readonly run: (random: () => number) => Crowd[];
}

/** Arrivals at a rate (per window) that changes with time, thinned from its maximum; each lives for `life`. */
function arrivals(
  random: () => number,
  rate: (at: number) => number,
  most: number,
  life: () => number,
  from = -3,
): (readonly [number, number])[] {
  const lives: (readonly [number, number])[] = [];
  for (let at = from; ; ) {
    at += exponential(random, 1 / most);
    if (at > 1) return lives;
    if (random() * most < rate(at)) lives.push([at, at + life()]);
  }
}

/** What every program has: some pools that stay and some traffic that comes and goes. */
function company(random: () => number): Crowd[] {
  const crowds: Crowd[] = [];
  for (let i = 0; i < 4; i++) {
    const size = 1 + Math.floor(random() * 30);
    crowds.push({ stack: waiting(`pool${i}`), lives: Array.from({ length: size }, () => [-5, 5] as const) });
  }
  for (let i = 0; i < 4; i++) {
    const inFlight = 1 + random() * 40;
    const mean = 0.001 + random() * 0.02;
    const rate = Math.min(inFlight / mean, 4000);
    crowds.push({
      stack: waiting(`traffic${i}`),
      lives: arrivals(
        random,
        () => rate,
        rate,
        () => exponential(random, mean),
        -0.2,
      ),
    });
  }
  return crowds;
}

function forever(): number {
  return Number.POSITIVE_INFINITY;
}

function leaking(total: number, base: number): Model {
  return {
    name: base === 0 ? `a leak of ${total}` : `a leak of ${total} among ${base} in flight in the same stack`,
    leaks: true,
    run: (random) => {
      const lives = arrivals(random, () => total, total, forever, -0.3);
      const mean = 0.01;
      if (base > 0)
        lives.push(
          ...arrivals(
            random,
            () => base / mean,
            base / mean,
            () => exponential(random, mean),
            -0.2,
          ),
        );
      return [...company(random), { stack: waiting('suspect'), lives }];
    },
  };
}

function harmless(name: string, lives: (random: () => number) => (readonly [number, number])[]): Model {
  return {
    name,
    leaks: false,
    run: (random) => [...company(random), { stack: waiting('suspect'), lives: lives(random) }],
  };
}

/** What the judge has to tell apart. Sizes are per window, whatever the window is. */
export const models: readonly Model[] = [
  harmless('nothing but company', () => []),
  harmless('steady traffic, 60 in flight', (random) =>
    arrivals(
      random,
      () => 6000,
      6000,
      () => exponential(random, 0.01),
    ),
  ),
  harmless('bursty traffic (the load doubles and halves)', (random) => {
    const phases = Array.from({ length: 200 }, () => 0.5 + random() * 1.5);
    return arrivals(
      random,
      (at) => 3000 * (phases[Math.floor((at + 3) * 40)] ?? 1),
      6000,
      () => exponential(random, 0.01),
    );
  }),
  harmless('a cycle of load, two periods', (random) => {
    const phase = random() * 2 * Math.PI;
    return arrivals(
      random,
      (at) => 2500 * (1 + 0.9 * Math.sin(phase + at * 4 * Math.PI)),
      5000,
      () => exponential(random, 0.01),
    );
  }),
  harmless('long-lived connections in balance (life = a third of the window)', (random) =>
    arrivals(
      random,
      () => 180,
      180,
      () => exponential(random, 1 / 3),
    ),
  ),
  harmless('a pool that fills to its cap by half time', (random) => {
    const cap = 10 + Math.floor(random() * 90);
    const full = 0.1 + random() * 0.4;
    return Array.from({ length: cap }, (_, i) => [(full * i) / cap, 9] as const);
  }),
  harmless('a cache of workers that fills ever more slowly', (random) => {
    const cap = 40 + Math.floor(random() * 100);
    return Array.from({ length: cap }, () => [exponential(random, 0.15), 9] as const);
  }),
  harmless('a burst that returns', (random) => {
    const begin = 0.1 + random() * 0.3;
    const end = begin + 0.1 + random() * 0.3;
    return Array.from(
      { length: 50 + Math.floor(random() * 200) },
      () => [begin + random() * 0.1, end + random() * 0.05] as const,
    );
  }),
  harmless('load that rises fivefold', (random) =>
    arrivals(
      random,
      (at) => 2000 * (1 + 4 * Math.max(0, at)),
      10_000,
      () => exponential(random, 0.01),
      -0.2,
    ),
  ),
  leaking(10, 0),
  leaking(30, 0),
  leaking(100, 0),
  leaking(30, 50),
  leaking(100, 50),
];
