// The tracker by itself: what it keeps alive, what sampling does to its counts, where its limits are.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { promiseHooks } from 'node:v8';
import fc from 'fast-check';
import { Budget } from '../src/tasks/budget.ts';

import { Duty } from '../src/tasks/duty.ts';
import { TaskTracker } from '../src/tasks/tracker.ts';
import { sourceFlags } from './serving.ts';

const run = promisify(execFile);

async function result(name: string, ...args: string[]): Promise<Record<string, number>> {
  const path = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const flags = [...sourceFlags, '--expose-gc', '--no-warnings'];
  const { stdout } = await run(process.execPath, [...flags, path, ...args], { timeout: 300_000 });
  return JSON.parse(stdout) as Record<string, number>;
}

const settings = { from: 'start', budget: 1, maxTasks: 100_000, stackDepth: 32, handles: false } as const;

/** Tasks that wait in a function, weighted. */
function dumpCount(tracker: TaskTracker, name: string): number {
  const { rows, stacks, names } = tracker.dump(false);
  let sum = 0;
  rows.stack.forEach((stack, i) => {
    if (names[(stacks[stack] as number[])[0] as number] === name) sum += rows.count[i] as number;
  });
  return sum;
}

describe('tracked tasks', () => {
  test('nothing on the stack of a waiting task is kept alive: receivers, arguments, requests', async () => {
    const { tracked, collected } = await result('collectable.ts', '10000');
    assert.equal(tracked, 10_000);
    assert.equal(collected, 10_000);
  });

  test('tasks that nothing can resume any more leave the count', async () => {
    const { before, after } = await result('unreachable.ts', '5000');
    assert.equal(before, 5000);
    assert.equal(after, 0);
  });

  // The share is an estimate from a handful of samples. One run in about a hundred is off by more than a fifth, so there are three.
  // A machine that cannot make 200,000 promises a second makes them in more time, or fewer: the mixture is what counts.
  test('2,000 leaked tasks among 200,000 promises a second rank first, with their share', async (t) => {
    const tries: string[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await result('statistics.ts');
      const { share = 0, truth = 1, first, leaked = 0, perRequest = 0, promisesPerSecond } = answer;
      t.diagnostic(`${promisesPerSecond} promises a second; share ${share}, the truth is ${truth}`);
      assert.ok(leaked > 0 && perRequest >= 10, JSON.stringify(answer));
      if (first === 1 && Math.abs(share / truth - 1) <= 0.2) return;
      tries.push(JSON.stringify(answer));
    }
    assert.fail(tries.join('\n'));
  });

  test('a task that is kept has all who wait for it, however many there are', async () => {
    const tracker = new TaskTracker({ ...settings, maxTasks: 1000 });
    tracker.start();
    const waiting: (() => void)[] = [];
    async function never(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    async function drain(): Promise<void> {
      await never();
    }
    async function leak(): Promise<void> {
      await drain();
    }
    const all: Promise<void>[] = [];
    const known = new Set<string>();
    for (let i = 1; i <= 6000; i++) {
      all.push(i % 2 === 0 ? leak() : leak().then(() => undefined));
      await new Promise((resolve) => setImmediate(resolve));
      if (i % 1000 !== 0) continue;
      const { rows, stacks, names } = tracker.dump(false);
      let sum = 0;
      rows.stack.forEach((stack, at) => {
        known.add(
          (stacks[stack] as number[])
            .slice(0, 3)
            .map((frame) => names[frame])
            .join(' '),
        );
        sum += rows.count[at] as number;
      });
      // Of a hundred and more samples, drawn in pairs of neighbours.
      assert.ok(Math.abs(sum / i - 1) < 0.2, `${sum} of ${i}`);
    }
    assert.deepEqual([...known], ['never drain leak']);
    for (const resolve of waiting) resolve();
    await Promise.all(all);
    tracker.stop();
  });

  test('a few tasks that thousands wait for take no more room than there is', async () => {
    const tracker = new TaskTracker({ ...settings, maxTasks: 1000 });
    tracker.start();
    let end = (): void => undefined;
    let last: Promise<void> = new Promise((resolve) => (end = resolve));
    const after = async (one: Promise<void>): Promise<void> => {
      await one;
    };
    for (let i = 0; i < 5000; i++) last = after(last);
    assert.ok(tracker.dump(true).rows.id.length <= 1000);
    end();
    await last;
    assert.equal(dumpCount(tracker, 'after'), 0);
    tracker.stop();
  });

  test('of more tasks than there is room for a part is kept, and counts for all', async () => {
    const most = 1000;
    const tracker = new TaskTracker({ ...settings, maxTasks: most });
    tracker.start();
    const waiting: (() => void)[] = [];
    async function wait(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    async function pair(): Promise<void> {
      await Promise.all([wait(), wait()]);
    }
    const all: Promise<void>[] = [];
    for (let turn = 0; turn < 5000; turn++) {
      all.push(wait(), pair());
      await new Promise((resolve) => setImmediate(resolve));
    }
    const counts = (): Map<string, number> => {
      const { rows, stacks, names } = tracker.dump(false);
      const found = new Map<string, number>();
      rows.stack.forEach((stack, i) => {
        const text = (stacks[stack] as number[]).map((frame) => names[frame]).join(' ');
        found.set(text, (found.get(text) ?? 0) + (rows.count[i] as number));
      });
      return found;
    };
    const dump = tracker.dump(true);
    assert.ok(dump.rows.id.length <= most);
    assert.match(dump.notes.join('\n'), /^tasks: so many live that one in \d+ is kept/mu);
    const sum = [...counts()].reduce((total, [, count]) => total + count, 0);
    // 15,000 tasks; of a few hundred samples, drawn in groups, six standard deviations are less than a third.
    assert.ok(Math.abs(sum / 15_000 - 1) < 1 / 3, String(sum));
    // Who waits for functions that are not kept is no task of its own.
    const pairs = counts().get('pair (anonymous)') ?? counts().get('pair') ?? 0;
    assert.ok(pairs < 300, JSON.stringify([...counts()]));
    for (const resolve of waiting) resolve();
    await Promise.all(all);
    // There is room again: every task is kept.
    const few = Array.from({ length: 50 }, wait);
    assert.equal(dumpCount(tracker, 'wait'), 50);
    assert.doesNotMatch(tracker.dump(true).notes.join('\n'), /so many live/u);
    for (const resolve of waiting) resolve();
    await Promise.all(few);
    tracker.stop();
  });

  test('the count is of what the dump shows: what is Node’s own stands in neither', async () => {
    const tracker = new TaskTracker(settings);
    tracker.start();
    const waiting: (() => void)[] = [];
    async function wait(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const all = [wait(), wait()];
    // Node's own functions wait for what this stream never gives.
    const stream = new ReadableStream({ pull: () => new Promise<void>((resolve) => waiting.push(resolve)) });
    const piped = stream.pipeTo(new WritableStream());
    await new Promise((resolve) => setImmediate(resolve));
    const { rows, notes } = tracker.dump(true);
    assert.match(notes.join('\n'), /^tasks: \d+ of Node's own are left out$/mu);
    assert.equal(
      tracker.count(),
      rows.count.reduce((sum, count, i) => sum + (rows.handle[i] === 0 ? count : 0), 0),
    );
    tracker.stop();
    for (const resolve of waiting) resolve();
    await Promise.all(all);
    piped.catch(() => undefined);
  });

  test('a process of very many promises is told how many, since what V8 loses with each is in no budget', () => {
    const tracker = new TaskTracker(settings);
    tracker.start();
    // Calls of the hook per second; how fast this machine is has nothing to do with it.
    let calls: number | null = null;
    const rate = mock.getter(Duty.prototype, 'rate', () => calls);
    const told = (): string | undefined =>
      /^tasks: about (\d+\.\d) million promises a second; V8 inlines less/mu.exec(
        tracker.dump(false).notes.join('\n'),
      )?.[1];
    assert.equal(told(), undefined);
    calls = 700_000;
    assert.equal(told(), undefined);
    calls = 1_800_000;
    assert.equal(told(), '1.2');
    rate.mock.restore();
    tracker.stop();
  });

  test('a burst is counted closer than it was, and what is told beside the number is what was decided', async () => {
    const tracker = new TaskTracker({ ...settings, budget: 0.01, maxTasks: 10_000 });
    tracker.start();
    const waiting: (() => void)[] = [];
    async function wait(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const all = Array.from({ length: 20_000 }, wait);
    await new Promise((resolve) => setImmediate(resolve));
    const { count, between } = tracker.estimate();
    const dump = tracker.dump(false);
    assert.deepEqual(dump.total, { count, between });
    assert.ok(between !== null, 'no more than 10,000 are kept');
    assert.ok(between[0] <= count && count <= between[1]);
    assert.ok(dump.rows.id.length < count);
    assert.match(
      dump.notes.join('\n'),
      new RegExp(`^tasks: ${count}, between ${between[0]} and ${between[1]} with 95 % confidence$`, 'mu'),
    );
    assert.ok(dump.rows.error.some((percent) => percent > 0));
    for (const resolve of waiting) resolve();
    await Promise.all(all);
    // Few are all counted, and nothing is said of chance.
    tracker.stop();
    const calm = new TaskTracker(settings);
    calm.start();
    const few = [wait(), wait()];
    assert.deepEqual(calm.estimate(), { count: 2, between: null });
    assert.doesNotMatch(calm.dump(false).notes.join('\n'), /confidence/u);
    assert.deepEqual(
      calm.dump(true).rows.error.map((percent) => percent > 0),
      [false, false],
    );
    calm.stop();
    for (const resolve of waiting) resolve();
    await Promise.all(few);
  });

  test('what was under way at the first look is no task that has come since', async () => {
    const tracker = new TaskTracker({ ...settings, from: 'first look' });
    tracker.start();
    let waiting: (() => void)[] = [];
    async function turn(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    async function loop(turns: number): Promise<void> {
      for (let i = 0; i < turns; i++) await turn();
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    async function goOn(): Promise<void> {
      const going = waiting;
      waiting = [];
      for (const resolve of going) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const loops = [loop(2), loop(2), loop(2)];
    assert.equal(tracker.count(), 0);
    // They await a function that is entered now, and later nothing but a promise.
    for (let i = 0; i < 2; i++) {
      await goOn();
      assert.equal(waiting.length, 3);
      assert.equal(tracker.count(), 0);
      assert.match(
        tracker.dump(false).notes.join('\n'),
        /^tasks: \d+ that were under way at the first look are left out$/mu,
      );
    }
    loops.push(loop(1));
    assert.equal(tracker.count(), 1);
    assert.equal(dumpCount(tracker, 'turn'), 1);
    await goOn();
    assert.equal(tracker.count(), 1);
    assert.equal(dumpCount(tracker, 'loop'), 1);
    await goOn();
    await Promise.all(loops);
    tracker.stop();
  });

  test('with `first look` nothing is tracked until somebody asks, and again nothing after the end', async () => {
    const createHook = mock.method(promiseHooks, 'createHook');
    const tracker = new TaskTracker({ ...settings, from: 'first look' });
    tracker.start();
    const waiting: (() => void)[] = [];
    async function wait(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const all = [wait(), wait()];
    assert.equal(createHook.mock.callCount(), 0);
    assert.equal(tracker.count(), 0);
    assert.ok(createHook.mock.callCount() > 0);
    all.push(wait());
    assert.equal(tracker.count(), 1);
    assert.equal(dumpCount(tracker, 'wait'), 1);
    assert.match(
      tracker.dump(false).notes.join('\n'),
      /^tasks: tracked for \d+\.\d s, since the first look;/mu,
    );
    tracker.stop();
    const before = createHook.mock.callCount();
    assert.equal(tracker.count(), 0);
    assert.equal(createHook.mock.callCount(), before);
    createHook.mock.restore();
    for (const resolve of waiting) resolve();
    await Promise.all(all);
  });

  test('the same task keeps its number from one wait to the next', async () => {
    const tracker = new TaskTracker(settings);
    tracker.start();
    let go = (): void => undefined;
    async function loops(): Promise<void> {
      for (let i = 0; i < 2; i++) await new Promise<void>((resolve) => (go = resolve));
    }
    const numbers = (): number[] => {
      const { rows, stacks, names } = tracker.dump(true);
      return rows.id.filter((_, i) => names[stacks[rows.stack[i] as number]?.[0] as number] === 'loops');
    };
    const running = loops();
    const first = numbers();
    go();
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(first.length, 1);
    assert.deepEqual(numbers(), first);
    go();
    await running;
    assert.deepEqual(numbers(), []);
    tracker.stop();
  });
});

/** A small generator of numbers from 0 to 1. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('budget', () => {
  test('weights add up to the number of runs, whatever is spent', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.5, noNaN: true }), fc.integer(), (cost, seed) => {
        let now = 0;
        const lots = mulberry(seed);
        const budget = new Budget(0.01, { now: () => now, random: lots });
        const runs = 300_000;
        let sum = 0;
        let most = 1;
        let squares = 0;
        for (let i = 0; i < runs; i++) {
          now += 0.001;
          if (!budget.next()) continue;
          sum += budget.weight;
          most = Math.max(most, budget.weight);
          squares += budget.weight * (budget.weight - 1);
          budget.spend(cost);
        }
        // Six standard deviations as if each run were drawn by itself, and the stratum that is under way at the end.
        const tolerance = 6 * Math.sqrt(squares) + 12 * most;
        assert.ok(Math.abs(sum - runs) <= tolerance, `${sum} of ${runs}, tolerance ${tolerance}`);
      }),
      { numRuns: 10 },
    );
  });

  test('of each stratum one run is looked at: of like runs as many are seen as there should be', () => {
    const budget = new Budget(0.01, { now: () => 0, random: mulberry(1) });
    budget.thin(1 / 64);
    let seen = 0;
    for (let i = 0; i < 64_000; i++) if (budget.next()) seen++;
    assert.equal(seen, 1000);
  });

  test('a stratum does not end because something was seen in it', () => {
    // Whoever thins does so after a look: on average the weights must stand for all runs all the same.
    let sum = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const budget = new Budget(0.01, { now: () => 0, random: mulberry(seed) });
      budget.thin(1 / 64);
      for (let i = 0; i < 640; i++) {
        if (!budget.next()) continue;
        sum += budget.weight;
        budget.thin(1 / 128);
      }
    }
    assert.ok(Math.abs(sum / 400 / 640 - 1) < 0.05, String(sum / 400));
  });

  test('without a budget nothing is looked at', () => {
    const budget = new Budget(0);
    for (let i = 0; i < 1000; i++) assert.equal(budget.next(), false);
  });
});
