// What can only be counted by somebody who is there while it happens: full collections, answered requests, workers.
import diagnostics from 'node:diagnostics_channel';
import { getHeapStatistics } from 'node:v8';
import type { Tallies } from './calls.ts';

const ANSWERED = 'http.server.response.finish';
const STARTED = 'worker_threads';

/** What is used of a `Worker`; its number is −1 when it has ended. */
interface StartedWorker {
  readonly threadId: number;
}

/** Counts from {@link TallyKeeper.start} on. A full collection costs one callback, a request one addition. */
export class TallyKeeper {
  #heapLive: number | null = null;
  #answered = 0;
  #workers: WeakRef<object & StartedWorker>[] = [];
  /** Full collections are seen by what they collect. */
  readonly #collected = new FinalizationRegistry<TallyKeeper>((keeper) => keeper.#onCollected());
  /** The agent's own, which it does not count. */
  readonly #own = new WeakSet<object>();
  #running = false;

  start(): void {
    this.#running = true;
    this.#lure();
    diagnostics.subscribe(ANSWERED, this.#onAnswered);
    diagnostics.subscribe(STARTED, this.#onStarted);
  }

  stop(): void {
    this.#running = false;
    diagnostics.unsubscribe(ANSWERED, this.#onAnswered);
    diagnostics.unsubscribe(STARTED, this.#onStarted);
    this.#workers = [];
  }

  /** Leaves a worker out of the count. */
  leaveOut(worker: object): void {
    this.#own.add(worker);
  }

  read(): Tallies {
    this.#forgetEnded();
    return {
      heapLive: this.#heapLive,
      // A service that has answered none may be one whose requests are no HTTP/1.
      requests: this.#answered === 0 ? null : this.#answered,
      workers: this.#workers.filter((ref) => {
        const worker = ref.deref();
        return worker !== undefined && !this.#own.has(worker);
      }).length,
    };
  }

  /** A symbol is old from its birth, so that no scavenge collects it. */
  #lure(): void {
    this.#collected.register(Symbol('lure'), this);
  }

  #onCollected(): void {
    if (!this.#running) return;
    this.#heapLive = getHeapStatistics().used_heap_size;
    this.#lure();
  }

  readonly #onAnswered = (): void => {
    this.#answered++;
  };

  readonly #onStarted = (message: unknown): void => {
    const { worker } = message as { readonly worker?: object & StartedWorker };
    if (worker === undefined) return;
    this.#forgetEnded();
    this.#workers.push(new WeakRef(worker));
  };

  #forgetEnded(): void {
    this.#workers = this.#workers.filter((ref) => (ref.deref()?.threadId ?? -1) !== -1);
  }
}
