// Speedscope files: sampled and evented profiles, units, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, readTimed, refused } from './support.ts';

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

test('what contradicts itself is refused', () => {
  const change = (profile: object, what: object): object => file({ ...profile, ...what });
  refused(
    change(sampled, { samples: [[0, 3]], weights: [1] }),
    'PROFILE_INVALID',
    /names frame 3, but there are 3$/,
  );
  refused(
    change(sampled, { weights: [1] }),
    'PROFILE_MALFORMED',
    /profiles row 0: there are 4 samples and 1 weights at byte/,
  );
  refused(
    change(sampled, { unit: 'parsecs' }),
    'PROFILE_MALFORMED',
    /"unit" of profiles row 0: "parsecs" is no unit at byte/,
  );
  refused(
    change(sampled, { weights: [1, 2, 3, 'x'] }),
    'PROFILE_MALFORMED',
    /a string stands where a number should/,
  );
  refused(
    change(sampled, { weights: [1e300, 0, 0, 0] }),
    'PROFILE_INVALID',
    /add up to 1e\+306, which is too large$/,
  );
  refused(
    change(sampled, { type: 'x' }),
    'PROFILE_MALFORMED',
    /"x" is neither of the types "sampled" and "evented"/,
  );
  const events = [...evented.events];
  events[2] = { type: 'C', frame: 0, at: 2.5 };
  refused(
    change(evented, { events }),
    'PROFILE_MALFORMED',
    /event 2 closes frame 0, which is not the innermost open one at byte/,
  );
  events[2] = { type: 'C', frame: 1, at: 1.5 };
  refused(
    change(evented, { events }),
    'PROFILE_MALFORMED',
    /event 2 is at 1.5, before the one in front of it at byte/,
  );
  refused({ $schema: schema, shared: {} }, 'PROFILE_MALFORMED', /it has no "profiles"/);
  refused({ $schema: schema, profiles: [sampled] }, 'PROFILE_MALFORMED', /it has no "shared" frames/);
});
