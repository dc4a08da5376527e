// Chrome traces: recordings in pieces, several threads, both shapes of the file, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readTimed, refused } from './support.ts';

const frame = (functionName: string, lineNumber?: number): object => ({
  codeType: 'JS',
  functionName,
  scriptId: 1,
  ...(lineNumber === undefined ? {} : { lineNumber, columnNumber: 2, url: 'file:///srv/page.js' }),
});
const thread = (pid: number, tid: number, name: string): object => ({
  args: { name },
  cat: '__metadata',
  name: 'thread_name',
  ph: 'M',
  pid,
  tid,
  ts: 0,
});
const begin = (pid: number, tid: number, id: string): object => ({
  args: { data: { startTime: 1000 } },
  cat: 'disabled-by-default-v8.cpu_profiler',
  id,
  name: 'Profile',
  ph: 'P',
  pid,
  tid,
  ts: 1000,
});
const chunk = (pid: number, id: string, data: object): object => ({
  args: { data },
  cat: 'disabled-by-default-v8.cpu_profiler',
  id,
  name: 'ProfileChunk',
  ph: 'P',
  pid,
  tid: 99,
  ts: 2000,
});
const nodes = [
  { callFrame: frame('(root)'), id: 1 },
  { callFrame: frame('main', 9), id: 2, parent: 1 },
];
const first = chunk(7, '0x1', { cpuProfile: { nodes, samples: [2, 1] }, timeDeltas: [5, 10] });
const second = chunk(7, '0x1', {
  cpuProfile: { nodes: [{ callFrame: frame('', 19), id: 3, parent: 2 }], samples: [3, 3] },
  lines: [21, 22],
  timeDeltas: [20, 30],
  endTime: 1100,
});
const noise = {
  args: { data: { deep: [[[{}]]] } },
  cat: 'v8',
  name: 'V8.GC',
  ph: 'X',
  pid: 7,
  tid: 8,
  ts: 1,
  dur: 2,
};
const one = [begin(7, 8, '0x1'), first, noise, second];
const expected = [
  'main /srv/page.js:10:3 : 1 10000',
  'main /srv/page.js:10:3 > anonymous function (page.js:20:3) /srv/page.js:21 : 1 32500',
  'main /srv/page.js:10:3 > anonymous function (page.js:20:3) /srv/page.js:22 : 1 32500',
];

test('pieces of a recording are joined, in both shapes of the file', () => {
  assert.deepEqual(stackLines(read({ traceEvents: one, metadata: { x: 1 } })), expected);
  assert.deepEqual(stackLines(read({ displayTimeUnit: 'ms', traceEvents: one })), expected);
  assert.deepEqual(stackLines(read(one)), expected);
});

test('asked for times, a recording of one thread has a sample per stretch and line, in order', () => {
  // Beginning, depth, samples, nanoseconds.
  assert.deepEqual(readTimed({ traceEvents: one }), [
    [5000, 1, 1, 10_000],
    [35_000, 2, 1, 30_000],
    [65_000, 2, 1, 35_000],
  ]);
  const other = [
    begin(7, 9, '0x2'),
    chunk(7, '0x2', { cpuProfile: { nodes, samples: [2] }, timeDeltas: [5] }),
  ];
  assert.equal(readTimed([...one, ...other]), null, 'several threads have no one order');
});

test('a file that stops behind an event is whole, one that stops within is not', () => {
  const text = JSON.stringify(one).slice(0, -1);
  assert.deepEqual(stackLines(read(text)), expected);
  assert.deepEqual(stackLines(read(`${text},\n`)), expected);
  refused(text.slice(0, -5), 'PROFILE_TRUNCATED', /the JSON text ends too early at byte/);
  refused(JSON.stringify({ traceEvents: one }).slice(0, -2), 'PROFILE_TRUNCATED', /ends too early/);
});

test('several threads are told apart', () => {
  const other = chunk(7, '0x2', { cpuProfile: { nodes, samples: [2] }, timeDeltas: [5], endTime: 1015 });
  const made = read([...one, begin(7, 11, '0x2'), thread(7, 8, 'main'), other, thread(7, 11, 'worker')]);
  const lines = stackLines(made);
  assert.ok(lines.includes('main /srv/page.js:10:3 : 1 10000 thread=main pid=#7 tid=#8'), lines.join('\n'));
  assert.ok(
    lines.includes('main /srv/page.js:10:3 : 1 10000 thread=worker pid=#7 tid=#11'),
    lines.join('\n'),
  );
});

test('a whole profile in one event is read too', () => {
  const whole = { nodes, startTime: 0, endTime: 9, samples: [2], timeDeltas: [1] };
  const event = { ...begin(1, 2, ''), name: 'CpuProfile', args: { data: { cpuProfile: whole } } };
  assert.deepEqual(stackLines(read([event])), ['main /srv/page.js:10:3 : 1 8000']);
});

test('what contradicts itself is refused', () => {
  refused(
    [noise],
    'PROFILE_UNRECOGNIZED',
    /^Chrome trace: it holds no CPU profile; record it with the category/,
  );
  refused(
    [...one, first],
    'PROFILE_INVALID',
    /profile 0x1 of process 7: nodes row 3 has the id 1 of an earlier row$/,
  );
  const lost = chunk(7, '0x1', { cpuProfile: { nodes: [{ callFrame: frame('x'), id: 9, parent: 8 }] } });
  refused([...one, lost], 'PROFILE_INVALID', /nodes row 3 has the parent 8, which is no node$/);
  const lines = chunk(7, '0x1', { cpuProfile: { samples: [2] }, lines: [1, 2], timeDeltas: [1] });
  refused([...one, lines], 'PROFILE_INVALID', /a piece of it has more lines than samples$/);
  const wrong = chunk(7, '0x1', { cpuProfile: { samples: ['2'] } });
  refused(
    [...one, wrong],
    'PROFILE_MALFORMED',
    /"samples" of samples row 4: a string stands where a number should/,
  );
  refused([...one, 3], 'PROFILE_MALFORMED', /events row 4: a number stands where an object should/);
});

test('every beginning of a real trace is refused', () => {
  const text = fixtureText('page.trace.json').trimEnd();
  for (let end = 3000; end < text.length; end += 997) {
    refused(text.slice(0, end), 'PROFILE_TRUNCATED', new RegExp(`ends too early at byte ${end}$`));
  }
});
