// What is held is told with who allocates it, and what is allocated with who keeps it, where another witness of the process says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeakWatch, ProcessWatch } from '../src/index.ts';
import { began, reading } from './counters.ts';
import { profileOf, type Row } from './synthetic.ts';

const site: Row['stack'] = [
  ['compileSchema', '/app/node_modules/ajv/core.js', 111],
  ['getValidator', '/app/ajv.mjs', 13],
];
const other: Row['stack'] = [['render', '/app/page.mjs', 7]];
const chain: Row['stack'] = [
  ['ValueScopeName', '', 0],
  ['Map', '', 0],
  ['variable ajv', '/app/ajv.mjs', 5],
];

/** A minute in which objects pile up, and two places allocate. */
function createdBy(growth: {
  readonly site: number;
  readonly other: number;
  /** The site allocates all of it between two looks. */
  readonly atOnce?: boolean;
}): string | undefined {
  const watch = new ProcessWatch();
  for (let k = 0; k <= 12; k++) {
    const time = began + k * 5000;
    watch.counters({ ...reading(120 + 5 * k, { heapLive: (20 + k) * 2 ** 20 }), time });
    const heap = [
      {
        stack: site,
        value: (1 + growth.site * (growth.atOnce === true ? 12 * Number(k > 10) : k)) * 2 ** 20,
      },
      { stack: other, value: (1 + growth.other * k) * 2 ** 20 },
    ];
    const profile = profileOf(heap, { type: 'inuse_space', unit: 'bytes', period: 1 });
    watch.dump('heap', { profile, time });
    const objects = [{ stack: chain, value: 1000 + 900 * k }];
    watch.dump('classes', { profile: profileOf(objects, { type: 'objects', unit: 'count' }), time });
  }
  const { verdicts } = watch.verdict();
  const classes = verdicts.find(({ evidence }) => evidence === 'classes');
  assert.equal(classes?.kind, 'leak');
  return classes.findings[0]?.createdBy;
}

test('the place of the user’s code that gained most is told beside what is held', () => {
  assert.equal(createdBy({ site: 1, other: 0 }), 'getValidator /app/ajv.mjs:13');
});

test('nobody is named where nobody stands out, or nothing was allocated', () => {
  assert.equal(createdBy({ site: 0, other: 0 }), '');
});

test('whoever allocated at another time than it came is not named', () => {
  assert.equal(createdBy({ site: 1, other: 0, atOnce: true }), '');
});

const tick: Row['stack'] = [
  ['callback of setInterval at module top level (ticks.mjs:9)', '/app/ticks.mjs', 9, 9],
  ['listOnTimeout', 'node:internal/timers', 585],
];

interface Minute {
  readonly heap: (k: number) => readonly Row[];
  readonly objects: (k: number) => readonly Row[];
  readonly comments?: readonly string[];
  readonly retained?: boolean;
  /** Bytes for which the sampler takes one. */
  readonly period?: number;
}

/** The verdict on a minute in which the live heap grows. */
function minute({
  heap,
  objects,
  comments = [],
  retained = false,
  period = 1,
}: Minute): ReturnType<ProcessWatch['verdict']> {
  const watch = new ProcessWatch();
  for (let k = 0; k <= 12; k++) {
    const time = began + k * 5000;
    watch.counters({ ...reading(120 + 5 * k, { heapLive: (20 + k) * 2 ** 20 }), time });
    const bytes = { type: 'inuse_space', unit: 'bytes', period };
    watch.dump('heap', { profile: profileOf(heap(k), bytes), time });
    const counted = { type: 'objects', unit: 'count', comments, retained };
    watch.dump('classes', { profile: profileOf(objects(k), counted), time });
  }
  return watch.verdict();
}

const held = (k: number): Row[] => [
  {
    stack: [
      ['Session', '', 0],
      ['Map', '', 0],
      ['variable sessions (ticks.mjs:2)', '/app/ticks.mjs', 2],
    ],
    value: 100 + 60 * k,
    labels: { created_by: 'remember /app/ticks.mjs:5' },
  },
];

test('a tick at the top level of a script is told behind what is held, and by whom, where both grow in step', () => {
  const verdict = minute({ heap: (k) => [{ stack: tick, value: (1 + k) * 2 ** 20 }], objects: held });
  assert.match(
    verdict.sentence,
    /^Objects \(Session\) held by variable sessions \(ticks\.mjs:2\), put there by remember \(ticks\.mjs:5\), pile up: /u,
  );
});

