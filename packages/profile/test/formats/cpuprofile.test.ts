// V8 CPU profiles: how long a sample lasts, which lines it was on, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readPlainProfile } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readTimed, readWithNotes, refused } from './support.ts';

const frame = (functionName: string, lineNumber = -1, url = ''): object => ({
  callFrame: { functionName, scriptId: '0', url, lineNumber, columnNumber: lineNumber < 0 ? -1 : 4 },
});
const nodes = [
  { id: 1, ...frame('(root)'), hitCount: 0, children: [2, 4] },
  { id: 2, ...frame('main', 9, 'file:///srv/a%20b.js'), hitCount: 1, children: [3] },
  {
    id: 3,
    ...frame('', 19, 'file:///srv/a%20b.js'),
    hitCount: 3,
    positionTicks: [
      { line: 21, ticks: 2 },
      { line: 25, ticks: 1 },
    ],
  },
  { id: 4, ...frame('(idle)'), hitCount: 1 },
];
const profile = {
  nodes,
  startTime: 1000,
  endTime: 1100,
  samples: [2, 3, 3, 4, 3],
  timeDeltas: [5, 10, 20, 30, 15],
};

test('a sample lasts until the next one, the last one until the end', () => {
  const made = read(profile);
  assert.deepEqual(stackLines(made), [
    'main /srv/a b.js:10:5 : 1 10000',
    // 20 + 30 + 20 µs in three samples, two thirds of them on line 21.
    'main /srv/a b.js:10:5 > anonymous function (a b.js:20:5) /srv/a b.js:21 : 2 46667',
    'main /srv/a b.js:10:5 > anonymous function (a b.js:20:5) /srv/a b.js:25 : 1 23333',
  ]);
  assert.equal(made.durationNanos, 100_000n);
  assert.equal(made.timeNanos, 0n, 'a clock that begins with the machine says no time of day');
  assert.match(made.comments.join('\n'), /^\(idle\) is left out: 1 samples, 0 ms/);
});

/** Samples and frames of a profile by the function and the line of its leaf, from an input asked for times or not. */
function samplesByLine(input: object, times: boolean): Map<string, number> {
  const made = readPlainProfile(new TextEncoder().encode(JSON.stringify(input)), { times });
  const sums = new Map<string, number>();
  for (const line of stackLines(made)) {
    const [, stack = '', count = ''] = /^(.*) : (\d+) \d+/.exec(line) ?? [];
    sums.set(stack, (sums.get(stack) ?? 0) + Number(count));
  }
  return sums;
}

test('asked for times, each line of a function gets the samples that it gets without', () => {
  const spread = {
    ...profile,
    nodes: nodes.map((node) =>
      node.id === 3
        ? {
            ...node,
            positionTicks: [
              { line: 21, ticks: 11 },
              { line: 22, ticks: 1 },
              { line: 25, ticks: 5 },
            ],
          }
        : node,
    ),
    // One long run, as of a function that nothing interrupts, and short ones.
    samples: [...Array.from({ length: 100 }, () => 3), 2, 3, 2, 3, 3, 2, 3],
    timeDeltas: Array.from({ length: 107 }, () => 10),
    endTime: 3000,
  };
  const timed = samplesByLine(spread, true);
  assert.equal(timed.size, 4);
  assert.deepEqual(timed, samplesByLine(spread, false));
  // One row per line of a run, not one per sample.
  assert.ok((readTimed(spread)?.length ?? 0) < 12);
});

test('samples in time are dealt out to hundreds of lines at most, beyond them to the heaviest', () => {
  const lines = (count: number): number => {
    const positionTicks = Array.from({ length: count }, (_, i) => ({ line: i + 1, ticks: i === 9 ? 5 : 1 }));
    const many = {
      ...profile,
      nodes: nodes.map((node) => (node.id === 3 ? { ...node, positionTicks } : node)),
      samples: Array.from({ length: 1000 }, () => 3),
      timeDeltas: Array.from({ length: 1000 }, () => 10),
      endTime: 20_000,
    };
    return readTimed(many)?.length ?? 0;
  };
  assert.equal(lines(256), 256);
  assert.equal(lines(257), 1);
});

