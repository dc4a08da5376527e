// What a user may ask of the agent, and the checks that turn it into settings without gaps.
import { resolve } from 'node:path';
import { fitsSocket, nextPorts, type Place } from './http/place.ts';
import {
  type BlackBoxOptions,
  blackBoxOption,
  type BlackBoxSettings,
  blackBoxSettings,
} from './black-box-settings.ts';
import { isLoopback, parseHost } from './http/hosts.ts';
import { type PushOptions, pushOption, type PushSettings, pushSettings } from './push-settings.ts';

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

export type { PushOptions, PushSettings } from './push-settings.ts';

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

/** Says whether a token is good. It runs on the main thread. Only `true` is a yes. */
export type VerifyToken = (token: string, request: AuthRequest) => boolean | Promise<boolean>;

/** Says whether a user has this password. It runs on the main thread. Only `true` is a yes. */
export type VerifyPassword = (
  user: string,
  password: string,
  request: AuthRequest,
) => boolean | Promise<boolean>;

/** Tokens, or who says whether one is good: what `bearer` makes. */
export type BearerAuth =
  | { readonly kind: 'bearer'; readonly tokens: readonly string[] }
  | { readonly kind: 'bearer'; readonly verify: VerifyToken };

/** Passwords by name, or who says whether one is right: what `basic` makes. */
export type BasicAuth =
  | { readonly kind: 'basic'; readonly users: Readonly<Record<string, string>> }
  | { readonly kind: 'basic'; readonly verify: VerifyPassword };

/**
 * Who may read profiles: a bearer token of at least 8 printable ASCII characters without blanks (also accepted as the password of Basic auth, so that
 * `go tool pprof http://any:TOKEN@host/…` works), `bearer(…)`, `basic(…)`, a function, or `'none'` for everybody who reaches the endpoint.
 */
export type Auth = string | AuthFunction | BearerAuth | BasicAuth;

/** Certificate and key of a listener, in PEM, and whose clients it takes. */
export interface TlsOptions {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly passphrase?: string;
  /** Only clients with a certificate that one of these authorities has signed get in; then `auth` may be left out. */
  readonly ca?: string | Uint8Array;
}

/** How suspended tasks are tracked. */
export interface TaskOptions {
  /**
   * When tracking begins: with the agent (the default), or when tasks are asked for the first time. Until then it costs nothing,
   * also not what V8 optimizes less for good once promises are tracked; what is suspended by then is seen only with `source=heap`.
   */
  readonly from?: 'start' | 'first look';
  /** Share of one CPU that tracking may use, 0 … 1; default 0.01. A fifth of it once nobody has looked at tasks for ten minutes, until somebody does. */
  readonly budget?: number;
  /**
   * Most suspended functions kept at once, about 300 bytes each; default 10,000. Of more than that half are kept, then a quarter,
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
  /** Writes evidence to disk before the process is killed; off where it is not given. */
  readonly blackBox?: BlackBoxOptions;
}

/** Options of `startServer`. */
export interface ServerOptions extends CaptureOptions {
  /** Default 6060, or where that is taken the next free one, which is said on stderr; 0 takes any free one. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. Any address that is not loopback needs `auth`. */
  readonly host?: string;
  /**
   * Listens on a socket in the file system instead, which only this user can open: `/run/shop/pprof.sock`. `%p` in it becomes the number of the
   * process. Nothing of `port`, `host`, `tls` and `allowedHosts` beside it; not on Windows.
   */
  readonly path?: string;
  readonly auth?: Auth | undefined;
  /** Listens with TLS. */
  readonly tls?: TlsOptions;
  /** Sends profiles to a server, too; off where it is not given. */
  readonly push?: PushOptions;
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
  readonly blackBox: BlackBoxSettings | null;
}

/** Listened on where nobody names a port, as in Go's documentation. */
export const DEFAULT_PORT = 6060;
/** Milliseconds; whoever runs a service with a deadline of a second survives it. */
const LONGEST_SNAPSHOT_MS = 2000;
/** Milliseconds. */
export const BLOCK_THRESHOLD = 50;

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
  if (typeof value === 'function' || value === 'none' || isMade(value)) return;
  const fault = faultOf(value);
  if (fault !== null) throw new AgentError('AGENT_OPTIONS', `option ${name} ${fault}`);
};

/** Whether `bearer` or `basic` has made it, with nothing wrong inside. */
function isMade(value: unknown): value is BearerAuth | BasicAuth {
  const { kind, verify, tokens, users } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof verify === 'function') return kind === 'bearer' || kind === 'basic';
  if (kind === 'bearer' && Array.isArray(tokens) && tokens.length > 0) {
    for (const token of tokens) refuseFault('bearer', faultOfListed(token));
    return true;
  }
  if (kind !== 'basic' || typeof users !== 'object' || users === null) return false;
  const pairs = Object.entries(users);
  if (pairs.length === 0) refuseFault('basic', 'has no users');
  for (const [user, password] of pairs) refuseFault('basic', faultOfPair(user, password));
  return true;
}

