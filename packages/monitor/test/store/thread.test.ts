// The store on its own thread: the same answers, what is refused when it cannot keep up or dies, and an event loop that stays free.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import {
  HOUR_MS,
  openStoreOnThread,
  parseStorePlace,
  type ProfileStore,
  ROOT,
  StackTree,
  StoreError,
  type StoreErrorCode,
} from '@stackpile/monitor/store';
import { conforms, recordOf, seriesOf, START } from './conformance.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-thread-'));
after(() => rmSync(folder, { recursive: true }));

const EVER = { from: 0, to: 1e15 };
const FOREVER = { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 };
let made = 0;
const paths = new WeakMap<ProfileStore, string>();
async function open(path = join(folder, `${made++}.db`), mostWaiting = 1e7): Promise<ProfileStore> {
  const store = await openStoreOnThread(parseStorePlace(`sqlite:${path}`), { mostWaiting });
  paths.set(store, path);
  return store;
}

function refuses(work: Promise<unknown>, code: StoreErrorCode): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

describe('a store on its own thread', { timeout: 120_000 }, () => {
  conforms(
    {
      open: () => open(),
      async reopen(store) {
        await store.close();
        return open(paths.get(store));
      },
    },
    { runs: 2 },
  );

  test('frames whose texts no database keeps have the same numbers on both sides', async () => {
    const store = await open();
    const tree = new StackTree();
    // Two frames here, of which nothing is left that tells them apart.
    const nodes = ['a\0', 'a\uD800', 'b'].map((name) => tree.node(ROOT, tree.frame(name, 'x.ts', 1)));
    const profile = {
      ...recordOf(tree, START, { main: 1 }),
      nodes: Uint32Array.from(nodes),
      values: Float64Array.of(1, 2, 4),
    };
    await store.putBatch({ tree, profiles: [profile] });
    const later = tree.node(ROOT, tree.frame('c', 'x.ts', 1));
    await store.putBatch({
      tree,
      profiles: [{ ...profile, time: START + 1, nodes: Uint32Array.of(later), values: Float64Array.of(8) }],
    });
    const merged = await store.merge(await seriesOf(store), EVER, 'sum');
    const frames = await store.frames([...merged.keys()]);
    const values = Object.fromEntries(
      [...merged].map(([stack, value]) => [frames.get(stack)?.[0]?.function ?? '', value]),
    );
    assert.deepEqual(values, { 'a\uFFFD': 3, b: 4, c: 8 });
    await store.close();
  });

  test('more than may be on its way is refused, and what was taken is kept; close keeps first what was given before', async () => {
    const path = join(folder, `${made++}.db`);
    const store = await open(path, 1000);
    const tree = new StackTree();
    const puts = Array.from({ length: 500 }, (_, i) =>
      store.putBatch({ tree, profiles: [recordOf(tree, START + i, { main: i + 1 })] }),
    );
    const outcomes = Promise.allSettled(puts);
    // Its puts come first: they were called first.
    await Promise.resolve();
    const closed = store.close();
    const settled = await outcomes;
    await closed;
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as StoreError] : []));
    assert.ok(refused.length > 0 && refused.length < 500, `${refused.length} refused`);
    assert.deepEqual([...new Set(refused.map(({ code }) => code))], ['STORE_BUSY']);
    await refuses(store.points([1], EVER), 'STORE_CLOSED');
    await store.close();
    const again = await open(path);
    const [points] = await again.points(await seriesOf(again), EVER);
    assert.equal(points?.n, 500 - refused.length);
    await again.close();
  });

  test('errors keep their code, and what cannot be opened is refused', async () => {
    await refuses(open(folder), 'STORE_UNREADABLE');
    const store = await open();
    await refuses(open(paths.get(store)), 'STORE_LOCKED');
    await refuses(store.timeline([1], { from: 2, to: 1 }, 1000, 'avg'), 'STORE_USAGE');
    const tree = new StackTree();
    await refuses(
      store.putBatch({ tree, profiles: [recordOf(tree, Number.NaN, { main: 1 })] }),
      'STORE_USAGE',
    );
    await store.close();
  });

  test('a thread that dies refuses what it was doing, and the next call starts another on the same file', async () => {
    const path = join(folder, `${made++}.db`);
    const threads: Worker[] = [];
    const see = (worker: Worker): number => threads.push(worker);
    process.on('worker', see);
    const store = await open(path);
    const tree = new StackTree();
    const put = (i: number): Promise<void> =>
      store.putBatch({ tree, profiles: [recordOf(tree, START + i, { 'main leak': i + 1 })] });
    await put(0);
    assert.equal(threads.length, 1);
    // Asked to end before it has read any of them.
    const ended = threads[0]?.terminate();
    const puts = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => put(i + 1)));
    await ended;
    const kept = puts.flatMap(({ status }, i) => (status === 'fulfilled' ? [i + 2] : []));
    const refused = puts.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as StoreError).code] : [],
    );
    assert.deepEqual([...new Set(refused)], ['STORE_UNREADABLE']);
    await put(1000);
    const values = (await store.timeline(await seriesOf(store), EVER, 1, 'sum')).map(({ value }) => value);
    process.off('worker', see);
    assert.equal(threads.length, 2);
    assert.equal(new Set(values).size, values.length);
    for (const value of [1, ...kept, 1001]) assert.ok(values.includes(value), `${value} is there`);
    await store.close();
  });

  test('others have their turn while hours are folded, and a close in the middle does not wait for all of them', async () => {
    const store = await open();
    const tree = new StackTree();
    for (let hour = 0; hour < 200; hour++) {
      const profiles = Array.from({ length: 30 }, (_, i) =>
        recordOf(
          tree,
          START + hour * HOUR_MS + i * 60_000,
          Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`main f${n}`, i * n])),
        ),
      );
      await store.putBatch({ tree, profiles });
    }
    const order: string[] = [];
    const folding = store.retention(START + 300 * HOUR_MS, FOREVER).then(
      () => order.push('folded'),
      (error: unknown) => order.push(error instanceof StoreError ? error.code : String(error)),
    );
    await store.points([1], EVER);
    order.push('asked');
    await store.close();
    await folding;
    assert.equal(order[0], 'asked');
    const again = await open(paths.get(store));
    const [points] = await again.points(await seriesOf(again), EVER);
    assert.equal(points?.n, 6000);
    await again.close();
  });
});