test('asked for times, it has a sample per stretch and line, in order, and the same sums', () => {
  // Beginning, depth, samples, nanoseconds; (idle) from 65 µs on is left out.
  assert.deepEqual(readTimed(profile), [
    [5000, 1, 1, 10_000],
    [15_000, 2, 1, 20_000],
    [35_000, 2, 1, 30_000],
    [80_000, 2, 1, 20_000],
  ]);
  // Without samples there is no order to keep.
  const { samples: _, timeDeltas: __, ...hits } = profile;
  assert.deepEqual(
    stackLines(readPlainProfile(new TextEncoder().encode(JSON.stringify(hits)), { times: true })),
    stackLines(read(hits)),
  );
});

test('keys may come in any order, and unknown ones are skipped', () => {
  const { nodes: first, ...rest } = profile;
  const deep = '{"a":'.repeat(900) + '1' + '}'.repeat(900);
  const text = `{"x":${deep},"y":[{},[],"\\"]"],${JSON.stringify(rest).slice(1, -1)},"nodes":${JSON.stringify(first)}}`;
  assert.deepEqual(stackLines(read(text)), stackLines(read(profile)));
});

test('a time of day is kept', () => {
  const start = 1_767_225_600_000_000;
  assert.equal(
    read({ ...profile, startTime: start, endTime: start + 100 }).timeNanos,
    1_767_225_600_000_000_000n,
  );
});

test('without samples the hits share the time; without times the samples do', () => {
  const { samples, timeDeltas, ...hits } = profile;
  assert.equal(stackLines(read(hits))[0], 'main /srv/a b.js:10:5 : 1 20000');
  assert.equal(stackLines(read({ ...hits, samples }))[0], 'main /srv/a b.js:10:5 : 1 20000');
  assert.ok(timeDeltas.length > 0);
});

test('time that runs backwards counts for nothing', () => {
  const made = read({ ...profile, timeDeltas: [5, -10, 20, 30, 15] });
  assert.equal(stackLines(made)[0], 'main /srv/a b.js:10:5 : 1 0');
});

test('times may be fractions of microseconds', () => {
  const made = read({ ...profile, timeDeltas: [5, 10, 20.125, 30, 15], endTime: 1100.125 });
  assert.equal(stackLines(made)[0], 'main /srv/a b.js:10:5 : 1 10000');
  assert.equal(
    stackLines(made)[1],
    'main /srv/a b.js:10:5 > anonymous function (a b.js:20:5) /srv/a b.js:21 : 2 46750',
  );
});

test('callers may be named by the callee', () => {
  const flipped = [
    { id: 1, ...frame('(root)') },
    { id: 2, ...frame('main'), parent: 1 },
    { id: 3, ...frame('work'), parent: 2 },
  ];
  const made = read({ nodes: flipped, startTime: 0, endTime: 10, samples: [3], timeDeltas: [2] });
  assert.deepEqual(stackLines(made), ['main > work : 1 8000']);
});

test('what contradicts itself is passed over, and the rest is read', () => {
  const change = (row: number, what: object): object => ({
    ...profile,
    nodes: nodes.map((node, i) => (i === row ? { ...node, ...what } : node)),
  });
  const notes = (input: object): string[] => readWithNotes(input).notes;
  assert.deepEqual(notes(change(2, { id: 2 })), [
    'passed over 1 node: nodes row 2 has the id 2 of an earlier row',
    'passed over 1 child of a node: nodes row 1 has the child 3, which is no node',
    'passed over 3 samples, the first: samples row 1 names the node 3, which is not there',
  ]);
  assert.deepEqual(
    notes(change(2, { children: [2] })),
    [
      'passed over 1 caller: nodes row 1 (id 2) is called by two nodes',
      'passed over 1 caller: nodes row 1 (id 2) is among its own callers',
    ].slice(0, 1),
  );
  const orphan = change(2, { parent: 753, id: 3 });
  const alone = readWithNotes({
    ...(orphan as typeof profile),
    nodes: (orphan as typeof profile).nodes.map((node) => ({ ...node, children: [] })),
  });
  assert.deepEqual(alone.notes, ['passed over 1 caller: nodes row 2 has the parent 753, which is no node']);
  assert.match(stackLines(alone.made)[1] ?? '', /^anonymous function \(a b\.js:20:5\)/);
  assert.deepEqual(notes({ ...profile, nodes: [null, 7, ...nodes] }), [
    'passed over 2 nodes, the first: what stands at byte 10 is no object',
  ]);
  assert.deepEqual(stackLines(read({ ...profile, nodes: [null, 7, ...nodes] })), stackLines(read(profile)));
});

