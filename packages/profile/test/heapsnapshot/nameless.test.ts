// Closures of a script whose text cannot be had: the contexts they hold tell who made them, and their place tells them apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSnapshot } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { FunctionNames, type Profile, readHeapSnapshotStream } from '../../src/index.ts';

const filename = '/nowhere/bundle.js';
/** Of a snapshot's texts the first thousand characters are there: what comes behind them has to be told by its contexts. */
const text = `${'/* filler */ '.repeat(100)}
(function startHeartbeat(keep) {
  const beats = [];
  for (let i = 0; i < 4; i++) keep(() => beats.push(i), () => beats.pop());
  (function (inner) { for (let i = 0; i < 3; i++) keep(() => inner.push(beats)); })([]);
})`;
const short =
  '(function onConnection(keep, socket) { for (let i = 0; i < 4; i++) keep((text) => socket.emit(text)); })';

const kept: unknown[] = [];
const keep = (...all: unknown[]): number => kept.push(...all);
type Maker = (...all: unknown[]) => void;
const maker = runInThisContext(text, { filename }) as Maker;
maker(keep);
(runInThisContext(short, { filename: '/nowhere/short.js' }) as Maker)(keep, {});
// What V8 has forgotten of a function that nobody can call any more is not in a snapshot.
kept.push(maker);

function namesIn(profile: Profile, file: string): string[] {
  const { functions, strings } = profile;
  return (
    Array.from({ length: functions.length }, (_, row) => row)
      .filter((row) => strings.get(functions.filename[row] as number) === file)
      .map((row) => strings.get(functions.name[row] as number))
      // Classes name variables, modules and closures as holders.
      .filter((name) => !/^(?:variable|module|closure) /u.test(name))
      .sort()
  );
}

test('without a text, the maker is told by contexts and the function by its column', async () => {
  const profile = await readHeapSnapshotStream(getHeapSnapshot());
  assert.deepEqual(namesIn(profile, filename), [
    'anonymous function in startHeartbeat (bundle.js:4:36)',
    'anonymous function in startHeartbeat (bundle.js:4:57)',
    'anonymous function in startHeartbeat (bundle.js:5:56)',
  ]);
});

test('a text that the snapshot has whole needs no file', async () => {
  const profile = await readHeapSnapshotStream(getHeapSnapshot());
  assert.deepEqual(namesIn(profile, '/nowhere/short.js'), ['callback of keep in onConnection (short.js:1)']);
});

test('a text that is not what ran is not believed', async () => {
  const names = new FunctionNames(() => 'setInterval(() => {}, 1);');
  const profile = await readHeapSnapshotStream(getHeapSnapshot(), { names });
  assert.equal(namesIn(profile, filename)[0], 'anonymous function in startHeartbeat (bundle.js:4:36)');
  const right = await readHeapSnapshotStream(getHeapSnapshot(), { names: new FunctionNames(() => text) });
  assert.equal(namesIn(right, filename).at(-1), 'callback of keep in startHeartbeat (bundle.js:5)');
});

test('a script is read once, and what could not be read is not asked for again', () => {
  const asked: string[] = [];
  const names = new FunctionNames((url) => {
    asked.push(url);
    return url === '/a.js' ? 'f(() => 1);' : null;
  });
  for (let i = 0; i < 3; i++) {
    assert.equal(names.at('/a.js', 1, 3)?.words, 'callback of f at module top level');
    assert.equal(names.at('/b.js', 1, 3), null);
  }
  assert.deepEqual(asked, ['/a.js', '/b.js']);
});
