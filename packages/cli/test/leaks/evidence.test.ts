// What a service is asked for what a watch wants, and that nothing that stops it is asked where that is forbidden.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Offers } from '@stackpile/profile';
import { asksFor, ClassLooks, heapClasses } from '../../src/leaks/evidence.ts';

const form = { ask: { name: 'goroutine' }, handles: null };
const offers: Offers = {
  schema: 'stackpile.offers/1',
  offers: ['goroutine', 'heap', heapClasses].map((name) => ({
    name,
    description: '',
    kind: 'snapshot',
    query: [],
    count: null,
    delta: false,
  })),
};

function asked(kind: 'go' | 'agent', classes: ClassLooks | null): string[] {
  const asks = asksFor(['tasks', 'heap', 'classes'], kind, form, offers, classes);
  return asks.map(({ ask: { name, query = {} } }) => `${name}?${new URLSearchParams(query).toString()}`);
}

test('Go is asked for a collection, and an agent for what its heap holds, where they may be stopped', () => {
  const looks = new ClassLooks(60_000, () => 0);
  assert.deepEqual(asked('go', looks), ['goroutine?', 'heap?gc=1']);
  assert.deepEqual(asked('agent', looks), ['goroutine?', 'heap?', `${heapClasses}?with=closures`]);
});

test('where they may not, for neither', () => {
  assert.deepEqual(asked('go', null), ['goroutine?', 'heap?']);
  assert.deepEqual(asked('agent', null), ['goroutine?', 'heap?']);
});

/** Answers of an agent whose process stood still for so many milliseconds, asked at these times. */
function rested(stopped: number, asked: readonly number[], now: number): ClassLooks {
  const looks = new ClassLooks(60_000, () => now);
  asked.forEach((time, i) => looks.taken(stopped, { process: 'one', largest: 100 + i, looks: null }, time));
  return looks;
}

test('a process has rested since it stood still, not since it was read of that', () => {
  assert.equal(rested(4000, [10_000], 26_000).isDue, false);
  assert.equal(rested(4000, [10_000], 34_000).isDue, true);
});

test('the last look waits for the rest where two snapshots are all that there were', () => {
  const last = (asked: readonly number[]): boolean => {
    const looks = rested(4000, asked, 60_000);
    looks.isLast();
    return looks.isDue;
  };
  assert.equal(last([10_000, 40_000]), true);
  assert.equal(last([10_000, 34_000, 58_000]), false);
  // Longer than a fourth of the watch nobody waits.
  assert.equal(last([58_000]), false);
});
