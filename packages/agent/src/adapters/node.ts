// createHandler: the endpoints on `node:http`, Express and Connect.
import { Readable } from 'node:stream';
import { bodyOf } from '../door/body.ts';
import { type ResponseWriter, send } from '../door/send.ts';
import type { HandlerOptions } from '../options.ts';
import { closable, type Closable, mountedAt, openMount } from './mount.ts';

/** What a handler reads of a request: `http.IncomingMessage` and Express's request have it. */
export interface HandlerRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express and Connect: the target before the mount path was taken off. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** What a parser has made of the body. */
  readonly body?: unknown;
}

/** A handler for `node:http`, Express and Connect. */
export interface PprofHandler extends Closable {
  (request: HandlerRequest, response: ResponseWriter, next?: (error?: unknown) => void): void;
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
  const mount = openMount('createHandler', options);
  const handle: (...args: Parameters<PprofHandler>) => void = (request, response, next) => {
    const { method = 'GET', headers } = request;
    const { target, prefix } = mountedAt(request.url ?? '/', request.originalUrl);
    const found = mount.route(method, target, prefix);
    if (found.kind === 'outside' && next !== undefined) {
      next();
      return;
    }
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const remoteAddress = request.socket?.remoteAddress ?? '';
    const body = async (): Promise<string | null> =>
      request instanceof Readable ? bodyOf(request, request.body) : '';
    mount
      .answer(found, { method, url: target, headers, remoteAddress, body }, abort.signal)
      .then((answer) => send(response, answer))
      .catch(() => response.destroy()) // the client has gone in the middle of the answer
      .finally(() => abort.abort()); // and not every framework's response says `close`
  };
  return closable(handle, mount);
}
