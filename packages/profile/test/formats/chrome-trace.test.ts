// Chrome traces: recordings in pieces, several threads, both shapes of the file, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ProfileError } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readTimed, readWithNotes, refused } from './support.ts';

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

test('a file that stops behind an event is whole, one that stops within is read up to there', () => {
  const text = JSON.stringify(one).slice(0, -1);
  assert.deepEqual(stackLines(read(text)), expected);
  assert.deepEqual(stackLines(read(`${text},\n`)), expected);
  assert.deepEqual(stackLines(read(`${text},\n]\n`)), expected);
  assert.deepEqual(stackLines(read(`{"traceEvents":${text},]}`)), expected);
  const within = text.slice(0, -5);
  const { made, notes } = readWithNotes(within);
  assert.deepEqual(stackLines(made), ['main /srv/page.js:10:3 : 1 10000']);
  assert.deepEqual(notes, [`passed over 1 end: the file is cut short at byte ${within.length}`]);
  assert.deepEqual(stackLines(read(JSON.stringify({ traceEvents: one }).slice(0, -2))), expected);
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

test('what makes no sense is passed over, and the rest is read', () => {
  refused(
    [{ ...noise, ph: 'I' }],
    'PROFILE_UNRECOGNIZED',
    /^Chrome trace: it holds no CPU profile, no samples and no slices of time; record it with the category/,
  );
  const again = readWithNotes([...one, first]);
  assert.equal(again.made.samples.length, 3);
  assert.deepEqual(again.notes, [
    'passed over 2 nodes, the first: nodes row 3 has the id 1 of an earlier row',
  ]);
  const orphan = { callFrame: frame('x'), id: 9, parent: 8 };
  const lost = chunk(7, '0x1', { cpuProfile: { nodes: [orphan], samples: [9] }, timeDeltas: [7] });
  const { made, notes } = readWithNotes([...one, lost]);
  assert.ok(
    stackLines(made).some((line) => line.startsWith('x : 1 ')),
    stackLines(made).join('\n'),
  );
  assert.deepEqual(notes, ['passed over 1 caller: nodes row 3 has the parent 8, which is no node']);
  const lines = chunk(7, '0x1', { cpuProfile: { samples: [2] }, lines: [1, 2], timeDeltas: [1] });
  assert.ok(stackLines(read([...one, lines])).some((line) => line.startsWith('main /srv/page.js:1 : 2 ')));
  const wrong = chunk(7, '0x1', { cpuProfile: { samples: ['2', null, 77] }, timeDeltas: [1, 1, 1] });
  assert.deepEqual(readWithNotes([...one, wrong]).notes, [
    'passed over 3 samples, the first: samples row 4 is no number of a node',
  ]);
  assert.deepEqual(readWithNotes([...one, 3, null]).notes, [
    `passed over 2 events, the first: what stands at byte ${JSON.stringify(one).length} is no object`,
  ]);
});

test('threads without an id are told apart by process and thread, pieces may come in any order', () => {
  const whole = (tid: number, name: string): object => ({
    ...begin(5, tid, ''),
    name: 'CpuProfile',
    args: {
      data: {
        cpuProfile: {
          nodes: [
            { callFrame: frame('(root)'), id: 1 },
            { callFrame: frame(name), id: 2, parent: 1 },
          ],
          startTime: 0,
          endTime: 1000,
          samples: [2],
          timeDeltas: [0],
        },
      },
    },
  });
  assert.deepEqual(stackLines(read([whole(1, 'mainWork'), whole(2, 'workerWork')])), [
    'mainWork : 1 1000000 thread=1 pid=#5 tid=#1',
    'workerWork : 1 1000000 thread=2 pid=#5 tid=#2',
  ]);
  const at = (event: object, ts: number): object => ({ ...event, ts });
  const pieces = [at(one[0] as object, 1000), at(first, 2000), at(second, 4000)];
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1],
  ])
    assert.deepEqual(stackLines(read(order.map((i) => pieces[i] as object))), expected, String(order));
});

test('pieces of a recording whose beginning was lost are read', () => {
  const lone = chunk(7, '0x1', { cpuProfile: { nodes, samples: [2, 1] }, timeDeltas: [5, 10] });
  const made = read([lone]);
  assert.deepEqual(stackLines(made), ['main /srv/page.js:10:3 : 1 10000']);
  assert.equal(made.durationNanos, 15_000n);
});

