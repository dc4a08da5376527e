// The heartbeat of the main thread as the sidecar sees it: blocks that have ended are told, one that goes on is seen by what it leaves out.
import type { Block, Pulse } from '../captures/capture.ts';
import { BEAT_SLOT, beatEvery, beatNow } from '../host/heartbeat.ts';

/** Listens to `Heartbeat`. */
export class SharedPulse implements Pulse {
  readonly #shared: Int32Array;
  readonly #ask: (threshold: number | null) => void;
  #threshold = 0;
  #onBlock: ((block: Block) => void) | null = null;

  /** @param ask starts the heartbeat on the main thread with a threshold in milliseconds, or stops it */
  constructor(shared: Int32Array, ask: (threshold: number | null) => void) {
    this.#shared = shared;
    this.#ask = ask;
  }

  listen(threshold: number, onBlock: (block: Block) => void): () => void {
    this.#threshold = threshold;
    this.#onBlock = onBlock;
    // Also where the main thread is stuck already, and cannot begin to beat.
    Atomics.store(this.#shared, BEAT_SLOT, beatNow());
    this.#ask(threshold);
    return () => {
      this.#onBlock = null;
      this.#ask(null);
    };
  }

  /** The main thread tells a block. */
  blocked({ from, to }: Block): void {
    this.#onBlock?.({ from, to });
  }

  pending(): Block | null {
    if (this.#onBlock === null) return null;
    const since = (beatNow() - Atomics.load(this.#shared, BEAT_SLOT)) | 0;
    const late = since - beatEvery(this.#threshold);
    if (late < this.#threshold) return null;
    const to = Number(process.hrtime.bigint() / 1000n);
    return { from: to - late * 1000, to };
  }
}
