// Delays of the event loop over the last minute or two, for any number of readers: nobody's reading takes anything from another's.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two looks of a monitor at the clock. */
const RESOLUTION_MS = 20;
/** A monitor is read from this age on, until the next one has it. */
const WINDOW_MS = 60_000;

/** Delays of the event loop, in seconds. */
export interface DelayMeter {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What is used of Node's monitor; nanoseconds. */
export interface DelayMonitor {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  percentile(percentile: number): number;
  enable(): unknown;
  disable(): unknown;
}

interface Running {
  readonly monitor: DelayMonitor;
  readonly since: number;
}

/**
 * Two monitors, of which the younger one is a minute behind. The older one is read, so that a reading is about the last one to two
 * minutes, or about all since monitoring began.
 */
export class Delays {
  readonly #make: () => DelayMonitor;
  readonly #now: () => number;
  #older: Running | null = null;
  #younger: Running | null = null;

  /** @param now milliseconds */
  constructor(
    make: () => DelayMonitor = () => monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
    now: () => number = () => performance.now(),
  ) {
    this.#make = make;
    this.#now = now;
  }

  /** Begins to look. */
  start(): void {
    this.#older ??= this.#begin();
  }

  /** Looks no more, and forgets. */
  stop(): void {
    this.#older?.monitor.disable();
    this.#younger?.monitor.disable();
    this.#older = this.#younger = null;
  }

  /** Null where there were none yet. */
  read(): DelayMeter | null {
    const now = this.#now();
    const newest = this.#younger ?? this.#older;
    if (newest !== null && now - newest.since >= WINDOW_MS) {
      if (this.#younger !== null) {
        this.#older?.monitor.disable();
        this.#older = this.#younger;
      }
      this.#younger = this.#begin();
    }
    const monitor = this.#older?.monitor;
    if (monitor === undefined || monitor.count === 0) return null;
    // Node tells the time between two looks, of which the resolution is none of the loop's doing.
    const seconds = (nanos: number): number => Math.max(0, nanos / 1e6 - RESOLUTION_MS) / 1e3;
    return {
      min: seconds(monitor.min),
      max: seconds(monitor.max),
      mean: seconds(monitor.mean),
      stddev: monitor.stddev / 1e9,
      p50: seconds(monitor.percentile(50)),
      p90: seconds(monitor.percentile(90)),
      p99: seconds(monitor.percentile(99)),
    };
  }

  #begin(): Running {
    const monitor = this.#make();
    monitor.enable();
    return { monitor, since: this.#now() };
  }
}
