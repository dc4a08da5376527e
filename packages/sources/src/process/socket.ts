// One connection to a V8 inspector over WebSocket: commands with replies, notifications, and an end.
import { WebSocket } from 'ws';

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

const CONNECT_MS = 10_000;
const REPLY_MS = 30_000;
/** The longest message: a CPU profile comes as one. */
const MAX_MESSAGE = 2 ** 30;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connects to `url`. Node's inspector refuses requests whose `Host` is a name other than `localhost`, so that is what we say.
 *
 * @throws InspectorError
 */
export async function connectInspector(url: string, signal?: AbortSignal): Promise<InspectorConnection> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
    handshakeTimeout: CONNECT_MS,
    followRedirects: false,
    headers: { Host: 'localhost' },
  });
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, Set<(params: unknown) => void>>();
  let nextId = 1;
  let failure: Error | null = null;

  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      const error = failure ?? new InspectorError('the connection to the inspector ended');
      for (const one of waiting.values()) {
        clearTimeout(one.timer);
        one.reject(error);
      }
      waiting.clear();
      resolve();
    });
  });
  socket.on('error', (error) => {
    failure ??= error;
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) return;
    let message: Message;
    try {
      message = JSON.parse(textOf(data)) as Message;
    } catch {
      failure ??= new InspectorError('the other side does not speak the inspector protocol');
      socket.terminate();
      return;
    }
    if (message.id === undefined) {
      for (const listener of listeners.get(message.method ?? '') ?? []) listener(message.params);
      return;
    }
    const one = waiting.get(message.id);
    if (one === undefined) return;
    waiting.delete(message.id);
    clearTimeout(one.timer);
    if (message.error === undefined) one.resolve(message.result);
    else one.reject(new InspectorError(message.error.message ?? 'the inspector refused'));
  });

  const abort = (): void => socket.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('close', () => reject(failure ?? new InspectorError('the inspector hung up')));
    });
  } finally {
    signal?.removeEventListener('abort', abort);
  }

  const send = (method: string, params: object): number => {
    const id = nextId++;
    socket.send(JSON.stringify({ id, method, params }));
    return id;
  };
  return {
    ended,
    post: <T>(method: string, params: object = {}, options: { timeoutMs?: number } = {}) =>
      new Promise<T>((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) {
          reject(failure ?? new InspectorError('the connection to the inspector ended'));
          return;
        }
        const timeoutMs = options.timeoutMs ?? REPLY_MS;
        const id = send(method, params);
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new InspectorError(`no answer to ${method} within ${timeoutMs / 1000} s`));
        }, timeoutMs);
        waiting.set(id, { resolve: (result) => resolve(result as T), reject, timer });
      }),
    send: (method, params = {}) => {
      if (socket.readyState === WebSocket.OPEN) send(method, params);
    },
    on: (method, listener) => {
      const set = listeners.get(method) ?? new Set();
      listeners.set(method, set.add(listener));
      return () => set.delete(listener);
    },
    close: () => {
      socket.close();
      // An inspector that is stopped does not answer the farewell.
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return data instanceof ArrayBuffer
    ? Buffer.from(data).toString('utf8')
    : Buffer.concat(data).toString('utf8');
}
