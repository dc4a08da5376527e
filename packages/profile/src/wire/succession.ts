// Whether readings of counters are of one process: what an address answers may be another process than before.
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
/** So many readings in a row are of another process where the one that was followed has gone, and left its place to one that overlapped it. */
const MOST_OTHERS = 3;

/** Numbers that only ever grow within one process. */
const TOTALS = ['uptime', 'cpu', 'turns', 'requests'] as const;

function fell(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before;
}

/**
 * Compares by what only one process can have. Where the next may have the same number, one that began after the earlier reading is no older
 * than the time between the two, and one that became older by more than that time was there before; elsewhere the same number and a higher
 * age are the same process, whatever its clock was set to.
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
  if ((now.pid ?? 0) > MOST_IN_CONTAINER) return 'same';
  // A clock that was set back is behind what it was.
  if (moved < -SLACK_MS && now.time >= before.time) return 'another';
  return moved > SLACK_MS && began > before.time - SLACK_MS ? 'restarted' : 'same';
}

/** Follows one process through readings at one address. */
export class Followed {
  #last: Counters | null = null;
  #others = { pid: 0, uptime: 0, count: 0 };

  /** Begins with a process that was followed before. */
  constructor(last: Counters | null = null) {
    this.#last = last;
  }

  /** What the newest reading is of; the process that it goes on with is the one that is followed. */
  of(now: Counters): Succession {
    const said = this.#last === null ? 'same' : succession(this.#last, now);
    if (said === 'another' && this.#stays(now)) return said;
    this.#last = now;
    this.#others = { pid: 0, uptime: 0, count: 0 };
    return said === 'another' ? 'restarted' : said;
  }

  /** Whether the one that is followed may answer again. */
  #stays({ pid, uptime }: Counters): boolean {
    const known = this.#others;
    const isKnown = pid === known.pid && (uptime ?? 0) >= known.uptime;
    this.#others = { pid: pid ?? 0, uptime: uptime ?? 0, count: isKnown ? known.count + 1 : 1 };
    return this.#others.count < MOST_OTHERS;
  }
}
