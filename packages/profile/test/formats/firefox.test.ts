// The Firefox Profiler's files: rows and columns, tables of a thread and of all, what is weighed, and what is passed over. But for
// one of Firefox's own the inputs are made by hand, after its documentation.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sumInt64 } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readWithNotes, refused } from './support.ts';

const meta = {
  interval: 2,
  startTime: 1_767_225_600_000,
  processType: 0,
  sampleUnits: { threadCPUDelta: '\u00b5s' },
};
const texts = ['main', 'work', 'file:///srv/a.js', '(root)', 'firefox', 'poll'];
const tables = {
  funcTable: {
    length: 4,
    name: [0, 1, 3, 5],
    fileName: [2, 2, null, null],
    lineNumber: [10, 20, null, null],
    columnNumber: [3, 5, null, null],
    resource: [-1, -1, -1, 0],
  },
  frameTable: {
    length: 5,
    func: [2, 0, 1, 1, 3],
    line: [null, 12, 21, 25, null],
    column: [null, 7, 9, null, null],
    address: [-1, -1, -1, -1, 77],
  },
  stackTable: { length: 5, prefix: [null, 0, 1, 1, 0], frame: [0, 1, 2, 3, 4], category: [0, 0, 0, 0, 0] },
};
const samples = {
  length: 5,
  stack: [2, 3, 2, null, 4],
  time: [0, 2, 4, 6, 8],
  weight: null,
  weightType: 'samples',
  threadCPUDelta: [null, 1000, 500, 3, 0],
};
const processed = {
  meta,
  libs: [],
  threads: [
    { name: 'GeckoMain', processType: 'default', pid: '77', tid: 78, ...tables, stringArray: texts, samples },
  ],
};
const expected = [
  'main /srv/a.js:12:7 > work /srv/a.js:21:9 : 2 4000000 500000',
  'main /srv/a.js:12:7 > work /srv/a.js:25 : 1 2000000 1000000',
  'poll : 1 2000000 0',
];

test('columns: samples, the time they stand for, and the processor time that was measured', () => {
  const made = read(processed);
  assert.deepEqual(made.sampleTypes, [
    { type: 'samples', unit: 'count' },
    { type: 'wall', unit: 'nanoseconds' },
    { type: 'cpu', unit: 'nanoseconds' },
  ]);
  assert.deepEqual(stackLines(made), expected);
  assert.equal(made.defaultSampleType, 'wall');
  assert.equal(made.durationNanos, 8_000_000n);
  assert.equal(made.timeNanos, 1_767_225_600_000_000_000n);
});

test('tables that all threads share, sources of their own, and callers by their distance', () => {
  const { fileName: _, ...funcTable } = tables.funcTable;
  const { prefix: __, ...stackTable } = tables.stackTable;
  const shared = {
    ...tables,
    stackTable: { ...stackTable, prefixOffset: [0, 1, 1, 2, 4] },
    funcTable: { ...funcTable, source: [0, 0, null, null] },
    sources: { length: 1, id: [null], filename: [2] },
    stringArray: texts,
  };
  const thread = { name: 'GeckoMain', pid: '77', tid: 78, samples };
  assert.deepEqual(stackLines(read({ meta, threads: [thread], shared })), stackLines(read(processed)));
});