test('of a tick that only calls another function, that function is named', () => {
  const { convicted, sentence } = minute({
    heap: (k) => [{ stack: tick, value: (1 + k) * 2 ** 20 }],
    objects: () => [],
    comments: ['only calls: /app/ticks.mjs:9\topenSession\t/app/ticks.mjs:4'],
  });
  assert.equal(convicted[0]?.finding.createdBy, 'openSession /app/ticks.mjs:4');
  assert.match(
    sentence,
    /^Memory allocated in callback of setInterval .*, which calls openSession \(ticks\.mjs:4\), piles up: /u,
  );
});

test('who calls what allocates is told by the longest of its stacks: later ones lack what was drawn into its caller', () => {
  const site = ['read', '/app/read.mjs', 3] as const;
  const { convicted } = minute({
    heap: (k) => [
      { stack: [site, ['handle', '/app/read.mjs', 12], ...tick], value: 2 ** 20 },
      { stack: [site, ...tick], value: (1 + k) * 2 ** 20 },
    ],
    objects: () => [],
  });
  const [first] = convicted;
  assert.equal(first?.finding.culprit?.name, 'read');
  assert.equal(first.finding.createdBy, 'handle /app/read.mjs:12');
});

test('a module that is loaded again and again is not to blame, but who loads it', () => {
  const loader = ['wrapModuleLoad', 'node:internal/modules/cjs/loader', 244] as const;
  const { convicted } = minute({
    heap: (k) => [
      {
        stack: [['(module)', '/app/plugin.cjs', 1], loader, ['loadPlugin', '/app/host.mjs', 7], ...tick],
        value: (1 + k) * 2 ** 20,
      },
    ],
    objects: () => [],
  });
  assert.equal(convicted[0]?.finding.culprit?.name, 'loadPlugin');
});

test('a module that other modules load at their top level is where it was', () => {
  const loader = ['wrapModuleLoad', 'node:internal/modules/cjs/loader', 244] as const;
  const { convicted } = minute({
    heap: (k) => [
      {
        stack: [['(module)', '/app/data.cjs', 1], loader, ['(module)', '/app/main.cjs', 1], loader],
        value: (1 + k) * 2 ** 20,
      },
    ],
    objects: () => [],
  });
  assert.equal(convicted[0]?.finding.culprit?.file, '/app/data.cjs');
});

test('what is allocated by one function and kept by another is told with the other: racing against a promise that lives for ever', () => {
  const { convicted, sentence } = minute({
    heap: (k) => [{ stack: [['read', '/app/race.mjs', 4]], value: (1 + k) * 2 ** 20 }],
    objects: (k) => [
      {
        stack: [
          ['closure resolve', '', 0],
          ['reaction', '', 0],
          ['Promise', '', 0],
          ['variable shutdown (race.mjs:3)', '/app/race.mjs', 3],
        ],
        value: 4000 + 900 * k,
        labels: { created_by: 'readWithShutdown /app/race.mjs:5' },
      },
    ],
  });
  const heap = convicted.find(({ evidence }) => evidence === 'heap');
  assert.equal(heap?.finding.createdBy, 'readWithShutdown /app/race.mjs:5');
  assert.match(
    sentence,
    /kept by variable shutdown \(race\.mjs:3\), put there by readWithShutdown \(race\.mjs:5\), /u,
  );
});

test('memory of no file that shrinks does not explain what a function allocates: nothing moved', () => {
  const { convicted } = minute({
    heap: (k) => [
      { stack: [['(native)', '', 0]], value: (80 - 2 * k) * 2 ** 20 },
      { stack: [['render', '/app/page.mjs', 4]], value: (1 + 2 * k) * 2 ** 20 },
    ],
    objects: () => [],
  });
  assert.deepEqual(
    convicted.map(({ finding }) => finding.culprit?.name),
    ['render'],
  );
});

