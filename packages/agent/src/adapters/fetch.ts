// createFetchHandler: the endpoints for whatever turns a `Request` into a `Response`.
import { readRequest } from '../door/body.ts';
import { pieces, streamUntil } from '../door/pieces.ts';
import type { HandlerOptions } from '../options.ts';
import { closable, type Closable, openMount } from './mount.ts';

/** A handler of the Fetch API. Requests of other paths than those below the prefix get 404. */
export interface FetchHandler extends Closable {
  (request: Request): Promise<Response>;
}

/**
 * A handler for servers that speak the Fetch API.
 *
 * ```ts
 * const pprof = createFetchHandler({ auth: process.env.PPROF_TOKEN });
 * export const GET = (request) => pprof(request); // of a route that matches everything below /debug/pprof
 * ```
 *
 * A `Request` does not say who sent it: an `auth` function sees an empty `remoteAddress`. A capture ends when `request.signal` is
 * aborted or the body is cancelled.
 *
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`, `AGENT_THREAD` (in a worker thread),
 * `AGENT_PERMISSION`
 */
export function createFetchHandler(options: HandlerOptions): FetchHandler {
  const mount = openMount('createFetchHandler', options);
  const handle = async (request: Request): Promise<Response> => {
    const { method, url, headers } = request;
    const target = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/iu, '').replace(/#.*$/su, '');
    const found = mount.route(method, target.startsWith('/') ? target : `/${target}`);
    const abort = new AbortController();
    const gone = (): void => abort.abort();
    request.signal.addEventListener('abort', gone);
    // This also holds the request: once it is collected, Node's tells its signal nothing any more.
    abort.signal.addEventListener('abort', () => request.signal.removeEventListener('abort', gone));
    if (request.signal.aborted) gone();
    const asked = {
      method,
      url: target,
      headers: Object.fromEntries(headers),
      remoteAddress: '',
      body: () => readRequest(request),
    };
    const answer = await mount.answer(found, asked, abort.signal);
    const { stream } = answer;
    const body =
      stream === undefined
        ? answer.body.length === 0
          ? null
          : pieces(answer.body, abort)
        : streamUntil(stream, abort);
    if (body === null) abort.abort();
    return new Response(body, { status: answer.status, headers: { ...answer.headers } });
  };
  return closable(handle, mount);
}
