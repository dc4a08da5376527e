// For how long a thread stands still while something is asked of it, by its own clock.
import { type Expression, OWN_TIMERS } from '../host/calls.ts';
import type { ThreadContext } from './capture.ts';

/** What was done, and for how many milliseconds the main thread stood still. */
export interface Stopped<T> {
  readonly value: T;
  readonly stopMs: number;
  /** For how long it was stopped by what was asked of it besides. */
  readonly besidesMs?: number;
}

/** On the thread: a timer that is late by as long as nothing else runs. */
const WATCH = `globalThis[Symbol.for('stackpile.agent.stop')]`;

export const BEGIN: Expression<null> = `(() => {
  const watch = { last: performance.now(), longest: 0, ended: false };
  const turn = () => {
    const now = performance.now();
    watch.longest = Math.max(watch.longest, now - watch.last);
    watch.last = now;
    if (watch.ended) timers.clearInterval(watch.timer);
  };
  const timers = ${OWN_TIMERS};
  watch.turn = turn;
  watch.timer = timers.setInterval(turn, 1);
  watch.timer.unref?.();
  ${WATCH} = watch;
  return null;
})()`;

/**
 * The timer ends itself with its next turn. Whatever the thread does is interrupted by this, also its timers: where one is cleared between
 * being found due and being called, Node calls what is no function any more, and the process ends.
 */
export const END: Expression<number> = `(() => {
  const watch = ${WATCH};
  delete ${WATCH};
  watch.turn();
  watch.ended = true;
  return watch.longest;
})()`;

/**
 * For how long the main thread stands still while `take` is under way, by its own clock: the sidecar is busy for longer with what it
 * is sent. One at a time.
 */
export async function timed<T>(context: ThreadContext, take: () => Promise<T>): Promise<Stopped<T>> {
  await context.thread.evaluate(BEGIN);
  try {
    const value = await take();
    return { value, stopMs: await context.thread.evaluate(END) };
  } catch (error) {
    await context.thread.evaluate(END).catch(() => undefined);
    throw error;
  }
}
