// The counters of one process over time, each judged by itself: does it grow, by how much at most, and could more have gone unseen?
import type { Counters } from '@stackpile/profile';
import { type Bound, boundOf } from './bound.ts';
import { type CounterKind, type CounterName, counterKinds } from './counter-kinds.ts';
import { median } from './trend.ts';

/**
 * What a counter does. `flat`: it does not grow, and no leak worth a word can hide in it; `grows`: it does, beyond chance; `unclear`:
 * the looks are too few or too unsteady to say either; `unknown`: nobody counts it.
 */
export type CounterState = 'flat' | 'grows' | 'unclear' | 'unknown';

/** One counter over the looks. */
export interface CounterTrend {
  readonly kind: CounterKind;
  readonly state: CounterState;
  /** Why it is unclear, or what a flat one did before; '' where that is plain. */
  readonly note: 'few' | 'unsteady' | 'slowing' | 'settled' | '';
  /** As they were read, null where a look did not know it; one per look. */
  readonly values: readonly (number | null)[];
  /** First and last that are known; 0 where none is. */
  readonly first: number;
  readonly last: number;
  /** What was judged has grown by so much in all: less than `last - first` where a part of it is warming up, or explained by parts. */
  readonly gain: number;
  /** Robust slope per minute. */
  readonly perMinute: number;
  /** With 99 % confidence nothing in it grows faster than this, per minute; null where even that is not known. */
  readonly atMost: number | null;
}

/** Looks that are kept; beyond, every other one in between is forgotten. */
const mostLooks = 192;
/** A process that is younger than this is warming up, in seconds. */
const warmUpSeconds = 15;
/** Full collections that a judgement of the heap takes; with fewer it goes by what is used. */
const fewestCollections = 3;
/** Snapshots after which memory is still higher than before; later ones find all that they need. */
const settling = 2;
/** A calm that is a smaller part of the watch says too little of the rest. */
const leastCalm = 0.3;
/** Such snapshots that are remembered. */
const mostDisturbed = 64;
/** So many looks at resident memory are better than more of them, of which the first are before the last such snapshot. */
const fewestSettled = 4;
/** Points of the lower envelope of the heap that is used. */
const envelopePoints = 6;
/** Warming up is left out only where so many looks are left. */
const fewestLooks = 5;

/** The value of one counter in one reading. */
function valueOf(name: CounterName, counters: Counters): number | null {
  return counters[name];
}

/** Remembers the readings of one process and judges each counter. */
export class Ledger {
  #looks: Counters[] = [];
  #next = 0;
  #step = 1;
  #disturbed: number[] = [];

  /** Readings that are kept, oldest first. */
  get looks(): readonly Counters[] {
    return this.#looks;
  }

