// One reading for all who ask for it at the same time.
import { SourceError } from './errors.ts';

/**
 * Runs `read` once for all callers that come while it runs. A caller that gives up leaves the reading to the others; it is
 * stopped when the last one has left.
 *
 * @param name of the source, for the sentence of who gives up
 */
export function sharedReading<T>(
  name: string,
  read: (signal: AbortSignal) => Promise<T>,
): (signal?: AbortSignal) => Promise<T> {
  let running: { readonly result: Promise<T>; readonly stop: AbortController; callers: number } | null = null;
  return async (signal) => {
    if (signal?.aborted === true) throw new SourceError('SOURCE_ABORTED', `${name}: given up`);
    if (running === null || running.stop.signal.aborted) {
      const stop = new AbortController();
      const begun = { result: read(stop.signal), stop, callers: 0 };
      running = begun;
      const over = (): void => {
        if (running === begun) running = null;
      };
      begun.result.then(over, over);
    }
    const shared = running;
    shared.callers++;
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(new SourceError('SOURCE_ABORTED', `${name}: given up`));
      signal?.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([shared.result, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      if (--shared.callers === 0) shared.stop.abort();
    }
  };
}
