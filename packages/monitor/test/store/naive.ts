// A store that keeps every value in arrays and answers by adding up: slow, and right by looking at it. What others are held to.
import {
  type Aggregation,
  type Frame,
  type GrowthQuery,
  type GrowthRow,
  type IngestBatch,
  type KeptHour,
  type KeptProfile,
  type LabelMatcher,
  type Point,
  type PointSums,
  type ProfileStore,
  type Range,
  type RetentionReport,
  type Run,
  type Series,
  type SeriesKey,
} from '@stackpile/monitor/store';

interface Kept {
  readonly time: number;
  readonly run: number;
  readonly values: ReadonlyMap<bigint, number>;
}

const within = (range: Range) => (one: { readonly time: number }) =>
  one.time >= range.from && one.time < range.to;
const add = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function nameOf({ labels, profile, sampleType }: SeriesKey): string {
  return [...Object.entries(labels).map(String).sort(), profile, sampleType].join('\n');
}

export class NaiveStore implements ProfileStore {
  readonly #series: Series[] = [];
  readonly #profiles: Kept[][] = [];
  readonly #frames = new Map<bigint, readonly Frame[]>();
  readonly #notes = new Map<string, string>();

  putBatch({ tree, profiles }: IngestBatch): Promise<void> {
    for (const { series, time, run, nodes, values } of profiles) {
      const same = (one: Series): boolean => nameOf(one) === nameOf(series);
      let id = this.#series.findIndex(same);
      if (id < 0) id = this.#series.push({ ...series, id: this.#series.length }) - 1;
      const kept = (this.#profiles[id] ??= []);
      if (kept.some((one) => one.time === time)) continue;
      const byStack = new Map<bigint, number>();
      for (const [i, node] of nodes.entries()) {
        const stack = tree.id(node);
        byStack.set(stack, (byStack.get(stack) ?? 0) + (values[i] ?? 0));
        this.#frames.set(stack, tree.framesOf(node));
      }
      kept.push({ time, run, values: byStack });
      kept.sort((a, b) => a.time - b.time);
    }
    return Promise.resolve();
  }

  series(matchers: readonly LabelMatcher[], range: Range): Promise<Series[]> {
    const has = (one: Series): boolean =>
      matchers.every(
        ([name, value]) =>
          ({ ...one.labels, profile: one.profile, sampleType: one.sampleType, unit: one.unit })[name] ===
          value,
      );
    return Promise.resolve(
      this.#series.filter((one) => has(one) && (this.#profiles[one.id] ?? []).some(within(range))),
    );
  }

  timeline(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return Promise.resolve(
      this.#steps(series, range, stepMs, aggregation, (one) => add([...one.values.values()])),
    );
  }

  stackSeries(
    series: readonly number[],
    stack: bigint,
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return Promise.resolve(
      this.#steps(series, range, stepMs, aggregation, (one) => one.values.get(stack) ?? 0),
    );
  }

  growthSums(query: GrowthQuery): Promise<GrowthRow[]> {
    const rows = query.series.flatMap((series) => {
      const profiles = this.#within(series, query);
      const third = (query.to - query.from) / 3;
      const xs = profiles.map((one) => (one.time - query.from) / 1000);
      return this.#stacksIn(profiles).map((stack) => {
        const ys = profiles.map((one) => one.values.get(stack) ?? 0);
        const mean = (take: (time: number) => boolean): number => {
          const taken = ys.filter((_, i) => take(profiles[i]?.time ?? 0));
          return taken.length === 0 ? 0 : add(taken) / taken.length;
        };
        const row: GrowthRow = {
          series,
          stack,
          seen: ys.filter((y) => y !== 0).length,
          sy: add(ys),
          sxy: add(ys.map((y, i) => y * (xs[i] ?? 0))),
          syy: add(ys.map((y) => y * y)),
          early: mean((time) => time < query.from + third),
          late: mean((time) => time >= query.to - third),
          peak: Math.max(...ys),
        };
        return { row, steep: xs.length * row.sxy - add(xs) * row.sy };
      });
    });
    rows.sort((a, b) => b.steep - a.steep);
    return Promise.resolve(rows.slice(0, query.limit ?? 200).map(({ row }) => row));
  }

  points(series: readonly number[], range: Range): Promise<PointSums[]> {
    return Promise.resolve(
      series.map((id) => {
        const xs = this.#within(id, range).map((one) => (one.time - range.from) / 1000);
        return { series: id, n: xs.length, sx: add(xs), sxx: add(xs.map((x) => x * x)) };
      }),
    );
  }

  merge(
    series: readonly number[],
    range: Range,
    aggregation: Exclude<Aggregation, 'max'>,
  ): Promise<ReadonlyMap<bigint, number>> {
    const merged = new Map<bigint, number>();
    for (const id of series) {
      const all = this.#within(id, range);
      const profiles = aggregation === 'last' ? all.slice(-1) : all;
      const by = aggregation === 'sum' ? 1 : profiles.length;
      for (const { values } of profiles)
        for (const [stack, value] of values) merged.set(stack, (merged.get(stack) ?? 0) + value / by);
    }
    return Promise.resolve(new Map([...merged].filter(([, value]) => value !== 0)));
  }

  frames(stacks: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly Frame[]>> {
    return Promise.resolve(
      new Map(
        stacks.flatMap((stack) => (this.#frames.has(stack) ? [[stack, this.#frames.get(stack) ?? []]] : [])),
      ),
    );
  }

  runs(series: readonly number[], range: Range): Promise<Run[]> {
    const runs = series.flatMap((id) => {
      const profiles = this.#within(id, range);
      return [...new Set(profiles.map((one) => one.run))].map((run) => {
        const times = profiles.filter((one) => one.run === run).map((one) => one.time);
        return { series: id, run, first: Math.min(...times), last: Math.max(...times) };
      });
    });
    return Promise.resolve(runs.sort((a, b) => a.first - b.first || a.series - b.series));
  }

  profiles(series: number, range: Range): Promise<KeptProfile[]> {
    return Promise.resolve(
      this.#within(series, range).map(({ time, run, values }) => {
        const kept = [...values].filter(([, value]) => value !== 0);
        return {
          time,
          run,
          stacks: BigInt64Array.from(kept, ([stack]) => stack),
          values: Float64Array.from(kept, ([, value]) => value),
        };
      }),
    );
  }

  hours(): Promise<KeptHour[]> {
    return Promise.resolve([]);
  }

  putHours(): Promise<void> {
    return Promise.reject(new Error('a store of plain arrays has no sums'));
  }

  notes(): Promise<string[]> {
    return Promise.resolve([...this.#notes.keys()].sort());
  }

  retention(): Promise<RetentionReport> {
    return Promise.resolve({ folded: 0, summed: 0, dropped: 0, bytes: 0 });
  }

  remember(name: string, text: string): Promise<void> {
    this.#notes.set(name, text);
    return Promise.resolve();
  }

  remembered(name: string): Promise<string | null> {
    return Promise.resolve(this.#notes.get(name) ?? null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #within(series: number, range: Range): Kept[] {
    return (this.#profiles[series] ?? []).filter(within(range));
  }

  /** Stacks with a value other than 0 somewhere. */
  #stacksIn(profiles: readonly Kept[]): bigint[] {
    const all = profiles.flatMap((one) => [...one.values].filter(([, value]) => value !== 0));
    return [...new Set(all.map(([stack]) => stack))];
  }

  #steps(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
    valueOf: (one: Kept) => number,
  ): Point[] {
    const points = new Map<number, number>();
    for (const id of series) {
      const steps = new Map<number, Kept[]>();
      for (const one of this.#within(id, range)) {
        const step = range.from + Math.floor((one.time - range.from) / stepMs) * stepMs;
        steps.set(step, [...(steps.get(step) ?? []), one]);
      }
      for (const [time, profiles] of steps) {
        const values = profiles.map(valueOf);
        const value = {
          sum: add(values),
          avg: add(values) / values.length,
          max: Math.max(...values),
          last: values.at(-1) ?? 0,
        }[aggregation];
        points.set(time, (points.get(time) ?? 0) + value);
      }
    }
    return [...points].map(([time, value]) => ({ time, value })).sort((a, b) => a.time - b.time);
  }
}
