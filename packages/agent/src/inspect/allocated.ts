// What was allocated since the sampler began, as far as readings of live objects tell: V8 numbers its samples, those that are gone too.
import type { Frame } from '../frames.ts';
import type { HeapRecord } from './heap-reading.ts';
import { type HeapSite, recordsOf, type SamplingHeapProfile } from './heap-profile.ts';
import { InternedStacks, type PackedStacks, packStacks, unpackStacks } from './interned-stacks.ts';

/** Sites that are kept apart; what is allocated at others is told as what nobody saw. */
const MOST_SITES = 20_000;

/** What was allocated so far. */
export interface Allocations {
  /** By site, of the samples that a reading has met alive. */
  readonly records: readonly HeapRecord[];
  /** Samples that were collected before a reading could meet them: their number is known, their sites are not. */
  readonly unseen: number;
}

/** A ledger as it is written down. */
export interface SavedAllocations extends PackedStacks {
  readonly records: readonly (readonly [size: number, count: number, bytes: number])[];
  readonly highest: number;
  readonly alive: readonly (readonly [ordinal: number, what: string])[];
  readonly unseen: number;
}

/** A key by site and size, or null where the stack has none. */
function siteKey({ size }: HeapRecord, stack: string | null): string | null {
  return stack === null ? null : `${size}:${stack}`;
}

/**
 * Adds up readings of one sampler. Each of its samples has a number, from 1 on: the highest that is alive says how many there have
 * been, and those of a higher number than any before are new. Nothing is ever taken off again: whatever a sampler says, no sum falls.
 */
export class AllocationLedger {
  readonly #most: number;
  readonly #stacks = new InternedStacks();
  readonly #records = new Map<string, HeapRecord>();
  #highest = 0;
  /** Samples of the last reading by their numbers, each as what it stays for as long as it is alive. */
  #alive: ReadonlyMap<number, string> = new Map();
  #unseen = 0;
  #restored: readonly Frame[] = [];

  /** @param most sites that are kept apart */
  constructor(most: number = MOST_SITES) {
    this.#most = most;
  }

  /** Adds what is new in a reading; false where nothing is. */
  add({ head, samples }: SamplingHeapProfile, interval: number): boolean {
    const highest = samples.reduce((most, { ordinal }) => Math.max(most, ordinal), 0);
    const alive = new Map(samples.map(({ ordinal, size, nodeId }) => [ordinal, `${size} ${nodeId}`]));
    // One that was not alive before, or was another one, is new: somebody has started the sampler anew.
    const isAnew = [...alive].some(
      ([ordinal, what]) => ordinal <= this.#highest && this.#alive.get(ordinal) !== what,
    );
    if (isAnew) this.#highest = 0;
    this.#alive = alive;
    if (highest <= this.#highest) return isAnew;
    const fresh = samples.filter(({ ordinal }) => ordinal > this.#highest);
    const records = recordsOf({ head, samples: fresh }, interval);
    const met = records.reduce((sum, { count }) => sum + count, 0);
    // One whose site the reading does not tell has not been met.
    this.#unseen += Math.max(0, highest - this.#highest - met);
    this.#highest = highest;
    for (const record of records) this.#addRecord(record);
    return true;
  }

  #addRecord(record: HeapRecord): void {
    const isFull = this.#records.size >= this.#most;
    const { frames } = record;
    const stack = isFull ? this.#stacks.knownKeyOf(frames) : this.#stacks.keyOf(frames);
    const key = siteKey(record, stack);
    const known = key === null ? undefined : this.#records.get(key);
    if (key === null || (known === undefined && isFull)) {
      this.#unseen += record.count;
      return;
    }
    const { count, bytes } = known ?? { count: 0, bytes: 0 };
    this.#records.set(key, {
      ...(known ?? { ...record, frames: this.#stacks.shared(frames) }),
      count: count + record.count,
      bytes: bytes + record.bytes,
    });
  }

  /** What is kept: a program that makes functions all the time fills no more than there is room for. */
  get kept(): { readonly sites: number; readonly frames: number } {
    return { sites: this.#records.size, frames: this.#stacks.frames };
  }

  /** All of it, for {@link restore}. */
  save(): SavedAllocations {
    const records = [...this.#records.values()];
    return {
      ...packStacks(records.map(({ frames }) => frames)),
      records: records.map(({ size, count, bytes }) => [size, count, bytes]),
      highest: this.#highest,
      alive: [...this.#alive],
      unseen: this.#unseen,
    };
  }

  /** Goes on from what another one was: the sampler is the same, or was started anew, which the next reading tells. */
  restore(saved: SavedAllocations): void {
    this.#restored = saved.frames;
    unpackStacks(saved).forEach((frames, i) => {
      const [size, count, bytes] = saved.records[i] ?? [0, 0, 0];
      this.#addRecord({ frames, size, count, bytes });
    });
    this.#highest = saved.highest;
    this.#alive = new Map(saved.alive);
    this.#unseen += saved.unseen;
  }

  /** Frames of what was restored, the first time: nobody has looked up yet where they were written, and they may be in no reading any more. */
  takeRestored(): readonly Frame[] {
    const frames = this.#restored;
    this.#restored = [];
    return frames;
  }

  /** What was allocated until the last reading. */
  read(): Allocations {
    return { records: [...this.#records.values()], unseen: this.#unseen };
  }
}

/** Allocations beside what is alive of them; live memory outside of the heap was allocated where nobody counts. */
export function allocationSites(
  { records, unseen }: Allocations,
  live: readonly HeapRecord[],
  interval: number,
): HeapSite[] {
  const stacks = new InternedStacks();
  const keyOf = (record: HeapRecord): string | null => siteKey(record, stacks.keyOf(record.frames));
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
