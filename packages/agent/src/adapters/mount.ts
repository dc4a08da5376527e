// What every carrier mounts: the options checked, and a door whose worker starts with the first request that passes.
import { abortedWith } from '../aborted-with.ts';
import { type Answer, Door, type DoorRequest } from '../door/door.ts';
import { gateOf } from '../door/gate.ts';
import { errorResponse, routerError } from '../http/messages.ts';
import { type Route, route } from '../http/route.ts';
import { agentHost } from '../host/host.ts';
import { requireMainThread } from '../host/main-thread-only.ts';
import { type HandlerOptions, handlerSettings, type HandlerSettings } from '../options.ts';
import { checkPermission } from '../permission.ts';
import { shareWorker } from './shared-worker.ts';

/** The endpoints as a carrier sees them. */
export interface Mount {
  /** Where a request leads; `outside` is for whoever comes after, where somebody does. */
  route(method: string, target: string, where?: MountedAt): Route;
  /** Answers what was routed. Never rejects. `signal` has to be aborted when the client has the answer, or goes away before. */
  answer(found: Route, request: DoorRequest, signal: AbortSignal): Promise<Answer>;
  /** Path of the index as the options say it, without a slash at the end. */
  readonly prefix: string;
  /** Stops tracking and ends the worker. */
  readonly close: () => Promise<void>;
}

/** Where a framework has put a handler, as far as it says so. */
export interface MountedAt {
  /** Path of the index in the target. */
  readonly prefix?: string | undefined;
  /** The framework's own pattern of the route, whole, in which the endpoint's name is a wildcard at the end. */
  readonly pattern?: string | undefined;
}

/** What can be closed, as everything that a carrier gives. */
export interface Closable extends AsyncDisposable {
  /** Stops tracking and ends the worker. */
  close(): Promise<void>;
}

/** `handle` with what closes the mount behind it. */
export function closable<F extends object>(handle: F, { close }: Pick<Mount, 'close'>): F & Closable {
  return Object.assign(handle, { close, [Symbol.asyncDispose]: close });
}

/**
 * Opens the door behind a carrier; tracking starts at once.
 *
 * @param what the function that the user called, for messages
 * @param isTold whether a framework is told by us where to mount it
 * @throws {AgentError} `AGENT_AUTH_REQUIRED`, `AGENT_OPTIONS`, `AGENT_THREAD`, `AGENT_PERMISSION`
 */
export function openMount(what: string, options: HandlerOptions, isTold = false): Mount {
  const settings = handlerSettings(options, what);
  requireMainThread(what);
  checkPermission(false);
  const { door, close } = openDoor(settings);
  return {
    route: (method, target, where = {}) => routeAt(method, target, { own: settings.prefix, isTold }, where),
    answer: (found, request, signal) => door.answer(found, request, signal),
    prefix: settings.prefix,
    close,
  };
}

/** Where a mount is, as far as it knows by itself. */
interface Place {
  /** Path of the index as the options say it. */
  readonly own: string;
  /** Whether a framework was told this path by us, and takes it off, in whatever spelling. */
  readonly isTold: boolean;
}

/**
 * By its own path, below the one that another layer has taken off where one has; else by the framework's pattern, which says more of a path than
 * what was taken off; else by what was taken off. Where that is its own path in another spelling, nothing below it is meant.
 */
function routeAt(
  method: string,
  target: string,
  { own, isTold }: Place,
  { prefix: cut = '', pattern }: MountedAt,
): Route {
  const isOwn = isTold && own !== '' && cut.toLowerCase().endsWith(own.toLowerCase());
  const found = routeBelow(method, target, isOwn ? cut.slice(0, -own.length) + own : cut + own);
  if (found.kind !== 'outside') return found;
  const prefix = prefixByPattern(target, pattern) ?? (cut === '' || isTold ? undefined : cut);
  return prefix === undefined ? found : routeBelow(method, target, prefix);
}

/** Where it leads below a path that is spelled as it is mounted: what guards a path before us may not know its other spellings. */
function routeBelow(method: string, target: string, prefix: string): Route {
  const found = route(method, target, prefix);
  const leads = found.kind === 'page' || found.kind === 'endpoint';
  if (!leads || target.startsWith(`${prefix}/`)) return found;
  return { kind: 'outside', response: routerError(404, '404 page not found') };
}

/** The wildcard at the end of a route in the syntax of Fastify, Hono, Express 4 and 5, Koa's router: `/*`, `{/*path}`, `/(.*)`. */
const WILDCARD = /\/?[{(]?\/?\.?\*[^/]*$/u;

/** A part of a pattern as it stands in a target. */
function escaped(part: string): string {
  return part.replace(/[^!-~]+/gu, (text) =>
    Buffer.from(text).toString('hex').toUpperCase().replace(/../gu, '%$&'),
  );
}

/** What is a parameter, or anything but plain text, in a part of a pattern. */
const VARIABLE = /[:*(){}[\]?+|\\]/u;

/**
 * The part of a target that a route's pattern says before its wildcard; undefined where that is nothing, or is spelled in another way: what guards
 * the path before us may know the one of the pattern only.
 */
function prefixByPattern(target: string, pattern: string | undefined): string | undefined {
  const parts = (pattern ?? '').replace(WILDCARD, '').replace(/\/$/u, '').split('/');
  if (parts.length < 2) return undefined;
  const found = (target.split('?', 1)[0] ?? '').split('/').slice(0, parts.length);
  const isSpelled = parts.every(
    (part, i) => VARIABLE.test(part) || part === found[i] || escaped(part) === found[i],
  );
  return isSpelled ? found.join('/') : undefined;
}

/** The whole target and the path of the index in it: where a framework has taken a mount path off; undefined where none has. */
export function mountedAt(
  url: string,
  original: string | undefined,
): { readonly target: string; readonly prefix?: string } {
  if (original !== undefined && original.length > url.length) {
    const path = original.split('?', 1)[0] as string;
    const rest = url.split('?', 1)[0] as string;
    if (rest === '/' && !path.endsWith('/')) return { target: original, prefix: path };
    if (path.endsWith(rest)) return { target: original, prefix: path.slice(0, path.length - rest.length) };
  }
  return { target: url };
}

/** A door whose worker starts with the first request that passes; tracking starts at once. */
function openDoor({ auth, captures }: HandlerSettings): { door: Door; close: () => Promise<void> } {
  const state = agentHost();
  state.acquire(captures);
  const share = shareWorker(captures);
  const closing = new AbortController();
  let closed: Promise<void> | null = null;
  // What is recorded from the start on is recorded by the worker.
  if (captures.block !== null) void share.running().catch(() => undefined);
  const door = new Door({
    gate: gateOf(auth),
    // The names of a service are its own business, and so is who reaches it; hence `auth`.
    hosts: null,
    async endpoints(request, signal) {
      const worker = closed === null ? await share.running() : null;
      if (worker === null || closed !== null) return errorResponse(503, 'the profiler is closed');
      // Others may keep the worker: what was asked here ends with this mount.
      const asked = abortedWith(closing.signal);
      if (signal.aborted) asked.abort();
      signal.addEventListener('abort', () => asked.abort(), { once: true });
      return worker.request(request, asked.signal);
    },
  });
  const close = (): Promise<void> => {
    closing.abort();
    closed ??= share.leave().finally(() => state.release());
    return closed;
  };
  return { door, close };
}
