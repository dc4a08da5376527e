// Labels that travel with the async context, as pprof.Do's do in Go.
import { AsyncLocalStorage } from 'node:async_hooks';

/** A set of labels: sorted pairs of key and value. */
export type LabelPairs = readonly (readonly [string, string])[];

/** Values longer than this are cut; a label is no place for a document. */
const MAX_LENGTH = 256;
const MAX_PAIRS = 16;

/** One store for all copies of the package in a process: the tracker that reads it may be another copy's. */
const KEY = Symbol.for('stackpile.agent.labels.1');
const holder = globalThis as { [KEY]?: AsyncLocalStorage<LabelPairs> };

/**
 * Runs `fn` with `labels` on every task that starts within, in addition to the labels that are already there.
 *
 * Before Node 24 the async context is carried by async_hooks, which costs CPU per promise; it starts with the first call.
 *
 * ```ts
 * await withLabels({ job: 'cron' }, () => tick());
 * ```
 */
export function withLabels<T>(labels: Readonly<Record<string, string>>, fn: () => T): T {
  const storage = (holder[KEY] ??= new AsyncLocalStorage<LabelPairs>());
  const merged = new Map(storage.getStore() ?? []);
  for (const [key, value] of Object.entries(labels)) {
    if (merged.size >= MAX_PAIRS && !merged.has(key)) break;
    merged.set(key.slice(0, MAX_LENGTH), String(value).slice(0, MAX_LENGTH));
  }
  return storage.run(Object.freeze([...merged].sort(([a], [b]) => (a < b ? -1 : 1))), fn);
}

/** The labels of the running code; null where there are none. */
export function currentLabels(): LabelPairs | null {
  return holder[KEY]?.getStore() ?? null;
}
