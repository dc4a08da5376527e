// The heartbeat of the event loop: a timer that says when it ran last, and tells how late it was where it was late.
import { clearInterval, setInterval } from '../own-timers.ts';

/** Milliseconds of the monotonic clock, in 32 bits: differences of less than 24 days are right. */
export function beatNow(): number {
  const [seconds, nanos] = process.hrtime();
  return (seconds * 1000 + nanos / 1e6) | 0;
}

/** Where the heartbeat is kept in `SidecarData.shared`. */
export const BEAT_SLOT = 3;

/** Milliseconds between two beats, for blocks of so many milliseconds. */
export function beatEvery(threshold: number): number {
  return Math.max(4, Math.round(threshold * 0.4));
}

/** Beats on the main thread. It keeps nothing alive. */
export class Heartbeat {
  readonly #shared: Int32Array;
  readonly #onBlock: (from: number, to: number) => void;
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param shared slot {@link BEAT_SLOT} gets {@link beatNow}
   * @param onBlock hears of times in which the loop did not turn; microseconds of the monotonic clock
   */
  constructor(shared: Int32Array, onBlock: (from: number, to: number) => void) {
    this.#shared = shared;
    this.#onBlock = onBlock;
  }

  /** @param threshold milliseconds by which a beat has to be late; what is less is not told */
  start(threshold: number): void {
    this.stop();
    const every = beatEvery(threshold);
    let last = micros();
    Atomics.store(this.#shared, BEAT_SLOT, beatNow());
    this.#timer = setInterval(() => {
      const now = micros();
      // It was due by then, and would have come had the loop been free.
      const due = last + every * 1000;
      last = now;
      Atomics.store(this.#shared, BEAT_SLOT, beatNow());
      if (now - due >= threshold * 1000) this.#onBlock(due, now);
    }, every);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

function micros(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e6 + nanos / 1e3;
}
