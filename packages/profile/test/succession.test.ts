// One process, the next, or another: told by what only one process can have.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Counters, Followed, readCounters, succession } from '@stackpile/profile';

function countersOf(known: Partial<Counters>): Counters {
  return readCounters({ schema: 'stackpile.counters/1', runtime: 'node', time: 0, ...known });
}

describe('two readings', () => {
  const before = countersOf({ pid: 1, time: 10_000_000, uptime: 100, cpu: 5, requests: 40 });

  test('are of one process where all that only grows has grown, whatever its clock was set to', () => {
    const later = { pid: 1, uptime: 115, cpu: 5, requests: 41 };
    for (const moved of [0, -3_600_000, 3000, -3000])
      assert.equal(
        succession(before, countersOf({ ...later, time: 10_015_000 + moved })),
        'same',
        `${moved}`,
      );
  });

  test('are of one where it was read long after it was asked: it hung meanwhile', () => {
    assert.equal(succession(before, countersOf({ pid: 1, time: 10_055_000, uptime: 115 })), 'same');
  });

  test('are of two where something has fallen that only grows', () => {
    for (const name of ['uptime', 'cpu', 'requests'] as const)
      assert.equal(
        succession(before, countersOf({ pid: 1, time: 10_015_000, uptime: 115, [name]: 1 })),
        'restarted',
        name,
      );
  });

  test('with a number that none has again are of one, also where a clock was set right after it began', () => {
    const young = countersOf({ pid: 4711, time: 1_000_000, uptime: 10 });
    assert.equal(succession(young, countersOf({ pid: 4711, time: 4_600_000, uptime: 40 })), 'same');
  });

  test('are of two in a container, where every process has the same number, once the second is older than the first was', () => {
    const young = countersOf({ pid: 1, time: 1_000_000, uptime: 10 });
    assert.equal(succession(young, countersOf({ pid: 1, time: 1_060_000, uptime: 40 })), 'restarted');
    assert.equal(succession(young, countersOf({ pid: 1, time: 1_060_000, uptime: 70 })), 'same');
  });

  test('of two containers, of which each has the first number, are of two that were there together', () => {
    const young = countersOf({ pid: 1, time: 10_000_000, uptime: 100 });
    assert.equal(succession(young, countersOf({ pid: 1, time: 10_015_000, uptime: 5000 })), 'another');
  });

  test('with two numbers are of two, which may have been there together', () => {
    assert.equal(succession(before, countersOf({ pid: 2, time: 10_015_000, uptime: 3 })), 'restarted');
    assert.equal(succession(before, countersOf({ pid: 2, time: 10_015_000, uptime: 90 })), 'another');
    assert.equal(succession(before, countersOf({ pid: 2, time: 10_015_000 })), 'restarted');
  });

  test('of another process in a row are of the one that took the place of the first, which it overlapped', () => {
    const followed = new Followed();
    const at = (look: number, pid: number, began: number): Counters =>
      countersOf({ pid, time: 10_000_000 + look * 5000, uptime: 1000 + look * 5 - began });
    assert.equal(followed.of(at(0, 20, 0)), 'same');
    const said = [1, 2, 3, 4, 5].map((look) => followed.of(at(look, 21, 980)));
    assert.deepEqual(said, ['another', 'another', 'restarted', 'same', 'same']);
    // Two that take turns are two.
    const turns = new Followed();
    const answered = [0, 1, 2, 3, 4, 5, 6, 7].map((look) =>
      turns.of(look % 2 === 0 ? at(look, 20, 0) : at(look, 21, 1)),
    );
    assert.deepEqual(answered, ['same', 'another', 'same', 'another', 'same', 'another', 'same', 'another']);
  });

  test('without an age say nothing', () => {
    assert.equal(succession(countersOf({}), countersOf({})), null);
    assert.equal(succession(countersOf({ pid: 1 }), countersOf({ pid: 1 })), null);
  });

  test('without a number go by when it began', () => {
    const first = countersOf({ time: 10_000_000, uptime: 100 });
    assert.equal(succession(first, countersOf({ time: 10_015_000, uptime: 115 })), 'same');
    assert.equal(succession(first, countersOf({ time: 10_300_000, uptime: 120 })), 'restarted');
  });

  test('of one process are never of two, whatever they are apart and however late they are read', () => {
    const late = fc.double({ min: 0, max: 4, noNaN: true });
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), late, late, (age, apart, one, two) => {
        const at = (seconds: number, lateness: number): Counters =>
          countersOf({ pid: 1, time: (seconds + lateness) * 1000, uptime: seconds });
        assert.equal(succession(at(age, one), at(age + apart, two)), 'same');
      }),
    );
  });

  test('of two that began one after the other are never of one, where they are not a few seconds old', () => {
    const lives = fc.record({ old: fc.integer({ min: 6, max: 1e5 }), gap: fc.nat(1e4), age: fc.nat(1e5) });
    fc.assert(
      fc.property(lives, ({ old, gap, age }) => {
        const first = countersOf({ pid: 1, time: old * 1000, uptime: old });
        const second = countersOf({ pid: 1, time: (old + gap + age) * 1000, uptime: age });
        assert.equal(succession(first, second), 'restarted');
      }),
    );
  });
});
