// Gives back what answers have taken of the sidecar's heap, and says how much it has: V8 keeps the room of garbage for more of it, but the
// process is the service's.
import { Session } from 'node:inspector';
import { memoryUsage } from 'node:process';
import { getHeapStatistics } from 'node:v8';

/** Without a request for so long it is quiet. */
const QUIET_MS = 5_000;
/** Bytes by which the heap has to be larger than it was after the last time, where it is quiet and where it is not. */
const WORTH = { quiet: 4 * 1024 * 1024, busy: 16 * 1024 * 1024 };
/** Milliseconds between two looks while it is not quiet. */
const LOOK_MS = 2_000;
/** So long after a collection V8 gives the system back what was freed. */
const RELEASE_MS = 4_000;

/** When the calling thread was last collected, and what it and the process had before, in bytes. */
let collected = { at: Number.NEGATIVE_INFINITY, before: 0, rss: 0 };

function held(): number {
  const { heapTotal, external } = memoryUsage();
  return heapTotal + external;
}

/** Bytes of the process's resident memory that the calling thread has for itself, with what it has just freed as far as that is resident still. */
export function residentOwnMemory(): number {
  const now = held();
  if (performance.now() - collected.at > RELEASE_MS) return now;
  const released = Math.max(0, collected.rss - memoryUsage.rss());
  return now + Math.max(0, collected.before - now - released);
}

/**
 * Collects the calling thread's heap when it has become quiet, if that has grown, and sooner if it has grown by much; other threads are
 * not stopped. V8 by itself would wait for tens of megabytes.
 */
export class OwnMemory {
  readonly #quietMs: number;
  #quiet: ReturnType<typeof setTimeout> | null = null;
  #looked = 0;
  #isCollecting = false;
  /** Bytes of the heap after the last collection. */
  #after = getHeapStatistics().total_heap_size;

  /** @param quietMs milliseconds without a request after which it is quiet */
  constructor(quietMs: number = QUIET_MS) {
    this.#quietMs = quietMs;
  }

  /** Somebody has asked for something. */
  used(): void {
    if (this.#quiet === null) this.#quiet = setTimeout(() => this.#calm(), this.#quietMs).unref();
    else this.#quiet.refresh();
    const now = performance.now();
    if (now - this.#looked < LOOK_MS) return;
    this.#looked = now;
    this.#collect(WORTH.busy);
  }

  #calm(): void {
    this.#quiet = null;
    this.#collect(WORTH.quiet);
  }

  #collect(worth: number): void {
    if (this.#isCollecting || getHeapStatistics().total_heap_size < this.#after + worth) return;
    try {
      // Linux tells it in a file: where descriptors have run out it throws, and it is tried again later.
      const [before, rss] = [held(), memoryUsage.rss()];
      this.#isCollecting = true;
      const session = new Session();
      session.connect();
      session.post('HeapProfiler.collectGarbage', () => {
        this.#after = getHeapStatistics().total_heap_size;
        collected = { at: performance.now(), before, rss };
        this.#isCollecting = false;
        // Not at once: a session that is closed by its own answer never returns.
        setImmediate(() => session.disconnect());
      });
    } catch {
      // A Node without inspector, too: V8 collects when it likes.
    }
  }
}
