// The inspectors of the process's worker threads, through that of the main thread.
import { AgentError } from '../errors.ts';
import { evaluated, type InspectedThread, type InspectorSession } from './main-thread.ts';
import type { Expression } from '../host/calls.ts';

/** How long an answer of a worker may take. */
const ANSWER_MS = 10_000;
/** Agents' own threads. */
const OWN = 'stackpile';
const ENDED = 'the worker thread has ended';

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string; readonly url: string };
}

/** A worker thread that can be asked. */
export interface InspectedWorker {
  readonly threadId: number;
  /** '' for none. */
  readonly name: string;
  /** URL of what it runs, '' where that is a text. */
  readonly url: string;
  readonly session: InspectorSession;
}

/** What waits for an answer. */
interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A worker's inspector; messages go through the main thread's. */
class WorkerSession implements InspectorSession {
  readonly #send: (message: string) => Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, Set<(params: unknown) => void>>();
  #nextId = 1;
  #hasEnded = false;

  constructor(send: (message: string) => Promise<unknown>) {
    this.#send = send;
  }

  post<T>(
    method: string,
    params: object = {},
    { timeoutMs = ANSWER_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(id);
        how();
      };
      const onAbort = (): void =>
        settle(() => reject(new AgentError('AGENT_ABORTED', 'the client went away')));
      const late = `the worker thread did not answer within ${timeoutMs / 1000} s (is it blocked, or in a loop without end?)`;
      const timer = setTimeout(() => settle(() => reject(new AgentError('AGENT_TIMEOUT', late))), timeoutMs);
      this.#waiting.set(id, {
        resolve: (result) => settle(() => resolve(result as T)),
        reject: (error) => settle(() => reject(error)),
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else if (this.#hasEnded) this.end();
      else this.#send(JSON.stringify({ id, method, params })).catch(() => this.end());
    });
  }

  on(method: string, listener: (params: unknown) => void): () => void {
    const listeners = this.#listeners.get(method) ?? new Set();
    this.#listeners.set(method, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The worker says something. */
  receive(message: string): void {
    const { id, method, params, result, error } = JSON.parse(message) as Reply;
    if (id === undefined) {
      for (const listener of this.#listeners.get(method ?? '') ?? []) listener(params);
      return;
    }
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new AgentError('AGENT_UNAVAILABLE', `the worker thread: ${error.message}`));
  }

  /** The worker has ended: nobody is answered any more. */
  end(): void {
    this.#hasEnded = true;
    const error = new AgentError('AGENT_UNAVAILABLE', ENDED);
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}

/** One worker thread, found anew each time that it is used. */
export class WorkerThread implements InspectedThread {
  readonly threadId: number;
  readonly #threads: WorkerThreads;

  constructor(threads: WorkerThreads, threadId: number) {
    this.#threads = threads;
    this.threadId = threadId;
  }

  /** @throws {AgentError} `AGENT_UNAVAILABLE` where it has ended */
  withSession<T>(use: (session: InspectorSession) => Promise<T>): Promise<T> {
    return this.#threads.withWorkers((all) => {
      const found = all.find(({ threadId }) => threadId === this.threadId);
      if (found === undefined) throw new AgentError('AGENT_UNAVAILABLE', ENDED);
      return use(found.session);
    });
  }

  evaluate<T>(expression: Expression<T>, signal?: AbortSignal): Promise<T> {
    return this.withSession((session) =>
      evaluated(session, expression, {
        who: 'the worker thread',
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  }

  /** The sessions of all workers are kept. */
  keep(ms: number): void {
    this.#threads.keep(ms);
  }
}

/** A thread as its workers are reached through it. */
type Reached = Pick<InspectedThread, 'withSession'>;

/** The worker threads: attached to while somebody asks, so that nothing is left on them. */
export class WorkerThreads {
  readonly #main: Reached;
  readonly #ownId: number;
  readonly #workers = new Map<string, InspectedWorker & { readonly session: WorkerSession }>();
  #users = 0;
  #attached: Promise<void> = Promise.resolve();
  /** Until when the sessions are kept, `performance.now()`. */
  #keptUntil = 0;
  #letGo: (() => void) | null = null;

  /**
   * @param main whose workers; they are reached by a session of its own
   * @param ownId `threadId` of the caller, which is left out
   */
  constructor(main: { apart(): Reached }, ownId: number) {
    this.#main = main.apart();
    this.#ownId = ownId;
  }

  /** Runs `use` with the workers that there are, without those of agents and of Node. */
  withWorkers<T>(use: (workers: readonly InspectedWorker[]) => Promise<T>): Promise<T> {
    return this.#main.withSession(async (session) => {
      // An attempt that failed before is no reason for this one to fail.
      if (this.#users++ === 0)
        this.#attached = this.#attached.catch(() => undefined).then(() => this.#attach(session));
      try {
        await this.#attached;
        return await use([...this.#workers.values()]);
      } finally {
        // The session ends with its last user, and lets go of the workers.
        if (--this.#users === 0) this.#workers.clear();
      }
    });
  }

  /**
   * Keeps the sessions open for so many milliseconds from now on, at least: V8 forgets with a session what it samples, and the ids of
   * objects. Nothing else keeps the process alive for that.
   */
  keep(ms: number): void {
    this.#keptUntil = Math.max(this.#keptUntil, performance.now() + ms);
    if (this.#letGo === null) void this.withWorkers(() => this.#untilKept()).catch(() => undefined);
  }

  #untilKept(): Promise<void> {
    return new Promise((resolve) => {
      this.#letGo = resolve;
      const look = (): void => {
        const left = this.#keptUntil - performance.now();
        if (left > 0) setTimeout(look, Math.ceil(left)).unref();
        else {
          this.#letGo = null;
          resolve();
        }
      };
      look();
    });
  }

  async #attach(session: InspectorSession): Promise<void> {
    this.#workers.clear();
    session.on('NodeWorker.attachedToWorker', (params) => this.#onAttached(session, params as Attached));
    session.on('NodeWorker.detachedFromWorker', (params) => {
      const { sessionId } = params as Attached;
      this.#workers.get(sessionId)?.session.end();
      this.#workers.delete(sessionId);
    });
    session.on('NodeWorker.receivedMessageFromWorker', (params) => {
      const { sessionId, message } = params as Attached & { readonly message: string };
      this.#workers.get(sessionId)?.session.receive(message);
    });
    // Those that there are have been told by the time of the answer.
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  #onAttached(session: InspectorSession, { sessionId, workerInfo }: Attached): void {
    const [, id = '', name = ''] = /^\[worker (\d+)\] ?(.*)$/su.exec(workerInfo.title) ?? [];
    const threadId = Number(id);
    // Node runs loaders of modules in threads of its own.
    const isOwn = threadId === this.#ownId || name === OWN || workerInfo.url.startsWith('node:');
    if (id === '' || isOwn) return;
    this.#workers.set(sessionId, {
      threadId,
      // What Node calls those that have no name.
      name: name === 'WorkerThread' ? '' : name,
      url: workerInfo.url,
      session: new WorkerSession((message) =>
        session.post('NodeWorker.sendMessageToWorker', { sessionId, message }),
      ),
    });
  }
}
