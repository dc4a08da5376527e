// How long a test waits for what is ending.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Found } from '../../src/testing/found.ts';
import { settled } from '../../src/testing/settled.ts';

const found: Found = { kind: 'task', detail: '', stack: [], startedBy: null };

test('what nothing can reach any more is not waited for', { timeout: 60_000 }, async () => {
  const gone = new WeakRef({});
  // Whoever waited for the end of the grace would be here for an hour.
  assert.deepEqual(await settled(() => (gone.deref() === undefined ? [] : [found]), 3_600_000), []);
});

test('what stays is told when the grace is over', async () => {
  assert.deepEqual(await settled(() => [found], 300), [found]);
});
