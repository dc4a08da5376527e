// Decides which runs are looked at: all of them while looking is cheap, a known share of them when it is not.
import type { Taking } from './attention.ts';

/** Seconds of budget that may be saved up for a burst: the more looks it pays for, the closer its count. */
const SAVED_SECONDS = 10;
/**
 * Milliseconds that a process is given once, at its start: code is cold then, a look costs many times what it costs later,
 * and a bucket that is emptied by it would leave the first half minute in the dark.
 */
const START_CREDIT = 100;
/** Most milliseconds that one look is charged: beyond, another process had the CPU, or the collector ran. */
const MOST_PER_LOOK = 0.5;
/** A look makes garbage that is collected when nobody measures. */
const AFTERWARDS = 1.2;
/** Chances halve for each of this share of the bucket that is missing below its half. */
const HALVING = 1 / 40;
const LOWEST = 1e-6;
/** Part of the bucket below which a plan is given up. */
const ALL_BUT_SPENT = 1 / 20;
/** Looks whose weights are remembered. */
const REMEMBERED = 4096;
/** Runs after which the chance is worked out anew. */
const LONGEST_STRATUM = 4096;

/** Runs between two looks at the clock while every run is looked at. */
const EXACT_RUNS = 16;

/** What a budget knows of the world. */
export interface Chances {
  /** Milliseconds. */
  now(): number;
  /** 0 … 1 */
  random(): number;
}

const real: Chances = { now: () => performance.now(), random: Math.random };

/**
 * A token bucket of CPU time: it fills at the budget's rate, looks empty it. Above half full each run is looked at (the
 * weight is 1); below, with a chance that falls with the level, so that spending settles where it equals the filling. The
 * chance of each look is known, so weights of 1 / chance (Horvitz and Thompson 1952) keep all counts unbiased.
 *
 * Runs are drawn in strata: of as many runs in a row as a look stands for, one is looked at, whichever the lot says. Of a burst of
 * like runs so many are seen as there should be, and its count is nearly exact; drawn one by one, how many are seen would itself
 * be left to chance (Cochran, Sampling Techniques, 1977, 5A.1 and 8.4).
 */
export class Budget implements Taking {
  readonly #share: number;
  /** What is taken of the share. */
  #taken: number;
  readonly #capacity: number;
  #level: number;
  #last: number;
  /** Chance of the run that is looked at now. */
  #current = 1;
  /** Chance that the last draw was made with; 0 turns looking off. */
  #chance = 1;
  /** Runs that are left of this stratum. */
  #left = 0;
  /** The run of the stratum that is looked at, counted from its end; -1 where none is. */
  #drawn = -1;
  /** Runs that were looked at so far. */
  #looks = 0;
  readonly #weights = new Float32Array(REMEMBERED);
  #spent = 0;
  /** Mean cost of a run that is looked at, milliseconds. */
  #perRun = 0.05;
  /** Cost of the run that is looked at now. */
  #thisRun = 0;
  /** Chance by {@link plan}; 0 for the one that follows the level. */
  #planned = 0;
  /** Highest chance; see {@link thin}. */
  #most = 1;

  readonly #chances: Chances;

  /** @param share of one CPU, 0 … 1 */
  constructor(share: number, chances: Chances = real) {
    this.#share = share;
    this.#taken = share;
    this.#chances = chances;
    this.#capacity = share * SAVED_SECONDS * 1000;
    this.#level = share > 0 ? Math.max(this.#capacity, START_CREDIT) : 0;
    this.#last = chances.now();
    if (share <= 0) this.#chance = 0;
  }

  /** Weight of what is seen in the run that {@link next} admitted last. */
  get weight(): number {
    return 1 / this.#current;
  }

  /** Number of the run that {@link next} admitted last: runs that were looked at one after the other have neighbouring numbers. */
  get look(): number {
    return this.#looks;
  }

