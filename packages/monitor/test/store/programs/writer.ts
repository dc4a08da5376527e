// Writes one profile after another to a store, folds now and then, and prints the number of each that was acknowledged: FILE FIRST.
import process from 'node:process';
import { HOUR_MS, openSqliteStore, StackTree } from '@stackpile/monitor/store';
import { recordOf, START } from '../conformance.ts';

const [, , path = '', first = '0'] = process.argv;
const store = await openSqliteStore(path);
const tree = new StackTree();
for (let i = Number(first); ; i++) {
  const time = START + i * 120_000;
  await store.putBatch({ tree, profiles: [recordOf(tree, time, { 'main leak': i, 'main other': 1 })] });
  process.stdout.write(`${i + 1}\n`);
  if (i % 20 === 19) await store.retention(time + HOUR_MS, { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 });
}