function faultOfListed(token: unknown): string | null {
  return typeof token === 'string' && token.length < 8
    ? 'has a token of less than 8 characters'
    : faultOf(token);
}

function refuseFault(maker: string, fault: string | null): void {
  if (fault !== null) throw new AgentError('AGENT_OPTIONS', `option auth, ${maker}: it ${fault}`);
}

/** What is wrong with a name and its password, null where nothing is. */
function faultOfPair(user: string, password: unknown): string | null {
  if (user === '' || user.includes(':')) return 'has an empty name, or one with a colon';
  if (typeof password !== 'string' || password.length < 8) return 'has a password of less than 8 characters';
  return password === 'undefined' ? "has the password 'undefined': a variable was not set" : null;
}

/** PEM, of which nothing is shown. */
const pem: Check = (name, value) => {
  const isBytes = value instanceof Uint8Array && value.length > 0;
  if (!isBytes && !(typeof value === 'string' && value.includes('-----BEGIN ')))
    throw new AgentError('AGENT_OPTIONS', `option ${name} is not the text of a PEM file: read the file`);
};

const secret: Check = (name, value) => {
  if (typeof value !== 'string') throw new AgentError('AGENT_OPTIONS', `option ${name} is not a string`);
};

const tlsChecks = { cert: pem, key: pem, passphrase: secret, ca: pem } satisfies Record<
  keyof TlsOptions,
  Check
>;

const tls: Check = (name, value) => {
  if (typeof value === 'boolean') refuse(name, value, 'an object with cert and key');
  flagOrOptions(tlsChecks)(name, value);
  const { cert, key } = value as Partial<TlsOptions>;
  if (cert === undefined || key === undefined) refuse(name, value, 'whole: cert and key belong together');
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
  blackBox: blackBoxOption,
};

const socketPath: Check = (name, value) => {
  if (process.platform === 'win32') refuse(name, value, 'to be had on Windows');
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    refuse(name, value, 'the path of a socket');
  if (!fitsSocket(pathOf(value))) refuse(name, value, 'short enough for a socket: about 90 bytes');
};

/** Absolute, with the number of the process in it where that is wanted. */
function pathOf(path: string): string {
  return resolve(path.replaceAll('%p', String(process.pid)));
}

const serverChecks = {
  ...captureChecks,
  port: whole(0, 65_535),
  host: text(/^[\w.:%[\]-]+$/u, 'an address or a host name'),
  auth,
  tls,
  push: pushOption,
  allowedHosts: list(hostName),
  path: socketPath,
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
  /** Ports are tried in their order. */
  readonly place: Place;
  readonly auth: Auth;
  readonly tls: TlsOptions | null;
  readonly push: PushSettings | null;
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
  const place = placeOf(options);
  // Whoever comes with a certificate of theirs has shown who he is; a socket in the file system lets only this user in.
  const isPrivate = place.kind === 'socket' || isLoopback(place.host);
  if (options.auth === undefined && !isPrivate && options.tls?.ca === undefined)
    throw authRequired(`a server on ${place.host}`);
  return {
    place,
    auth: options.auth ?? 'none',
    tls: options.tls ?? null,
    push: options.push === undefined ? null : pushSettings(options.push),
    allowedHosts: options.allowedHosts ?? [],
    captures: captureSettings(options),
  };
}

function placeOf(options: ServerOptions): Place {
  const { path, port, host = '127.0.0.1' } = options;
  if (path === undefined)
    return { kind: 'port', host: host.replace(/^\[(.*)\]$/u, '$1'), ports: portsFrom(port) };
  for (const other of ['port', 'host', 'tls', 'allowedHosts'] as const)
    if (options[other] !== undefined)
      throw new AgentError('AGENT_OPTIONS', `option ${other} has no meaning beside path: a socket has none`);
  return { kind: 'socket', path: pathOf(path) };
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

function portsFrom(port: number | undefined): readonly number[] {
  return port === undefined ? nextPorts(DEFAULT_PORT) : [port];
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
    blackBox: options.blackBox === undefined ? null : blackBoxSettings(options.blackBox),
  };
}

/** Checks the options of a black box of its own, and fills in the defaults. */
export function blackBoxCaptures(
  what: string,
  options: BlackBoxOptions,
  captures: CaptureOptions,
): CaptureSettings {
  const all = { ...captures, blackBox: options };
  checkOptions(what, all, captureChecks satisfies Record<keyof CaptureOptions, Check>);
  return captureSettings(all);
}
