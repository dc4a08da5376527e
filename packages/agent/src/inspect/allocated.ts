// What was allocated since the sampler began, as far as readings of live objects tell: V8 numbers its samples, those that are gone too.
import type { HeapRecord } from './heap-reading.ts';
import { type HeapSite, recordsOf, type SamplingHeapProfile } from './heap-profile.ts';

/** Sites that are kept apart; what is allocated at others is told as what nobody saw. */
const MOST_SITES = 20_000;

/** What was allocated so far. */
export interface Allocations {
  /** By site, of the samples that a reading has met alive. */
  readonly records: readonly HeapRecord[];
  /** Samples that were collected before a reading could meet them: their number is known, their sites are not. */
  readonly unseen: number;
}

function keyOf({ frames, size }: HeapRecord): string {
  const names = frames.map(({ name, scriptId, file, line, column }) => [
    name,
    scriptId ?? file,
    line,
    column,
  ]);
  return JSON.stringify([size, names]);
}

/**
 * Adds up readings of one sampler. Each of its samples has a number, from 1 on: the highest that is alive says how many there have
 * been, and those of a higher number than any before are new.
 */
export class AllocationLedger {
  readonly #most: number;
  readonly #sites = new Map<string, HeapRecord>();
  #highest = 0;
  /** Numbers of the samples of the last reading. */
  #alive: ReadonlySet<number> = new Set();
  #unseen = 0;

  /** @param most sites that are kept apart */
  constructor(most: number = MOST_SITES) {
    this.#most = most;
  }

  /** Adds what is new in a reading. */
  add({ head, samples }: SamplingHeapProfile, interval: number): void {
    const highest = samples.reduce((most, { ordinal }) => Math.max(most, ordinal), 0);
    // One that was not alive before is new: somebody has started the sampler anew.
    const isAnew = samples.some(({ ordinal }) => ordinal <= this.#highest && !this.#alive.has(ordinal));
    if (isAnew) this.#highest = 0;
    this.#alive = new Set(samples.map(({ ordinal }) => ordinal));
    if (highest <= this.#highest) return;
    const fresh = samples.filter(({ ordinal }) => ordinal > this.#highest);
    this.#unseen += highest - this.#highest - fresh.length;
    this.#highest = highest;
    for (const record of recordsOf({ head, samples: fresh }, interval)) this.#addRecord(record);
  }

  #addRecord(record: HeapRecord): void {
    const key = keyOf(record);
    const known = this.#sites.get(key);
    if (known === undefined && this.#sites.size >= this.#most) {
      this.#unseen += record.count;
      return;
    }
    const { count = 0, bytes = 0 } = known ?? {};
    this.#sites.set(key, { ...record, count: count + record.count, bytes: bytes + record.bytes });
  }

  /** What was allocated until the last reading. */
  read(): Allocations {
    return { records: [...this.#sites.values()], unseen: this.#unseen };
  }
}

/** Allocations beside what is alive of them; live memory outside of the heap was allocated where nobody counts. */
export function allocationSites(
  { records, unseen }: Allocations,
  live: readonly HeapRecord[],
  interval: number,
): HeapSite[] {
  const alive = new Map(live.map((record) => [keyOf(record), record]));
  const out: HeapSite[] = records.map((allocated) => {
    const key = keyOf(allocated);
    const record = alive.get(key) ?? null;
    alive.delete(key);
    return { allocated, live: record };
  });
  for (const record of alive.values())
    out.push({ allocated: { ...record, count: 0, bytes: 0 }, live: record });
  if (unseen > 0) {
    const frames = [{ name: '(collected before it was seen)', file: '', line: 0 }];
    out.push({ allocated: { frames, size: 0, count: 0, bytes: unseen * interval }, live: null });
  }
  return out;
}
