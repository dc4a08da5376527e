// A main thread that is late because it does not get the CPU is told from one that is blocked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStarved, mainThreadRun } from '../src/inspect/starved.ts';

test('one that wants the CPU and gets little of it is starved, one that works or sleeps is not', () => {
  const at = (ran: number, isRunnable = true) => ({ isRunnable, ran });
  assert.equal(isStarved(at(100), at(110), 1000), true);
  assert.equal(isStarved(at(100), at(1090), 1000), false);
  assert.equal(isStarved(at(100, false), at(110), 1000), false);
  assert.equal(isStarved(at(100), at(110, false), 1000), false);
  assert.equal(isStarved(at(100), null, 1000), false);
});

test('the system tells how long the main thread has run', {
  skip: process.platform !== 'linux' && 'told by /proc',
}, () => {
  const before = mainThreadRun();
  // A kernel without these statistics tells nothing: then nobody is waited for any longer.
  if (before === null) return;
  assert.equal(before.isRunnable, true);
  let sum = 0;
  for (let i = 0; i < 5e7; i++) sum += Math.sqrt(sum + i);
  assert.ok((mainThreadRun()?.ran ?? 0) >= before.ran, String(sum));
});