test('null stands for what is not known', () => {
  const nothing = nodes.map((node) => ({
    ...{ positionTicks: null, children: null, hitCount: null },
    ...node,
  }));
  assert.deepEqual(stackLines(read({ ...profile, nodes: nothing })), stackLines(read(profile)));
  const lost = nodes.map((node) => ({
    ...node,
    callFrame: { functionName: 'f', scriptId: null, url: null, lineNumber: null, columnNumber: null },
  }));
  assert.equal(stackLines(read({ ...profile, nodes: lost }))[0], 'f > f : 1 10000');
  const { endTime: _, ...open } = profile;
  for (const input of [open, { ...profile, endTime: null }])
    assert.equal(stackLines(read(input))[0], 'main /srv/a b.js:10:5 : 1 10000');
  for (const samples of [null, undefined])
    assert.equal(stackLines(read({ ...profile, samples }))[0], 'main /srv/a b.js:10:5 : 1 20000');
  const { made, notes } = readWithNotes({ ...profile, samples: [2, null, 99, 4, 3] });
  assert.equal(stackLines(made)[0], 'main /srv/a b.js:10:5 : 1 10000');
  assert.deepEqual(notes, ['passed over 2 samples, the first: samples row 1 is no number of a node']);
});

test('samples without a time share what is left of the recording', () => {
  const sums = (input: object): string[] => stackLines(read(input)).map((line) => line.replace(/^.* : /, ''));
  const { timeDeltas: _, ...without } = profile;
  // 100 µs in five samples, one of them idle.
  const equal = ['1 20000', '2 40000', '1 20000'];
  assert.deepEqual(sums(without), equal);
  assert.deepEqual(sums({ ...profile, timeDeltas: null }), equal);
  assert.deepEqual(sums({ ...profile, timeDeltas: [] }), equal);
  // The first sample lasts for 10 µs; the other four share the 85 that are left.
  assert.deepEqual(sums({ ...profile, timeDeltas: [5, 10] }), ['1 10000', '2 42500', '1 21250']);
  assert.deepEqual(sums({ ...profile, timeDeltas: [5, 10, 20, 30, 15, 3, 4] }), [
    '1 10000',
    '2 42000',
    '1 21000',
  ]);
});

test('profiles in answers of the inspector', () => {
  const lines = stackLines(read(profile));
  for (const wrapped of [
    { profile },
    { result: { profile } },
    { id: 4, result: { profile }, sessionId: 'x' },
    { method: 'Profiler.consoleProfileFinished', params: { id: '1', location: {}, profile } },
    { data: { cpuProfile: profile } },
    { title: 'a', profile: { profile } },
  ])
    assert.deepEqual(stackLines(read(wrapped)), lines, JSON.stringify(wrapped).slice(0, 30));
  const broken = JSON.stringify({ profile }).replace('"nodes"', '"nodes":[],"nodes"').replace(']}}', ']]}');
  refused(broken, 'PROFILE_MALFORMED', /at byte \d+$/);
});

test('a caller among its own callers has none', () => {
  const ring = [
    { id: 1, ...frame('a'), children: [2] },
    { id: 2, ...frame('b'), children: [3] },
    { id: 3, ...frame('c'), children: [1] },
  ];
  const { made, notes } = readWithNotes({
    nodes: ring,
    samples: [3],
    timeDeltas: [1],
    startTime: 0,
    endTime: 3,
  });
  assert.match(stackLines(made)[0] ?? '', /c : 1 2000$/);
  assert.deepEqual(notes, ['passed over 1 caller: nodes row 0 (id 1) is among its own callers']);
  const own = readWithNotes({ nodes: [{ id: 1, ...frame('a'), hitCount: 1, children: [1] }], endTime: 1 });
  assert.deepEqual(stackLines(own.made), ['a : 1 1000']);
  assert.deepEqual(own.notes, ['passed over 1 caller: nodes row 0 (id 1) is among its own callers']);
});

