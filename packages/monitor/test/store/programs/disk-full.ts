// Writes to a store in a folder until its disk is full, then makes room and goes on: FOLDER. Prints what came of it as JSON.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { HOUR_MS, openStoreOnThread, parseStorePlace, StackTree, StoreError } from '@stackpile/monitor/store';
import { recordOf, seriesOf, START } from '../conformance.ts';

const EVER = { from: 0, to: 1e15 };
const MOST = 100_000;
const folder = process.argv[2] ?? '';
const ballast = join(folder, 'ballast');
writeFileSync(ballast, Buffer.alloc(8 << 20, 1));
const place = parseStorePlace(join(folder, 'full.db'));
let store = await openStoreOnThread(place);
const tree = new StackTree();
const text = 'x'.repeat(2000);
const acknowledged: number[] = [];
const codes = new Set<string>();

/** Each has a stack of its own, so that it takes room. */
async function put(i: number): Promise<boolean> {
  try {
    await store.putBatch({
      tree,
      profiles: [recordOf(tree, START + i * 1000, { [`main f${i}${text}`]: i + 1 })],
    });
    acknowledged.push(i + 1);
    return true;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    codes.add(error.code);
    return false;
  }
}

async function kept(): Promise<number[]> {
  return (await store.timeline(await seriesOf(store), EVER, 1, 'sum')).map(({ value }) => value);
}

let next = 0;
while ((await put(next++)) && next < MOST);
const untilFull = acknowledged.length;
// It is asked as before, refuses what it cannot keep, and cannot fold either.
for (let tries = 0; tries < 5; tries++) await put(next++);
assert.deepEqual(await kept(), acknowledged);
await store
  .retention(START + 10 * HOUR_MS, { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 })
  .catch((error: unknown) => assert.ok(error instanceof StoreError, String(error)));
assert.deepEqual(await kept(), acknowledged);
rmSync(ballast);
for (let tries = 0; tries < 50; tries++) await put(next++);
const afterwards = acknowledged.length - untilFull;
await store.retention(START + 10 * HOUR_MS, { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 });
assert.deepEqual(await kept(), acknowledged);
await store.close();
store = await openStoreOnThread(place);
assert.deepEqual(await kept(), acknowledged);
await store.close();
process.stdout.write(`${JSON.stringify({ untilFull, afterwards, codes: [...codes] })}\n`);
