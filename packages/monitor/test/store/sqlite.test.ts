// The store in a SQLite file: what every store answers, and what becomes of a file that is large, old, locked, damaged or cut off.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  HOUR_MS,
  openSqliteStore,
  type ProfileStore,
  StackTree,
  StoreError,
  type StoreErrorCode,
} from '@stackpile/monitor/store';
import { unlessCi } from '../../../../testing/ci.ts';
import { conforms, recordOf, START } from './conformance.ts';
import { killWriters } from './kill.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-store-'));
after(() => rmSync(folder, { recursive: true }));

let made = 0;
const paths = new WeakMap<ProfileStore, string>();
async function open(path = join(folder, `${made++}.db`)): Promise<ProfileStore> {
  const store = await openSqliteStore(path);
  paths.set(store, path);
  return store;
}

describe('a SQLite store', () => {
  conforms({
    open: () => open(),
    async reopen(store) {
      await store.close();
      return open(paths.get(store));
    },
  });
});

const FOREVER = { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 };
const EVER = { from: 0, to: 1e15 };

/** Hours of profiles, one a minute, with a stack of its own in each hour. */
async function filled(hours: number): Promise<ProfileStore> {
  const store = await open();
  const tree = new StackTree();
  for (let hour = 0; hour < hours; hour++) {
    const profiles = Array.from({ length: 60 }, (_, minute) =>
      recordOf(tree, START + hour * HOUR_MS + minute * 60_000, {
        'main leak': hour * 60 + minute,
        [`main hour${hour} ${'x'.repeat(2000)}${hour}`]: 1,
      }),
    );
    await store.putBatch({ tree, profiles });
  }
  return store;
}

async function firstTime(store: ProfileStore): Promise<number | undefined> {
  return (await store.timeline([1], EVER, 1, 'sum'))[0]?.time;
}

function refuses(work: Promise<unknown>, code: StoreErrorCode, text: RegExp): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

describe('what a SQLite store keeps', () => {
  test('every profile for a while, sums of hours for longer, then nothing, and no frames that nobody names', async () => {
    const store = await filled(10);
    const day = { rawMs: 3 * HOUR_MS, hourlyMs: 4 * HOUR_MS, maxBytes: 1e12 };
    const stacks = [...(await store.merge([1], EVER, 'sum')).keys()];
    const report = await store.retention(START + 10 * HOUR_MS + 6 * 60_000, day);
    assert.deepEqual({ ...report, bytes: 0 }, { folded: 10, summed: 7, dropped: 3, bytes: 0 });
    const times = (await store.timeline([1], EVER, 1, 'sum')).map(({ time }) => time);
    assert.equal(times[0], START + 3 * HOUR_MS, 'the first hours are gone');
    assert.equal(times.length, 4 + 3 * 60, 'four hours are one point each, three are whole');
    const frames = await store.frames(stacks);
    assert.equal(frames.size, 1 + 7);
    // What is kept is exact: the leak by one a minute, from minute 180 on.
    const [row] = await store.growthSums({
      ...EVER,
      from: START + 3 * HOUR_MS,
      to: START + 10 * HOUR_MS,
      series: [1],
    });
    assert.equal(
      row?.sy,
      Array.from({ length: 420 }, (_, i) => 180 + i).reduce((a, b) => a + b, 0),
    );
    await store.close();
  });

  test('no more bytes than it may: the oldest hours leave first, the newest stays', async () => {
    const store = await filled(30);
    const all = await store.retention(START + 40 * HOUR_MS, FOREVER);
    const half = await store.retention(START + 40 * HOUR_MS, { ...FOREVER, maxBytes: all.bytes / 2 });
    assert.ok(half.bytes <= all.bytes / 2, `${half.bytes} of ${all.bytes}`);
    assert.ok(half.dropped > 0 && half.dropped < 30);
    assert.equal(await firstTime(store), START + half.dropped * HOUR_MS);
    await store.retention(START + 40 * HOUR_MS, { ...FOREVER, maxBytes: 0 });
    assert.equal(await firstTime(store), START + 29 * HOUR_MS);
    const path = paths.get(store) ?? '';
    await store.close();
    assert.ok(statSync(path).size < all.bytes, 'the file has shrunk');
  });
});

