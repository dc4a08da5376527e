// Large tables of numbers, in the snapshot of this very process: which they are, and what a profile says of them once somebody told how full they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import v8 from 'node:v8';
import { analyzeHeap, HeapSnapshotReader, heapProfile, type Profile } from '../../src/index.ts';

const seen = new Set<number>();
const durations: number[] = [];
const texts = new Set<string>();
const few = new Set<number>();
/** One text that becomes longer, as a rope of pieces. */
let transcript = '';

/** A chain without places. */
function plain(chain: string): string {
  return chain.replaceAll(/ \([^)]*\)$/gu, '').replaceAll(/[()]/gu, '');
}

async function analysis(): Promise<ReturnType<typeof analyzeHeap>> {
  const reader = new HeapSnapshotReader({});
  for await (const chunk of v8.getHeapSnapshot()) reader.push(chunk as Buffer);
  return analyzeHeap(reader.finish(), { classes: {} });
}

/** Bytes of numbers, by the chain of holders. */
function filledBytes(profile: Profile): Record<string, number> {
  const { samples, sampleTypes, locations, functions, strings } = profile;
  const column = sampleTypes.findIndex(({ type }) => type === 'filled');
  const found: Record<string, number> = {};
  for (let i = 0; i < samples.length; i++) {
    const value = Number(samples.values[column]?.[i] ?? 0);
    if (value === 0) continue;
    const names: string[] = [];
    for (let at = samples.stackStart[i] as number; at < (samples.stackStart[i + 1] as number); at++) {
      const line = locations.lineStart[samples.stackLocations[at] as number] as number;
      names.push(strings.get(functions.name[locations.lines.function[line] as number] as number));
    }
    found[names.slice(0, 2).join(' < ')] = value;
  }
  return found;
}

test('tables that hold numbers are told, and how full they are where somebody says it', async () => {
  for (let i = 0; i < 60_000; i++) seen.add(i);
  for (let i = 0; i < 20_000; i++) durations.push(i / 7);
  for (let i = 0; i < 20_000; i++) texts.add(`text ${i}`);
  for (let i = 0; i < 100; i++) few.add(i);
  for (let i = 0; i < 10_000; i++) transcript += ` word-${i}`;
  const told = await analysis();
  const { classes } = told;
  assert.ok(classes !== null);
  const [largest, smaller] = classes.tables;
  assert.ok(largest !== undefined && smaller !== undefined);
  // Those that hold texts are told by their texts, and small ones are not worth a question.
  assert.equal(classes.tables.length, 2);
  assert.ok(largest.bytes > 8 * seen.size && smaller.bytes < largest.bytes);
  assert.ok(few.size + texts.size + transcript.length > 0);
  const before = filledBytes(heapProfile(told));
  const names = ['string < variable transcript', 'Set < variable seen', 'Array < variable durations'];
  assert.deepEqual(Object.keys(before).map(plain).toSorted(), names.toSorted());
  // A rope takes more than its text; of a table it is told what it has room for, until somebody says how full it is.
  assert.ok(Object.values(before).every((bytes) => bytes >= 65_536));
  classes.fill(largest.objectId, seen.size);
  classes.fill(12_345_678, 99);
  const after = filledBytes(heapProfile(told));
  const changed = Object.entries(after).filter(([chain, bytes]) => before[chain] !== bytes);
  assert.deepEqual(
    changed.map(([chain, bytes]) => [plain(chain), bytes]),
    [['Set < variable seen', 8 * seen.size]],
  );
});