test('wrong types and missing fields are passed over, huge numbers and broken JSON refused, with the byte', () => {
  const json = JSON.stringify(profile);
  const with_ = (from: string, to: string): string => {
    assert.ok(json.includes(from), from);
    return json.replace(from, to);
  };
  const notes = (text: string): string => readWithNotes(text).notes.join('\n');
  assert.match(
    notes(with_('"id":2', '"id":"2"')),
    /^passed over 1 node: the one at byte 1\d\d has no "id"\n/,
  );
  assert.match(notes(with_('"id":2', '"id":-2')), /^passed over 1 node: the one at byte \d+ has no "id"\n/);
  assert.match(notes(with_('"id":2,', '')), /^passed over 1 node: the one at byte \d+ has no "id"\n/);
  assert.match(
    notes(with_('"callFrame"', '"frame"')),
    /^passed over 1 node: the one at byte 10 has no "callFrame"$/,
  );
  assert.equal(notes(with_('"lineNumber":9', '"lineNumber":1e300')), '');
  assert.equal(
    notes(with_('"samples":[2,3', '"samples":[2,77')),
    'passed over 1 sample: samples row 1 names the node 77, which is not there',
  );
  assert.equal(
    notes(with_('"children":[3]', '"children":[99]')),
    'passed over 1 child of a node: nodes row 1 has the child 99, which is no node',
  );
  assert.equal(notes(with_('"children":[3]', '"children":3')), '');
  refused(
    with_('[5,10,', '[5,1e999,'),
    'PROFILE_MALFORMED',
    /"timeDeltas" of timeDeltas row 1: the number 1e999 is beyond any/,
  );
  refused(
    with_('[5,10,', '[5,9e15,9e15,'),
    'PROFILE_INVALID',
    /timeDeltas row 1 brings the recorded time beyond 285 years$/,
  );
  refused(with_(']}', ']]'), 'PROFILE_MALFORMED', /'\]' stands where ',' or '}' should at byte/);
  refused(
    `${json}${json}`,
    'PROFILE_CONCATENATED',
    /a second JSON text begins at byte \d+; give each profile as a file of its own$/,
  );
  refused(`${json} x`, 'PROFILE_MALFORMED', /something follows the end of the JSON text at byte/);
  refused('{"nodes":[]}', 'PROFILE_UNRECOGNIZED', /^unrecognized: JSON of no known profile format/);
  const begin = json.slice(0, json.indexOf(',"startTime"'));
  refused(
    `${begin},"x":${'['.repeat(200_000)}`,
    'PROFILE_MALFORMED',
    /nested more than 4096 deep at byte \d+$/,
  );
  refused(
    `${begin},"samples":${'['.repeat(200_000)}`,
    'PROFILE_MALFORMED',
    /nested more than 4096 deep at byte \d+$/,
  );
});

test('every beginning of a file is refused, and none is an accident', () => {
  const text = fixtureText('shop.cpuprofile').trimEnd();
  for (let end = 60; end < text.length; end += 7) {
    refused(text.slice(0, end), 'PROFILE_TRUNCATED', new RegExp(`ends too early at byte ${end}$`));
  }
});

test('a chain of callers that would make a huge profile out of a small file is cut short', () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => ({
    id: i + 1,
    callFrame: {},
    children: i < 19_999 ? [i + 2] : [],
  }));
  const samples = chain.map(({ id }) => id);
  refused(
    { nodes: chain, samples, timeDeltas: [], startTime: 0, endTime: 9 },
    'PROFILE_TOO_LARGE',
    /nodes row \d+ brings the frames of all stacks beyond/,
  );
});

test('where no node can be read, the first says why', () => {
  refused(
    { nodes: [{ id: '1', callFrame: { functionName: 'a' } }], startTime: 1, endTime: 2 },
    'PROFILE_MALFORMED',
    /^V8 CPU profile: no node of it can be read: the one at byte 10 has no "id"$/,
  );
});
