// Writes one profile after another to a store, folds now and then, and prints the number of each that was acknowledged: STORE FIRST [thread].
import process from 'node:process';
import { HOUR_MS, openStore, openStoreOnThread, parseStorePlace, StackTree } from '@stackpile/monitor/store';
import { recordOf, START } from '../conformance.ts';

const [, , name = '', first = '0', how = ''] = process.argv;
const place = parseStorePlace(name);
const store = await (how === 'thread' ? openStoreOnThread(place) : openStore(place));
const tree = new StackTree();
for (let i = Number(first); ; i++) {
  const time = START + i * 120_000;
  await store.putBatch({ tree, profiles: [recordOf(tree, time, { 'main leak': i, 'main other': 1 })] });
  process.stdout.write(`${i + 1}\n`);
  if (i % 20 === 19) await store.retention(time + HOUR_MS, { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 });
}
