// Takes the promise hook off and puts it on again: even a hook that looks away costs CPU for every promise of a busy service.
import type { Taking } from './attention.ts';

/** Calls of the hook between two looks at the clock. */
export const CHARGE_CALLS = 256;
/** Part of the budget that is for being called at all; the rest is for looking. */
export const CALLS_PART = 0.25;
/** Part of a window's time that may go into looking. */
export const LOOKS_PER_WINDOW = 0.3;
/** Calls of the hook per run, roughly. */
export const CALLS_PER_RUN = 2.5;
/** Seconds of budget that may be saved up for a burst. */
const SAVED_SECONDS = 2;
/** Milliseconds that may be saved up at least, which is some hundred thousand promises: what is made in a burst while the hook is off, nobody sees. */
const LEAST_SAVED = 100;
/** Milliseconds of hook that one window is meant to cost. */
const WINDOW_MS = 0.4;
/** A turn of the loop that makes more calls than these is not seen to its end. */
const MOST_CALLS = 64 * CHARGE_CALLS;
/** Shortest window, and shortest time without a hook: timers know no less than 1 ms. */
const LEAST_MS = 2;
/** Longest window: one that may be so long costs next to nothing. */
const LONGEST_MS = 2000;
/** What calls cost is the mean of about so many windows. */
const MEMORY = 16;
/** Milliseconds by which windows may lag behind the clock, while a turn of the loop does not end, before some are left out. */
const MOST_LAG = 5000;
/** The hook stays on once it takes less than this part of its share. */
const CALM = 0.8;

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
  /** Milliseconds that looking at stacks has taken so far, calls of the hook aside. */
  spent(): number;
  /** What was seen since this was called last, or the window began, stands for `factor` times as much. */
  correct(factor: number): void;
}

/** The first time without a hook, after a time in which it was always on. */
export interface Gap {
  /** Milliseconds on the clock at which it began, and for how many milliseconds it lasts. */
  readonly at: number;
  readonly off: number;
}

/** Gaps that are remembered. */
const MOST_GAPS = 16;

/** One stretch of time with a hook, and the time without one before it. */
export interface Window {
  /** Milliseconds without a hook before it. */
  readonly off: number;
  /** Milliseconds that it lasts. */
  readonly on: number;
  /** Calls of the hook that are to be expected in it. */
  readonly calls: number;
}

/**
 * A token bucket of hook time. While it holds out the hook is always on. When it is empty the hook is on in windows only, and what
 * is seen in a window stands for the time without a hook before it as well.
 *
 * That is true only where a window does not depend on what happens in it: a window that ends when it has seen enough is short
 * where much happens, and makes that count for too much. So its length is settled before it begins, from what earlier ones have
 * cost; when it begins is drawn by lot, so that windows fall on a program's rhythms at random; and both are moments on the clock,
 * which timers meet at the first turn of the loop that begins later. So each turn is seen whose beginning falls between the two.
 */
export class Duty implements Taking {
  readonly #share: number;
  /** What is taken of the share. */
  #taken: number;
  readonly #callMs: number;
  readonly #switch: Switch;
  readonly #capacity: number;
  #level: number;
  #last: number;
  #stopped = false;
  #spent = 0;
  /** Since when the hook is off; -1 while it is on. */
  #offSince = -1;
  #lastOff = -1;
  /** Milliseconds of hook since the bucket was as full as can be, and when that was; in windows, of the last ones. */
  #cost = 0;
  #fullAt: number;
  /** Milliseconds that the last windows lasted. */
  #time = 0;
  #window: Window | null = null;
  /** When this window ends. */
  #end = 0;
  /** When this turn of the loop made its first call, roughly, and the calls since; -1 in a turn that has made none yet. */
  #turnAt = -1;
  #calls = 0;
  /** What looking had taken when it began. */
  #spentAt = 0;
  /** When this window was cut short; -1 where it was not. */
  #cutAt = -1;
  #unseen = 0;
  #windows = 0;
  #gaps: readonly Gap[] = [];

