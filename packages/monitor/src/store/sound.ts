// What every store asks of records and of questions, before anything is done with them.
import type { StoreError } from '../errors.ts';
import { storeError } from './failure.ts';
import type { IngestBatch, ProfileRecord, Range, Series, SeriesKey } from './model.ts';
import type { StackTree } from './stack-tree.ts';

/** Rows of growth where a question names no limit. */
export const DEFAULT_LIMIT = 200;

/** Checks on behalf of the store `name`, which their errors begin with. */
export class Sound {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  usage(why: string): StoreError {
    return storeError(this.#name, 'STORE_USAGE', why);
  }

  /** @throws StoreError */
  range({ from, to }: Range): void {
    if (!Number.isFinite(from) || !Number.isFinite(to) || to < from)
      throw this.usage(`a range from ${from} to ${to}`);
  }

  /** @throws StoreError */
  step(stepMs: number): void {
    if (!(stepMs >= 1)) throw this.usage(`a step of ${stepMs} ms`);
  }

  /** @throws StoreError */
  limit(limit: number): void {
    if (!Number.isInteger(limit) || limit < 0) throw this.usage(`a limit of ${limit}`);
  }

  /** @throws StoreError */
  batch({ profiles, tree }: IngestBatch): void {
    for (const profile of profiles) this.#profile(profile, tree);
  }

  #profile({ time, run, nodes, values }: ProfileRecord, tree: StackTree): void {
    if (!Number.isSafeInteger(time) || time < 0) throw this.usage(`a profile of time ${time}`);
    if (!Number.isSafeInteger(run)) throw this.usage(`a run ${run}`);
    if (nodes.length !== values.length)
      throw this.usage(`${nodes.length} stacks and ${values.length} values`);
    for (const node of nodes) if (node >= tree.length) throw this.usage(`a stack ${node} of ${tree.length}`);
  }
}

/** What tells a series apart, as a text: labels in order. */
export function keyOf(key: SeriesKey): string {
  const labels = Object.entries(key.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([labels, key.profile, key.sampleType, key.unit, key.kind]);
}

/** Of a series, by the name that a matcher has for it. */
export function labelOf(series: Series, name: string): string | undefined {
  if (name === 'profile' || name === 'sampleType' || name === 'unit') return series[name];
  return Object.hasOwn(series.labels, name) ? series.labels[name] : undefined;
}
