// The page's side of the worker: one promise per question; an older question of the same channel is dropped.
import type { EngineErrorCode } from '../errors.ts';
import type { Engine, Method, Progress, Request, Response } from './protocol.ts';

/** An error that the worker reported; the message is a sentence for the user. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  /** What a server answered with instead of a profile; 0 where it is not about that. */
  readonly status: number;
  constructor(code: EngineErrorCode, message: string, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

interface Waiting {
  readonly resolve: (answer: Engine[Method][1]) => void;
  readonly reject: (error: Error) => void;
  readonly progress: ((progress: Progress) => void) | undefined;
}

/** What a Worker is to the client; tests hand in their own. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Response>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export class EngineClient {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(port: Port) {
    this.#port = port;
    port.onmessage = (event) => this.#receive(event.data);
    port.onerror = (event) => {
      const error = new EngineError(
        'ENGINE_STOPPED',
        `The worker of this page stopped (${event.message || 'out of memory?'}): reload the page, or open a smaller profile.`,
      );
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  /** Asks one question. `progress` hears what the worker does meanwhile. */
  ask<M extends Method>(
    method: M,
    argument: Engine[M][0],
    options: { readonly progress?: (progress: Progress) => void; readonly transfer?: Transferable[] } = {},
  ): Promise<Engine[M][1]> {
    const id = this.#next++;
    const request: Request<M> = { id, method, argument };
    return new Promise<Engine[M][1]>((resolve, reject) => {
      this.#waiting.set(id, {
        // The answer to a request is of its method: the worker's table of handlers says so.
        resolve,
        reject,
        progress: options.progress,
      });
      this.#port.postMessage(request, options.transfer ?? []);
    });
  }

  #receive(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    if (waiting === undefined) return;
    switch (response.kind) {
      case 'progress':
        waiting.progress?.(response.progress);
        return;
      case 'answer':
        this.#waiting.delete(response.id);
        waiting.resolve(response.answer);
        return;
      case 'error':
        this.#waiting.delete(response.id);
        waiting.reject(new EngineError(response.code, response.message, response.status));
        return;
    }
  }
}
