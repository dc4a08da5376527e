// A conversation with a V8 inspector, whatever carries it: commands with replies, notifications, and an end.

/** An inspector that answers commands. */
export interface InspectorConnection {
  /** Sends a command; resolves with its result. Rejects after `timeoutMs` (default 30 s) and when the connection ends. */
  post<T>(method: string, params?: object, options?: { timeoutMs?: number }): Promise<T>;
  /** Sends a command whose reply nobody waits for. */
  send(method: string, params?: object): void;
  /** Calls `listener` with the params of each notification; the result stops that. */
  on(method: string, listener: (params: unknown) => void): () => void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  close(): void;
}

/** What a failed command said. */
export class InspectorError extends Error {
  override readonly name = 'InspectorError';
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message?: string };
}

const REPLY_MS = 30_000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Keeps in mind who waits for which reply. */
export class Conversation {
  readonly ended: Promise<void>;
  readonly #carry: (text: string) => boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, Set<(params: unknown) => void>>();
  #nextId = 1;
  #over: Error | null = null;
  #resolveEnded: () => void = () => undefined;

  /** @param carry takes a message to the other side; false where there is no way any more */
  constructor(carry: (text: string) => boolean) {
    this.#carry = carry;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  /** Takes a message of the other side; false where it is none. */
  receive(text: string): boolean {
    let message: Message;
    try {
      message = JSON.parse(text) as Message;
    } catch {
      return false;
    }
    if (message.id === undefined) {
      for (const listener of this.#listeners.get(message.method ?? '') ?? []) listener(message.params);
      return true;
    }
    const one = this.#waiting.get(message.id);
    if (one === undefined) return true;
    this.#waiting.delete(message.id);
    clearTimeout(one.timer);
    if (message.error === undefined) one.resolve(message.result);
    else one.reject(new InspectorError(message.error.message ?? 'the inspector refused'));
    return true;
  }

  /** It is over: whoever waits is told why. */
  end(error: Error): void {
    this.#over ??= error;
    for (const one of this.#waiting.values()) {
      clearTimeout(one.timer);
      one.reject(error);
    }
    this.#waiting.clear();
    this.#resolveEnded();
  }

  /** As {@link InspectorConnection.post}. */
  post<T>(method: string, params: object = {}, options: { timeoutMs?: number } = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? REPLY_MS;
      const id = this.#nextId++;
      if (this.#over !== null || !this.#carry(JSON.stringify({ id, method, params }))) {
        reject(this.#over ?? new InspectorError('the connection to the inspector ended'));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new InspectorError(`no answer to ${method} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject, timer });
    });
  }

  /** As {@link InspectorConnection.send}. */
  send(method: string, params: object = {}): void {
    if (this.#over === null) this.#carry(JSON.stringify({ id: this.#nextId++, method, params }));
  }

  /** As {@link InspectorConnection.on}. */
  on(method: string, listener: (params: unknown) => void): () => void {
    const set = this.#listeners.get(method) ?? new Set();
    this.#listeners.set(method, set.add(listener));
    return () => set.delete(listener);
  }
}
