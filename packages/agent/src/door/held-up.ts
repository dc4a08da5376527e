// Whether this thread was kept from its event loop: whoever seems late to it may have been in time, and was not read.

/** Milliseconds between two looks. */
const LOOK_MS = 1_000;
/** A look that is so late has been held up. */
const LATE_MS = 500;
/** For how long that is remembered: until what came meanwhile has been read. */
const REMEMBERED_MS = 3_000;

/** Looks at the clock for as long as it is not stopped; it keeps no thread alive. */
export class HeldUp {
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #looked: number;
  #late = -Infinity;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#looked = now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Whether that was so just before. */
  get justNow(): boolean {
    this.#look();
    return this.#now() - this.#late < REMEMBERED_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#now();
    if (now - this.#looked > LOOK_MS + LATE_MS) this.#late = now;
    this.#looked = now;
  }
}
