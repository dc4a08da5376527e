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
  /** What the duty takes for the calls per second at the end; null while the hook is on. */
  readonly rate: number | null;
}

/** Something that a program does: so many calls of the hook, evenly over so many milliseconds without a turn of the loop. */
interface Burst {
  /** When it is due, in milliseconds. */
  readonly at: number;
  readonly calls: number;
  readonly ms: number;
}

/** As many calls per second as `rate` says, in turns of 2 ms that leave no time between them. */
function* steady(seconds: number, rate: (second: number) => number): Generator<Burst> {
  let owed = 0;
  for (let at = 0; at < seconds * 1000; at += 2) {
    owed += rate(at / 1000) * 0.002;
    const calls = Math.floor(owed);
    owed -= calls;
    yield { at, calls, ms: 2 };
  }
}

/** A burst of `calls` in every `every` milliseconds, and nothing between. */
function* ticking(seconds: number, every: number, calls: number, ms: number): Generator<Burst> {
  for (let at = every; at < seconds * 1000; at += every) yield { at, calls, ms };
}

/** Runs a program on a loop of events as Node's: timers that are due, then what is due of the program, then it sleeps. */
function run(share: number, seconds: number, program: Generator<Burst>, seed = 1): Ran {
  let now = 0;
  let on = true;
  let onSince = 0;
  let onMs = 0;
  let timers: { at: number; run: () => void }[] = [];
  let pending: number[] = [];
  let weighted = 0;
  let seen = 0;
  let happened = 0;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const settle = (correction: number): void => {
    for (const weight of pending) weighted += weight * correction;
    pending = [];
  };
  const duty = new Duty(share, CALL_MS, {
    arm: () => {
      on = true;
      onSince = now;
    },
    disarm: () => {
      if (on) onMs += now - onSince;
      on = false;
    },
    later: (ms, call) => timers.push({ at: now + Math.max(1, Math.ceil(ms)), run: call }),
    now: () => now,
    random,
    spent: () => 0,
    correct: settle,
  });
  let charged = 0;
  let burst = program.next();
  while (burst.done !== true) {
    const next = Math.min(burst.value.at, ...timers.map((timer) => timer.at));
    now = Math.max(now, next);
    const due = timers.filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at);
    timers = timers.filter((timer) => timer.at > now);
    for (const timer of due) timer.run();
    if (burst.value.at > now) continue;
    const { calls, ms } = burst.value;
    const began = now;
    happened += calls;
    for (let i = 0; i < calls && on; i++) {
      now = began + (ms * i) / calls;
      seen++;
      pending.push(duty.weight);
      if (++charged % CHARGE_CALLS === 0) duty.charge();
    }
    now = began + ms;
    burst = program.next();
  }
  if (on) onMs += now - onSince;
  settle(1);
  return {
    share: duty.spent / (seconds * 1000),
    on: onMs / (seconds * 1000),
    seen,
    weighted,
    happened,
    rate: duty.rate,
  };
}

describe('the hook', () => {
  test('stays on while it costs less than its share', () => {
    const { on, seen, happened, weighted, rate } = run(
      0.01,
      60,
      steady(60, () => 50_000),
    );
    assert.ok(on > 0.999);
    assert.equal(rate, null);
    assert.equal(seen, happened);
    assert.equal(weighted, happened);
  });

  test('costs its share at most, however many promises there are, and what it sees stands for all', () => {
    for (const rate of [200_000, 2_000_000, 20_000_000]) {
      const {
        share,
        on,
        weighted,
        happened,
        rate: told,
      } = run(
        0.01,
        60,
        steady(60, () => rate),
      );
      // Of more than some millions the turns are cut short: then it is less than there are.
      assert.ok(
        told !== null && told > Math.min(rate, 5e6) * 0.85 && told < rate * 1.15,
        `${rate}: told as ${told}`,
      );
      // What is saved up at the start comes on top, and a turn of the loop is not cut into pieces.
      assert.ok(share <= 0.0125, `${rate}: a share of ${share}`);
      assert.ok(on < 1);
      assert.ok(Math.abs(weighted / happened - 1) < 0.15, `${rate}: ${weighted} of ${happened}`);
    }
  });

  test('what it sees stands for all in programs that work in bursts, short and long ones', () => {
    // Programs of rare bursts are met by few windows: the last number is what may be missing or too much.
    for (const [every, calls, ms, off] of [
      [10, 4000, 2, 0.05],
      [10, 4000, 8, 0.05],
      [7, 500, 1, 0.05],
      [100, 40_000, 10, 0.1],
      [100, 400_000, 90, 0.1],
      [250, 100_000, 60, 0.2],
      [1000, 500_000, 300, 0.3],
    ] as const) {
      let weighted = 0;
      let happened = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const ran = run(0.0025, 120, ticking(120, every, calls, ms), seed);
        weighted += ran.weighted;
        happened += ran.happened;
        assert.ok(ran.share <= 0.0035, `${every} ms: a share of ${ran.share}`);
      }
      const name = `${calls} in every ${every} ms`;
      assert.ok(Math.abs(weighted / happened - 1) < off, `${name}: ${weighted} of ${happened}`);
    }
  });

  test('stays on again when the storm is over', () => {
    const { seen, happened } = run(
      0.01,
      60,
      steady(60, (second) => (second < 5 ? 2_000_000 : 1000)),
    );
    const calm = 55 * 1000;
    assert.ok(seen >= calm * 0.97, `${seen} of ${happened}`);
  });

  test('knows about what a call costs', () => {
    const nothing = (): void => undefined;
    const cost = callCost(() => nothing);
    assert.ok(cost > 0 && cost < 1e-3);
  });
});
