// What a reading is taken to have cost: the CPU that it has used, and not how long a busy machine has kept it waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInThisContext } from 'node:vm';
import { type Costed, costed, type Expression } from '../src/host/calls.ts';

function costOf(expression: Expression<unknown>): number {
  return (runInThisContext(costed(expression)) as Costed<unknown>).cost;
}

test('a reading that had to wait has cost nothing of the thread, and one that works has', () => {
  // As where others have the CPU: the clock goes on, and the thread does not run.
  const waited = costOf('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)');
  assert.ok(waited < 200, `${waited} ms`);
  const worked = costOf(
    '(() => { let sum = 0; for (let i = 0; i < 3e7; i++) sum += Math.sqrt(sum + i); return sum; })()',
  );
  assert.ok(worked > waited, `${worked} ms of work, ${waited} ms of waiting`);
});
