// Requests and responses of `node:http`, and of what hands them on: Express, Connect, NestJS's middleware.
import { Readable } from 'node:stream';
import { bodyOf } from '../door/body.ts';
import { type ResponseWriter, send } from '../door/send.ts';
import { mountedAt, type Mount } from './mount.ts';

/** What a handler reads of a request: `http.IncomingMessage` and Express's request have it. */
export interface HandlerRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express and Connect: the target before the mount path was taken off. */
  readonly originalUrl?: string | undefined;
  /** Express: the mount path, and the pattern of a route below it. */
  readonly baseUrl?: string | undefined;
  readonly route?: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** What a parser has made of the body. */
  readonly body?: unknown;
}

/** Passes a request on to whoever comes after. */
export type Next = (error?: unknown) => void;

export function isNodePair(args: readonly unknown[]): args is readonly [HandlerRequest, ResponseWriter] {
  const [request, response] = args as readonly {
    readonly headers?: unknown;
    readonly writeHead?: unknown;
  }[];
  return typeof request?.headers === 'object' && typeof response?.writeHead === 'function';
}

function patternOf({ baseUrl = '', route }: HandlerRequest): string | undefined {
  const { path } = (route ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? baseUrl + path : undefined;
}

/** Answers a request; what lies outside goes on to `next`, where there is one. `at`: what the framework knows better. */
export function answerNode(
  mount: Mount,
  request: HandlerRequest,
  response: ResponseWriter,
  next: Next | undefined,
  at: { readonly pattern?: string | undefined; readonly remoteAddress?: string } = {},
): void {
  const { method = 'GET', headers } = request;
  const { target, prefix } = mountedAt(request.url ?? '/', request.originalUrl);
  const found = mount.route(method, target, { prefix, pattern: at.pattern ?? patternOf(request) });
  if (found.kind === 'outside' && next !== undefined) {
    next();
    return;
  }
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  // Gone while others had the request: nobody would ever say so.
  if (response.destroyed === true) abort.abort();
  const remoteAddress = at.remoteAddress ?? request.socket?.remoteAddress ?? '';
  const body = async (): Promise<string | null> =>
    request instanceof Readable ? bodyOf(request, request.body) : '';
  mount
    .answer(found, { method, url: target, headers, remoteAddress, body }, abort.signal)
    .then((answer) => send(response, answer))
    .catch(() => response.destroy()) // the client has gone in the middle of the answer
    .finally(() => abort.abort()); // and not every framework's response says `close`
}
