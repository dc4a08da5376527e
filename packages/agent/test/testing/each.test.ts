// expectNoLeaks.each: which test answers for what is left, where tests lie in one another or run at the same time.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectNoLeaks, LeakError } from '@stackpile/agent/testing';

type Hook = (...args: unknown[]) => unknown;

/** A runner that goes as it is told: its hooks are those of node:test, or of Vitest. */
class Runner {
  #before: Hook = () => undefined;
  #after: Hook = () => undefined;

  constructor() {
    expectNoLeaks.each(
      {
        beforeEach: (hook) => void (this.#before = hook),
        afterEach: (hook) => void (this.#after = hook),
      },
      { grace: 30 },
    );
  }

  /** Begins a test of node:test; the result ends it, and says what it failed with. */
  begin(fullName: string): () => Promise<unknown> {
    const late: Hook[] = [];
    const context = { fullName, after: (hook: Hook) => void late.push(hook) };
    return this.#begun(context, late);
  }

  /** The same of Vitest. */
  beginTask(id: string): () => Promise<unknown> {
    const late: Hook[] = [];
    const context = { task: { id }, onTestFinished: (hook: Hook) => void late.push(hook) };
    return this.#begun(context, late);
  }

  #begun(context: object, late: readonly Hook[]): () => Promise<unknown> {
    this.#before(context);
    return async () => {
      try {
        await this.#after(context);
        for (const hook of late) await hook();
        return null;
      } catch (error) {
        return error;
      }
    };
  }
}

const jobs: NodeJS.Timeout[] = [];
function startJob(): NodeJS.Timeout {
  const job = setInterval(() => undefined, 60_000);
  jobs.push(job);
  return job;
}
afterEach(() => jobs.splice(0).forEach((job) => clearInterval(job)));

function assertLeak(error: unknown, message: RegExp): void {
  assert.ok(error instanceof LeakError, `it failed with ${String(error)}`);
  assert.match(error.message, message);
  assert.match(error.message, /startJob/);
}

test('a test that has others in it is checked as they are', async () => {
  const runner = new Runner();
  const outer = runner.begin('outer');
  const inner = runner.begin('outer > inner');
  assert.equal(await inner(), null);
  const job = startJob();
  assertLeak(await outer(), /^the test has left behind: 1 interval/);
  clearInterval(job);
});

test('a test in another one answers for what it leaves itself', async () => {
  const runner = new Runner();
  const outer = runner.begin('outer');
  const inner = runner.begin('outer > inner');
  const job = startJob();
  assertLeak(await inner(), /^the test has left behind/);
  clearInterval(job);
  assert.equal(await outer(), null);
});

for (const kind of ['begin', 'beginTask'] as const) {
  test(`${kind}: of two at the same time the first one has nothing to do with what the second is doing`, async () => {
    const runner = new Runner();
    const first = runner[kind]('first');
    const second = runner[kind]('second');
    const job = startJob();
    assert.equal(await first(), null);
    clearInterval(job);
    assert.equal(await second(), null);
  });

  test(`${kind}: of two at the same time the second one has nothing to do with what the first is doing`, async () => {
    const runner = new Runner();
    const first = runner[kind]('first');
    const second = runner[kind]('second');
    const stop = new AbortController();
    const waiting = (async function waitLong() {
      await sleep(10_000, undefined, { signal: stop.signal }).catch(() => undefined);
    })();
    assert.equal(await second(), null);
    stop.abort();
    await waiting;
    assert.equal(await first(), null);
  });

  test(`${kind}: of two at the same time the last one tells what is left`, async () => {
    const runner = new Runner();
    const first = runner[kind]('first');
    const second = runner[kind]('second');
    const job = startJob();
    assert.equal(await second(), null);
    assertLeak(await first(), /^the test, or one that ran at the same time, has left behind/);
    clearInterval(job);
  });

  test(`${kind}: what the first one leaves before the second begins is its own`, async () => {
    const runner = new Runner();
    const first = runner[kind]('first');
    const job = startJob();
    const second = runner[kind]('second');
    assertLeak(await first(), /left behind: 1 interval/);
    clearInterval(job);
    assert.equal(await second(), null);
  });
}

test('what begins while the first one is given its grace is not its own', async () => {
  const runner = new Runner();
  const first = runner.begin('first');
  const ending = setTimeout(() => undefined, 15);
  const ended = first();
  const second = runner.begin('second');
  const job = startJob();
  assert.equal(await ended, null);
  clearTimeout(ending);
  clearInterval(job);
  assert.equal(await second(), null);
});

test('a runner that hands over nothing has the last one begun end first', async () => {
  let before: Hook = () => undefined;
  let after: Hook = () => undefined;
  expectNoLeaks.each(
    { beforeEach: (hook) => void (before = hook), afterEach: (hook) => void (after = hook) },
    { grace: 30 },
  );
  before();
  before();
  const job = startJob();
  await assert.rejects(async () => await after(), LeakError);
  clearInterval(job);
  await after();
  assert.equal(await after(), undefined);
});
