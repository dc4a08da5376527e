// Speedscope files: sampled and evented profiles, units, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, readTimed, readWithNotes, refused } from './support.ts';

const frames = [{ name: 'main' }, { name: 'work', file: '/srv/a.ts', line: 7, col: 3 }, { name: '' }];
const schema = 'https://www.speedscope.app/file-format-schema.json';
const sampled = {
  type: 'sampled',
  name: 'cpu',
  unit: 'milliseconds',
  startValue: 0,
  endValue: 10,
  samples: [[0, 1], [0, 1, 2], [0, 1], []],
  weights: [1, 2.5, 0.000001, 4],
};
const evented = {
  type: 'evented',
  name: 'worker',
  unit: 'seconds',
  startValue: 0,
  endValue: 9,
  events: [
    { type: 'O', frame: 0, at: 1 },
    { type: 'O', frame: 1, at: 2 },
    { type: 'C', frame: 1, at: 2.5 },
    { type: 'O', frame: 1, at: 3 },
    { type: 'C', frame: 1, at: 4 },
    { type: 'C', frame: 0, at: 4 },
  ],
};
const file = (...profiles: object[]): object => ({ $schema: schema, shared: { frames }, profiles });

test('sampled: equal stacks are joined, times become nanoseconds', () => {
  const made = read(file(sampled));
  assert.deepEqual(made.sampleTypes, [{ type: 'time', unit: 'nanoseconds' }]);
  assert.deepEqual(stackLines(made), [
    ' : 4000000',
    'main > work /srv/a.ts:7:3 : 1000001',
    'main > work /srv/a.ts:7:3 > (anonymous) : 2500000',
  ]);
});

test('evented: what is open gets the time that passes', () => {
  assert.deepEqual(stackLines(read(file(evented))), [
    'main : 1500000000',
    'main > work /srv/a.ts:7:3 : 1500000000',
  ]);
  const open = { ...evented, events: evented.events.slice(0, 2) };
  assert.deepEqual(stackLines(read(file(open))), [
    'main : 1000000000',
    'main > work /srv/a.ts:7:3 : 7000000000',
  ]);
});

test('asked for times, one profile of times has a sample per stretch, in order', () => {
  // Beginning, depth, nanoseconds.
  assert.deepEqual(readTimed(file(sampled)), [
    [0, 2, 1_000_000],
    [1_000_000, 3, 2_500_000],
    [3_500_000, 2, 1],
    [3_500_001, 0, 4_000_000],
  ]);
  const twice = { ...sampled, samples: [[0], [0], [1], [0]], weights: [1, 2, 3, 4] };
  assert.deepEqual(readTimed(file(twice)), [
    [0, 1, 3_000_000],
    [3_000_000, 1, 3_000_000],
    [6_000_000, 1, 4_000_000],
  ]);
  assert.deepEqual(readTimed(file(evented)), [
    [0, 1, 1_000_000_000],
    [1_000_000_000, 2, 500_000_000],
    [1_500_000_000, 1, 500_000_000],
    [2_000_000_000, 2, 1_000_000_000],
  ]);
  // Bytes have no order in time, and several profiles no common one.
  assert.equal(readTimed(file({ ...sampled, unit: 'bytes' })), null);
  assert.equal(readTimed(file(sampled, evented)), null);
});

test('several profiles: one sample type per kind of unit, and a label', () => {
  const bytes = { ...sampled, name: '', unit: 'bytes', samples: [[0]], weights: [-512] };
  const made = read(file(sampled, evented, bytes));
  assert.deepEqual(
    made.sampleTypes.map(({ unit }) => unit),
    ['nanoseconds', 'bytes'],
  );
  const lines = stackLines(made);
  assert.ok(lines.includes('main : 1500000000 0 profile=worker'), lines.join('\n'));
  assert.ok(lines.includes('main : 0 -512 profile=2'), lines.join('\n'));
});

test('frames may come behind the profiles, and weights may be missing', () => {
  const { weights, ...counted } = sampled;
  assert.equal(weights.length, 4);
  const text = JSON.stringify({ profiles: [{ ...counted, unit: 'none' }], shared: { frames } });
  assert.deepEqual(stackLines(read(text)), [
    ' : 1',
    'main > work /srv/a.ts:7:3 : 2',
    'main > work /srv/a.ts:7:3 > (anonymous) : 1',
  ]);
});

