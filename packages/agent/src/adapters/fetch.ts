// Requests of the Fetch API: whatever turns a `Request` into a `Response`.
import { readRequest } from '../door/body.ts';
import { bodyStream, GONE } from '../door/pieces.ts';
import type { Mount } from './mount.ts';

/** Whether it is a `Request`, of whichever implementation. */
export function isFetchRequest(value: unknown): value is Request {
  const { headers, url, method } = (value ?? {}) as {
    readonly headers?: { readonly get?: unknown; readonly entries?: unknown };
    readonly url?: unknown;
    readonly method?: unknown;
  };
  return typeof url === 'string' && typeof method === 'string' && typeof headers?.get === 'function';
}

/**
 * Answers a request; null where it lies outside and somebody else may want it.
 *
 * A `Request` does not say who sent it: `remoteAddress` is empty. A capture ends when `request.signal` is aborted or the body is
 * cancelled.
 */
export async function answerFetch(
  mount: Mount,
  request: Request,
  route: { readonly pattern?: string | undefined; readonly passesOn: boolean },
): Promise<Response | null> {
  const { method, url, headers } = request;
  const path = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/iu, '').replace(/#.*$/su, '');
  const target = path.startsWith('/') ? path : `/${path}`;
  const found = mount.route(method, target, { pattern: route.pattern });
  if (found.kind === 'outside' && route.passesOn) return null;
  const abort = new AbortController();
  const gone = (): void => abort.abort(GONE);
  // Some runtimes' requests have none.
  const signal = request.signal as AbortSignal | undefined;
  signal?.addEventListener('abort', gone);
  // This also holds the request: once it is collected, Node's tells its signal nothing any more.
  abort.signal.addEventListener('abort', () => request.signal?.removeEventListener('abort', gone));
  if (signal?.aborted === true) gone();
  const asked = {
    method,
    url: path,
    headers: Object.fromEntries(headers),
    remoteAddress: '',
    body: () => readRequest(request),
  };
  const answer = await mount.answer(found, asked, abort.signal);
  const body = bodyStream(answer, abort);
  if (body === null) abort.abort();
  return new Response(body, { status: answer.status, headers: { ...answer.headers } });
}