test('without a CPU profile the slices are what is measured', () => {
  const slice = (ph: string, name: string, ts: number, more: object = {}): object => ({
    ph,
    name,
    ts,
    pid: 1,
    tid: 2,
    ...more,
  });
  const events = [
    slice('E', 'outer', 100),
    slice('X', 'inner', 20, { dur: 30 }),
    slice('X', 'leaf', 25, { dur: 5 }),
    slice('B', 'outer', 10),
    slice('E', 'nobody', 60),
    slice('B', 'open', 110),
    slice('i', 'mark', 130),
    slice('X', 'last', 120, { dur: 1.5 }),
  ];
  const { made, notes } = readWithNotes({ traceEvents: events });
  assert.deepEqual(made.sampleTypes, [{ type: 'time', unit: 'nanoseconds' }]);
  assert.deepEqual(stackLines(made), [
    'outer : 60000',
    'outer > inner : 25000',
    'outer > inner > leaf : 5000',
    'open : 10000',
    'open > last : 1500',
  ]);
  assert.deepEqual(notes, ['passed over 1 event: one at 60 µs ends what was never begun']);
  assert.deepEqual(
    readTimed({ traceEvents: events })?.map(([from, depth, nanos]) => [from, depth, nanos]),
    [
      [0, 1, 10_000],
      [10_000, 2, 5000],
      [15_000, 3, 5000],
      [20_000, 2, 20_000],
      [40_000, 1, 50_000],
      [100_000, 1, 10_000],
      [110_000, 2, 1500],
    ],
  );
  const two = [slice('X', 'a', 1, { dur: 2 }), { ...slice('X', 'a', 1, { dur: 4 }), tid: 3 }];
  assert.deepEqual(stackLines(read([...two, thread(1, 3, 'io')])), [
    'a : 2000 thread=2 pid=#1 tid=#2',
    'a : 4000 thread=io pid=#1 tid=#3',
  ]);
});

test('ends that end nothing are not looked for, however deep the stack is', () => {
  const deep = Array.from({ length: 20_000 }, (_, i) => ({
    ph: 'B',
    name: `f${i % 7}`,
    ts: i,
    pid: 1,
    tid: 1,
  }));
  const ends = Array.from({ length: 20_000 }, () => ({ ph: 'E', name: 'x', ts: 30_000, pid: 1, tid: 1 }));
  refused([...deep, ...ends], 'PROFILE_TOO_LARGE', /slices row \d+ brings the frames of all stacks beyond/);
});

test('every beginning of a real trace is refused, or read up to there and said to be cut short', () => {
  const text = fixtureText('page.trace.json').trimEnd();
  let some = 0;
  for (let end = 3000; end < text.length; end += 997) {
    try {
      const { notes } = readWithNotes(text.slice(0, end));
      assert.equal(notes[0], `passed over 1 end: the file is cut short at byte ${end}`);
      some++;
    } catch (error) {
      assert.ok(error instanceof ProfileError, String(error));
      assert.match(error.message, new RegExp(`ends too early at byte ${end}$`));
    }
  }
  assert.ok(some > 0);
});

test('samples beside the events: stacks by their callers, a sample lasts until the next of its thread', () => {
  const stackFrames = {
    '1': { name: '[root]', category: 'root' },
    '2': { name: 'main(/srv/app.js:1:2)', category: 'js', parent: 1 },
    '3': { name: 'work(/srv/app.js:9:1)', line: '12', column: '3', parent: '2' },
    '4': { name: 'ring', parent: 4 },
    '5': { name: 'orphan', parent: 77 },
  };
  const at = (ts: unknown, sf: unknown, tid = '2'): object => ({
    cpu: '-1',
    ts,
    pid: 1,
    tid,
    weight: '1',
    sf,
  });
  const samples = [at('1500', 3), at('1000', 2), at(2500, 3), at(2700, 1), null, at(2600, 99)];
  const { made, notes } = readWithNotes({ traceEvents: [], samples, stackFrames });
  assert.deepEqual(stackLines(made), [
    '[root] : 1 0',
    '[root] > main /srv/app.js:1:2 : 1 500000',
    '[root] > main /srv/app.js:1:2 > work /srv/app.js:12:3 : 2 1100000',
  ]);
  assert.equal(made.durationNanos, 1_700_000n);
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? '', /^passed over 2 samples, the first: what stands at byte \d+ is no object$/);
  const odd = readWithNotes({ traceEvents: [], stackFrames, samples: [at(1, 4, '7'), at(1, 5, '8')] });
  assert.deepEqual(stackLines(odd.made), [
    'ring : 1 thread=7 pid=#1 tid=#7',
    'orphan : 1 thread=8 pid=#1 tid=#8',
  ]);
  assert.deepEqual(odd.notes, ['passed over 2 callers, the first: the frame "4" is among its own callers']);
});

test('a slice whose length is told in time of the thread only lasts that long', () => {
  const made = read([{ ph: 'X', name: 'a', ts: 5, tts: 1, tdur: 7, pid: 1, tid: 1 }]);
  assert.deepEqual([...(made.samples.values[0] ?? [])].map(Number), [7000]);
});
