// How often the interval that is told beside a count of sampled tasks holds the truth: bursts of a tracker of our own, on a clock and lots of our own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Budget } from '../src/tasks/budget.ts';
import { CHARGE_CALLS, Duty } from '../src/tasks/duty.ts';
import { Estimate, type Sampled } from '../src/tasks/estimate.ts';

const SHARE = 0.01;
const CALL_MS = 100e-6;
/** Milliseconds that a look at one call takes, and that a call takes the program itself. */
const LOOK_MS = 0.01;
const WORK_MS = 0.0005;
const CALLS_PER_TASK = 4;
/** Promises after which the tracker takes a run that does not end for a new one. */
const CALLS_PER_RUN = 16;

/** Park and Miller's generator. */
function lots(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Something that makes tasks: when, in milliseconds; how many; and how likely each is to stay. */
interface Burst {
  readonly at: number;
  readonly tasks: number;
  readonly stays: number;
}

interface Ran {
  readonly truth: number;
  readonly estimate: Estimate;
}

interface Mutable {
  weight: number;
  guessed: number;
  readonly cluster: number;
  readonly at: number;
}

/** Runs bursts under a duty and a budget as the tracker has them, on a loop of events as Node's. */
function run(bursts: readonly Burst[], seed: number): Ran {
  const random = lots(seed);
  let now = 0;
  let on = true;
  let timers: { at: number; run: () => void }[] = [];
  let pending: Mutable[] = [];
  const kept: Mutable[] = [];
  const budget = new Budget(SHARE * 0.75, { now: () => now, random });
  const duty = new Duty(SHARE * 0.25, CALL_MS, {
    arm: () => {
      on = true;
      const { window } = duty;
      if (window === null) budget.unplan();
      else budget.plan(window.off + window.on, window.calls / 2.5, window.on * 0.3);
    },
    disarm: () => {
      on = false;
      budget.unplan();
    },
    later: (ms, call) => timers.push({ at: now + Math.max(1, Math.ceil(ms)), run: call }),
    now: () => now,
    random,
    spent: () => budget.spent,
    correct: (factor) => {
      for (const record of pending) {
        record.guessed += record.weight * (factor - 1);
        record.weight *= factor;
      }
      pending = [];
    },
  });
  /** Runs the timers that are due until `until`. */
  const turn = (until: number): void => {
    for (;;) {
      const next = Math.min(...timers.map((timer) => timer.at));
      if (next > until) return;
      now = Math.max(now, next);
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.run();
    }
  };
  let truth = 0;
  let calls = 0;
  let looked = false;
  for (const { at, tasks, stays } of bursts) {
    turn(Math.max(now, at));
    now = Math.max(now, at);
    for (let task = 0; task < tasks; task++) {
      const stay = random() < stays;
      if (stay) truth++;
      for (let call = 0; call < CALLS_PER_TASK; call++) {
        now += WORK_MS;
        if (!on) continue;
        now += CALL_MS;
        if (++calls % CHARGE_CALLS === 0) duty.charge();
        if (calls % CALLS_PER_RUN === 0) looked = budget.next();
        if (!looked) continue;
        now += LOOK_MS;
        budget.spend(LOOK_MS);
        if (call !== CALLS_PER_TASK - 1 || !stay) continue;
        const { window, weight, windows, unsettled } = duty;
        const record = {
          weight: budget.weight * weight,
          guessed: 0,
          cluster: window === null ? budget.look : -windows,
          at: now,
        };
        kept.push(record);
        if (unsettled) pending.push(record);
      }
    }
  }
  turn(now + 10_000);
  const estimate = new Estimate((look) => budget.weightOf(look));
  for (const record of kept) {
    const edge = duty.gaps.some((gap) => record.at <= gap.at && record.at >= gap.at - gap.off);
    const sampled: Sampled = { ...record, edge };
    estimate.add(sampled);
  }
  return { truth, estimate };
}

const SEEDS = 100;

interface Judged {
  readonly held: number;
  /** Mean of estimate over truth. */
  readonly mean: number;
  /** Standard deviation of estimate over truth. */
  readonly spread: number;
}

function judged(bursts: readonly Burst[]): Judged {
  let held = 0;
  const ratios: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { truth, estimate } = run(bursts, seed);
    const [low, high] = estimate.between;
    if (truth >= low && truth <= high) held++;
    ratios.push(estimate.count / truth);
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / SEEDS;
  const spread = Math.sqrt(ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / SEEDS);
  return { held: held / SEEDS, mean, spread };
}

/** The same burst again and again. */
function every(ms: number, times: number, tasks: number, stays: number): Burst[] {
  return Array.from({ length: times }, (_, i) => ({ at: (i + 1) * ms, tasks, stays }));
}

describe('the interval beside a sampled count', () => {
  // [what, bursts, most that the estimates may spread]
  for (const [name, bursts, spread] of [
    ['5,000 tasks at once', every(1000, 1, 5000, 1), 0.05],
    ['50,000 tasks at once', every(1000, 1, 50_000, 1), 0.05],
    ['200,000 tasks at once', every(1000, 1, 200_000, 1), 0.05],
    ['200,000 tasks in turns of 1,000', every(1, 200, 1000, 1), 0.05],
    ['200,000 tasks in turns of 2,000, with time between', every(10, 100, 2000, 1), 0.05],
    ['two bursts of 50,000', every(5000, 2, 50_000, 1), 0.05],
    [
      'a burst, and then others of which nothing stays',
      [...every(1000, 1, 50_000, 1), ...every(3000, 5, 50_000, 0)],
      0.05,
    ],
    ['one task in five of 100,000 stays', every(1000, 1, 100_000, 0.2), 0.2],
    ['one task in a hundred of 100,000 stays', every(1000, 1, 100_000, 0.01), 1],
    ['a leak in steady traffic', every(10, 1000, 100, 0.02), 0.3],
    // More than the hook can be on for: the rest is reckoned, or left to windows.
    ['400,000 tasks at once', every(1000, 1, 400_000, 1), 0.1],
    ['400,000 tasks in turns of 1,000', every(1, 400, 1000, 1), 0.7],
  ] as const) {
    test(`holds the truth in nine of ten seeded runs at least: ${name}`, (t) => {
      const found = judged(bursts);
      t.diagnostic(`held ${found.held}, mean ${found.mean.toFixed(3)}, spread ${found.spread.toFixed(3)}`);
      assert.ok(found.held >= 0.9, `held in ${found.held}`);
      assert.ok(found.spread <= spread, `spread ${found.spread}`);
      // The estimates themselves lean to no side, by more than chance explains.
      const chance = (4 * found.spread) / Math.sqrt(SEEDS) + 0.01;
      assert.ok(Math.abs(found.mean - 1) <= chance, `mean ${found.mean}`);
    });
  }
});
