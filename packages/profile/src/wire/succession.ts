// Whether two readings of counters are of one process: what an address answers may be another process than before.
import type { Counters } from './counters.ts';

/**
 * What a later reading is of: the same run as the earlier one, a run that began after it, another process that was there all along (several may
 * answer at one address); null where the readings do not say.
 */
export type Succession = 'same' | 'restarted' | 'another' | null;

/**
 * Clocks are set and read a little apart, and a process that hangs is told late of: by so much the beginning of a process may seem to move,
 * in milliseconds.
 */
const SLACK_MS = 5000;
/** In a container the next process has the same number again; elsewhere numbers go round only after tens of thousands. */
const MOST_IN_CONTAINER = 100;

/** Numbers that only ever grow within one process. */
const TOTALS = ['uptime', 'cpu', 'turns', 'requests'] as const;

function fell(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before;
}

/**
 * Compares by what only one process can have. Where the next may have the same number, one that began after the earlier reading is no older
 * than the time between the two; elsewhere the same number and a higher age are the same process, whatever its clock was set to.
 */
export function succession(before: Counters, now: Counters): Succession {
  const numbers = before.pid !== null && now.pid !== null;
  const began = now.uptime === null ? null : now.time - now.uptime * 1000;
  if (numbers && before.pid !== now.pid)
    return before.uptime !== null && began !== null && began < before.time - SLACK_MS
      ? 'another'
      : 'restarted';
  if (TOTALS.some((name) => fell(before[name], now[name]))) return 'restarted';
  if (before.uptime === null || now.uptime === null || began === null) return null;
  const moved = began - (before.time - before.uptime * 1000);
  if (!numbers) return Math.abs(moved) > SLACK_MS ? 'restarted' : 'same';
  const mayBeNext = (now.pid ?? 0) <= MOST_IN_CONTAINER && began > before.time - SLACK_MS;
  return mayBeNext && moved > SLACK_MS ? 'restarted' : 'same';
}
