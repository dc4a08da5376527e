// What a user may ask of the agent, and the checks that turn it into settings without gaps.
import { AgentError } from './errors.ts';

/** What an `auth` function sees of a request. */
export interface AuthRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the client, '' where unknown. */
  readonly remoteAddress: string;
}

/** Says whether a request may be answered. It runs on the main thread. */
export type AuthFunction = (request: AuthRequest) => boolean | Promise<boolean>;

/**
 * Who may read profiles: a bearer token of at least 8 characters (also accepted as the password of Basic auth, so that
 * `go tool pprof http://any:TOKEN@host/…` works), a function, or `'none'` for everybody who reaches the endpoint.
 */
export type Auth = string | AuthFunction;

/** How suspended tasks are tracked. */
export interface TaskOptions {
  /**
   * When tracking begins: with the agent (the default), or when tasks are asked for the first time. Until then it costs nothing,
   * also not what V8 optimizes less for good once promises are tracked; what is suspended by then is seen only with `source=heap`.
   */
  readonly from?: 'start' | 'first look';
  /** Share of one CPU that tracking may use, 0 … 1; default 0.01. */
  readonly budget?: number;
  /**
   * Most suspended functions kept at once, about 250 bytes each; default 10,000. Of more than that half are kept, then a quarter,
   * and so on, and each counts for two, for four, …
   */
  readonly maxTasks?: number;
  /** Most frames per stack; default 32. */
  readonly stackDepth?: number;
  /**
   * Handles. By default sockets, servers, child processes and workers, with the stacks that made them. `true` adds timers,
   * watchers and file handles through async_hooks, which cost a busy server throughput and work from Node 24 on; `false`
   * leaves them out.
   */
  readonly handles?: boolean;
}

/** How the heap is sampled. */
export interface HeapOptions {
  /** Mean number of bytes between two samples; default 524288, as Go. */
  readonly interval?: number;
}

/** What captures may do. */
export interface CaptureOptions {
  /** Track suspended tasks; `false` leaves the hook out. */
  readonly tasks?: TaskOptions | boolean;
  /** Sample the heap; `false` leaves the sampler out. */
  readonly heap?: HeapOptions | boolean;
  /** Longest capture that a request may ask for, in seconds; longer wishes are cut. Default 300. */
  readonly maxSeconds?: number;
}

/** Options of `startServer`. */
export interface ServerOptions extends CaptureOptions {
  /** Default 6060; 0 takes a free one. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. Any address that is not loopback needs `auth`. */
  readonly host?: string;
  readonly auth?: Auth;
  /** Names besides loopback's that a `Host` header may carry on a loopback listener, for instance behind a proxy. */
  readonly allowedHosts?: readonly string[];
}

/** Options of `createHandler`. */
export interface HandlerOptions extends CaptureOptions {
  /** Required: a mounted handler is as public as the service it is mounted on. */
  readonly auth: Auth;
  /** Path below which the handler answers where no framework strips it; default `/debug/pprof`. */
  readonly prefix?: string;
}

/** Settings of captures, complete. */
export interface CaptureSettings {
  readonly tasks: (Required<Omit<TaskOptions, 'handles'>> & { readonly handles: boolean | null }) | null;
  readonly heap: Required<HeapOptions> | null;
  readonly maxSeconds: number;
}

function inRange(name: string, value: number, low: number, high: number): number {
  if (!(value >= low && value <= high)) {
    throw new AgentError('AGENT_OPTIONS', `option ${name} is ${value}, not a number from ${low} to ${high}`);
  }
  return value;
}

function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  const words = known.map((word) => `'${word}'`).join(' or ');
  throw new AgentError('AGENT_OPTIONS', `option ${name} is ${JSON.stringify(value)}, not ${words}`);
}

/** Checks `auth`; `undefined` becomes `'none'` only where `optional`. */
export function checkedAuth(auth: Auth | undefined, optional: boolean, where: string): Auth {
  if (auth === undefined) {
    if (optional) return 'none';
    const advice = "pass a token, a function, or 'none' to let everybody in";
    throw new AgentError('AGENT_AUTH_REQUIRED', `${where} needs the option auth: ${advice}`);
  }
  if (typeof auth === 'function' || auth === 'none') return auth;
  if (typeof auth !== 'string' || auth.length < 8) {
    const rule = "must be a function, 'none', or a token of at least 8 characters";
    throw new AgentError('AGENT_OPTIONS', `option auth ${rule}`);
  }
  return auth;
}

/** Checks the capture options and fills in the defaults. */
export function captureSettings(options: CaptureOptions): CaptureSettings {
  const tasks = options.tasks === true || options.tasks === undefined ? {} : options.tasks;
  const heap = options.heap === true || options.heap === undefined ? {} : options.heap;
  return {
    tasks:
      tasks === false
        ? null
        : {
            from: oneOf('tasks.from', tasks.from ?? 'start', ['start', 'first look']),
            budget: inRange('tasks.budget', tasks.budget ?? 0.01, 0, 1),
            maxTasks: inRange('tasks.maxTasks', tasks.maxTasks ?? 10_000, 100, 10_000_000),
            stackDepth: inRange('tasks.stackDepth', tasks.stackDepth ?? 32, 1, 128),
            handles: tasks.handles ?? null,
          },
    heap:
      heap === false ? null : { interval: inRange('heap.interval', heap.interval ?? 524_288, 1, 2 ** 31) },
    maxSeconds: inRange('maxSeconds', options.maxSeconds ?? 300, 1, 86_400),
  };
}

/** Whether only this machine reaches a listener on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(host);
}

/** Checks the port. */
export function checkedPort(port: number | undefined): number {
  const value = inRange('port', port ?? 6060, 0, 65535);
  if (!Number.isInteger(value))
    throw new AgentError('AGENT_OPTIONS', `option port is ${value}, not an integer`);
  return value;
}