test('rows with a schema, as Firefox writes them, with processes within', () => {
  const gecko = (name: string, tid: number): object => ({
    name,
    tid,
    pid: 5,
    processType: 'tab',
    stringTable: ['(root)', 'onload (https://a.example/x.js:12:5)', 'js::RunScript', '0x7f00'],
    frameTable: {
      schema: { location: 0, implementation: 1, line: 3, column: 4 },
      data: [[0], [1, null, null, 14, 2], [2], [3, null]],
    },
    stackTable: {
      schema: { prefix: 0, frame: 1 },
      data: [
        [null, 0],
        [0, 1],
        [1, 2],
        [0, 3],
      ],
    },
    samples: {
      schema: { stack: 0, time: 1 },
      data: [
        [2, 1],
        [1, 3],
        [3, 5],
        [null, 7],
      ],
    },
  });
  const rest = { interval: 1, startTime: 0 };
  const input = {
    meta: rest,
    libs: [],
    threads: [gecko('GeckoMain', 6)],
    processes: [{ meta: rest, threads: [gecko('Web', 9)], processes: [] }],
  };
  const lines = stackLines(read(input));
  assert.deepEqual(
    lines.slice(0, 3).map((line) => line.replace(/ thread=.*/, '')),
    [
      'onload https://a.example/x.js:14:2 : 1 1000000',
      'onload https://a.example/x.js:14:2 > js::RunScript : 1 1000000',
      '0x7f00 : 1 1000000',
    ],
  );
  assert.match(lines[0] ?? '', / thread=GeckoMain process=tab pid=#5 tid=#6$/);
  assert.match(lines[3] ?? '', / thread=Web process=tab pid=#5 tid=#9$/);
  // The performance panel of old wraps it.
  assert.equal(read({ label: 'simple', duration: 7, profile: input }).samples.length, 6);
});

test('weights in milliseconds and bytes, and times between samples', () => {
  const weigh = (weightType: string, weight: readonly number[]): string[] => {
    const { time: _, ...without } = samples;
    const other = { ...without, timeDeltas: [0, 2, 2, 2, 2], weight, weightType, threadCPUDelta: undefined };
    const made = read({ ...processed, threads: [{ ...processed.threads[0], samples: other }] });
    assert.equal(made.durationNanos, 8_000_000n);
    return [
      ...made.sampleTypes.map(({ type }) => type),
      ...stackLines(made).map((line) => line.replace(/.* : /, '')),
    ];
  };
  assert.deepEqual(weigh('tracing-ms', [1.5, 2, 3, 4, 5]), [
    'samples',
    'wall',
    '0 4500000',
    '0 2000000',
    '0 5000000',
  ]);
  assert.deepEqual(weigh('bytes', [10, -4, 30, 4, 5]), ['samples', 'space', '0 40', '0 -4', '0 5']);
});

test('addresses that nobody named: code of libraries by their library, compiled scripts by the script', () => {
  const strings = [
    'run (https://a.example/x.js:12:5)[3]',
    'https://a.example/x.js[3]',
    '0x10',
    '0x11',
    '0x99',
    'js::RunScript',
  ];
  const stacks = [
    [null, 1],
    [0, 0],
    [1, 4],
    [1, 2],
    [3, 3],
    [null, 5],
    [5, 4],
  ];
  const input = {
    meta: { interval: 1 },
    libs: [{ start: 16, end: 32, name: 'libc.so.6' }, { start: 40, end: 30, name: 'odd' }, null],
    threads: [
      {
        stringTable: strings,
        frameTable: { schema: { location: 0 }, data: strings.map((_, row) => [row]) },
        stackTable: { schema: { prefix: 0, frame: 1 }, data: stacks },
        samples: { schema: { stack: 0 }, data: stacks.map((_, row) => [row]) },
      },
    ],
  };
  const script = '(module) https://a.example/x.js';
  assert.deepEqual(stackLines(read(input)), [
    `${script} : 1 1000000`,
    `${script} > run https://a.example/x.js:12:5 : 2 2000000`,
    `${script} > run https://a.example/x.js:12:5 > [libc.so.6] : 2 2000000`,
    'js::RunScript : 1 1000000',
    'js::RunScript > 0x99 : 1 1000000',
  ]);
});

test('libraries may stand in any order', () => {
  const count = 300;
  const rows = Array.from({ length: count }, (_, i) => i);
  const profile = read({
    meta: { interval: 1 },
    libs: rows.map((i) => ({ start: (count - i) * 16, end: (count - i) * 16 + 8, name: `l${count - i}` })),
    threads: [
      {
        stringTable: rows.map((i) => `0x${((i + 1) * 16).toString(16)}`),
        frameTable: { schema: { location: 0 }, data: rows.map((i) => [i]) },
        stackTable: { schema: { prefix: 0, frame: 1 }, data: rows.map((i) => [null, i]) },
        samples: { schema: { stack: 0 }, data: rows.map((i) => [i]) },
      },
    ],
  });
  assert.deepEqual(
    stackLines(profile),
    rows.map((i) => `[l${i + 1}] : 1 1000000`),
  );
});

test('what samply leaves without a name is told by its library too, calls within one once', () => {
  const input = {
    meta: { interval: 1 },
    libs: [{ name: 'libc.so.6' }],
    threads: [
      {
        stringArray: ['main', '0x10', '0x20', 'libc.so.6', 'shop'],
        resourceTable: { length: 2, name: [3, 4], lib: [0, 1] },
        funcTable: { length: 4, name: [0, 1, 2, 2], resource: [1, 0, 0, -1] },
        frameTable: { length: 4, func: [0, 1, 2, 3] },
        stackTable: { length: 4, prefix: [null, 0, 1, 0], frame: [0, 1, 2, 3] },
        samples: { length: 4, stack: [0, 1, 2, 3] },
      },
    ],
  };
  assert.deepEqual(stackLines(read(input)), [
    'main : 1 1000000',
    'main > [libc.so.6] : 2 2000000',
    'main > 0x20 : 1 1000000',
  ]);
});

/** What is used of a file that Firefox wrote. */
interface Rows {
  readonly schema: Readonly<Record<string, number>>;
  readonly data: readonly (readonly (number | null)[])[];
}
interface RealFile {
  readonly meta: { readonly interval: number };
  readonly threads: readonly {
    readonly stringTable: readonly string[];
    readonly frameTable: Rows;
    readonly stackTable: Rows;
    readonly samples: Rows;
  }[];
}

test('a real file of Firefox 153: totals, and the functions on top, by its own tables', () => {
  const text = fixtureText('page.firefox.json');
  const { meta: told, threads } = JSON.parse(text) as RealFile;
  const [thread] = threads;
  assert.ok(thread !== undefined);
  const { samples: rows, stackTable, frameTable, stringTable } = thread;
  const cell = ({ schema, data }: Rows, name: string, row: number | null): number | null =>
    data[row ?? -1]?.[schema[name] ?? -1] ?? null;
  const add = (own: Map<string, number>, name: string, count: number): void =>
    void own.set(name, (own.get(name) ?? 0) + count);
  const [theirs, ours] = [new Map<string, number>(), new Map<string, number>()];
  let cpu = 0;
  for (const row of rows.data.keys()) {
    cpu += cell(rows, 'threadCPUDelta', row) ?? 0;
    // The innermost frame that has a name.
    let name = '';
    for (let stack = cell(rows, 'stack', row); stack !== null && name === ''; ) {
      const location = cell(frameTable, 'location', cell(stackTable, 'frame', stack));
      const said = stringTable[location ?? -1] ?? '';
      if (!said.startsWith('0x')) name = said;
      stack = cell(stackTable, 'prefix', stack);
    }
    if (name.includes(' (file:///srv/shop/')) add(theirs, name.replace(/ \(.*/, ''), 1);
  }
  const made = read(text);
  const count = rows.data.length;
  assert.deepEqual(
    made.samples.values.map((column) => Number(sumInt64(column))),
    [count, count * told.interval * 1e6, cpu],
  );
  for (const line of stackLines(made)) {
    const [stack = '', numbers = ''] = line.split(' : ');
    const last = stack.split(' > ').findLast((frame) => !frame.startsWith('[')) ?? '';
    const [name = '', place = ''] = last.split(' /srv/shop/');
    if (place !== '' && name !== '(module)') add(ours, name, Number(numbers.split(' ')[0]));
  }
  assert.deepEqual(ours, theirs);
  assert.ok((theirs.get('mix') ?? 0) > 10, [...theirs].join(' '));
});

test('what the library of samply writes: totals and the functions on top are those that its program told it', () => {
  const made = read(fixtureText('shop.fxprof.json'));
  assert.deepEqual(
    made.samples.values.map((column) => Number(sumInt64(column))),
    [9, 9e6, 8e6],
  );
  const own = new Map<string, number>();
  for (const line of stackLines(made)) {
    const [stack = '', numbers = ''] = line.split(' : ');
    const name = stack.split(' > ').at(-1) ?? '';
    own.set(name, (own.get(name) ?? 0) + Number(numbers.split(' ')[0]));
  }
  assert.deepEqual(Object.fromEntries(own), { price: 2, tax: 3, wait: 1, pack: 2, worker: 1 });
});

test('what makes no sense is passed over; what has no threads is refused', () => {
  const [thread] = processed.threads;
  const broken = {
    ...thread,
    stackTable: { length: 5, prefix: [null, 0, 1, 4, 0], frame: [0, 1, 2, 3, 99] },
    samples: { ...samples, stack: [2, 3, 50, null, 4] },
  };
  const { made, notes } = readWithNotes({ meta, threads: [broken, null, 'x'] });
  assert.equal(made.samples.length, 1);
  assert.deepEqual(
    notes.map((note) => note.replace(/at byte \d+/, 'at byte N')),
    [
      'passed over 2 threads, the first: what stands at byte N is no object',
      'passed over 2 stacks, the first: row 3 of GeckoMain has no frame, or no caller in front of it',
      'passed over 3 samples, the first: row 1 of GeckoMain names the stack 3, which is not there',
    ],
  );
  refused({ meta, threads: [] }, 'PROFILE_MALFORMED', /^Firefox profile: it has no threads$/);
  refused(JSON.stringify(processed).slice(0, -30), 'PROFILE_TRUNCATED', /ends too early at byte/);
  // A chain of stacks that would be far larger than the file.
  const count = 20_000;
  const each = Array.from({ length: count }, (_, i) => i);
  const chain = {
    name: 'x',
    stringArray: each.map((i) => `f${i}`),
    funcTable: { name: each },
    frameTable: { func: each },
    stackTable: { frame: each, prefix: each.map((i) => i - 1) },
    samples: { stack: each },
  };
  refused({ meta, threads: [chain] }, 'PROFILE_TOO_LARGE', /^Firefox profile: stacks row \d+ brings/);
});
