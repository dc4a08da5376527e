// What every carrier mounts: the options checked, and a door whose worker starts with the first request that passes.
import { type Answer, Door, type DoorRequest, type Gate } from '../door/door.ts';
import { errorResponse } from '../http/messages.ts';
import { type Route, route } from '../http/route.ts';
import { agentHost } from '../host/host.ts';
import { requireMainThread } from '../host/main-thread-only.ts';
import { type Auth, type HandlerOptions, handlerSettings, type HandlerSettings } from '../options.ts';
import { checkPermission } from '../permission.ts';
import { Sidecar } from '../sidecar/sidecar.ts';

/** The endpoints as a carrier sees them. */
export interface Mount {
  /** Where a request leads; `outside` is for whoever comes after, where somebody does. */
  route(method: string, target: string, mountedAt?: string): Route;
  /** Answers what was routed. Never rejects. `signal` has to be aborted when the client has the answer, or goes away before. */
  answer(found: Route, request: DoorRequest, signal: AbortSignal): Promise<Answer>;
  /** Stops tracking and ends the worker. */
  readonly close: () => Promise<void>;
}

/** What can be closed, as everything that a carrier gives. */
export interface Closable extends AsyncDisposable {
  /** Stops tracking and ends the worker. */
  close(): Promise<void>;
}

/** `handle` with what closes the mount behind it. */
export function closable<F extends object>(handle: F, { close }: Mount): F & Closable {
  return Object.assign(handle, { close, [Symbol.asyncDispose]: close });
}

/**
 * Opens the door behind a carrier; tracking starts at once.
 *
 * @param what the function that the user called, for messages
 * @throws {AgentError} `AGENT_AUTH_REQUIRED`, `AGENT_OPTIONS`, `AGENT_THREAD`, `AGENT_PERMISSION`
 */
export function openMount(what: string, options: HandlerOptions): Mount {
  const settings = handlerSettings(options, what);
  requireMainThread(what);
  checkPermission(false);
  const { door, close } = openDoor(settings);
  return {
    route: (method, target, mountedAt = settings.prefix) => route(method, target, mountedAt),
    answer: (found, request, signal) => door.answer(found, request, signal),
    close,
  };
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

function gateOf(auth: Auth): Gate {
  if (auth === 'none') return { kind: 'none' };
  if (typeof auth === 'string') return { kind: 'token', token: auth };
  return { kind: 'ask', ask: async (request) => auth(request) };
}

/** A door whose worker starts with the first request that passes; tracking starts at once. */
function openDoor({ auth, captures }: HandlerSettings): { door: Door; close: () => Promise<void> } {
  const state = agentHost();
  state.acquire(captures);
  let sidecar: Promise<Sidecar> | null = null;
  let closed: Promise<void> | null = null;
  /** The worker; another one where it did not start, or has ended. Null once the door is closed. */
  const running = async (): Promise<Sidecar | null> => {
    const before = sidecar;
    const answers = await before?.then(
      (started) => !started.hasEnded,
      () => false,
    );
    if (closed !== null) return null;
    if (answers !== true && sidecar === before)
      sidecar = Sidecar.start(null, captures, null).then((started) => started.sidecar);
    return sidecar;
  };
  // What is recorded from the start on is recorded by the worker.
  if (captures.block !== null) void running().catch(() => undefined);
  const door = new Door({
    gate: gateOf(auth),
    // The names of a service are its own business, and so is who reaches it; hence `auth`.
    hosts: null,
    async endpoints(request, signal) {
      const worker = await running();
      if (worker === null) return errorResponse(503, 'the profiler is closed');
      return worker.request(request, signal);
    },
  });
  const close = (): Promise<void> => {
    closed ??= (async () => {
      const worker = await sidecar?.catch(() => null);
      await worker?.close();
      state.release();
    })();
    return closed;
  };
  return { door, close };
}
