// Where the answer is none, the reader is told why and what to take next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProfileEngine } from '../src/engine/engine.ts';
import { emptyFigures, emptyWords, idleWords } from '../src/parts/nothing.ts';

/** V8's profile of so many samples at work and so many at rest, a millisecond each. */
function cpuProfile(busy: number, idle: number): Uint8Array<ArrayBuffer> {
  const node = (id: number, functionName: string, url: string, children: readonly number[]) => ({
    id,
    callFrame: {
      functionName,
      scriptId: '0',
      url,
      lineNumber: url === '' ? -1 : 0,
      columnNumber: url === '' ? -1 : 0,
    },
    children,
  });
  const samples = [...Array<number>(busy).fill(2), ...Array<number>(idle).fill(3)];
  const nodes = [
    node(1, '(root)', '', [2, 3]),
    node(2, 'work', 'file:///srv/a.js', []),
    node(3, '(idle)', '', []),
  ];
  const text = JSON.stringify({
    nodes,
    startTime: 0,
    endTime: samples.length * 1000,
    samples,
    timeDeltas: samples.map(() => 1000),
  });
  return new TextEncoder().encode(text);
}

test('a profile in which the event loop waited says so, and where to look instead', async () => {
  const engine = new ProfileEngine();
  const opened = async (busy: number, idle: number) =>
    engine.handlers.open({ name: 'x.cpuprofile', from: cpuProfile(busy, idle), time: null }, () => undefined);
  assert.match(
    idleWords(await opened(40, 1960)).replaceAll('\u00a0', ' '),
    /^The event loop waited for 98(?:\.\d)?% of 2 s: .*What it waits for is in its tasks\.$/,
  );
  assert.equal(idleWords(await opened(1000, 100)), '');
});

test('a profile without samples says why, in figures, and what to take next', () => {
  const facts = { durationMs: 0, period: '', comments: [], size: 0 };
  const words = (...types: readonly string[]): string =>
    emptyWords({ ...facts, sampleTypes: types.map((type) => ({ type, unit: 'count' })) }).next;
  const all = [
    words('tasks', 'handles'),
    words('contentions', 'delay'),
    words('inuse_objects', 'inuse_space'),
    words('objects', 'shallow', 'retained'),
    words('samples', 'cpu'),
    words('of our own'),
  ];
  assert.equal(new Set(all).size, all.length);
  const figures = emptyFigures({
    sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }],
    durationMs: 5000,
    period: '',
    comments: ['(idle) is left out: 4980 samples, 4980 ms in which the event loop waited'],
    size: 2048,
  });
  assert.deepEqual(
    figures.map(([name, value]) => `${name} ${value.replaceAll('\u00a0', ' ')}`),
    ['samples 0', 'types cpu', 'recorded for 5 s', 'waited 5 s', 'file 2 kB'],
  );
});
