// Profiles that wait to be sent: a bound on their memory, and how long to wait after a failure.
import type { Taken } from './wire-types.ts';

/** Bytes of profiles that wait; of more the oldest are given up. */
const MOST_BYTES = 8 * 1024 * 1024;
const FIRST_MS = 1_000;
const LONGEST_MS = 120_000;

/** Oldest first. */
export class PushQueue {
  readonly #most: number;
  readonly #waiting: Taken[] = [];
  #bytes = 0;
  /** How many were given up for want of room. */
  givenUp = 0;

  /** @param most bytes; the newest profile is kept whatever its length */
  constructor(most: number = MOST_BYTES) {
    this.#most = most;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Taken | undefined {
    return this.#waiting[0];
  }

  add(taken: Taken): void {
    this.#waiting.push(taken);
    this.#bytes += taken.body.length;
    while (this.#bytes > this.#most && this.#waiting.length > 1) {
      this.remove(this.#waiting[0] as Taken);
      this.givenUp++;
    }
  }

  /** Takes one out, where it is still there. */
  remove(taken: Taken): void {
    const at = this.#waiting.indexOf(taken);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#bytes -= taken.body.length;
  }
}

/**
 * Milliseconds to wait after so many failures in a row: from half to all of a time that doubles, so that a thousand processes that lost their
 * server together do not come back together.
 *
 * @param failures from 1
 * @param asked what the server has asked for, 0 where nothing
 */
export function backOff(failures: number, asked: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(30, failures - 1));
  return Math.max(Math.min(asked, LONGEST_MS), longest * (0.5 + random() / 2));
}
