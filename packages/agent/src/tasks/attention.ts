// Whether anybody looks at the tasks: while nobody does, tracking takes a part of its budget only.

/** Milliseconds without a look after which nobody is taken to look: who follows a leak, or a monitor, looks more often. */
const INTEREST_MS = 600_000;
/** The same from the start on: who starts a program to look at it does so soon, and in most services nobody ever does. */
const START_MS = 20_000;
/** Part of the budget that is taken while nobody looks: what waits is seen all the same, of many promises a smaller part. */
export const RESTING_PART = 0.2;

/** What has a budget. */
export interface Taking {
  /** @param part of its budget that it may take from now on, 0 … 1 */
  take(part: number): void;
}

/** When tasks were looked at last. */
export class Attention {
  readonly #takers: readonly Taking[];
  readonly #now: () => number;
  /** Until when somebody is taken to look. */
  #until: number;
  /** Since when nobody looks; -1 while somebody does. */
  #restsSince = -1;
  #rested = 0;

  /** @param now milliseconds */
  constructor(takers: readonly Taking[], now = (): number => performance.now()) {
    this.#takers = takers;
    this.#now = now;
    this.#until = now() + START_MS;
  }

  /** Milliseconds so far in which a part of the budget was taken. */
  get rested(): number {
    return this.#rested + (this.#restsSince < 0 ? 0 : this.#now() - this.#restsSince);
  }

  /** Somebody looks. */
  looked(): void {
    this.#rested = this.rested;
    this.#until = this.#now() + INTEREST_MS;
    if (this.#restsSince < 0) return;
    this.#restsSince = -1;
    for (const taker of this.#takers) taker.take(1);
  }

  /** Rests, where nobody has looked for long. */
  check(): void {
    const now = this.#now();
    if (this.#restsSince >= 0 || now < this.#until) return;
    this.#restsSince = now;
    for (const taker of this.#takers) taker.take(RESTING_PART);
  }
}
