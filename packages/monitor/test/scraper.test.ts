// The runs of a target: one number each, however its beginning is rounded, also where the monitor itself was started anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Counters, readCounters } from '@stackpile/profile';
import type { Service } from '@stackpile/sources';
import { Scraper } from '../src/scraper.ts';
import { SharedTree } from '../src/shared-tree.ts';
import type { Target } from '../src/target.ts';
import { NaiveStore } from './store/naive.ts';

const MINUTE = 60_000;
/** On the edge between two tens of seconds: a millisecond decides to which of them it is rounded. */
const BEGAN = 1_000_000_005_000;

/** Looks of one scraper at a process that says so; it ends with the last reading. */
async function looked(
  store: NaiveStore,
  readings: readonly { readonly at: number; readonly began: number }[],
): Promise<Scraper> {
  const ended = new AbortController();
  const clock = { now: () => readings[at]?.at ?? 0, sleep: () => Promise.resolve() };
  let at = 0;
  const counters = (): Promise<Counters> => {
    const { at: time = 0, began = 0 } = readings[at] ?? {};
    if (at === readings.length - 1) ended.abort();
    const read = { schema: 'stackpile.counters/1', pid: 1, time, uptime: (time - began) / 1000, rss: 1e8 };
    at++;
    return Promise.resolve(readCounters(read));
  };
  const service: Service = {
    name: 'shop',
    kind: 'agent',
    heavy: false,
    restarts: 0,
    offers: () => Promise.resolve({ schema: 'stackpile.offers/1', offers: [] }),
    counters,
    capture: () => Promise.reject(new Error('it offers none')),
    close: () => Promise.resolve(),
  };
  const target: Target = {
    name: 'shop',
    labels: { job: 'shop', instance: 'shop:1' },
    url: 'http://shop:1',
    plan: { every: 1, profiles: [], leaks: {} },
    access: '',
    open: () => Promise.resolve(service),
  };
  const events = { looked: () => undefined, kept: () => undefined, lost: () => undefined };
  const scraper = new Scraper(target, new SharedTree(), store, events, clock);
  await scraper.restore();
  await scraper.run(ended.signal);
  await scraper.save();
  return scraper;
}

async function runsIn(store: NaiveStore): Promise<number> {
  const all = { from: 0, to: 2 * BEGAN };
  const [rss] = (await store.series([], all)).filter(({ sampleType }) => sampleType === 'rss');
  return new Set((await store.runs([rss?.id ?? -1], all)).map(({ run }) => run)).size;
}

test('a run has one number, to whichever side its beginning is rounded', async () => {
  const store = new NaiveStore();
  const jitter = [0, -1, 2, -3, 1];
  const readings = jitter.map((late, k) => ({ at: BEGAN + (k + 1) * MINUTE, began: BEGAN + late }));
  const { state } = await looked(store, readings);
  assert.equal(state.looks, readings.length);
  assert.equal(await runsIn(store), 1);
  // Another monitor goes on with it.
  await looked(store, [{ at: BEGAN + 20 * MINUTE, began: BEGAN - 1 }]);
  assert.equal(await runsIn(store), 1);
});

test('a process that began anew is another run, also if it did while nobody looked', async () => {
  const store = new NaiveStore();
  const first = [1, 2].map((k) => ({ at: BEGAN + k * MINUTE, began: BEGAN }));
  const second = [4, 5].map((k) => ({ at: BEGAN + k * MINUTE, began: BEGAN + 3 * MINUTE }));
  const { state } = await looked(store, [...first, ...second]);
  assert.equal(state.restarts, 1);
  assert.equal(await runsIn(store), 2);
  await looked(store, [{ at: BEGAN + 20 * MINUTE, began: BEGAN + 19 * MINUTE }]);
  assert.equal(await runsIn(store), 3);
});
