// expectNoLeaks: a test fails on what it has started and not finished.
import { AgentError } from '../errors.ts';
import { Beside, type RunningTest } from './beside.ts';
import type { Found } from './found.ts';
import { isAllowed, type Leak, type LeakCheck } from './leak.ts';
import { LeakError } from './leak-error.ts';
import { checkLeakOptions, GRACE_MS, type LeakOptions } from './options.ts';
import { hooksOfRunner, installHooks, type TestHooks } from './runners.ts';
import { settled } from './settled.ts';
import { type Mark, watch } from './watch.ts';
import { leaksOf, writtenLeaks } from './written.ts';

const beside = new Beside<Mark>();

function begin(
  options: LeakOptions,
  above: (...args: never[]) => unknown,
  test: RunningTest | null = null,
): LeakCheck {
  checkLeakOptions('expectNoLeaks', options);
  const { allow = [], grace = GRACE_MS } = options;
  const since = watch.mark();
  const running = test === null ? null : beside.begin(test, since);
  const where: { stack?: string } = {};
  Error.captureStackTrace(where, above);
  const isAlarming = (leak: Leak): boolean => !isAllowed(leak, allow);
  const finish = async (suspects: ReadonlySet<number>): Promise<void> => {
    const look = (): readonly Found[] => {
      const found = watch.found(since, suspects, running === null ? [] : beside.others(running));
      return leaksOf(found).some(isAlarming) ? found : [];
    };
    const leaks = (await writtenLeaks(await settled(look, grace))).filter(isAlarming);
    if (leaks.length === 0) return;
    const who =
      running?.hadOthers === true ? 'the test, or one that ran at the same time, has' : 'the test has';
    throw new LeakError(who, leaks, where.stack);
  };
  let finished: Promise<void> | null = null;
  const check = (): Promise<void> => {
    if (finished === null) {
      if (running !== null) beside.end(running);
      // While whoever asks runs still: suspended, it would look like what it looks for.
      finished = finish(watch.suspects(since));
    }
    return finished;
  };
  return Object.assign(check, { [Symbol.asyncDispose]: check });
}

/** See {@link expectNoLeaks}. */
export interface NoLeaks {
  (options?: LeakOptions): LeakCheck;
  /**
   * Checks every test of a file, or of all files where it is called in a set-up file. The hooks are those of node:test or Vitest, or the
   * global ones of Jest, Vitest and Mocha where none are given.
   *
   * @throws {AgentError} `AGENT_OPTIONS` where there are no hooks
   */
  each(hooks?: TestHooks, options?: LeakOptions): void;
}

function each(hooks?: TestHooks, options: LeakOptions = {}): void {
  checkLeakOptions('expectNoLeaks.each', options);
  const found = hooks ?? hooksOfRunner();
  if (found === null)
    throw new AgentError(
      'AGENT_OPTIONS',
      'expectNoLeaks.each found no global beforeEach and afterEach: hand over those of your test runner, expectNoLeaks.each({ beforeEach, afterEach })',
    );
  installHooks(found, (context) => begin(options, each, context));
}

/**
 * Fails a test that leaves something behind: tasks (suspended async functions), timers, sockets, servers, files, watchers, workers, child
 * processes, and listeners on what is older than the test. What keeps no process alive is let be (the idle connections of an agent or of
 * `fetch`), except for intervals of the tests' own.
 *
 * ```ts
 * import { test } from 'node:test';
 * import { expectNoLeaks } from '@stackpile/agent/testing';
 *
 * test('a connection is closed', async () => {
 *   await using _ = expectNoLeaks();
 *   // …
 * });
 * ```
 *
 * Without `await using`: `const check = expectNoLeaks(); … await check();`. Tests that run at the same time in one thread see what each
 * other starts, but for those that `expectNoLeaks.each` checks.
 *
 * @throws {AgentError} `AGENT_OPTIONS`
 */
export const expectNoLeaks: NoLeaks = Object.assign(
  (options: LeakOptions = {}): LeakCheck => begin(options, expectNoLeaks),
  { each },
);
