// The store on a ClickHouse server: what every store answers, what becomes of days that are over, and a server that goes away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  HOUR_MS,
  openClickHouseStore,
  type ProfileStore,
  StackTree,
  StoreError,
  type StoreErrorCode,
} from '@stackpile/monitor/store';
import {
  type ClickHouseServer,
  startChdb,
  startClickHouse,
  withoutChdb,
  withoutClickHouse,
} from '../../../../testing/clickhouse.ts';
import { closedPort } from '../../../../testing/listening.ts';
import { conforms, recordOf, seriesOf, START } from './conformance.ts';

const EVER = { from: 0, to: 1e15 };
const DAY_MS = 24 * HOUR_MS;
const FOREVER = { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 };
const MIDNIGHT = START - (START % DAY_MS);
/** `?cluster=NAME`, to have the tables on all servers of a cluster. */
const cluster = process.env['STACKPILE_TEST_CLICKHOUSE_QUERY'] ?? '';
const QUICK = { lingerMs: 0, retryMs: 10_000, timeoutMs: 10_000 };

function refuses(work: Promise<unknown>, code: StoreErrorCode, text: RegExp): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

/** A server that somebody else has started is not ours to kill, nor is an engine in another process. */
const isOurs = (process.env['STACKPILE_TEST_CLICKHOUSE'] ?? '') === '';

for (const { name, skip, start, canBeKilled } of [
  {
    name: 'an old ClickHouse server',
    skip: withoutClickHouse,
    start: startClickHouse,
    canBeKilled: isOurs,
  },
  { name: 'the present ClickHouse engine', skip: withoutChdb, start: startChdb, canBeKilled: false },
]) {
  describe(`a store on ${name}`, { skip, timeout: 300_000 }, () => {
    testsOn(start, canBeKilled);
  });
}

