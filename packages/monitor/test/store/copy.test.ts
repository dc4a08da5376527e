// From one store into another: all of it, once, however often it was stopped; where the two differ in the end it says so.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  copyStore,
  HOUR_MS,
  openClickHouseStore,
  openSqliteStore,
  type ProfileStore,
  StackTree,
  StoreError,
} from '@stackpile/monitor/store';
import { startClickHouse, withoutClickHouse } from '../../../../testing/clickhouse.ts';
import { keyOf, recordOf, seriesOf, START } from './conformance.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-copy-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;
const open = (): Promise<ProfileStore> => openSqliteStore(join(folder, `${made++}.db`));

const EVER = { from: 0, to: 1e15 };
const DAY_MS = 24 * HOUR_MS;
const FIRST = START - (START % DAY_MS);

/** Three days of two services; of the first one only sums are left, the last one is not folded. */
async function filled(): Promise<ProfileStore> {
  const store = await open();
  const tree = new StackTree();
  for (const instance of ['a:1', 'b:1']) {
    const profiles = Array.from({ length: 144 }, (_, i) =>
      recordOf(
        tree,
        FIRST + i * 30 * 60_000,
        { 'main leak': i, [`main f${i % 7}`]: 3 },
        { series: keyOf(instance), run: 1 + Math.floor(i / 50) },
      ),
    );
    await store.putBatch({ tree, profiles });
  }
  await store.retention(FIRST + 2 * DAY_MS, { rawMs: DAY_MS - HOUR_MS, hourlyMs: 1e13, maxBytes: 1e13 });
  await store.remember('watch a', '{"saved":1}');
  return store;
}

/** All that a store has, with series by name. */
async function contents(store: ProfileStore): Promise<unknown> {
  const all = await store.series([], EVER);
  const each = await Promise.all(
    all.map(async ({ id, ...series }) => {
      const profiles = await store.profiles(id, EVER);
      const hours = await store.hours(id, EVER);
      const named = (stacks: BigInt64Array, values: ArrayLike<unknown>): string[] =>
        Array.from(stacks, (stack, i) => `${stack} ${JSON.stringify(values[i])}`).sort();
      return {
        series,
        profiles: profiles.map(({ time, run, stacks, values }) => [time, run, named(stacks, values)]),
        hours: hours.map(({ stacks, sums, times: _, ...hour }) => [hour, named(stacks, sums)]),
        runs: (await store.runs([id], EVER)).map(({ run, first, last }) => [run, first, last]),
      };
    }),
  );
  const text = await store.remembered('watch a');
  return { each: each.map((one) => JSON.stringify(one)).sort(), text };
}

test('a copy that is stopped again and again ends with all of it, once', async () => {
  const [from, to] = [await filled(), await open()];
  let stops = 0;
  for (let puts = 1; ; puts++) {
    const controller = new AbortController();
    let left = puts;
    // Stopped after so many batches, each time a little later.
    const counted = new Proxy(to, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if ((name === 'putBatch' || name === 'putHours') && left-- === 0) controller.abort();
          return Reflect.apply(value, target, args);
        };
      },
    });
    try {
      const report = await copyStore(
        { name: 'a', store: from },
        { name: 'b', store: counted },
        { signal: controller.signal },
      );
      assert.deepEqual(report, { series: 2, profiles: 288, notes: 1 });
      break;
    } catch (error) {
      if (error !== controller.signal.reason) throw error;
      stops++;
    }
  }
  assert.ok(stops > 2, `${stops} stops`);
  assert.deepEqual(await contents(to), await contents(from));
  // Once more copies nothing, and what has come since is copied.
  const tree = new StackTree();
  await from.putBatch({ tree, profiles: [recordOf(tree, FIRST + 4 * DAY_MS, { main: 5 })] });
  for (let times = 0; times < 2; times++)
    assert.equal((await copyStore({ name: 'a', store: from }, { name: 'b', store: to })).profiles, 289);
  assert.deepEqual(await contents(to), await contents(from));
  await from.close();
  await to.close();
});

test('a store that has other profiles of the same series is told, with both counts', async () => {
  const [from, to] = [await filled(), await open()];
  const tree = new StackTree();
  await to.putBatch({ tree, profiles: [recordOf(tree, FIRST + 7, { main: 1 })] });
  await assert.rejects(copyStore({ name: 'a', store: from }, { name: 'b', store: to }), (error) => {
    assert.ok(error instanceof StoreError);
    assert.match(
      error.message,
      /^b: .*shop a:1 goroutine goroutine has \d+ profiles of \d+ in all, not 144 of \d+/u,
    );
    return true;
  });
  await from.close();
  await to.close();
});

test('from SQLite to ClickHouse and back nothing is lost', {
  skip: withoutClickHouse,
  timeout: 120_000,
}, async () => {
  const server = await startClickHouse();
  try {
    const [from, back] = [await filled(), await open()];
    const address = `clickhouse:${server.url}/copy_${process.pid}`;
    const between = await openClickHouseStore(address, { lingerMs: 0 });
    await copyStore({ name: 'a', store: from }, { name: 'b', store: between });
    await copyStore({ name: 'b', store: between }, { name: 'c', store: back });
    assert.deepEqual(await contents(between), await contents(from));
    assert.deepEqual(await contents(back), await contents(from));
    const ids = async (store: ProfileStore): Promise<unknown> =>
      (await store.growthSums({ ...EVER, from: FIRST, series: await seriesOf(store) })).map(
        ({ sy, sxy, seen }) => [sy, sxy, seen],
      );
    assert.deepEqual(await ids(back), await ids(from));
    for (const store of [from, between, back]) await store.close();
    await fetch(server.url, { method: 'POST', body: `DROP DATABASE copy_${process.pid}` });
  } finally {
    await server.stop();
  }
});
