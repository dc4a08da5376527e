// All that one store has, into another: series by series, day by day, so that a copy that was stopped goes on where it was.
import { storeError } from './failure.ts';
import { HOUR_MS, type KeptHour, type ProfileStore, type Series } from './model.ts';
import { keyOf } from './sound.ts';
import { ROOT, StackTree } from './stack-tree.ts';

/** A store that is copied, or into which, and what it is called. */
export interface NamedStore {
  readonly name: string;
  readonly store: ProfileStore;
}

export interface CopyEvents {
  /** After every series: how many of all are done. */
  copied?(done: number, all: number): void;
  readonly signal?: AbortSignal;
}

export interface CopyReport {
  readonly series: number;
  /** Those that both have now, in hours of which only sums are left too. */
  readonly profiles: number;
  readonly notes: number;
}

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const DAY_MS = 24 * HOUR_MS;
const PROFILES_AT_ONCE = 500;
const MOST_STACKS = 300_000;
const MARK = 'copy of ';

/** Where a copy is: what comes before it in order is done. */
interface Mark {
  readonly key: string;
  readonly day: number;
}

/**
 * Copies everything, then compares for each series how many profiles both have and what their values add up to. Whatever is there
 * already is not copied twice.
 *
 * @throws StoreError where they differ in the end, or one of them fails; the same call goes on from there
 */
