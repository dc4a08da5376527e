// expectNoGrowth: a function that is run many times may leave nothing behind each time.
import { AgentError } from '../errors.ts';
import type { Found } from './found.ts';
import { isAllowed, type Leak } from './leak.ts';
import { LeakError } from './leak-error.ts';
import { HeapSurvivors } from './heap-survivors.ts';
import { checkGrowthOptions, GRACE_MS, type GrowthOptions } from './options.ts';
import { ownSession } from './own-session.ts';
import { settled } from './settled.ts';
import { watch } from './watch.ts';
import { writtenLeaks } from './written.ts';

const TIMES = 20;
const WARM_UP = 5;
/** What one run in so many leaves behind is a leak, too. */
const ONE_IN = 4;
/** Groups of objects that are told. */
const MOST_GROUPS = 10;

async function run(fn: (run: number) => unknown, from: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await fn(from + i);
}

/** What the runs leave behind. */
async function leftBy(
  fn: (run: number) => unknown,
  { times = TIMES, warmUp = WARM_UP, allow = [], grace = GRACE_MS }: GrowthOptions,
): Promise<Leak[]> {
  const session = ownSession();
  if (session === null)
    throw new AgentError('AGENT_UNAVAILABLE', 'this Node has no inspector, which takes the heap snapshots');
  await run(fn, 0, warmUp);
  const heap = await HeapSurvivors.before(session);
  const since = watch.mark();
  await run(fn, warmUp, times);
  const suspects = watch.suspects(since);
  const found = await settled((): readonly Found[] => watch.found(since, suspects), grace);
  const isLeak = (leak: Leak): boolean => leak.count >= times / ONE_IN && !isAllowed(leak, allow);
  const objects = await heap.born(isLeak);
  return [...(await writtenLeaks(found)).filter(isLeak), ...objects.slice(0, MOST_GROUPS)];
}

/**
 * Runs a function many times and fails on what each run leaves behind, or one in four: tasks, handles, files, listeners, and objects by
 * class and by what holds them. Objects are told exactly, by two heap snapshots: those that were born between the two and are alive in
 * the second. Each snapshot stops the test for some tens of milliseconds per megabyte of heap.
 *
 * ```ts
 * import { expectNoGrowth } from '@stackpile/agent/testing';
 *
 * const cache = new Map<number, object>();
 * await expectNoGrowth((run) => cache.set(run % 5, {}), { times: 40 });
 * ```
 *
 * @param fn is given the number of the run, from 0, the warm-up included
 * @throws {AgentError} `AGENT_OPTIONS`; `AGENT_LEAKS`, a `LeakError`; `AGENT_UNAVAILABLE` where there is no heap snapshot; whatever `fn` throws
 */
export async function expectNoGrowth(
  fn: (run: number) => unknown,
  options: GrowthOptions = {},
): Promise<void> {
  checkGrowthOptions('expectNoGrowth', options, fn);
  const where: { stack?: string } = {};
  Error.captureStackTrace(where, expectNoGrowth);
  const leaks = await leftBy(fn, options);
  if (leaks.length > 0) throw new LeakError(`${options.times ?? TIMES} runs have`, leaks, where.stack);
}
