// Stores whose writers, or whose server, are killed at moments drawn by chance: whether all that was acknowledged is there, once.
// Usage: node --conditions=stackpile-source scripts/run.mjs scripts/store-faults.ts [KILLS] [SEED] [sqlite|clickhouse]
// `clickhouse` needs a clickhouse-server.
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
  if (only !== 'clickhouse') await writers(folder);
  if (only !== 'sqlite' && withoutClickHouse === false) await server();
  else if (only !== 'sqlite') console.log(`ClickHouse ${withoutClickHouse}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
