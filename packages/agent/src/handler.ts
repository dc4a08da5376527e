// createHandler: the endpoints on the user's own server, behind the same door as those of the agent's listener.
import { Door, type Gate } from './door/door.ts';
import { type ResponseWriter, send } from './door/send.ts';
import { errorResponse } from './endpoints/http.ts';
import { route } from './endpoints/route.ts';
import { agentHost } from './host/host.ts';
import { requireMainThread } from './host/main-thread-only.ts';
import { type Auth, type HandlerOptions, handlerSettings, type HandlerSettings } from './options.ts';
import { checkPermission } from './permission.ts';
import { Sidecar } from './sidecar/sidecar.ts';

/** What a handler reads of a request: `http.IncomingMessage` and Express's request have it. */
export interface HandlerRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express and Connect: the target before the mount path was taken off. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** A handler for `node:http`, Express and Connect. */
export interface PprofHandler extends AsyncDisposable {
  (request: HandlerRequest, response: ResponseWriter, next?: (error?: unknown) => void): void;
  /** Stops tracking and ends the worker. */
  close(): Promise<void>;
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

/** The whole target and the path of the index in it: where a framework has taken a mount path off, else `prefix`. */
function mountedAt(request: HandlerRequest, prefix: string): { target: string; prefix: string } {
  const url = request.url ?? '/';
  const original = request.originalUrl;
  if (original !== undefined && original.length > url.length) {
    const path = original.split('?', 1)[0] as string;
    const rest = url.split('?', 1)[0] as string;
    if (rest === '/' && !path.endsWith('/')) return { target: original, prefix: path };
    if (path.endsWith(rest)) return { target: original, prefix: path.slice(0, path.length - rest.length) };
  }
  return { target: url, prefix };
}

/**
 * A handler for the user's own server.
 *
 * ```ts
 * app.use('/debug/pprof', createHandler({ auth: process.env.PPROF_TOKEN }));
 * ```
 *
 * Where the variable is not set this throws, and lets nobody in.
 *
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`, `AGENT_THREAD` (in a worker thread),
 * `AGENT_PERMISSION`
 */
export function createHandler(options: HandlerOptions): PprofHandler {
  const settings = handlerSettings(options);
  requireMainThread('createHandler');
  checkPermission(false);
  const { door, close } = openDoor(settings);
  const handle = (
    request: HandlerRequest,
    response: ResponseWriter,
    next?: (error?: unknown) => void,
  ): void => {
    const { method = 'GET', headers } = request;
    const { target, prefix } = mountedAt(request, settings.prefix);
    const found = route(method, target, prefix);
    if (found.kind === 'outside' && next !== undefined) {
      next();
      return;
    }
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const remoteAddress = request.socket?.remoteAddress ?? '';
    door
      .answer(found, { method, url: target, headers, remoteAddress }, abort.signal)
      .then((answer) => send(response, answer))
      .catch(() => response.destroy()) // the client has gone in the middle of the answer
      .finally(() => abort.abort()); // and not every framework's response says `close`
  };
  return Object.assign(handle, { close, [Symbol.asyncDispose]: close });
}
