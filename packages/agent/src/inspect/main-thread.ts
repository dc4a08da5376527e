// Drives the main thread's isolate from the sidecar through the inspector, also while the main thread spins in a loop.
import { Session } from 'node:inspector';
import { AgentError } from '../errors.ts';
import type { Expression } from '../host/calls.ts';
import { isStarved, mainThreadRun } from './starved.ts';
import { whyUnreachable } from '../host/other-runtimes.ts';

/** How long an answer of the main thread may take; only a main thread inside of native code needs longer. */
const ANSWER_MS = 10_000;
/** How long at most where it does not get the CPU, and how often that is looked at once it is late. */
const STARVED_MS = 60_000;
const LOOK_MS = 1_000;
/** How often the main thread is woken while an answer is under way. */
const WAKE_MS = 100;

interface Reply {
  readonly result?: unknown;
}

/** The part of a thread's inspector that captures use. */
export interface InspectorSession {
  /** Sends a command; resolves with its result. Rejects with `AGENT_TIMEOUT` after `timeoutMs` and `AGENT_ABORTED` on `signal`. */
  post<T>(
    method: string,
    params?: object,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<T>;
  /** Calls `listener` with the params of each notification; the result stops that. Subscribe before the post. */
  on(method: string, listener: (params: unknown) => void): () => void;
}

/** A thread whose inspector captures use: the main one, or a worker. */
export interface InspectedThread {
  /** Runs `use` with a session, which ends with its last user. */
  withSession<T>(use: (session: InspectorSession) => Promise<T>): Promise<T>;
  /**
   * Evaluates an expression on the thread and returns its value, which must be JSON.
   *
   * @throws {AgentError} `AGENT_UNAVAILABLE` where it throws
   */
  evaluate<T>(expression: Expression<T>, signal?: AbortSignal): Promise<T>;
  /** Keeps the session open for so many milliseconds from now on, at least. */
  keep(ms: number): void;
}

/** Has the main thread evaluate an expression by a message: it answers when its loop turns. */
export type AskByMessage = (expression: string, signal: AbortSignal) => Promise<unknown>;

/** A thread that may be reached by a second session, for what V8 keeps by session: a CPU profiler. */
export interface ForkedThread extends InspectedThread {
  apart(): InspectedThread;
}

/** The inspector of the main thread: a session is open only while somebody uses it, so that nothing holds up an exit. */
export class MainThread implements ForkedThread {
  readonly #shared: Int32Array;
  readonly #wake: () => void;
  readonly #askByMessage: AskByMessage | null;
  #session: Session | null = null;
  #users = 0;
  #keeping: NodeJS.Timeout | null = null;
  readonly #apart: MainThread[] = [];

  /**
   * @param shared slot 1 counts open sessions, see `SidecarData`
   * @param wake makes the main thread's loop turn: an idle one sometimes sleeps through an inspector's message (seen on Node 26)
   * @param askByMessage instead of the inspector, where a runtime has none that reaches so far
   */
  constructor(shared: Int32Array, wake: () => void, askByMessage: AskByMessage | null = null) {
    this.#shared = shared;
    this.#wake = wake;
    this.#askByMessage = askByMessage;
  }

