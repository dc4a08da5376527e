// What a dump says of how its tasks were found: sentences for the profile's comments.
import type { CaptureSettings } from '../options.ts';
import { RESTING_PART } from './attention.ts';
import type { Budget } from './budget.ts';
import type { Duty } from './duty.ts';

/** Calls of the hook per promise, roughly: each is made, and about every second one has a reaction. */
const CALLS_PER_PROMISE = 1.5;
/** Promises per second from which on what V8 inlines no more is worth a word. */
const MANY_PROMISES = 500_000;

/** What the tracker knows of itself. */
export interface Tracking {
  readonly settings: NonNullable<CaptureSettings['tasks']>;
  readonly budget: Budget;
  /** Null where the hook was never armed. */
  readonly duty: Duty | null;
  /** Seconds since tracking began. */
  readonly seconds: number;
  /** Milliseconds in which nobody looked, and a part of the budget was taken. */
  readonly rested: number;
  /** One task in so many is kept. */
  readonly thinning: number;
  readonly dropped: { readonly handles: number; readonly frames: number };
  /** How often the hook failed, and the last time why. */
  readonly failures: number;
  readonly failure: string;
}

/** The sentences. */
export function trackingNotes(tracking: Tracking): string[] {
  const { settings, budget, duty, seconds, rested, thinning, dropped, failures, failure } = tracking;
  const spent = budget.spent + (duty?.spent ?? 0);
  const share = ((spent / 1000 / seconds) * 100).toFixed(2);
  const notes = [`tasks: tracking took ${share} % of one CPU, the budget is ${settings.budget * 100} %`];
  if (rested >= 60_000)
    notes.push(
      `tasks: for ${Math.round(rested / 60_000)} min nobody looked, and ${100 * RESTING_PART} % of the budget was taken`,
    );
  if (settings.from === 'first look')
    notes.push(
      `tasks: tracked for ${seconds.toFixed(1)} s, since the first look; what was suspended before is in goroutine?source=heap`,
    );
  const promises = (duty?.rate ?? 0) / CALLS_PER_PROMISE;
  if (promises > MANY_PROMISES)
    notes.push(
      `tasks: about ${(promises / 1e6).toFixed(1)} million promises a second; V8 inlines less of each once a hook was set: in the order of 10 ns, which are not in the budget`,
    );
  const unseen = duty?.unseen ?? 0;
  if (unseen > 0)
    notes.push(
      `tasks: a turn of the event loop made so many promises that its last ${Math.ceil(unseen)} ms were not looked at; what was made then is reckoned from what was made before`,
    );
  if (thinning > 1)
    notes.push(
      `tasks: so many live that one in ${thinning} is kept and counts for as many; tasks.maxTasks is ${settings.maxTasks}`,
    );
  if (settings.handles !== true)
    notes.push(
      'handles: sockets, servers, child processes and workers; the option tasks.handles adds timers, watchers and file handles',
    );
  if (dropped.handles > 0) notes.push(`handles: ${dropped.handles} dropped`);
  if (dropped.frames > 0) notes.push(`tasks: ${dropped.frames} frames found no room`);
  if (failure !== '') notes.push(`tasks: the hook failed ${failures} times: ${failure}`);
  return notes;
}