  /** Weight of what was seen in a look; 0 for one that has not been yet, or is forgotten. */
  weightOf(look: number): number {
    return look > this.#looks || look <= this.#looks - REMEMBERED
      ? 0
      : (this.#weights[look % REMEMBERED] as number);
  }

  /** True while every run is looked at. */
  get exact(): boolean {
    return this.#chance >= 1;
  }

  /** Milliseconds spent so far. */
  get spent(): number {
    return this.#spent;
  }

  /** False once everything is spent. */
  get affords(): boolean {
    return this.#level > 0;
  }

  /** Takes `ms` of CPU time, and what they will cost later, out of the bucket. */
  spend(ms: number): void {
    const charged = Math.min(ms, MOST_PER_LOOK) * AFTERWARDS;
    this.#spent += charged;
    this.#thisRun += charged;
    this.#level = Math.max(0, this.#level - charged);
  }

  /**
   * From now on every run has the same chance, such that a stretch of time costs what has been saved up for it. The chance that
   * follows the level would fall by orders of magnitude within a short burst of runs, and leave a few heavy weights.
   *
   * @param saved milliseconds for which the stretch pays, itself included
   * @param runs that are expected in it
   * @param most milliseconds that may be spent in it
   */
  plan(saved: number, runs: number, most: number): void {
    this.#fill(this.#chances.now());
    const wish = this.#taken * saved;
    const correction = (this.#level - this.#capacity / 2) / 4;
    const ms = Math.min(most, Math.max(wish + correction, wish / 8));
    this.#planned = Math.min(1, Math.max(LOWEST, ms / this.#perRun / Math.max(1, runs)));
    this.#draw();
  }

  /**
   * From now on no run has a higher chance than `most`: what is seen takes memory, whatever looking costs.
   *
   * @param most 0 … 1
   */
  thin(most: number): void {
    const more = most > this.#most;
    this.#most = most;
    // A stratum that ended because something was seen in it would count that for too much.
    if (more) this.#draw();
  }

  /**
   * From now on a part of the share is spent.
   *
   * @param part 0 … 1
   */
  take(part: number): void {
    this.#fill(this.#chances.now());
    this.#taken = this.#share * part;
  }

  /** Ends a {@link plan}. */
  unplan(): void {
    this.#planned = 0;
    this.#draw();
  }

  /** Whether the run that begins now is looked at. Call once per run. */
  next(): boolean {
    if (this.#chance === 0) return false;
    if (this.#left === 0) this.#draw();
    this.#left--;
    if (this.#chance < 1 && this.#left !== this.#drawn) return false;
    this.#current = this.#chance;
    this.#looks++;
    this.#weights[this.#looks % REMEMBERED] = 1 / this.#current;
    this.#perRun += (this.#thisRun - this.#perRun) / 32;
    this.#thisRun = 0;
    if (this.#chance === 1 && this.#level <= this.#capacity / 2) this.#left = 0;
    return true;
  }

  #fill(now: number): void {
    // The credit of the start may lie above the capacity; it only shrinks.
    const full = Math.max(this.#capacity, this.#level);
    this.#level = Math.min(full, this.#level + (now - this.#last) * this.#taken);
    this.#last = now;
  }

  /** The planned chance; where the plan was wrong and nearly everything is spent, a small part of it. */
  #affordable(): number {
    return this.#level > this.#capacity * ALL_BUT_SPENT
      ? this.#planned
      : Math.max(LOWEST, this.#planned / 32);
  }

  /** Works out the chance, and which of the next runs is looked at. */
  #draw(): void {
    if (this.#share <= 0) return;
    this.#fill(this.#chances.now());
    const missing = 0.5 - this.#level / this.#capacity;
    if (this.#planned > 0) this.#chance = this.#affordable();
    else this.#chance = missing <= 0 ? 1 : Math.max(LOWEST, 2 ** (-missing / HALVING));
    this.#chance = Math.min(this.#chance, this.#most);
    const runs = Math.round(1 / this.#chance);
    this.#chance = 1 / runs;
    if (runs === 1) {
      this.#left = EXACT_RUNS;
      return;
    }
    // Of a stratum that would be too long a part is drawn, with its part of the chance.
    this.#left = Math.min(runs, LONGEST_STRATUM);
    const drawn = Math.floor(this.#chances.random() * runs);
    this.#drawn = drawn < this.#left ? drawn : -1;
  }
}