test('what the agent itself keeps is no finding', () => {
  const chain: Row['stack'] = [
    ['_TaskRecord', '', 0],
    ['.#records', '', 0],
    ['WaitingList', '', 0],
    ['.#tracker', '', 0],
    ['AgentHost', '', 0],
    ['(Node and builtins)', '', 0],
  ];
  // What it remembers of a task hangs on the task's own promise where that is nearer to a root.
  const ofTask: Row['stack'] = [
    ['_TaskRecord', '', 0],
    ['.#value', '', 0],
    ['Promise', '', 0],
    ['suspended serve (ticks.mjs:8)', '/app/ticks.mjs', 8],
  ];
  const { verdicts } = minute({
    heap: () => [],
    objects: (k) => [
      { stack: chain, value: 4000 + 900 * k },
      { stack: ofTask, value: 40 + 90 * k },
      ...held(k),
    ],
  });
  const classes = verdicts.find(({ evidence }) => evidence === 'classes');
  assert.deepEqual(
    classes?.findings.map(({ culprit }) => culprit?.name),
    ['variable sessions (ticks.mjs:2)'],
  );
});

/** Entries of Node's performance timeline, which nothing of the program holds. */
const marks = (k: number): Row[] => [
  {
    stack: [
      ['(string)', '', 0],
      ['PerformanceMark', '', 0],
      ['Array', '', 0],
      ['(Node and builtins)', '', 0],
    ],
    value: 15_000 + 3000 * k,
    retained: 900_000 + 180_000 * k,
  },
];
/** A place of the user's that allocates so many of the sampler's pieces, as few as a minute shows. */
const pieces =
  (counts: readonly number[]) =>
  (k: number): Row[] => [{ stack: [['timed', '/app/marks.mjs', 7]], value: (counts[k] ?? 0) * 524_288 }];

test('what Node alone holds piles up by whoever allocates it, though the sampler saw only a few of them', () => {
  const few = pieces([0, 0, 1, 2, 1, 1, 2, 3, 3, 3, 4, 6, 7]);
  const verdict = minute({ heap: few, objects: marks, retained: true, period: 524_288 });
  assert.equal(verdict.kind, 'leak');
  const [top] = verdict.convicted;
  assert.deepEqual([top?.evidence, top?.finding.createdBy], ['classes', 'timed /app/marks.mjs:7']);
  assert.match(verdict.sentence, /, allocated by timed \(marks\.mjs:7\), pile up: /u);
});

test('it is not where nobody of the user’s allocates as much, or he has stopped', () => {
  for (const heap of [pieces([1, 1, 1]), pieces([0, 2, 4, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7]), () => []])
    assert.notEqual(minute({ heap, objects: marks, retained: true, period: 524_288 }).kind, 'leak');
});

test('a sentence about one dump has no comma before its colon, whoever put things there', () => {
  const watch = new LeakWatch();
  watch.add({
    profile: profileOf(held(0), { type: 'objects', unit: 'count' }),
    time: began,
  });
  assert.match(
    watch.verdict().findings[0]?.sentence ?? '',
    /, put there by remember \(ticks\.mjs:5\): 100, /u,
  );
});

/** A chain in which each holds the one before: none of them keeps anything by itself, and the heap gains. */
const chained = (k: number): Row[] => [
  {
    stack: [
      ['{name, parent}', '', 0],
      ['TimersList', '', 0],
      ['(Node and builtins)', '', 0],
    ],
    value: 4000 + 800 * k,
    retained: 0,
  },
  {
    stack: [
      ['symbol', '', 0],
      ['(V8 system)', '', 0],
    ],
    value: 6000,
    retained: 2_000_000 + 300_000 * k,
  },
];

test('of a chain that Node alone holds, which nobody counts as kept, the gain of the heap is what it keeps', () => {
  const few = pieces([0, 0, 1, 2, 1, 1, 2, 3, 3, 3, 4, 6, 7]);
  const verdict = minute({ heap: few, objects: chained, retained: true, period: 524_288 });
  assert.equal(verdict.convicted[0]?.finding.createdBy, 'timed /app/marks.mjs:7');
});

test('memory that nobody’s code allocates, however much, does not make what a place allocates a trifle', () => {
  const few = pieces([0, 0, 1, 2, 1, 1, 2, 3, 3, 3, 4, 6, 7]);
  const native = { stack: [['(native)', '', 0]], value: 300 * 2 ** 20 } as const;
  const verdict = minute({
    heap: (k) => [...few(k), native],
    objects: marks,
    retained: true,
    period: 524_288,
  });
  assert.equal(verdict.convicted[0]?.finding.createdBy, 'timed /app/marks.mjs:7');
});