  /** Takes one more reading; one that is not later than the last one replaces it. */
  add(counters: Counters): void {
    const last = this.#looks.at(-1);
    if (last !== undefined && counters.time <= last.time) {
      this.#looks[this.#looks.length - 1] = counters;
      return;
    }
    // The newest is always kept; of those before it one of so many.
    if (this.#looks.length > 1 && this.#next % this.#step !== 0) this.#looks.pop();
    this.#looks.push(counters);
    this.#next++;
    if (this.#looks.length <= mostLooks) return;
    const newest = this.#looks.length - 1;
    this.#looks = this.#looks.filter((_, i) => i % 2 === 0 || i === newest);
    this.#step *= 2;
    this.#next = 1;
  }

  /** Milliseconds from the first reading to the last. */
  get span(): number {
    return (this.#looks.at(-1)?.time ?? 0) - (this.#looks[0]?.time ?? 0);
  }

  /**
   * Says that the process was stopped for a heap snapshot after the last reading. The first one collects more than the process does by
   * itself, and whoever reads the first two takes memory: bytes before them are not compared with those after them where there are enough
   * of these.
   */
  disturbed(): void {
    const last = this.#looks.at(-1)?.time;
    if (last === undefined) return;
    if (this.#disturbed.length >= mostDisturbed) this.#disturbed.splice(settling, 1);
    this.#disturbed.push(last);
  }

  /** Whether the heap is judged by what collections have left. */
  get tellsLive(): boolean {
    return this.#collections().length >= fewestCollections;
  }

  /** Every counter of the table, in its order. */
  trends(): CounterTrend[] {
    return counterKinds.map((kind) => this.trend(kind));
  }

  trend(kind: CounterKind): CounterTrend {
    const shown = kind.name === 'heapLive' && this.#collections().length < fewestCollections;
    const values = this.#looks.map((counters) => (shown ? counters.heapUsed : valueOf(kind.name, counters)));
    const trend = judgeCounter(kind, values, this.#points(kind), this.span / 60_000);
    return kind.name === 'rss' && trend.state === 'unclear' ? (this.#calm(kind, values) ?? trend) : trend;
  }

  /**
   * Resident memory since the last snapshot that was long enough ago, where it is flat since then: before, memory of whoever read
   * snapshots came and went. What an agent has freed is resident for a while: if all of its memory together is flat but for what the agent
   * says to have given back, no more than that can be the program's.
   */
  #calm(kind: CounterKind, values: readonly (number | null)[]): CounterTrend | null {
    const after = (disturbed: number): Counters[] => this.#looks.filter(({ time }) => time > disturbed);
    const last = this.#disturbed.findLast((one) => after(one).length >= fewestLooks);
    if (last === undefined) return null;
    // The first of them may be before what was read was given back.
    return this.#calmFrom(after(last), kind, values) ?? this.#calmFrom(after(last).slice(1), kind, values);
  }

  /** Whether memory is higher now than between the second snapshot and then, by more than may go unseen. */
  #hasRisen({ unseenGain, unseenShare }: CounterKind, looks: readonly Counters[], from: number): boolean {
    const second = this.#disturbed[1] ?? Number.POSITIVE_INFINITY;
    const level = (of: readonly Counters[]): number => median(of.flatMap((one) => nativeOf(one) ?? []));
    const before = this.#looks.filter(({ time }) => time > second && time < from);
    const now = level(looks);
    return before.length > 0 && now - level(before) > Math.max(unseenGain, unseenShare * now);
  }

  #calmFrom(
    looks: readonly Counters[],
    kind: CounterKind,
    values: readonly (number | null)[],
  ): CounterTrend | null {
    if (looks.length < fewestLooks) return null;
    const from = looks[0]?.time ?? 0;
    const minutes = ((looks.at(-1)?.time ?? 0) - from) / 60_000;
    if (minutes < (this.span / 60_000) * leastCalm || this.#hasRisen(kind, looks, from)) return null;
    const judge = (of: (counters: Counters) => number | null, hidden: number): CounterTrend | null => {
      const points = looks.flatMap((counters): Point[] => {
        const y = of(counters);
        return y === null ? [] : [{ x: (counters.time - from) / 60_000, y, warming: false, variance: 0 }];
      });
      const trend = judgeCounter(kind, values, points, this.span / 60_000, hidden / minutes);
      return trend.state === 'flat' ? trend : null;
    };
    const own = looks.flatMap(({ agentMemory }) => agentMemory ?? []);
    return (
      judge(nativeOf, 0) ??
      (own.length < looks.length
        ? null
        : judge(
            (counters) => nativeOf({ ...counters, agentMemory: null }),
            Math.max(...own) - Math.min(...own),
          ))
    );
  }

  /** What is judged of a counter: minutes and values, without what says nothing. */
  #points(kind: CounterKind): Point[] {
    if (kind.name !== 'heapLive') return withoutWarmUp(kind, this.#undisturbed(kind, this.#known(kind.name)));
    const collections = this.#collections();
    return withoutWarmUp(
      kind,
      this.#undisturbed(kind, collections.length < fewestCollections ? this.#envelope() : collections),
    );
  }

  #undisturbed({ name }: CounterKind, points: Point[]): Point[] {
    if (name !== 'rss' && name !== 'heapLive') return points;
    const [first, second] = this.#disturbed;
    const settled = name === 'rss' ? this.#after(second, points) : [];
    if (settled.length >= fewestSettled) return settled;
    const after = this.#after(first, points);
    return after.length >= fewestCollections ? after : points;
  }

  /** The points after a time; none where there was no such time. */
  #after(time: number | undefined, points: readonly Point[]): Point[] {
    const from = ((time ?? Number.POSITIVE_INFINITY) - (this.#looks[0]?.time ?? 0)) / 60_000;
    return points.filter(({ x }) => x > from);
  }

  /** What the last full collection left is the same number until the next one: only collections count. */
  #collections(): Point[] {
    return this.#known('heapLive').filter(({ y }, i, all) => i === 0 || y !== all[i - 1]?.y);
  }

  /** The heap that is used rises until it is collected: the least of some looks each is nearest to what lives. */
  #envelope(): Point[] {
    const begin = this.#looks[0]?.time ?? 0;
    const used = this.#looks.flatMap(({ heapUsed, time, uptime }) =>
      heapUsed === null
        ? []
        : [{ x: (time - begin) / 60_000, y: heapUsed, warming: isWarming(uptime), variance: 0 }],
    );
    const size = Math.max(2, Math.ceil(used.length / envelopePoints));
    const lowest: Point[] = [];
    for (let i = 0; i + size <= used.length; i += size)
      lowest.push(used.slice(i, i + size).reduce((a, b) => (b.y < a.y ? b : a)));
    return lowest;
  }

  #known(name: CounterName): Point[] {
    const begin = this.#looks[0]?.time ?? 0;
    const points: Point[] = [];
    for (const counters of this.#looks) {
      const y = name === 'rss' ? nativeOf(counters) : valueOf(name, counters);
      if (y === null) continue;
      points.push({
        x: (counters.time - begin) / 60_000,
        y,
        warming: isWarming(counters.uptime),
        variance: name === 'tasks' ? varianceOf(counters) : 0,
      });
    }
    return points;
  }
}

