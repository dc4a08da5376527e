// While nobody looks at tasks, tracking takes a part of its budget only.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Attention, RESTING_PART } from '../src/tasks/attention.ts';
import { Budget } from '../src/tasks/budget.ts';
import { TaskTracker } from '../src/tasks/tracker.ts';

const MINUTE = 60_000;

describe('while nobody looks at tasks', () => {
  test('tracking rests after ten minutes, until somebody does', () => {
    let now = 0;
    const parts: number[] = [];
    const attention = new Attention([{ take: (part) => parts.push(part) }], () => now);
    attention.looked();
    for (now = 0; now < 10 * MINUTE; now += 1000) attention.check();
    assert.deepEqual(parts, []);
    for (; now < 30 * MINUTE; now += 1000) attention.check();
    assert.deepEqual(parts, [RESTING_PART]);
    assert.equal(attention.rested, 20 * MINUTE);
    attention.looked();
    assert.deepEqual(parts, [RESTING_PART, 1]);
    // A look of every nine minutes is enough.
    for (let looks = 0; looks < 5; looks++) {
      now += 9 * MINUTE;
      attention.check();
      attention.looked();
    }
    assert.deepEqual(parts, [RESTING_PART, 1]);
    assert.equal(attention.rested, 20 * MINUTE);
  });

  test('where nobody has looked yet it rests after twenty seconds', () => {
    let now = 0;
    const parts: number[] = [];
    const attention = new Attention([{ take: (part) => parts.push(part) }], () => now);
    for (; now < 20_000; now += 1000) attention.check();
    assert.deepEqual(parts, []);
    for (; now < 5 * MINUTE; now += 1000) attention.check();
    attention.looked();
    assert.deepEqual(parts, [RESTING_PART, 1]);
    for (; now < 15 * MINUTE; now += 1000) attention.check();
    assert.deepEqual(parts, [RESTING_PART, 1]);
  });

  test('a budget of which a part is taken is spent by that part', () => {
    let now = 0;
    const share = 0.01;
    const budget = new Budget(share, { now: () => now, random: Math.random });
    /** Share of the time that is spent in so many seconds, by a program of 10,000 runs a second whose looks take 20 µs. */
    const spentIn = (seconds: number): number => {
      const before = budget.spent;
      for (const end = now + 1000 * seconds; now < end; now += 0.1) if (budget.next()) budget.spend(0.02);
      return (budget.spent - before) / (1000 * seconds);
    };
    // What is saved up is spent first.
    spentIn(60);
    const awake = spentIn(60);
    budget.take(RESTING_PART);
    spentIn(60);
    const resting = spentIn(60);
    budget.take(1);
    spentIn(60);
    const again = spentIn(60);
    assert.ok(Math.abs(awake / share - 1) < 0.1, `${awake}`);
    assert.ok(Math.abs(resting / (share * RESTING_PART) - 1) < 0.2, `${resting}`);
    assert.ok(Math.abs(again / share - 1) < 0.1, `${again}`);
  });

  test('a dump is a look, and says for how long nobody did', async () => {
    const settings = { from: 'start', budget: 1, maxTasks: 1000, stackDepth: 32, handles: false } as const;
    let ahead = 0;
    const real = performance.now.bind(performance);
    const clock = mock.method(performance, 'now', () => real() + ahead);
    const tracker = new TaskTracker(settings);
    tracker.start();
    try {
      const promises = async (): Promise<void> => {
        for (let i = 0; i < 1000; i++) await null;
      };
      await promises();
      tracker.dump(false);
      ahead = 15 * MINUTE;
      await promises();
      ahead = 45 * MINUTE;
      const notes = (): readonly string[] =>
        tracker.dump(false).notes.filter((note) => note.includes('nobody looked'));
      assert.deepEqual(notes(), ['tasks: for 30 min nobody looked, and 20 % of the budget was taken']);
      ahead = 50 * MINUTE;
      assert.deepEqual(notes(), ['tasks: for 30 min nobody looked, and 20 % of the budget was taken']);
    } finally {
      tracker.stop();
      clock.mock.restore();
    }
  });
});
