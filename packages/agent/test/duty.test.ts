// When the hook is off and on, what that costs, and that what is seen stands for what is not, with a clock of our own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callCost, CHARGE_CALLS, Duty } from '../src/tasks/duty.ts';

const CALL_MS = 100e-6;

interface Ran {
  /** Share of the time that calls of the hook took. */
  readonly share: number;
  /** Share of the time for which the hook was on. */
  readonly on: number;
  readonly seen: number;
  /** Sum of the weights of what was seen. */
  readonly weighted: number;
  readonly happened: number;
}

/** A program that runs for `seconds`, in turns of a loop of 2 ms, with `perSecond` calls of the hook. */
function run(share: number, seconds: number, perSecond: (second: number) => number): Ran {
  let now = 0;
  let on = true;
  let onMs = 0;
  let timers: { at: number; run: () => void }[] = [];
  let pending: number[] = [];
  let weighted = 0;
  let seen = 0;
  let happened = 0;
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const settle = (correction: number): void => {
    for (const weight of pending) weighted += weight * correction;
    pending = [];
  };
  const duty = new Duty(share, CALL_MS, {
    arm: () => (on = true),
    disarm: () => (on = false),
    later: (ms, call) => timers.push({ at: now + ms, run: call }),
    now: () => now,
    random,
    closed: settle,
  });
  let calls = 0;
  let owed = 0;
  for (let turnAt = 0; turnAt < seconds * 1000; turnAt += 2) {
    now = turnAt;
    const due = timers.filter((timer) => timer.at <= now);
    timers = timers.filter((timer) => timer.at > now);
    for (const timer of due) timer.run();
    owed += perSecond(now / 1000) * 0.002;
    const turn = Math.floor(owed);
    owed -= turn;
    happened += turn;
    if (!on) continue;
    let i = 0;
    for (; i < turn && on; i++) {
      now = turnAt + (2 * i) / turn;
      seen++;
      pending.push(duty.weight);
      if (++calls % CHARGE_CALLS === 0) duty.charge();
    }
    onMs += turn === 0 ? 2 : (2 * i) / turn;
  }
  settle(1);
  return { share: duty.spent / (seconds * 1000), on: onMs / (seconds * 1000), seen, weighted, happened };
}

describe('the hook', () => {
  test('stays on while it costs less than its share', () => {
    const { on, seen, happened, weighted } = run(0.01, 60, () => 50_000);
    assert.ok(on > 0.999);
    assert.equal(seen, happened);
    assert.equal(weighted, happened);
  });

  test('costs its share at most, however many promises there are, and what it sees stands for all', () => {
    for (const rate of [200_000, 2_000_000, 20_000_000]) {
      const { share, on, weighted, happened } = run(0.01, 60, () => rate);
      // What is saved up at the start comes on top, and a turn of the loop is not cut into pieces.
      assert.ok(share <= 0.0125, `${rate}: a share of ${share}`);
      assert.ok(on < 1);
      assert.ok(Math.abs(weighted / happened - 1) < 0.15, `${rate}: ${weighted} of ${happened}`);
    }
  });

  test('stays on again when the storm is over', () => {
    const { seen, happened } = run(0.01, 60, (second) => (second < 5 ? 2_000_000 : 1000));
    const calm = 55 * 1000;
    assert.ok(seen >= calm * 0.97, `${seen} of ${happened}`);
  });

  test('knows about what a call costs', () => {
    const nothing = (): void => undefined;
    const cost = callCost(() => nothing);
    assert.ok(cost > 0 && cost < 1e-3);
  });
});
