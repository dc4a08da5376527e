// How fast and how small the stores of packages/monitor are, beside a table of SQLite with one row per sample, on the same profiles.
//
// node scripts/run.mjs bench/store.ts [POINTS] [week] [clickhouse]
//
// `week` is 20 series at one profile a minute for seven days. `clickhouse` is the server of STACKPILE_TEST_CLICKHOUSE, the installed one,
// and the present engine of STACKPILE_TEST_CHDB: see testing/clickhouse.ts.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import {
  HOUR_MS,
  openClickHouseStore,
  openSqliteStore,
  type ProfileRecord,
  type ProfileStore,
  ROOT,
  StackTree,
} from '@stackpile/monitor/store';
import {
  type ClickHouseServer,
  startChdb,
  startClickHouse,
  withoutChdb,
  withoutClickHouse,
} from '../testing/clickhouse.ts';

const SERIES = 20;
/** Of each profile: those that are always there, and those drawn from a longer list. */
const STABLE = 280;
const DRAWN = 20;
const TAIL = 400;
const STEP_MS = 60_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % HOUR_MS);
const FOREVER = { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 };

const points = Number(process.argv[2] ?? '500');
const withWeek = process.argv.includes('week');
const withClickHouse = process.argv.includes('clickhouse');

/** The same numbers in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Service {
  readonly tree: StackTree;
  readonly stacks: Uint32Array;
}

/** Stacks of 20 frames that share their beginnings, as those of a service do. */
function serviceOf(index: number): Service {
  const tree = new StackTree();
  const random = randomOf(index + 1);
  const stacks = Uint32Array.from({ length: STABLE + TAIL }, (_, stack) => {
    let node = ROOT;
    for (let depth = 0; depth < 20; depth++) {
      const pick = depth < 8 ? depth : depth < 14 ? stack % 40 : Math.floor(random() * 3000);
      node = tree.node(
        node,
        tree.frame(`service${index}.function${depth}_${pick}`, `/srv/app/file${pick}.ts`, pick),
      );
    }
    return node;
  });
  return { tree, stacks };
}

const services = Array.from({ length: 5 }, (_, i) => serviceOf(i));

/** One profile of each series: three stacks leak, the rest goes up and down. */
function* tick(at: number, random: () => number): Generator<{ service: Service; profile: ProfileRecord }> {
  for (let series = 0; series < SERIES; series++) {
    const service = services[series % services.length];
    if (service === undefined) continue;
    const nodes = new Uint32Array(STABLE + DRAWN);
    const values = new Float64Array(STABLE + DRAWN);
    for (let i = 0; i < STABLE; i++) {
      nodes[i] = service.stacks[i] ?? 0;
      const leak = i < 3 ? ([0.8, 0.5, 0.2][i] ?? 0) : 0;
      // One stack of ten moves.
      values[i] = Math.round(10 + (i % 50) + leak * at + (i % 10 === 0 ? random() * 5 : 0));
    }
    for (let i = STABLE; i < STABLE + DRAWN; i++) {
      nodes[i] = service.stacks[STABLE + Math.floor(random() * TAIL)] ?? 0;
      values[i] = 1 + Math.floor(random() * 3);
    }
    const labels = { job: `service${series % services.length}`, instance: `host${series}` };
    yield {
      service,
      profile: {
        series: { labels, profile: 'goroutine', sampleType: 'goroutine', unit: 'count', kind: 'gauge' },
        time: START + at * STEP_MS,
        run: 1,
        nodes,
        values,
      },
    };
  }
}

function milliseconds(began: number): number {
  return performance.now() - began;
}

/** Median of some runs, the first one not counted. */
async function median(work: () => unknown, runs = 7): Promise<number> {
  await work();
  const taken: number[] = [];
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    await work();
    taken.push(milliseconds(began));
  }
  return taken.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-store-'));

interface Figures {
  /** Profiles per second, only the store's own time. */
  readonly ingest: number;
  readonly bytesPerSample: number;
  readonly growers100: number;
  readonly growersAll: number;
  readonly growers10: number;
}

/** The time of folding is told apart: it runs once an hour. */
async function ours(name: string, count: number): Promise<Figures> {
  const path = join(folder, `${name}.db`);
  const store = await openSqliteStore(path);
  const random = randomOf(7);
  let spent = 0;
  let folding = 0;
  for (let at = 0; at < count; at++) {
    // One batch per service, as one scrape of it would be.
    const byService = new Map<Service, ProfileRecord[]>();
    for (const { service, profile } of tick(at, random))
      byService.set(service, [...(byService.get(service) ?? []), profile]);
    const began = performance.now();
    await Promise.all([...byService].map(([{ tree }, profiles]) => store.putBatch({ tree, profiles })));
    spent += milliseconds(began);
    if (at % 60 === 59) {
      const began = performance.now();
      await store.retention(START + at * STEP_MS, FOREVER);
      folding += milliseconds(began);
    }
  }
  const began = performance.now();
  await store.retention(START + count * STEP_MS + 2 * HOUR_MS, FOREVER);
  folding += milliseconds(began);
  const figures = await growersOf(store, count);
  await store.close();
  console.log(`  folding took ${(folding / 1000).toFixed(1)} s beside ${(spent / 1000).toFixed(1)} s`);
  return {
    ingest: (count * SERIES) / (spent / 1000),
    bytesPerSample: (statSync(path).size - stackBytes(path)) / (count * SERIES * (STABLE + DRAWN)),
    ...figures,
  };
}