  /**
   * @param share of one CPU that calls of the hook may take, 0 … 1
   * @param callMs milliseconds that one call takes
   */
  constructor(share: number, callMs: number, to: Switch) {
    this.#share = share;
    this.#taken = share;
    this.#callMs = callMs;
    this.#switch = to;
    this.#capacity = Math.max(share * SAVED_SECONDS * 1000, LEAST_SAVED);
    this.#level = this.#capacity;
    this.#last = to.now();
    this.#fullAt = this.#last;
  }

  /** This window, or the next one; null while the hook is always on. */
  get window(): Window | null {
    return this.#window;
  }

  /** What a wait that begins now stands for, as far as windows are concerned. */
  get weight(): number {
    return this.#window === null ? 1 : 1 + this.#window.off / this.#window.on;
  }

  /** Calls per second of a hook that is always on, as the last windows say, or fewer, where those were cut short; null while it is on. */
  get rate(): number | null {
    return this.#window === null ? null : (this.#cost / this.#time / this.#callMs) * 1000;
  }

  /** Milliseconds spent in calls of the hook. */
  get spent(): number {
    return this.#spent;
  }

  /** The last moment at which the hook was off, in milliseconds; -1 where it never was. */
  get lastOff(): number {
    return this.#offSince >= 0 ? this.#switch.now() : this.#lastOff;
  }

  /**
   * From now on calls may take a part of the share.
   *
   * @param part 0 … 1
   */
  take(part: number): void {
    this.#fill(this.#switch.now());
    this.#taken = this.#share * part;
  }

  /** Takes {@link CHARGE_CALLS} calls out of the bucket. */
  charge(): void {
    const now = this.#switch.now();
    const cost = CHARGE_CALLS * this.#callMs;
    this.#fill(now);
    this.#level -= cost;
    this.#spent += cost;
    this.#cost += cost;
    if (this.#window !== null || this.#level <= this.#capacity / 2) this.#inTurn(now);
  }

  /** From now on the hook is on in windows only. */
  #beginWindows(): void {
    const now = this.#switch.now();
    const perMs = this.#cost / Math.max((this.#cutAt < 0 ? now : this.#cutAt) - this.#fullAt, 1);
    this.#time = MEMORY * lengthFor(perMs);
    this.#cost = perMs * this.#time;
    if (this.#offSince < 0) this.#disarm(now);
    this.#plan(now, true);
    this.#gaps = [...this.#gaps, { at: now, off: this.#window?.off ?? 0 }].slice(-MOST_GAPS);
  }

  /** Number of this window, or of the last one. */
  get windows(): number {
    return this.#windows;
  }

  /** The last times at which windows began. */
  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** Whether what a wait that begins now stands for may yet be corrected. */
  get unsettled(): boolean {
    return this.#window !== null || this.#turnAt >= 0;
  }

  /** Milliseconds of the longest part of a turn of the loop that nobody saw, because too much was made in it; 0 for none. */
  get unseen(): number {
    return this.#unseen;
  }

  /** No more windows. */
  stop(): void {
    this.#stopped = true;
  }

  #fill(now: number): void {
    const full = Math.max(this.#capacity, this.#level);
    this.#level = Math.min(full, this.#level + (now - this.#last) * this.#taken);
    this.#last = now;
    if (this.#window === null && this.#level >= full) {
      this.#cost = 0;
      this.#fullAt = now;
    }
  }

  #arm(now: number): void {
    this.#windows++;
    this.#lastOff = now;
    this.#offSince = -1;
    this.#switch.arm();
  }

