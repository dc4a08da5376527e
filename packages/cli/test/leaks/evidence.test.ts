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