test('units that are none of the format are what they say, or columns of their own', () => {
  const of = (unit: unknown): string => {
    const made = read(file({ ...sampled, unit, samples: [[0]], weights: [3] }));
    const [{ type, unit: made1 } = { type: '', unit: '' }] = made.sampleTypes;
    return `${type}/${made1} ${stackLines(made).join()}`;
  };
  assert.equal(of('ms'), 'time/nanoseconds main : 3000000');
  assert.equal(of('\u00b5s'), 'time/nanoseconds main : 3000');
  assert.equal(of('Seconds'), 'time/nanoseconds main : 3000000000');
  assert.equal(of('kilobytes'), 'space/bytes main : 3072');
  assert.equal(of('samples'), 'samples/count main : 3');
  for (const unit of ['', null, 5, undefined]) assert.equal(of(unit), 'samples/count main : 3');
  assert.equal(of('cycles'), 'cycles/count main : 3');
});

test('samples and events that make no sense are passed over, with their rows', () => {
  const change = (profile: object, what: object): { stacks: string[]; notes: string[] } => {
    const { made, notes } = readWithNotes(file({ ...profile, ...what }));
    return { stacks: stackLines(made), notes };
  };
  const whole = 'main : 3000000';
  assert.deepEqual(change(sampled, { samples: [[0], [0, 3], null, [0, null]], weights: [3, 1, 1, 1] }), {
    stacks: [whole],
    notes: ['passed over 3 samples, the first: profiles row 0, samples row 2 is no stack'],
  });
  assert.deepEqual(change(sampled, { samples: [[0], [0], [0], [0]], weights: [3, 'x', null] }), {
    stacks: [whole],
    notes: ['passed over 3 samples, the first: profiles row 0, samples row 1 has no weight'],
  });
  assert.deepEqual(change(sampled, { samples: [[0]], weights: [3, 4] }).notes, [
    'passed over 1 weight: profiles row 0, weights row 1 is of no sample',
  ]);
  assert.deepEqual(change(sampled, { samples: [[0]], weights: null }).stacks, ['main : 1000000']);
  assert.deepEqual(change(sampled, { type: 'x', samples: [[0]], weights: [3] }).stacks, [whole]);

  const events: unknown[] = [
    { type: 'O', frame: 0, at: 1 },
    null,
    { type: 'O', frame: 1, at: 2 },
    { type: 'X', frame: 0, at: 2 },
    { type: 'O', at: 2 },
    { type: 'C', frame: 2, at: 2 },
    { type: 'C', frame: 1, at: 1.5 },
    { type: 'O', frame: 1, at: 3 },
    { type: 'C', frame: 0, at: 4 },
  ];
  assert.deepEqual(change(evented, { events, unit: 'none' }), {
    stacks: ['main : 2', 'main > work /srv/a.ts:7:3 : 1'],
    notes: [
      `passed over 6 events, the first: what stands at byte ${JSON.stringify(file({ ...evented, events, unit: 'none' })).indexOf('null')} is no object`,
    ],
  });
  const half = { $schema: schema, shared: { frames: [frames[0], null] }, profiles: [null, sampled] };
  const { made, notes } = readWithNotes(half);
  assert.equal(stackLines(made).length, 2);
  assert.equal(notes.length, 3, notes.join('\n'));
});

test('what cannot be read at all is refused', () => {
  refused(
    file({ ...sampled, weights: [1e300, 0, 0, 0] }),
    'PROFILE_INVALID',
    /add up to 1e\+306, which is too large$/,
  );
  refused(
    file(...Array.from({ length: 70 }, (_, i) => ({ ...sampled, unit: `u${i}` }))),
    'PROFILE_INVALID',
    /more than 64 units$/,
  );
  refused({ $schema: schema, shared: {} }, 'PROFILE_MALFORMED', /^speedscope: it has no profile$/);
  refused({ $schema: schema, profiles: [sampled] }, 'PROFILE_MALFORMED', /it has no "shared" frames/);
});
