// The main thread's end of the sidecar: starts the worker, passes requests to it, and lets go of it when the process exits.
import { runInThisContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import { errorResponse } from '../http/messages.ts';
import { streamUntil } from '../door/pieces.ts';
import { AgentError, messageOf } from '../errors.ts';
import { Heartbeat } from '../host/heartbeat.ts';
import { agentHost } from '../host/host.ts';
import type { AuthFunction, CaptureSettings } from '../options.ts';
import { deniedError } from '../permission.ts';
import { redactArguments } from '../redact.ts';
import { say } from '../say.ts';
import type { KeptBuffers } from './keepsakes.ts';
import { openWorker } from './open-worker.ts';
import type { FromSidecar, ListenSettings, SidecarData, ToSidecar } from './protocol.ts';

/** Megabytes of the worker's young generation. */
const YOUNG_MB = 8;
/** How long an exit waits for the worker to let go of the main thread's inspector. */
const EXIT_WAIT_MS = 2000;

/** What cannot be listened on, why, and what to do. */
function listenError(
  { code, message }: Extract<FromSidecar, { kind: 'failed' }>,
  listen: ListenSettings | null,
): AgentError {
  if (listen?.place.kind === 'socket') return socketError(listen.place.path, code, message);
  const { host = '', ports = [] } = listen?.place ?? {};
  const where = `cannot listen on ${host.includes(':') ? `[${host}]` : host}:${ports[0] ?? 0}`;
  switch (code) {
    case 'EADDRINUSE': {
      const advice =
        'give another port, 0 for any free one, or none: then 6060 or the next free one is taken';
      return new AgentError('AGENT_LISTEN', `${where}: the address is in use; ${advice}`);
    }
    case 'EACCES':
      return new AgentError('AGENT_LISTEN', `${where}: permission denied; give a port from 1024 on`);
    case 'EADDRNOTAVAIL':
      return new AgentError('AGENT_LISTEN', `${where}: this machine does not have that address`);
    case 'ENOTFOUND':
      return new AgentError('AGENT_LISTEN', `${where}: there is no such host`);
    default:
      return new AgentError('AGENT_LISTEN', `${where}: ${message.split('\n', 1)[0] ?? ''}`);
  }
}

function socketError(path: string, code: string, message: string): AgentError {
  const where = `cannot listen on the socket ${path}`;
  switch (code) {
    case 'AGENT_LISTEN':
      return new AgentError('AGENT_LISTEN', `${where}: ${message}; give another path`);
    case 'ENOENT':
    case 'ENOTDIR':
      return new AgentError('AGENT_LISTEN', `${where}: its folder is not there`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AgentError('AGENT_LISTEN', `${where}: this user may not write in its folder`);
    default:
      return new AgentError('AGENT_LISTEN', `${where}: ${message.split('\n', 1)[0] ?? ''}`);
  }
}

/** Why a worker does not start: what to do about it where that is known, else `otherwise`. */
function startError(error: unknown, otherwise: string): AgentError {
  const denied = deniedError(error);
  if (denied !== null) return denied;
  // Each thread of Node asks for the working folder before it runs anything.
  const isGone = messageOf(error).includes('uv_cwd');
  const advice = 'go to one that is there (process.chdir), and start again';
  const why = isGone ? `Node starts no thread while the working folder is gone: ${advice}` : otherwise;
  return new AgentError('AGENT_SIDECAR', why, { cause: error });
}

/** It shortens the paths of files, no more: where it is gone, they are shown whole. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** A running sidecar worker. */
export class Sidecar {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #waiting = new Map<number, (response: PprofResponse) => void>();
  readonly #auth: AuthFunction | null;
  readonly #onExit: () => void;
  readonly #heartbeat: Heartbeat;
  readonly #kept: Map<string, SharedArrayBuffer>;
  /** Resolves when the worker has ended, whyever. */
  readonly ended: Promise<void>;
  #nextId = 1;
  #ended = false;
  readonly #over = new AbortController();
  #closing: Promise<void> | null = null;

  private constructor(
    worker: Worker,
    { shared, kept }: Pick<SidecarData, 'shared' | 'kept'>,
    auth: AuthFunction | null,
  ) {
    this.#kept = new Map(kept);
    this.#worker = worker;
    this.#shared = shared;
    this.#auth = auth;
    this.#heartbeat = new Heartbeat(shared, (from, to) => this.#send({ kind: 'blocked', from, to }));
    worker.on('message', (message: FromSidecar) => this.#receiveSafely(message));
    worker.on('error', () => this.#fail());
    this.ended = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#fail();
        resolve();
      });
    });
    // An inspector session that is still open at exit makes Node wait and print a line about a debugger.
    this.#onExit = () => {
      Atomics.store(this.#shared, 0, 1);
      if (Atomics.load(this.#shared, 1) === 0) return;
      this.#send({ kind: 'exit' });
      const until = Date.now() + EXIT_WAIT_MS;
      for (let open = Atomics.load(this.#shared, 1); open > 0; open = Atomics.load(this.#shared, 1)) {
        if (Date.now() >= until) return;
        Atomics.wait(this.#shared, 1, open, 10);
      }
    };
    process.on('exit', this.#onExit);
  }

  /**
   * Starts a worker and resolves when it listens.
   *
   * @param before the one that it follows, whose sums it takes over
   * @throws {AgentError} `AGENT_LISTEN` where the address cannot be had, `AGENT_SIDECAR` where the worker does not start
   */
  static async start(
    listen: ListenSettings | null,
    settings: CaptureSettings,
    auth: AuthFunction | null,
    before?: Sidecar,
  ): Promise<{ sidecar: Sidecar; port: number }> {
    const shared = new Int32Array(new SharedArrayBuffer(16));
    const commandLine = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    const program = process.argv[1] ?? process.execPath;
    const data: SidecarData = {
      listen,
      settings,
      commandLine: settings.cmdline.redact ? redactArguments(commandLine) : commandLine,
      cwd: workingFolder(),
      program,
      shared,
      kept: before?.kept ?? new Map<string, SharedArrayBuffer>(),
    };
    let worker: Worker;
    try {
      worker = await openWorker(data, {
        name: 'stackpile',
        env: temporaryFolder(),
        // Answers are garbage soon: without this V8 lets its young generation grow to 48 MB, and keeps that.
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
        stdout: true,
        stderr: true,
      });
    } catch (error) {
      throw startError(error, `the sidecar worker does not start: ${String(error)}`);
    }
    agentHost().leaveOut(worker);
    const sidecar = new Sidecar(worker, data, auth);
    try {
      const port = await sidecar.#ready(listen);
      worker.unref();
      return { sidecar, port };
    } catch (error) {
      await sidecar.close();
      throw error;
    }
  }

  #ready(listen: ListenSettings | null): Promise<number> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: FromSidecar): void => {
        if (message.kind === 'ready') finish(() => resolve(message.port));
        if (message.kind === 'failed') {
          finish(() => reject(listenError(message, listen)));
        }
      };
      const onError = (error: Error): void =>
        finish(() => reject(startError(error, `the sidecar worker failed: ${error.message}`)));
      const onExit = (): void =>
        finish(() => reject(new AgentError('AGENT_SIDECAR', 'the sidecar worker ended before it listened')));
      const finish = (settle: () => void): void => {
        this.#worker.off('message', onMessage);
        this.#worker.off('error', onError);
        this.#worker.off('exit', onExit);
        settle();
      };
      this.#worker.on('message', onMessage);
      this.#worker.on('error', onError);
      this.#worker.on('exit', onExit);
    });
  }

  /** What it has left so far. */
  get kept(): KeptBuffers {
    return this.#kept;
  }

  /** Whether the worker has ended: nobody answers any more. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Answers a request through the worker; `signal` has to be aborted when the client has the answer, or goes away before. */
  request(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    if (this.#closing !== null) return Promise.resolve(errorResponse(503, 'the profiler is closed'));
    if (this.#ended) return Promise.resolve(errorResponse(503, 'the profiler has ended'));
    // Gone while the worker started: nobody would ever tell the worker.
    if (signal.aborted) return Promise.resolve(errorResponse(503, 'the client went away'));
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      signal.addEventListener('abort', () => this.#send({ kind: 'abort', id }), { once: true });
      const { method, path, query, body } = request;
      this.#send({ kind: 'request', id, method, path, query, body });
    });
  }

  /** Stops running captures, closes the listener and ends the worker. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    process.off('exit', this.#onExit);
    const ended = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => resolve());
      this.#worker.once('message', function closed(this: Worker, message: FromSidecar) {
        if (message.kind === 'closed') resolve();
        else this.once('message', closed);
      });
      if (this.#worker.threadId === -1) resolve();
    });
    this.#worker.ref();
    this.#send({ kind: 'close' });
    await ended;
    await this.#worker.terminate();
    this.#fail();
  }

  #send(message: ToSidecar): void {
    this.#worker.postMessage(message);
  }

  #fail(): void {
    this.#ended = true;
    this.#over.abort();
    this.#heartbeat.stop();
    // Its sessions are gone with it, however many it had counted.
    process.off('exit', this.#onExit);
    for (const resolve of this.#waiting.values()) resolve(errorResponse(503, 'the profiler has ended'));
    this.#waiting.clear();
  }

  /** What goes wrong with a message is one answer less: thrown from here it would end the service. */
  #receiveSafely(message: FromSidecar): void {
    try {
      this.#receive(message);
    } catch (error) {
      const why = messageOf(error).split('\n', 1)[0] ?? '';
      if (message.kind === 'response') this.#respond(message.id, errorResponse(500, why));
      else if (message.kind === 'evaluate') this.#send({ kind: 'evaluated', id: message.id, error: why });
    }
  }

  #respond(id: number, response: PprofResponse): void {
    this.#waiting.get(id)?.(response);
    this.#waiting.delete(id);
  }

  #receive(message: FromSidecar): void {
    if (message.kind === 'response') {
      this.#respond(message.id, this.#untilEnded(message.response));
    } else if (message.kind === 'wake') {
      this.#send({ kind: 'awake' });
    } else if (message.kind === 'beat') {
      if (message.threshold === null) this.#heartbeat.stop();
      else this.#heartbeat.start(message.threshold);
    } else if (message.kind === 'evaluate') {
      this.#send({ kind: 'evaluated', id: message.id, ...evaluatedHere(message.expression) });
    } else if (message.kind === 'keep') {
      this.#kept.set(message.name, message.buffer);
    } else if (message.kind === 'say') {
      say(message.line);
    } else if (message.kind === 'ask') {
      Atomics.sub(this.#shared, 2, 1);
      void this.#answerAsk(message);
    }
  }

  /** A stream out of the worker does not hear that the worker has ended. */
  #untilEnded(response: PprofResponse): PprofResponse {
    const { stream } = response;
    return stream === undefined
      ? response
      : { ...response, stream: streamUntil(stream, new AbortController(), this.#over.signal) };
  }

  async #answerAsk(message: Extract<FromSidecar, { kind: 'ask' }>): Promise<void> {
    let allowed = false;
    try {
      allowed = (await this.#auth?.(message.request)) === true;
    } catch {
      // An auth function that throws lets nobody in.
    }
    this.#send({ kind: 'auth', id: message.id, allowed });
  }
}

/** What an expression of the sidecar's comes to, where no inspector evaluates it. */
function evaluatedHere(expression: string): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: runInThisContext(expression) };
  } catch (error) {
    return { error: messageOf(error).split('\n', 1)[0] ?? '' };
  }
}

/** All of the environment that the worker is told: which folder is for temporary files. */
function temporaryFolder(): NodeJS.Dict<string> {
  const { TMPDIR, TMP, TEMP } = process.env;
  const all = { TMPDIR, TMP, TEMP };
  return Object.fromEntries(Object.entries(all).filter(([, folder]) => folder !== undefined));
}