describe('a SQLite store that cannot be', () => {
  test('one that another process has open is locked', async () => {
    const store = await open();
    await refuses(
      openSqliteStore(paths.get(store) ?? ''),
      'STORE_LOCKED',
      /\.db: another process has it open/u,
    );
    await store.close();
    await (await openSqliteStore(paths.get(store) ?? '')).close();
  });

  test('a file that is no store, of another program, of another version, cut off, or in no folder', async () => {
    const at = (name: string): string => join(folder, name);
    writeFileSync(
      at('text.db'),
      'this is no database, and long enough to be told apart from one '.repeat(20),
    );
    await refuses(openSqliteStore(at('text.db')), 'STORE_CORRUPT', /text\.db: this is no store/u);
    const other = new DatabaseSync(at('other.db'));
    other.exec('CREATE TABLE mine (x)');
    other.close();
    await refuses(openSqliteStore(at('other.db')), 'STORE_CORRUPT', /another program made it/u);
    const store = await filled(3);
    const path = paths.get(store) ?? '';
    await store.retention(START + 10 * HOUR_MS, FOREVER);
    await store.close();
    copyFileSync(path, at('newer.db'));
    const newer = new DatabaseSync(at('newer.db'));
    newer.exec('PRAGMA user_version = 9');
    newer.close();
    await refuses(openSqliteStore(at('newer.db')), 'STORE_VERSION', /version 9, not 1/u);
    const bytes = readFileSync(path);
    writeFileSync(at('cut.db'), bytes.subarray(0, bytes.length / 2));
    const cut = async (): Promise<void> => {
      const opened = await openSqliteStore(at('cut.db'));
      try {
        await opened.merge([1], EVER, 'sum');
      } finally {
        await opened.close();
      }
    };
    await refuses(cut(), 'STORE_CORRUPT', /damaged/u);
    await refuses(openSqliteStore(join(folder, 'nowhere', 'x.db')), 'STORE_UNREADABLE', /unable to open/u);
    await refuses(openSqliteStore(folder), 'STORE_UNREADABLE', /unable to open/u);
  });

  test('a blob that was damaged is a sentence', async () => {
    const store = await filled(1);
    const path = paths.get(store) ?? '';
    await store.retention(START + 10 * HOUR_MS, FOREVER);
    await store.close();
    const database = new DatabaseSync(path);
    for (const payload of ['', 'ff', 'ffffffffffffff7f', '8080808080', '01020304']) {
      database.exec(`UPDATE chunk SET payload = x'${payload}'`);
      const opened = await (async () => {
        database.close();
        return openSqliteStore(path);
      })();
      const read = opened.merge([1], EVER, 'sum');
      // Some bytes are a chunk, of other profiles.
      await read.catch((error: unknown) => {
        assert.ok(error instanceof StoreError, String(error));
        assert.equal(error.code, 'STORE_CORRUPT');
      });
      await opened.close();
      database.open();
    }
    database.close();
  });

  test('a long text takes little room, and is a sentence where it was damaged', async () => {
    const path = join(folder, 'note.db');
    const store = await openSqliteStore(path);
    const long = JSON.stringify(Array.from({ length: 100_000 }, (_, i) => ({ stack: i % 100, value: 7 })));
    await store.remember('watch', long);
    assert.equal(await store.remembered('watch'), long);
    await store.close();
    assert.ok(statSync(path).size < long.length / 8);
    const database = new DatabaseSync(path);
    database.exec("UPDATE note SET text = x'ffff'");
    database.close();
    const opened = await openSqliteStore(path);
    await refuses(opened.remembered('watch'), 'STORE_CORRUPT', /cut short/u);
    await opened.close();
  });
});

test('a writer that is killed has kept all that it acknowledged, once', { timeout: 120_000 }, async () => {
  for (const thread of [false, true]) {
    const store = join(folder, `killed-${thread}.db`);
    const { acknowledged } = await killWriters({ store, rounds: 2, seed: 5, thread, mostMs: 300 });
    assert.ok(acknowledged > 3);
  }
});

/** Whether a disk of its own can be made, in a namespace that goes with the process. */
const unshared = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', folder]).status === 0;

test('a disk that is full: what was acknowledged is kept, the rest is refused, and it goes on when there is room', {
  skip: unlessCi(unshared ? false : 'needs unshare and the right to mount a tmpfs'),
  timeout: 120_000,
}, async () => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const program = fileURLToPath(new URL('programs/disk-full.ts', import.meta.url));
  const child = spawn(
    'unshare',
    [
      '-rm',
      'sh',
      '-c',
      'mount -t tmpfs -o size=24m none "$1" && shift && exec "$@"',
      'sh',
      disk,
      process.execPath,
      '--conditions=stackpile-source',
      '--disable-warning=ExperimentalWarning',
      program,
      disk,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [status] = (await once(child, 'close')) as [number | null];
  assert.equal(status, 0);
  const { untilFull, afterwards, codes } = JSON.parse(said) as {
    untilFull: number;
    afterwards: number;
    codes: string[];
  };
  assert.deepEqual(codes, ['STORE_FULL']);
  assert.ok(untilFull > 10 && afterwards >= 50, said);
});
