// What a user may ask of the agent, and the checks that turn it into settings without gaps.
import { isLoopback, parseHost } from './http/hosts.ts';
import { AgentError } from './errors.ts';
import {
  type Check,
  checkOptions,
  flag,
  flagOrOptions,
  list,
  number,
  oneOf,
  options,
  refuse,
  text,
  whole,
} from './option-checks.ts';

/** What an `auth` function sees of a request. */
export interface AuthRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  /** What will answer: '' for the index, `heap`, `profile`. Decide by this: one endpoint can be written in many ways in `url`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the client, '' where unknown. */
  readonly remoteAddress: string;
}

/** Says whether a request may be answered. It runs on the main thread. */
export type AuthFunction = (request: AuthRequest) => boolean | Promise<boolean>;

/**
 * Who may read profiles: a bearer token of at least 8 printable ASCII characters without blanks (also accepted as the password of Basic auth, so that
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
  /**
   * Longest stop for a heap snapshot that a request (`heapclasses`, `heapsnapshot`) may cause, in milliseconds, as far as it can be
   * foreseen; default 2000, which is a heap of about 33 MB, and more where an earlier one was quicker. 0 allows none, Infinity any that memory has room for.
   */
  readonly snapshots?: number;
}

/** What `cmdline` shows. */
export interface CommandLineOptions {
  /**
   * Hide what looks like a secret: values of flags named like one, passwords in addresses, tokens of well-known forms. Default false:
   * the whole command line, as Go's.
   */
  readonly redact?: boolean;
}

/** How blocks of the event loop are recorded. */
export interface BlockOptions {
  /** Milliseconds for which the event loop has to be blocked; default 50. */
  readonly threshold?: number;
}

/** What captures may do. */
export interface CaptureOptions {
  /** Track suspended tasks; `false` leaves the hook out. */
  readonly tasks?: TaskOptions | boolean;
  /** Sample the heap; `false` leaves the sampler out. */
  readonly heap?: HeapOptions | boolean;
  readonly cmdline?: CommandLineOptions;
  /**
   * Watch for contended locks of the main thread: puts a function in the place of `Atomics.wait`, until the agent is closed. Off by
   * default, as in Go.
   */
  readonly mutex?: boolean;
  /**
   * Record what blocks the event loop from the start on, for `block`. Left out, it is recorded only while somebody asks with
   * `block?seconds=`. It takes a CPU profiler at two samples per `threshold`.
   */
  readonly block?: BlockOptions | boolean;
  /** Longest capture that a request may ask for, in seconds; longer wishes are cut. Default 300. */
  readonly maxSeconds?: number;
}

/** Options of `startServer`. */
export interface ServerOptions extends CaptureOptions {
  /** Default 6060, or where that is taken the next free one, which is said on stderr; 0 takes any free one. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. Any address that is not loopback needs `auth`. */
  readonly host?: string;
  readonly auth?: Auth | undefined;
  /** Names besides loopback's that a `Host` header may carry on a loopback listener, for instance behind a proxy. */
  readonly allowedHosts?: readonly string[];
}

/** Options of `createHandler`. */
export interface HandlerOptions extends CaptureOptions {
  /** Required: a mounted handler is as public as the service it is mounted on. `undefined`, a variable that is not set, is refused. */
  readonly auth: Auth | undefined;
  /** Path below which the handler answers where no framework strips it; default `/debug/pprof`. */
  readonly prefix?: string;
}

/** Settings of captures, complete. */
export interface CaptureSettings {
  readonly tasks: (Required<Omit<TaskOptions, 'handles'>> & { readonly handles: boolean | null }) | null;
  readonly heap: Required<HeapOptions> | null;
  readonly cmdline: Required<CommandLineOptions>;
  readonly mutex: boolean;
  readonly block: Required<BlockOptions> | null;
  readonly maxSeconds: number;
}

/** Listened on where nobody names a port, as in Go's documentation. */
export const DEFAULT_PORT = 6060;
/** Milliseconds; whoever runs a service with a deadline of a second survives it. */
const LONGEST_SNAPSHOT_MS = 2000;
/** Milliseconds. */
export const BLOCK_THRESHOLD = 50;
/** So many are tried from there on, then any. */
const NEXT_PORTS = 20;

/** What is wrong with a token, null where nothing is. It is a secret, and in no message. */
function faultOf(token: unknown): string | null {
  if (typeof token !== 'string' || token.length < 8)
    return "must be a function, 'none', or a token of at least 8 characters";
  if (token === 'undefined') return "is the text 'undefined': a variable was not set";
  const at = token.search(/[^!-~]/u);
  if (at < 0) return null;
  const what = /\s/u.test(token[at] ?? '')
    ? 'a blank or line break'
    : 'a character that is not printable ASCII';
  return `is a token that no request can carry: it has ${what} at position ${at + 1}`;
}

