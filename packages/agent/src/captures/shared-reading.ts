// One reading of the main thread for all who ask for it at the same time.
import { AgentError } from '../errors.ts';
import type { Costed } from '../host/calls.ts';
import type { Pace } from './limits.ts';

/**
 * Takes readings of one kind, one after the other, at the pace that there is. A reading never begins before it is asked for:
 * who asks while one is under way shares the next one with all others who do.
 */
export class SharedReading<T> {
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | null = null;
  /** How many share it. */
  #sharing = 0;

  /**
   * A reading that begins from now on. Rejects with what `take` rejects with, and with `AGENT_ABORTED` on `signal`.
   *
   * @param take called once for all who share
   */
  read(pace: Pace, take: () => Promise<Costed<T>>, signal?: AbortSignal): Promise<T> {
    this.#next ??= this.#follow(pace, take);
    this.#sharing++;
    return unlessAborted(this.#next, signal);
  }

  async #follow(pace: Pace, take: () => Promise<Costed<T>>): Promise<T> {
    await this.#running;
    const begin = (): Promise<Costed<T>> => {
      this.#next = null;
      this.#sharing = 0;
      return take();
    };
    const reading = pace.take(begin, () => this.#sharing);
    this.#running = reading.catch(() => undefined);
    return reading;
  }
}

/** The same promise, but whoever has gone does not wait for it. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AgentError('AGENT_ABORTED', 'the client went away'));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  });
}
