// createHandler: the endpoints on the user's own server, as a thin door to the sidecar.
import type { PprofResponse } from './endpoints/http.ts';
import { errorResponse } from './endpoints/http.ts';
import { route } from './endpoints/route.ts';
import { asksForPage } from './endpoints/page.ts';
import { messageOf } from './errors.ts';
import { carriesToken } from './guard.ts';
import { agentHost } from './host/host.ts';
import { type Auth, captureSettings, checkedAuth, type HandlerOptions } from './options.ts';
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

/** What a handler uses of a response: `http.ServerResponse` has it. */
export interface HandlerResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string | Uint8Array): unknown;
  once(event: 'close', listener: () => void): unknown;
  readonly destroyed?: boolean;
}

/** A handler for `node:http`, Express and Connect. */
export interface PprofHandler extends AsyncDisposable {
  (request: HandlerRequest, response: HandlerResponse, next?: (error?: unknown) => void): void;
  /** Stops tracking and ends the worker. */
  close(): Promise<void>;
}

/** The door itself, without any framework: adapters call it. */
export interface Door {
  /** Answers a request for `path` (decoded, below the prefix). */
  answer(request: DoorRequest, signal: AbortSignal): Promise<PprofResponse>;
  close(): Promise<void>;
}

/** A request as adapters hand it over. */
export interface DoorRequest {
  readonly method: string;
  /** Path and query; the path begins with the prefix. */
  readonly target: string;
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly remoteAddress: string;
}

async function isAllowed(auth: Auth, request: DoorRequest): Promise<boolean> {
  if (auth === 'none') return true;
  if (typeof auth === 'string') return carriesToken(request.headers, auth);
  try {
    const { method, target, headers, remoteAddress } = request;
    return (await auth({ method, url: target, headers, remoteAddress })) === true;
  } catch {
    return false;
  }
}

/** Starts tracking; the worker starts with the first request. */
export function openDoor(options: HandlerOptions): Door {
  const auth = checkedAuth(options?.auth, false, 'a mounted handler');
  const settings = captureSettings(options);
  const state = agentHost();
  state.acquire(settings);
  let sidecar: Promise<Sidecar> | null = null;
  let closed: Promise<void> | null = null;
  return {
    async answer(request, signal) {
      const open = typeof auth === 'string' && asksForPage(request.method, request.target);
      if (!open && !(await isAllowed(auth, request))) {
        const headers = { 'WWW-Authenticate': 'Bearer realm="pprof"' };
        return errorResponse(401, 'this endpoint needs a token: send Authorization: Bearer TOKEN', headers);
      }
      const found = route(request.method, request.target, request.prefix);
      if (found.kind === 'answer') return found.response;
      if (closed !== null) return errorResponse(503, 'the profiler is closed');
      sidecar ??= Sidecar.start(null, settings, null).then((started) => started.sidecar);
      return (await sidecar).request(found.request, signal);
    },
    close() {
      closed ??= (async () => {
        const running = await sidecar?.catch(() => null);
        await running?.close();
        state.release();
      })();
      return closed;
    },
  };
}

/** The prefix that a framework has taken off the target, or null where the target is not below `prefix`. */
function prefixOf(request: HandlerRequest, prefix: string): { target: string; prefix: string } | null {
  const url = request.url ?? '/';
  const original = request.originalUrl;
  if (original !== undefined && original.length > url.length) {
    const path = original.split('?', 1)[0] as string;
    const rest = url.split('?', 1)[0] as string;
    if (rest === '/' && !path.endsWith('/')) return { target: original, prefix: path };
    if (path.endsWith(rest)) return { target: original, prefix: path.slice(0, path.length - rest.length) };
  }
  const path = url.split('?', 1)[0] as string;
  return path === prefix || path.startsWith(`${prefix}/`) ? { target: url, prefix } : null;
}

/**
 * A handler for the user's own server.
 *
 * ```ts
 * app.use('/debug/pprof', createHandler({ auth: process.env.PPROF_TOKEN ?? 'none' }));
 * ```
 *
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`
 */
export function createHandler(options: HandlerOptions): PprofHandler {
  const door = openDoor(options);
  const prefix = (options.prefix ?? '/debug/pprof').replace(/\/+$/u, '');
  const handle = (
    request: HandlerRequest,
    response: HandlerResponse,
    next?: (error?: unknown) => void,
  ): void => {
    const found = prefixOf(request, prefix);
    if (found === null) {
      if (next !== undefined) next();
      else
        write(request, response, {
          status: 404,
          headers: { 'Content-Type': 'text/plain; charset=utf-8' },
          body: '404 page not found\n',
        });
      return;
    }
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const remoteAddress = request.socket?.remoteAddress ?? '';
    door
      .answer(
        { ...found, method: request.method ?? 'GET', headers: request.headers, remoteAddress },
        abort.signal,
      )
      .then(
        (answer) => write(request, response, answer),
        (error: unknown) => write(request, response, errorResponse(500, messageOf(error))),
      )
      .catch(() => undefined); // the client has gone in the middle of the answer
  };
  return Object.assign(handle, { close: () => door.close(), [Symbol.asyncDispose]: () => door.close() });
}

function write(request: HandlerRequest, response: HandlerResponse, answer: PprofResponse): void {
  if (response.destroyed === true) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const head = request.method === 'HEAD';
  const length: Record<string, string> =
    head && body.length === 0 ? {} : { 'Content-Length': String(body.length) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(head ? undefined : body);
}