async function growersOf(
  store: ProfileStore,
  count: number,
): Promise<Pick<Figures, 'growers100' | 'growersAll' | 'growers10'>> {
  const end = START + count * STEP_MS;
  const ids = (await store.series([], { from: START, to: end })).map(({ id }) => id);
  const growers = (series: readonly number[], from: number) => () =>
    store.growthSums({ series, from, to: end, limit: 20 });
  return {
    growers100: await median(growers(ids.slice(0, 1), end - 100 * STEP_MS)),
    growersAll: await median(growers(ids.slice(0, 1), START)),
    growers10: await median(growers(ids.slice(0, 10), START), 3),
  };
}

/** Batches of several services are on their way at once, as those of a fleet are: what counts is when the last is acknowledged. */
async function onServer(server: ClickHouseServer, count: number): Promise<Figures> {
  const database = `bench_${process.pid}`;
  const store = await openClickHouseStore(`clickhouse:${server.url}/${database}`, { timeoutMs: 120_000 });
  const random = randomOf(7);
  let spent = 0;
  let waiting: Promise<void>[] = [];
  for (let at = 0; at < count; at++) {
    const profiles = [...tick(at, random)];
    const began = performance.now();
    for (const { service, profile } of profiles)
      waiting.push(store.putBatch({ tree: service.tree, profiles: [profile] }));
    if (waiting.length >= 1000 || at === count - 1) {
      await Promise.all(waiting);
      waiting = [];
    }
    spent += milliseconds(began);
  }
  const ask = async (query: string): Promise<string> =>
    (await fetch(`${server.url}/?database=${database}`, { method: 'POST', body: query })).text();
  await ask('OPTIMIZE TABLE profile FINAL');
  const bytes = await ask(
    `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'profile' AND database = '${database}' FORMAT TabSeparated`,
  );
  const figures = await growersOf(store, count);
  await store.close();
  await ask(`DROP DATABASE ${database}`);
  return {
    ingest: (count * SERIES) / (spent / 1000),
    bytesPerSample: Number(bytes) / (count * SERIES * (STABLE + DRAWN)),
    ...figures,
  };
}

async function servers(count: number): Promise<void> {
  for (const { name, lacking, start } of [
    { name: 'ClickHouse, installed', lacking: withoutClickHouse, start: startClickHouse },
    { name: 'ClickHouse, present', lacking: withoutChdb, start: startChdb },
  ]) {
    if (lacking !== false) {
      console.log(`  ${name}: ${lacking}`);
      continue;
    }
    const server = await start();
    try {
      shown(name, await onServer(server, count));
    } finally {
      await server.stop();
    }
  }
}

/** What the names of the stacks take, which the rows beside it do without. */
function stackBytes(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const select = "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name GLOB '*stack*' OR name GLOB '*frame*'";
  const bytes = Number(database.prepare(select).get()?.['bytes']);
  database.close();
  console.log(`  ${(bytes / 1e6).toFixed(1)} MB are names of stacks`);
  return bytes;
}

/** What one would write first: a row for each stack of each profile. */
async function rows(count: number): Promise<Figures> {
  const path = join(folder, 'rows.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(
    'CREATE TABLE sample (series INTEGER, time INTEGER, stack INTEGER, value INTEGER, PRIMARY KEY (series, time, stack)) WITHOUT ROWID',
  );
  const insert = database.prepare(
    'INSERT INTO sample VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
  );
  const random = randomOf(7);
  let spent = 0;
  for (let at = 0; at < count; at++) {
    const profiles = [...tick(at, random)];
    const began = performance.now();
    database.exec('BEGIN');
    for (const [series, { profile }] of profiles.entries())
      for (const [i, node] of profile.nodes.entries())
        insert.run(series + 1, profile.time, node, profile.values[i] ?? 0);
    database.exec('COMMIT');
    spent += milliseconds(began);
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const end = START + count * STEP_MS;
  const select = database.prepare(
    `SELECT stack, count(*) AS seen, sum(value) AS sy, sum((time - :from) / 1000.0 * value) AS sxy, sum(value * value) AS syy, max(value) AS peak
      FROM sample WHERE series = :series AND time >= :from AND time < :to GROUP BY stack ORDER BY sxy DESC LIMIT 20`,
  );
  const growers = (series: readonly number[], from: number) => () =>
    series.map((one) => select.all({ ':series': one, ':from': from, ':to': end }));
  const figures = {
    growers100: await median(growers([1], end - 100 * STEP_MS)),
    growersAll: await median(growers([1], START), 3),
    growers10: await median(growers([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], START), 3),
  };
  database.close();
  return {
    ingest: (count * SERIES) / (spent / 1000),
    bytesPerSample: statSync(path).size / (count * SERIES * (STABLE + DRAWN)),
    ...figures,
  };
}

function shown(name: string, figures: Figures): void {
  console.log(
    `  ${name.padEnd(22)} ${Math.round(figures.ingest)} profiles/s, ${figures.bytesPerSample.toFixed(2)} B/sample, growers: ${figures.growers100.toFixed(1)} ms of 100 points, ${figures.growersAll.toFixed(1)} ms of all, ${figures.growers10.toFixed(0)} ms of ten series`,
  );
}

try {
  console.log(`${points * SERIES} profiles × ${STABLE + DRAWN} stacks, Node ${process.versions.node}`);
  const own = await ours('own', points);
  shown('ours', own);
  const other = await rows(points);
  shown('rows', other);
  console.log(
    `  ratios                 ${(own.ingest / other.ingest).toFixed(1)} × the profiles/s, ${(own.bytesPerSample / other.bytesPerSample).toFixed(3)} × the bytes, ${(own.growersAll / other.growersAll).toFixed(3)} × the time of growers`,
  );
  if (withClickHouse) await servers(points);
  if (withWeek) {
    console.log(`a week: ${7 * 1440 * SERIES} profiles`);
    shown('ours', await ours('week', 7 * 1440));
    if (withClickHouse) await servers(7 * 1440);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
