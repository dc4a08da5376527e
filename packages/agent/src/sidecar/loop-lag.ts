// How long the main thread's loop takes to turn: measured from outside, and only while somebody reads it.

/** A turn is asked for so often while somebody reads. */
const PROBE_MS = 100;
/** Without a reading for so long the probing ends. */
const INTEREST_MS = 10_000;
/** How long a first reading waits for a first turn. */
const FIRST_MS = 250;

/** Sends a message to the main thread and waits for its echo, which comes when the loop turns. */
export class LoopLag {
  readonly #wake: () => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | null = null;
  /** When the message went out that has no echo yet. */
  #sent: number | null = null;
  #worst = 0;
  #read = 0;
  #onTurn: (() => void) | null = null;

  /** @param wake makes the loop turn; each turn is then told by {@link turned} */
  constructor(wake: () => void, now: () => number = () => performance.now()) {
    this.#wake = wake;
    this.#now = now;
  }

  /** The loop has turned. */
  turned(): void {
    if (this.#sent === null) return;
    this.#worst = Math.max(this.#worst, this.#now() - this.#sent);
    this.#sent = null;
    this.#onTurn?.();
    this.#onTurn = null;
  }

  /** The longest turn since the last reading in milliseconds, one that has not ended yet included. */
  async read(): Promise<number> {
    this.#read = this.#now();
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#tick(), PROBE_MS);
      this.#timer.unref();
      this.#probe();
      await new Promise<void>((resolve) => {
        const patience = setTimeout(resolve, FIRST_MS);
        this.#onTurn = () => {
          clearTimeout(patience);
          resolve();
        };
      });
    }
    const pending = this.#sent === null ? 0 : this.#now() - this.#sent;
    const worst = Math.max(this.#worst, pending);
    this.#worst = 0;
    return worst;
  }

  /** Ends the probing. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#sent = null;
    this.#worst = 0;
  }

  #tick(): void {
    if (this.#now() - this.#read > INTEREST_MS) this.stop();
    else this.#probe();
  }

  #probe(): void {
    // One message at a time: a stuck loop is not given a queue of them.
    if (this.#sent !== null) return;
    this.#sent = this.#now();
    this.#wake();
  }
}
