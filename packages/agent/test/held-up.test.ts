// A thread that was kept from its loop is not one whose clients are late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldUp } from '../src/door/held-up.ts';

test('a look that comes late tells it, for a while', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const heldUp = new HeldUp(() => now);
  const passes = (ms: number): void => {
    now += ms;
    t.mock.timers.tick(1000);
  };
  for (let i = 0; i < 5; i++) passes(1000);
  assert.equal(heldUp.justNow, false);
  // Nobody has looked for six seconds: also where the question comes before the look.
  now += 6000;
  assert.equal(heldUp.justNow, true);
  for (let i = 0; i < 5; i++) passes(1000);
  assert.equal(heldUp.justNow, false);
  passes(6000);
  assert.equal(heldUp.justNow, true);
  heldUp.stop();
});