const auth: Check = (name, value) => {
  if (typeof value === 'function' || value === 'none') return;
  const fault = faultOf(value);
  if (fault !== null) throw new AgentError('AGENT_OPTIONS', `option ${name} ${fault}`);
};

const hostName: Check = (name, value) => {
  if (typeof value !== 'string' || parseHost(value) === null || value.includes('*'))
    refuse(name, value, 'a host name, whole, with or without a port');
};

const captureChecks = {
  tasks: flagOrOptions({
    from: oneOf('start', 'first look'),
    budget: number(0, 1),
    maxTasks: whole(100, 10_000_000),
    stackDepth: whole(1, 128),
    handles: flag,
  } satisfies Record<keyof TaskOptions, Check>),
  heap: flagOrOptions({
    interval: whole(1, 2 ** 31),
    snapshots: number(0, Infinity),
  } satisfies Record<keyof HeapOptions, Check>),
  cmdline: options({ redact: flag } satisfies Record<keyof CommandLineOptions, Check>),
  mutex: flag,
  block: flagOrOptions({ threshold: number(10, 60_000) } satisfies Record<keyof BlockOptions, Check>),
  maxSeconds: number(1, 86_400),
};

const serverChecks = {
  ...captureChecks,
  port: whole(0, 65_535),
  host: text(/^[\w.:%[\]-]+$/u, 'an address or a host name'),
  auth,
  allowedHosts: list(hostName),
} satisfies Record<keyof ServerOptions, Check>;

const handlerChecks = {
  ...captureChecks,
  auth,
  prefix: text(
    /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@-]+)*\/?$/u,
    "a path as requests spell it: '/debug/pprof'",
  ),
} satisfies Record<keyof HandlerOptions, Check>;

/** Options of a server, complete. */
export interface ServerSettings {
  /** Ports to try, in this order. */
  readonly ports: readonly number[];
  readonly host: string;
  readonly auth: Auth;
  readonly allowedHosts: readonly string[];
  readonly captures: CaptureSettings;
}

/** Options of a handler, complete. */
export interface HandlerSettings {
  readonly auth: Auth;
  /** Without a slash at the end. */
  readonly prefix: string;
  readonly captures: CaptureSettings;
}

/** Checks the options of `startServer` and fills in the defaults. */
export function serverSettings(options: ServerOptions): ServerSettings {
  checkOptions('startServer', options, serverChecks);
  const host = (options.host ?? '127.0.0.1').replace(/^\[(.*)\]$/u, '$1');
  if (options.auth === undefined && !isLoopback(host)) throw authRequired(`a server on ${host}`);
  return {
    ports: portsFrom(options.port),
    host,
    auth: options.auth ?? 'none',
    allowedHosts: options.allowedHosts ?? [],
    captures: captureSettings(options),
  };
}

/** Checks the options of a mounted handler, which `what` makes, and fills in the defaults. */
export function handlerSettings(options: HandlerOptions | undefined, what: string): HandlerSettings {
  checkOptions(what, options, handlerChecks);
  if (options?.auth === undefined) throw authRequired('a mounted handler');
  const prefix = (options.prefix ?? '/debug/pprof').replace(/\/$/u, '');
  return { auth: options.auth, prefix, captures: captureSettings(options) };
}

function authRequired(where: string): AgentError {
  const advice = "pass a token, a function, or 'none' to let everybody in";
  return new AgentError('AGENT_AUTH_REQUIRED', `${where} needs the option auth: ${advice}`);
}

function portsFrom(port: number | undefined): number[] {
  if (port !== undefined) return [port];
  return [...Array.from({ length: NEXT_PORTS }, (_, i) => DEFAULT_PORT + i), 0];
}

function captureSettings(options: CaptureOptions): CaptureSettings {
  const tasks = options.tasks === true || options.tasks === undefined ? {} : options.tasks;
  const heap = options.heap === true || options.heap === undefined ? {} : options.heap;
  const block = options.block === true ? {} : options.block;
  return {
    tasks:
      tasks === false
        ? null
        : {
            from: tasks.from ?? 'start',
            budget: tasks.budget ?? 0.01,
            maxTasks: tasks.maxTasks ?? 10_000,
            stackDepth: tasks.stackDepth ?? 32,
            handles: tasks.handles ?? null,
          },
    heap:
      heap === false
        ? null
        : { interval: heap.interval ?? 524_288, snapshots: heap.snapshots ?? LONGEST_SNAPSHOT_MS },
    cmdline: { redact: options.cmdline?.redact ?? false },
    mutex: options.mutex ?? false,
    block: block === false || block === undefined ? null : { threshold: block.threshold ?? BLOCK_THRESHOLD },
    maxSeconds: options.maxSeconds ?? 300,
  };
}
