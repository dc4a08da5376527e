// Stores whose writers, or whose server, are killed at moments drawn by chance: whether all that was acknowledged is there, once.
// Usage: node --conditions=stackpile-source scripts/run.mjs scripts/store-faults.ts [KILLS] [SEED] [sqlite|clickhouse|cluster]
// `clickhouse` needs a clickhouse-server, `cluster` four of them and a ZooKeeper.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClickHouseStore, StackTree } from '@stackpile/monitor/store';
import { recordOf, seriesOf, START } from '../packages/monitor/test/store/conformance.ts';
import { killWriters, randomOf } from '../packages/monitor/test/store/kill.ts';
import { startClickHouse, withoutClickHouse } from '../testing/clickhouse.ts';
import { startCluster, withoutCluster } from '../testing/cluster.ts';

const kills = Number(process.argv[2] ?? '200');
const seed = Number(process.argv[3] ?? '1');
const only = process.argv[4] ?? '';
const EVER = { from: 0, to: 1e15 };

async function writers(folder: string): Promise<void> {
  const { acknowledged, unacknowledged, slowestOpen } = await killWriters({
    store: join(folder, 'killed.db'),
    rounds: kills,
    seed,
    thread: true,
    mostMs: 400,
  });
  console.log(
    `| SQLite: the writer | ${kills} | ${acknowledged} | 0 | 0 | ${unacknowledged} | ${Math.ceil(slowestOpen)} ms |`,
  );
}

/** Replicas of a cluster, never the one that is asked: each is back before another one goes. */
async function replicas(): Promise<void> {
  const cluster = await startCluster();
  const random = randomOf(seed);
  const [asked, ...others] = cluster.shards.flat();
  const address = `clickhouse:${asked?.url ?? ''}/faults?cluster=${cluster.name}`;
  const store = await openClickHouseStore(address, { lingerMs: 0, retryMs: 120_000 });
  const tree = new StackTree();
  let acknowledged = 0;
  let isOver = false;
  // Two services, so that both shards have something.
  const writing = (async () => {
    for (; !isOver; acknowledged++) {
      const record = recordOf(tree, START + acknowledged * 1000, { 'main leak': acknowledged + 1 });
      const labels = [0, 1, 2, 3].map((i) => ({ ...record.series.labels, instance: `i${i}` }));
      const profiles = labels.map((one) => ({ ...record, series: { ...record.series, labels: one } }));
      await store.putBatch({ tree, profiles });
    }
  })();
  let slowest = 0;
  for (let round = 0; round < kills; round++) {
    await sleep(random() * 400);
    const replica = others[Math.floor(random() * others.length)];
    await replica?.kill();
    const began = performance.now();
    const before = acknowledged;
    // It goes on while the replica is away.
    while (acknowledged < before + 2) await sleep(5);
    slowest = Math.max(slowest, performance.now() - began);
    await replica?.start();
  }
  isOver = true;
  await writing;
  const expected = Array.from({ length: acknowledged }, (_, i) => i + 1);
  const ids = await seriesOf(store);
  assert.equal(ids.length, 4);
  for (const id of ids)
    assert.deepEqual(
      (await store.timeline([id], EVER, 1, 'sum')).map(({ value }) => value),
      expected,
    );
  console.log(
    `| ClickHouse: a replica of two by two | ${kills} | ${acknowledged * 4} | 0 | 0 | 0 | ${Math.ceil(slowest)} ms |`,
  );
  await store.close();
  await cluster.stop();
}

/** The store goes on by itself: only the server is started again. */
async function server(): Promise<void> {
  const clickhouse = await startClickHouse();
  const { kill } = clickhouse;
  if (kill === null) return;
  const random = randomOf(seed);
  const store = await openClickHouseStore(`clickhouse:${clickhouse.url}/faults`, {
    lingerMs: 0,
    retryMs: 60_000,
  });
  const tree = new StackTree();
  let acknowledged = 0;
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; acknowledged++)
      await store.putBatch({
        tree,
        profiles: [recordOf(tree, START + acknowledged * 1000, { 'main leak': acknowledged + 1 })],
      });
  })();
  let slowest = 0;
  for (let round = 0; round < kills; round++) {
    await sleep(random() * 400);
    await kill();
    const began = performance.now();
    await clickhouse.start();
    const before = acknowledged;
    while (acknowledged === before) await sleep(5);
    slowest = Math.max(slowest, performance.now() - began);
  }
  isOver = true;
  await writing;
  const values = (await store.timeline(await seriesOf(store), EVER, 1, 'sum')).map(({ value }) => value);
  assert.deepEqual(
    values,
    Array.from({ length: acknowledged }, (_, i) => i + 1),
  );
  console.log(
    `| ClickHouse: the server | ${kills} | ${acknowledged} | 0 | 0 | 0 | ${Math.ceil(slowest)} ms |`,
  );
  await store.close();
  await clickhouse.stop();
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-store-faults-'));
try {
  console.log('| killed | times | acknowledged | lost | twice | kept beside | slowest until it goes on |');
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, without, run } of [
    { name: 'sqlite', without: false, run: () => writers(folder) },
    { name: 'clickhouse', without: withoutClickHouse, run: server },
    { name: 'cluster', without: withoutCluster, run: replicas },
  ] as const) {
    if (only !== '' && only !== name) continue;
    if (without === false) await run();
    else console.log(`${name}: ${without}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
