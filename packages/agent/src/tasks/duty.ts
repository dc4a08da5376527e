// Takes the promise hook off and puts it on again: even a hook that looks away costs CPU for every promise of a busy service.

/** Calls of the hook between two looks at the clock. */
export const CHARGE_CALLS = 256;
/** Seconds of budget that may be saved up for a burst. */
const SAVED_SECONDS = 2;
/** Milliseconds that a process is given once: programs make many promises while they start. */
const START_CREDIT = 50;
/** Milliseconds of hook that one window is meant to cost. */
const WINDOW_MS = 0.4;
/** A window ends at the next turn of the loop, so that it holds whole turns; one that does not turn ends after this many calls. */
const MOST_CALLS = 64 * CHARGE_CALLS;
/** Shortest time without a hook. */
const LEAST_OFF_MS = 20;
/** A window that has lasted this long without being too expensive is no window any more: the hook stays on. */
const CALM_MS = 2000;

/** What the duty switches, and what it needs to know. */
export interface Switch {
  arm(): void;
  disarm(): void;
  /** Calls `run` in a later turn of the loop, after `ms` milliseconds. */
  later(ms: number, run: () => void): void;
  /** Milliseconds. */
  now(): number;
  /** 0 … 1 */
  random(): number;
  /** A window has ended: the weight of what was seen in it is to be multiplied by `correction`. */
  closed(correction: number): void;
}

/**
 * A token bucket of hook time. While it holds out the hook is always on. When it is empty the hook goes off until the bucket
 * has paid for the window to come; how long exactly is drawn by lot, so that windows fall on a program's rhythms at random. What
 * is seen in a window stands for the time without a hook before it as well.
 */
export class Duty {
  readonly #share: number;
  readonly #callMs: number;
  readonly #switch: Switch;
  readonly #capacity: number;
  #level: number;
  #last: number;
  #closing = false;
  #stopped = false;
  #off = 0;
  /** When this window began. */
  #began: number;
  /** Calls since {@link #counted}: in this window, or since the hook, always on until then, became too expensive. */
  #calls = 0;
  #counted = 0;
  #closingCalls = 0;
  #lastWindow = { ms: 0, calls: 0 };
  #weight = 1;
  #spent = 0;
  /** Since when the hook is off; -1 while it is on. */
  #offSince = -1;
  #lastOff = -1;

  /**
   * @param share of one CPU that calls of the hook may take, 0 … 1
   * @param callMs milliseconds that one call takes
   */
  constructor(share: number, callMs: number, to: Switch) {
    this.#share = share;
    this.#callMs = callMs;
    this.#switch = to;
    this.#capacity = share * SAVED_SECONDS * 1000;
    this.#level = Math.max(this.#capacity, START_CREDIT);
    this.#last = to.now();
    this.#began = this.#last;
  }

  /** What a wait that begins now stands for, as far as windows are concerned; corrected when the window ends. */
  get weight(): number {
    return this.#weight;
  }

  /** True while the hook is always on. */
  get always(): boolean {
    return this.#off === 0 && this.#offSince < 0;
  }

  /** Milliseconds without a hook before this window; 0 while the hook is always on. */
  get off(): number {
    return this.#off;
  }

  /** How long the last window was, and how often the hook was called in it; the first one is told by how a busy time began. */
  get lastWindow(): { readonly ms: number; readonly calls: number } {
    return this.#lastWindow;
  }

  /** Milliseconds spent in calls of the hook. */
  get spent(): number {
    return this.#spent;
  }

  /** The last moment at which the hook was off, in milliseconds; -1 where it never was. */
  get lastOff(): number {
    return this.#offSince >= 0 ? this.#switch.now() : this.#lastOff;
  }

  /** Takes {@link CHARGE_CALLS} calls out of the bucket. */
  charge(): void {
    const now = this.#switch.now();
    this.#fill(now);
    const cost = CHARGE_CALLS * this.#callMs;
    this.#level -= cost;
    this.#spent += cost;
    this.#calls += CHARGE_CALLS;
    if (this.#closing) {
      this.#closingCalls += CHARGE_CALLS;
      if (this.#closingCalls > MOST_CALLS) this.#close();
      return;
    }
    if (this.#level > 0) {
      if (this.#off > 0 && now - this.#began > CALM_MS) this.#settle(now);
      return;
    }
    this.#closing = true;
    if (this.#off === 0) {
      this.#calls = 0;
      this.#counted = now;
    }
    this.#closingCalls = 0;
    this.#switch.later(1, this.#close);
  }

  /** No more windows. */
  stop(): void {
    this.#stopped = true;
  }

  #fill(now: number): void {
    const full = Math.max(this.#capacity, this.#level);
    this.#level = Math.min(full, this.#level + (now - this.#last) * this.#share);
    this.#last = now;
  }

  /** Ends the reckoning of a window: what it stood for is known now. */
  #settle(now: number): void {
    const on = Math.max(now - this.#began, 0.001);
    const weight = (this.#off + on) / on;
    this.#switch.closed(weight / this.#weight);
    this.#off = 0;
    this.#weight = 1;
  }

  readonly #close = (): void => {
    if (this.#stopped || !this.#closing) return;
    this.#closing = false;
    const now = this.#switch.now();
    if (this.#off > 0) {
      const on = Math.max(now - this.#began, 0.001);
      const weight = (this.#off + on) / on;
      this.#switch.closed(weight / this.#weight);
      // A first guess for the next window.
      this.#weight = weight;
    } else this.#switch.closed(1);
    this.#lastWindow = { ms: now - this.#counted, calls: this.#calls };
    this.#switch.disarm();
    this.#fill(now);
    this.#offSince = now;
    this.#off = 0;
    const wait = (WINDOW_MS - Math.min(this.#level, 0)) / this.#share;
    this.#switch.later(Math.max(LEAST_OFF_MS, Math.ceil(wait * (0.5 + this.#switch.random()))), this.#open);
  };

  readonly #open = (): void => {
    if (this.#stopped) return;
    const now = this.#switch.now();
    this.#fill(now);
    this.#off = now - this.#offSince;
    this.#offSince = -1;
    this.#lastOff = now;
    this.#began = now;
    this.#counted = now;
    this.#calls = 0;
    if (this.#weight <= 1) this.#weight = (this.#off + 2) / 2;
    this.#switch.arm();
  };
}

const ROUNDS = 5;
const PROMISES = 1000;
/** In a busy program caches are colder, and code is inlined less, than in the loop that measures; a web server measured about 110 ns. */
const COLDER = 10;
const LEAST_CALL_MS = 100e-6;
const MOST_CALL_MS = 500e-6;

/**
 * Milliseconds that one call of a hook costs that looks away: what promises cost with it, less what they cost without.
 *
 * @param arm puts the hook on; its result takes it off
 */
export function callCost(arm: () => () => void): number {
  const nothing = (): void => undefined;
  const batch = (): number => {
    const began = performance.now();
    for (let i = 0; i < PROMISES; i++) void new Promise(nothing);
    return performance.now() - began;
  };
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const without = batch();
    const disarm = arm();
    const withHook = batch();
    disarm();
    if (round > 0) best = Math.min(best, withHook - without);
  }
  return Math.min(MOST_CALL_MS, Math.max(LEAST_CALL_MS, (best / PROMISES) * COLDER));
}
