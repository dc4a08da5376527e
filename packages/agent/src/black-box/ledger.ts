// The counters of the last hour: often at first, so that a short life leaves a trace, then one in ten seconds.
import type { Counters } from '@stackpile/profile';

const OFTEN_MS = 1000;
const OFTEN = 60;
const SELDOM_MS = 10_000;
const HOUR_MS = 3_600_000;

/** Readings, oldest first. Times are those of a clock that only goes forward; the readings have the time of day. */
export class Ledger {
  readonly #rows: { readonly at: number; readonly reading: Counters }[] = [];
  #taken = 0;

  /** Whether it is time for another reading. */
  isDue(now: number): boolean {
    const last = this.#rows.at(-1)?.at ?? -Infinity;
    return now - last >= (this.#taken < OFTEN ? OFTEN_MS : SELDOM_MS);
  }

  add(now: number, reading: Counters): void {
    this.#taken++;
    this.#rows.push({ at: now, reading });
    while (this.#rows.length > 0 && now - (this.#rows[0]?.at ?? 0) > HOUR_MS) this.#rows.shift();
  }

  get readings(): readonly Counters[] {
    return this.#rows.map(({ reading }) => reading);
  }
}