export async function copyStore(
  from: NamedStore,
  to: NamedStore,
  events: CopyEvents = {},
): Promise<CopyReport> {
  const copy = new Copy(from, to, events.signal);
  const all = (await from.store.series([], EVER))
    .map((series) => ({ series, key: keyOf(series) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const mark = await copy.mark();
  let profiles = 0;
  for (const [i, { series, key }] of all.entries()) {
    // What was done in an earlier run is only compared, and copied again if it has grown since.
    if (mark === null || key >= mark.key) await copy.series(series, mark?.key === key ? mark.day : 0);
    else if (!(await copy.isSame(series))) await copy.series(series, 0);
    profiles += await copy.expectSame(series);
    events.copied?.(i + 1, all.length);
  }
  const notes = await copy.notes();
  await copy.forgetMark();
  return { series: all.length, profiles, notes };
}

interface Sums {
  readonly n: number;
  readonly total: number;
}

class Copy {
  readonly #from: NamedStore;
  readonly #to: NamedStore;
  readonly #signal: AbortSignal | undefined;
  #tree = new StackTree();
  #nodes = new Map<bigint, number>();

  constructor(from: NamedStore, to: NamedStore, signal: AbortSignal | undefined) {
    this.#from = from;
    this.#to = to;
    this.#signal = signal;
  }

  async mark(): Promise<Mark | null> {
    const text = await this.#to.store.remembered(this.#markName());
    if (text === null || text === '') return null;
    const read: unknown = JSON.parse(text);
    const [key, day] = Array.isArray(read) ? (read as unknown[]) : [];
    return typeof key === 'string' && typeof day === 'number' ? { key, day } : null;
  }

  async forgetMark(): Promise<void> {
    await this.#to.store.remember(this.#markName(), '');
  }

  /** Copies a series from a day on. */
  async series(series: Series, firstDay: number): Promise<void> {
    const days = await this.#from.store.timeline([series.id], EVER, DAY_MS, 'sum');
    for (const { time: day } of days) {
      if (day < firstDay) continue;
      this.#signal?.throwIfAborted();
      await this.#to.store.remember(this.#markName(), JSON.stringify([keyOf(series), day]));
      await this.#day(series, day);
      if (this.#tree.length > MOST_STACKS) {
        this.#tree = new StackTree();
        this.#nodes = new Map();
      }
    }
  }

  /** What a monitor has remembered, unless the other store knows better. */
  async notes(): Promise<number> {
    let copied = 0;
    for (const name of await this.#from.store.notes()) {
      if (name.startsWith(MARK) || (await this.#to.store.remembered(name)) !== null) continue;
      const text = await this.#from.store.remembered(name);
      if (text === null) continue;
      await this.#to.store.remember(name, text);
      copied++;
    }
    return copied;
  }

  async isSame(series: Series): Promise<boolean> {
    const [from, to] = await this.#both(series);
    return from.n === to.n && Math.abs(from.total - to.total) <= 1e-9 * Math.abs(from.total);
  }

  /** How many profiles both have. */
  async expectSame(series: Series): Promise<number> {
    const [from, to] = await this.#both(series);
    if (await this.isSame(series)) return from.n;
    const name = Object.values(series.labels).join(' ');
    throw storeError(
      this.#to.name,
      'STORE_USAGE',
      `${name} ${series.profile} ${series.sampleType} has ${to.n} profiles of ${to.total} in all, not ${from.n} of ${from.total}: other profiles of it are there`,
    );
  }

  async #both(series: Series): Promise<readonly [Sums, Sums]> {
    const there = await this.#there(series);
    return [
      await sumsOf(this.#from.store, series.id),
      there === null ? { n: 0, total: 0 } : await sumsOf(this.#to.store, there),
    ];
  }

  /** The number that the series has in the other store. */
  async #there(series: Series): Promise<number | null> {
    const key = keyOf(series);
    const { profile, sampleType, unit } = series;
    const matchers = Object.entries({ ...series.labels, profile, sampleType, unit });
    const found = await this.#to.store.series(matchers, EVER);
    return found.find((one) => keyOf(one) === key)?.id ?? null;
  }

  async #day(series: Series, day: number): Promise<void> {
    const range = { from: day, to: day + DAY_MS };
    await this.#hours(series, await this.#from.store.hours(series.id, range), range);
    const profiles = await this.#from.store.profiles(series.id, range);
    for (let at = 0; at < profiles.length; at += PROFILES_AT_ONCE) {
      this.#signal?.throwIfAborted();
      const piece = profiles.slice(at, at + PROFILES_AT_ONCE);
      await this.#learn(piece.flatMap(({ stacks }) => [...stacks]));
      await this.#to.store.putBatch({
        tree: this.#tree,
        profiles: piece.map(({ time, run, stacks, values }) => ({
          series,
          time,
          run,
          nodes: this.#nodesOf(stacks),
          values,
        })),
      });
    }
  }

  /** Of hours that have anything in the other store already nothing is copied: what they have is compared in the end. */
  async #hours(
    series: Series,
    hours: readonly KeptHour[],
    range: { from: number; to: number },
  ): Promise<void> {
    if (hours.length === 0) return;
    const id = await this.#there(series);
    const have = id === null ? [] : await this.#to.store.timeline([id], range, HOUR_MS, 'sum');
    const taken = new Set(have.map(({ time }) => time));
    const missing = hours.filter(({ hour }) => !taken.has(hour));
    await this.#learn(missing.flatMap(({ stacks }) => [...stacks]));
    await this.#to.store.putHours({
      tree: this.#tree,
      hours: missing.map(({ stacks, ...hour }) => ({ ...hour, series, nodes: this.#nodesOf(stacks) })),
    });
  }

  /** Puts stacks into the tree. */
  async #learn(stacks: readonly bigint[]): Promise<void> {
    const missing = [...new Set(stacks)].filter((stack) => !this.#nodes.has(stack));
    if (missing.length === 0) return;
    const frames = await this.#from.store.frames(missing);
    for (const stack of missing) {
      let node = ROOT;
      for (const { function: name, file, line } of (frames.get(stack) ?? []).toReversed())
        node = this.#tree.node(node, this.#tree.frame(name, file, line));
      if (node === ROOT || this.#tree.id(node) !== stack)
        throw storeError(this.#from.name, 'STORE_CORRUPT', `the frames of stack ${stack} are not its own`);
      this.#nodes.set(stack, node);
    }
  }

  #nodesOf(stacks: BigInt64Array): Uint32Array {
    return Uint32Array.from(stacks, (stack) => this.#nodes.get(stack) ?? 0);
  }

  #markName(): string {
    return `${MARK}${this.#from.name}`;
  }
}

async function sumsOf(store: ProfileStore, id: number): Promise<Sums> {
  const [points] = await store.points([id], EVER);
  const [total] = await store.timeline([id], EVER, EVER.to, 'sum');
  return { n: points?.n ?? 0, total: total?.value ?? 0 };
}