  #disarm(now: number): void {
    this.#switch.disarm();
    this.#offSince = now;
  }

  /** Where the loop does not turn: what was seen of this turn stands for all of it, whose length is known when it ends. */
  #inTurn(now: number): void {
    if (this.#turnAt < 0) {
      this.#turnAt = now;
      this.#calls = 0;
      this.#spentAt = this.#switch.spent();
      this.#switch.correct(1);
      this.#switch.later(1, this.#turned);
    } else this.#calls += CHARGE_CALLS;
    if (this.#calls <= MOST_CALLS || this.#offSince >= 0) return;
    if (this.#window === null && this.#level > 0) return;
    this.#cutAt = now;
    this.#disarm(now);
  }

  /** How much longer the program has worked in this turn than while it was seen; what the hook has taken of that time is left out. */
  #stretch(now: number): number {
    const seen = this.#cutAt - this.#turnAt;
    // In windows little is looked at, and how long they are is reckoned with the hook in them.
    const hook =
      this.#window === null ? this.#calls * this.#callMs + this.#switch.spent() - this.#spentAt : 0;
    return (now - this.#cutAt) / Math.max(seen - hook, seen / 4) + 1;
  }

  readonly #turned = (): void => {
    if (this.#stopped) return;
    if (this.#cutAt >= 0) {
      const now = this.#switch.now();
      this.#unseen = Math.max(this.#unseen, now - this.#cutAt);
      this.#switch.correct(this.#stretch(now));
    } else if (this.#window === null) this.#switch.correct(1);
    if (this.#window === null && this.#level <= 0) this.#beginWindows();
    this.#cutAt = -1;
    this.#turnAt = -1;
  };

  /** Settles when the next window begins and ends, reckoned from when the last one was to end. */
  #plan(from: number, isFirst = false): void {
    const now = this.#switch.now();
    let begin = Math.max(from, now - MOST_LAG);
    let first = isFirst;
    do {
      const perMs = this.#cost / this.#time;
      const on = lengthFor(perMs);
      const off = Math.max(LEAST_MS, (on * perMs - Math.min(this.#level, 0)) / this.#taken - on);
      this.#window = { off, on, calls: (on * perMs) / this.#callMs };
      begin += off * (first ? this.#residual() : 0.5 + this.#switch.random());
      first = false;
      this.#end = begin + on;
      this.#forget(on);
      // While a turn of the loop does not end, none begins: nothing is to be seen in windows that are over by now.
      if (this.#end > now) break;
      begin = this.#end;
    } while (true);
    this.#switch.later(begin - now, this.#open);
  }

  /**
   * How long it is to the first window, where 0.5 … 1.5 lie between others: as from a moment at random to the next one, so that at
   * any time one begins with the same chance (the residual life of renewal theory: length-biased, then cut at random).
   */
  #residual(): number {
    return Math.sqrt(0.25 + 2 * this.#switch.random()) * this.#switch.random();
  }

  /** The mean of what windows cost moves on by one of so many milliseconds. */
  #forget(on: number): void {
    this.#cost *= 1 - 1 / MEMORY;
    this.#time = this.#time * (1 - 1 / MEMORY) + on;
  }

  readonly #open = (): void => {
    if (this.#stopped) return;
    const now = this.#switch.now();
    // Where the last turn has taken longer than the whole window, no turn begins in it.
    if (now < this.#end) this.#arm(now);
    this.#switch.later(this.#end - now, this.#close);
  };

  readonly #close = (): void => {
    if (this.#stopped) return;
    const now = this.#switch.now();
    this.#fill(now);
    if (this.#level > 0 && this.#cost < CALM * this.#taken * this.#time) {
      this.#window = null;
      this.#cost = 0;
      this.#fullAt = now;
      this.#arm(now);
      return;
    }
    if (this.#cutAt < 0) this.#switch.correct(1);
    if (this.#offSince < 0) this.#disarm(now);
    this.#plan(this.#end);
  };
}

/** Milliseconds of a window in which the hook costs what it is meant to cost. */
function lengthFor(perMs: number): number {
  return Math.min(LONGEST_MS, Math.max(LEAST_MS, WINDOW_MS / perMs));
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
