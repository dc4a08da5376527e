// The inspector of the thread that asks: collects garbage, tells scripts, takes snapshots. Its commands are through before `post` returns.
import { Session } from 'node:inspector';
import type { SnapshotSession } from '../inspect/take-snapshot.ts';

/** A session of this thread with its inspector. */
export class OwnSession implements SnapshotSession {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  post<T>(method: string, params: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error: Error | null, result?: object) => {
        if (error === null) resolve(result as T);
        else reject(error);
      });
    });
  }

  on(method: string, listener: (params: unknown) => void): () => void {
    const told = (message: { readonly params?: unknown }): void => listener(message.params);
    this.#session.on(method, told);
    return () => void this.#session.off(method, told);
  }

  close(): void {
    this.#session.disconnect();
  }
}

let open: OwnSession | null = null;

/**
 * The one session of this thread; null in a Node without inspector. It stays open: V8 numbers all objects anew when one is closed, and
 * numbers are what two snapshots are compared by.
 */
export function ownSession(): OwnSession | null {
  try {
    open ??= new OwnSession();
  } catch {
    // A Node without inspector.
  }
  return open;
}

/** Lets go of the inspector. */
export function closeOwnSession(): void {
  open?.close();
  open = null;
}

/** Collects what nothing can reach any more: a promise that nobody can settle, a listener of what is gone. */
export async function collectGarbage(): Promise<void> {
  await ownSession()?.post('HeapProfiler.collectGarbage');
}