  /** Runs `use` with a session and closes it when the last user has gone. */
  async withSession<T>(use: (session: InspectorSession) => Promise<T>): Promise<T> {
    const session = this.#open();
    this.#users++;
    try {
      return await use(session);
    } finally {
      this.#users--;
      if (this.#users === 0) this.disconnect();
    }
  }

  /**
   * Keeps the session open for so many milliseconds from now on, or until the process exits: V8 forgets the ids of objects with it.
   * Nothing else keeps the worker, or the process, alive for that.
   */
  keep(ms: number): void {
    if (this.#keeping === null) {
      this.#open();
      this.#users++;
    } else clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => {
      this.#keeping = null;
      this.#users--;
      if (this.#users === 0) this.disconnect();
    }, ms).unref();
  }

  async evaluate<T>(expression: Expression<T>, signal?: AbortSignal): Promise<T> {
    if (this.#askByMessage !== null && whyUnreachable() !== null)
      return (await askedInTime(this.#askByMessage, expression, signal)) as T;
    return this.withSession((session) =>
      evaluated(session, expression, { who: 'the main thread', ...(signal === undefined ? {} : { signal }) }),
    );
  }

  /** The same thread by a session of its own, for what V8 keeps by session: a CPU profiler. It ends with {@link end}. */
  apart(): MainThread {
    const other = new MainThread(this.#shared, this.#wake);
    this.#apart.push(other);
    return other;
  }

  /** Closes this session and those apart, whoever uses them. */
  end(): void {
    for (const other of this.#apart) other.end();
    this.disconnect();
  }

  /** Closes the session, whoever uses it. */
  disconnect(): void {
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    try {
      session.disconnect();
    } finally {
      this.#uncount();
    }
  }

  #uncount(): void {
    Atomics.sub(this.#shared, 1, 1);
    Atomics.notify(this.#shared, 1);
  }

  #open(): InspectorSession {
    if (this.#session === null) {
      // Counted before the flag is read, as the exit raises the flag before it reads the count: one of the two sees the other.
      Atomics.add(this.#shared, 1, 1);
      let session: Session;
      try {
        const why = whyUnreachable();
        if (why !== null) throw new AgentError('AGENT_UNAVAILABLE', why);
        if (Atomics.load(this.#shared, 0) === 1)
          throw new AgentError('AGENT_CLOSED', 'the process is exiting');
        session = new Session();
        session.connectToMainThread();
      } catch (error) {
        this.#uncount();
        throw error;
      }
      this.#session = session;
      session.setMaxListeners?.(0);
    }
    const session = this.#session;
    return {
      post: <T>(
        method: string,
        params: object = {},
        options: { timeoutMs?: number; signal?: AbortSignal } = {},
      ) =>
        postTo<T>(session, method, params, {
          timeoutMs: options.timeoutMs ?? ANSWER_MS,
          signal: options.signal,
          wake: this.#wake,
        }),
      on: (method, listener) => {
        const wrapped = (message: { params?: unknown }): void => listener(message.params);
        session.on(method, wrapped);
        return () => session.off(method, wrapped);
      },
    };
  }
}

/** The answer to a message; a main thread that is stuck gives none. */
async function askedInTime(
  ask: AskByMessage,
  expression: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    return await ask(expression, signal === undefined ? late : AbortSignal.any([late, signal]));
  } catch (error) {
    if (late.aborted) throw new AgentError('AGENT_TIMEOUT', lateMessage(ANSWER_MS));
    throw error;
  }
}

function lateMessage(timeoutMs: number): string {
  return `the main thread did not answer within ${timeoutMs / 1000} s (is it blocked, or in a loop without end?)`;
}

/** How a thread is asked. */
export interface Asking {
  /** What is asked, for messages. */
  readonly who: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The value of an expression.
 *
 * @throws {AgentError} `AGENT_UNAVAILABLE` where it throws
 */
export async function evaluated<T>(
  session: InspectorSession,
  expression: Expression<T>,
  { who, ...how }: Asking,
): Promise<T> {
  const reply = await session.post<{
    result: { value?: T };
    exceptionDetails?: { text: string; exception?: { description?: string } };
  }>('Runtime.evaluate', { expression, returnByValue: true, silent: true }, how);
  if (reply.exceptionDetails !== undefined) {
    const text = reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text;
    throw new AgentError('AGENT_UNAVAILABLE', `${who} failed to answer: ${text.split('\n')[0] ?? ''}`);
  }
  return reply.result.value as T;
}

function postTo<T>(
  session: Session,
  method: string,
  params: object,
  how: { timeoutMs: number; signal: AbortSignal | undefined; wake: () => void },
): Promise<T> {
  const { timeoutMs, signal, wake } = how;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new AgentError('AGENT_ABORTED', 'the client went away'));
      return;
    }
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      clearInterval(waking);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => done(() => reject(new AgentError('AGENT_ABORTED', 'the client went away')));
    const giveUp = (): void => done(() => reject(new AgentError('AGENT_TIMEOUT', lateMessage(timeoutMs))));
    const late = (): void => {
      const [before, at] = [mainThreadRun(), performance.now()];
      if (before?.isRunnable !== true || at - began >= STARVED_MS) {
        giveUp();
        return;
      }
      timer = setTimeout(
        () => (isStarved(before, mainThreadRun(), performance.now() - at) ? late() : giveUp()),
        LOOK_MS,
      );
    };
    const began = performance.now();
    // The timer also keeps the worker alive while the answer is under way; `post` does not.
    let timer = setTimeout(late, timeoutMs);
    const waking = setInterval(wake, WAKE_MS);
    signal?.addEventListener('abort', onAbort, { once: true });
    session.post(method, params, (error: Error | null, result?: Reply) => {
      done(() => {
        if (error === null) resolve(result as T);
        else reject(new AgentError('AGENT_UNAVAILABLE', `${method}: ${error.message}`, { cause: error }));
      });
    });
  });
}
