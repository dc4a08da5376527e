// Values of several series by steps of time: within a series one value a step, over the series their sum.
import { type Aggregation, type Point, stepOf } from './model.ts';

interface Many {
  readonly n: number;
  readonly sum: number;
  readonly max: number;
  readonly last: number;
}

interface Step {
  /** Values of profiles by their time. */
  values: Map<number, number>;
  /** Of hours that are sums. */
  many: Many[];
}

export class Steps {
  readonly #from: number;
  readonly #stepMs: number;
  readonly #aggregation: Aggregation;
  readonly #totals = new Map<number, number>();
  #steps = new Map<number, Step>();

  constructor(from: number, stepMs: number, aggregation: Aggregation) {
    this.#from = from;
    this.#stepMs = stepMs;
    this.#aggregation = aggregation;
  }

  /** The next series. */
  begin(): void {
    this.#finish();
  }

  /** The value of the profile of that time; of two, the later word counts. */
  add(time: number, value: number): void {
    this.#step(time).values.set(time, value);
  }

  /** An hour of profiles of which only sums are left. */
  addMany(time: number, many: Many): void {
    this.#step(time).many.push(many);
  }

  /** In order of time. */
  points(): Point[] {
    this.#finish();
    return [...this.#totals].map(([time, value]) => ({ time, value })).sort((a, b) => a.time - b.time);
  }

  #step(time: number): Step {
    const at = stepOf(time, this.#from, this.#stepMs);
    let step = this.#steps.get(at);
    if (step === undefined) this.#steps.set(at, (step = { values: new Map(), many: [] }));
    return step;
  }

  #finish(): void {
    for (const [time, step] of this.#steps)
      this.#totals.set(time, (this.#totals.get(time) ?? 0) + aggregated(step, this.#aggregation));
    this.#steps = new Map();
  }
}

function aggregated({ values, many }: Step, aggregation: Aggregation): number {
  const sum = [...values.values(), ...many.map((one) => one.sum)].reduce((a, b) => a + b, 0);
  switch (aggregation) {
    case 'sum':
      return sum;
    case 'avg':
      return sum / (values.size + many.reduce((n, one) => n + one.n, 0));
    case 'max':
      return [...values.values(), ...many.map((one) => one.max)].reduce((a, b) => Math.max(a, b));
    case 'last': {
      let last: readonly [number, number] | undefined;
      for (const entry of values) if (last === undefined || entry[0] > last[0]) last = entry;
      return last?.[1] ?? many.at(-1)?.last ?? 0;
    }
  }
}