function isWarming(uptime: number | null): boolean {
  return uptime !== null && uptime < warmUpSeconds;
}

function withoutWarmUp(kind: CounterKind, points: Point[]): Point[] {
  const warm = kind.warmsUp ? points.filter(({ warming }) => !warming) : points;
  return warm.length >= fewestLooks ? warm : points;
}

/** A counter that only dumps tell of, judged as one that was read: `times` in milliseconds, or null where only their order is known. */
export function trendOfTotals(
  kind: CounterKind,
  times: readonly number[] | null,
  totals: readonly number[],
): CounterTrend {
  const begin = times?.[0] ?? 0;
  const points = totals.map(
    (y, i): Point => ({
      x: times === null ? i : ((times[i] ?? 0) - begin) / 60_000,
      y,
      warming: false,
      variance: 0,
    }),
  );
  return judgeCounter(kind, totals, points, points.at(-1)?.x ?? 0);
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly warming: boolean;
  /** Of sampling, for the whole number. */
  readonly variance: number;
}

/** Resident memory that no counter beside it tells of: code, stacks, threads, the allocator, addons; not an agent's own. */
function nativeOf({ rss, heapTotal, external, agentMemory }: Counters): number | null {
  if (rss === null) return null;
  return Math.max(0, rss - (heapTotal ?? 0) - (external ?? 0) - (agentMemory ?? 0));
}

/** Variance of a number of tasks that was estimated: the agent says between which numbers it is in 95 of 100 cases. */
function varianceOf({ tasksBetween }: Counters): number {
  return tasksBetween === null ? 0 : ((tasksBetween[1] - tasksBetween[0]) / 3.92) ** 2;
}

/**
 * The bounds of the second half alone, where that is long enough: what grew only at first is no leak. How much points hang together
 * is known from both halves, for one is short.
 */
function lateBound(
  x: readonly number[],
  y: readonly number[],
  kind: CounterKind,
  unit: number,
): Bound | null {
  const half = y.length >> 1;
  if (y.length - half < fewestLooks) return null;
  const { autocorrelation } = boundOf(x.slice(0, half), y.slice(0, half), kind.grain, unit);
  return boundOf(x.slice(half), y.slice(half), kind.grain, unit, autocorrelation);
}

/** @param hidden what may grow beside what the points show, per minute */
function judgeCounter(
  kind: CounterKind,
  values: readonly (number | null)[],
  points: readonly Point[],
  minutes: number,
  hidden = 0,
): CounterTrend {
  const known = values.filter((value) => value !== null);
  const facts = { kind, values, first: known[0] ?? 0, last: known.at(-1) ?? 0 };
  if (points.length === 0)
    return { ...facts, state: 'unknown', note: '', gain: 0, perMinute: 0, atMost: null };
  const x = points.map((point) => point.x);
  const y = points.map((point) => point.y);
  const gain = (y.at(-1) ?? 0) - (y[0] ?? 0);
  if (points.length < 3) return { ...facts, state: 'unclear', note: 'few', gain, perMinute: 0, atMost: null };
  const level = Math.max(...y);
  const unit = median(points.map(({ variance }) => variance)) / Math.max(1, median(y));
  const least = Math.max(kind.leastGain, kind.leastShare * level);
  const window = Math.max(minutes, (x.at(-1) ?? 0) - (x[0] ?? 0));
  const whole = boundOf(x, y, kind.grain, unit);
  const late = lateBound(x, y, kind, unit);
  // Of two limits that each fail one time in 200 the lower one fails at most one time in 100.
  const atMost = Math.max(0, Math.min(whole.most, late?.most ?? Number.POSITIVE_INFINITY)) + hidden;
  const perMinute = late !== null && whole.slope > atMost ? late.slope : whole.slope;
  const result = { ...facts, gain, perMinute, atMost };
  const unseen = Math.max(kind.unseenGain, kind.unseenShare * (y.at(-1) ?? 0));
  const grew = whole.least * window >= least;
  if (atMost * window <= unseen && (late !== null || !grew))
    return { ...result, state: 'flat', note: grew ? 'settled' : '' };
  if (grew && late !== null && late.most < whole.slope)
    return { ...result, state: 'unclear', note: 'slowing' };
  if (grew) return { ...result, perMinute: whole.slope, atMost: whole.most, state: 'grows', note: '' };
  return { ...result, state: 'unclear', note: 'unsteady' };
}