function testsOn(start: () => Promise<ClickHouseServer>, canBeKilled: boolean): void {
  let server: ClickHouseServer;
  let made = 0;
  const addresses = new WeakMap<ProfileStore, string>();
  const run = `${process.pid}_${Date.now() % 1e6}`;
  const addressOf = (database: string): string => `clickhouse:${server.url}/${database}${cluster}`;
  const open = async (address = addressOf(`t${run}_${made++}`)): Promise<ProfileStore> => {
    const store = await openClickHouseStore(address, QUICK);
    addresses.set(store, address);
    return store;
  };
  const reopen = async (store: ProfileStore): Promise<ProfileStore> => {
    await store.close();
    return open(addresses.get(store));
  };
  const sql = async (query: string): Promise<string> => {
    const answer = await fetch(server.url, { method: 'POST', body: query });
    const said = await answer.text();
    assert.ok(answer.ok, said);
    return said;
  };
  before(async () => {
    server = await start();
  });
  after(async () => {
    for (let i = 0; i < made; i++) await sql(`DROP DATABASE IF EXISTS t${run}_${i}`);
    await server.stop();
  });

  describe('as every store', () => {
    conforms({ open: () => open(), reopen }, { runs: 2 });
  });

  test('two monitors at once, and rounds that were cut off, sum a day once', async () => {
    const one = await open();
    const two = await openClickHouseStore(addresses.get(one) ?? '', QUICK);
    const tree = new StackTree();
    const profiles = Array.from({ length: 48 }, (_, i) =>
      recordOf(tree, MIDNIGHT + i * 30 * 60_000, { 'main leak': i, 'main other': 7 }),
    );
    await one.putBatch({ tree, profiles });
    await two.putBatch({ tree, profiles });
    const ids = await seriesOf(one);
    const sums = async (): Promise<unknown> => [
      (await one.growthSums({ ...EVER, from: MIDNIGHT, series: ids })).map(({ sy, syy, sxy, seen, peak }) => [
        sy,
        syy,
        sxy,
        seen,
        peak,
      ]),
      await one.points(ids, { ...EVER, from: MIDNIGHT }),
    ];
    const expected = await sums();
    // As after a monitor that was killed between the sums and the end of the profiles: both are there, and count once.
    const database = new URL((addresses.get(one) ?? '').slice('clickhouse:'.length)).pathname.slice(1);
    await sql(`CREATE TABLE ${database}.saved AS ${database}.profile`);
    await sql(`INSERT INTO ${database}.saved SELECT * FROM ${database}.profile`);
    const old = { ...FOREVER, rawMs: 0 };
    const reports = await Promise.all([one, two].map((store) => store.retention(MIDNIGHT + 3 * DAY_MS, old)));
    assert.ok(reports.some(({ summed }) => summed >= 24));
    assert.equal(await sql(`SELECT count() FROM ${database}.profile`), '0\n');
    assert.deepEqual(await sums(), expected);
    await sql(`INSERT INTO ${database}.profile SELECT * FROM ${database}.saved`);
    assert.deepEqual(await sums(), expected);
    await one.retention(MIDNIGHT + 3 * DAY_MS, old);
    assert.deepEqual(await sums(), expected);
    await Promise.all([one.close(), two.close()]);
  });

  test('what is beyond its time or its bytes is dropped, the oldest days first, with the stacks that nobody names', async () => {
    const store = await open();
    const tree = new StackTree();
    for (let day = 0; day < 70; day += 10)
      await store.putBatch({
        tree,
        profiles: [recordOf(tree, MIDNIGHT + day * DAY_MS, { [`main day${day}`]: 1 + day })],
      });
    const ids = await seriesOf(store);
    const stacks = [...(await store.merge(ids, EVER, 'sum')).keys()];
    const policy = { rawMs: DAY_MS, hourlyMs: 25 * DAY_MS, maxBytes: 1e12 };
    const report = await store.retention(MIDNIGHT + 62 * DAY_MS, policy);
    assert.deepEqual({ ...report, bytes: 0 }, { folded: 0, summed: 6, dropped: 4, bytes: 0 });
    const times = (await store.timeline(ids, EVER, DAY_MS, 'sum')).map(({ value }) => value);
    assert.deepEqual(times, [41, 51, 61]);
    assert.ok((await store.frames(stacks)).size < 7);
    const kept = [...(await store.merge(ids, EVER, 'sum')).keys()];
    assert.equal((await store.frames(kept)).size, 3, 'frames of what is kept are kept');
    await store.retention(MIDNIGHT + 62 * DAY_MS, { ...policy, maxBytes: 0 });
    assert.deepEqual(
      (await store.timeline(ids, EVER, DAY_MS, 'sum')).map(({ value }) => value),
      [61],
    );
    await store.close();
  });

  test('more than may wait is refused, what was taken before is kept', async () => {
    const address = addressOf(`t${run}_${made++}`);
    const store = await openClickHouseStore(address, { ...QUICK, lingerMs: 60_000, mostWaiting: 100 });
    const tree = new StackTree();
    const put = (i: number): Promise<void> =>
      store.putBatch({ tree, profiles: [recordOf(tree, START + i, { main: i })] });
    const outcomes = Promise.allSettled(Array.from({ length: 20 }, (_, i) => put(i)));
    // Closing sends what waits.
    await store.close();
    const settled = await outcomes;
    const kept = settled.filter(({ status }) => status === 'fulfilled').length;
    assert.ok(kept > 0 && kept < 20);
    for (const one of settled)
      if (one.status === 'rejected') assert.equal((one.reason as StoreError).code, 'STORE_BUSY');
    const again = await open(address);
    const [points] = await again.points(await seriesOf(again), EVER);
    assert.equal(points?.n, kept);
    await again.close();
  });

  const killed = async (): Promise<void> => {
    const { kill } = server;
    assert.ok(kill !== null);
    const store = await open();
    const tree = new StackTree();
    let acknowledged = 0;
    for (let i = 0; i < 30; i++) {
      const put = store.putBatch({
        tree,
        profiles: [recordOf(tree, START + i * 1000, { 'main leak': i + 1 })],
      });
      if (i === 10) {
        await kill();
        await server.start();
      }
      await put;
      acknowledged++;
    }
    const values = (await store.timeline(await seriesOf(store), EVER, 1, 'sum')).map(({ value }) => value);
    assert.deepEqual(
      values,
      Array.from({ length: acknowledged }, (_, i) => i + 1),
    );
    await store.close();
  };
  if (canBeKilled)
    test(
      'a server that is killed in the middle: what was acknowledged is there once, and it goes on by itself',
      killed,
    );

  test('a table of another version is refused', async () => {
    const store = await open();
    await store.remember('(schema)', '9');
    await store.close();
    await refuses(open(addresses.get(store)), 'STORE_VERSION', /version 9, not 1/u);
  });
}

describe('a ClickHouse store that cannot be', () => {
  test('addresses that make no sense are a sentence, without the password', async () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['clickhouse:', /write clickhouse:http:\/\/HOST:8123\/DATABASE/u],
      ['clickhouse:ftp://u:secret@h/x', /write clickhouse/u],
      ['clickhouse:http://u:secret@h:8123/a;b', /a database is letters and digits/u],
      ['clickhouse:http://u:secret@h:8123/a?cluster=x;y', /a cluster is letters and digits/u],
      ['clickhouse:http://u:secret@h:8123/a?password=x', /the address has password; there is only cluster/u],
      ['clickhouse:http://u:%ZZsecret@h:8123/a', /stray %/u],
    ];
    for (const [address, text] of wrong) {
      await refuses(openClickHouseStore(address), 'STORE_USAGE', text);
      await assert.rejects(openClickHouseStore(address), (error) => !String(error).includes('secret'));
    }
  });

  test('a server that does not answer is a sentence', async () => {
    const address = `clickhouse:http://u:secret@127.0.0.1:${await closedPort()}/x`;
    await refuses(
      openClickHouseStore(address, QUICK),
      'STORE_UNREACHABLE',
      /^clickhouse:http:\/\/127\.0\.0\.1:\d+\/x: its server does not answer/u,
    );
  });
});
