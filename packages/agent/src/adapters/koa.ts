// Koa's contexts, and those of whatever is like it.
import { Readable } from 'node:stream';
import { bodyOf } from '../door/body.ts';
import { type ResponseWriter, send, STALL_MS } from '../door/send.ts';
import { mountedAt, type Mount } from './mount.ts';

/** What is used of a context. */
export interface KoaContext {
  readonly method: string;
  /** Without the path of `koa-mount`. */
  readonly url: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip?: string;
  readonly req?: unknown;
  readonly request?: { readonly body?: unknown };
  /** The pattern of `@koa/router`. */
  readonly _matchedRoute?: unknown;
  status: number;
  /** Whether Koa sends an answer itself. */
  respond?: boolean | undefined;
  readonly res: ResponseWriter;
}

export function isKoaContext(value: unknown): value is KoaContext {
  const context = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof context['originalUrl'] === 'string' &&
    typeof context['set'] === 'function' &&
    typeof context['request'] === 'object' &&
    typeof context['response'] === 'object'
  );
}

/**
 * Answers a request; what lies outside goes on to the next middleware. Koa would hold an answer for ever that its client does not take, and
 * would log the end of each that its client does not want any more: it is sent as at our own door.
 *
 * @param stallMs milliseconds for which a client may take nothing
 */
export async function answerKoa(
  mount: Pick<Mount, 'route' | 'answer'>,
  context: KoaContext,
  next: () => Promise<unknown>,
  stallMs: number = STALL_MS,
): Promise<void> {
  const { method, headers, _matchedRoute: matched } = context;
  const { target, prefix } = mountedAt(context.url, context.originalUrl);
  const pattern = typeof matched === 'string' ? matched : undefined;
  const found = mount.route(method, target, { prefix, pattern });
  if (found.kind === 'outside') {
    await next();
    return;
  }
  const abort = new AbortController();
  // It comes after a whole answer too.
  context.res.once('close', () => abort.abort());
  // Gone while others had the request: nobody would ever say so.
  if (context.res.destroyed === true) abort.abort();
  const body = async (): Promise<string | null> =>
    context.req instanceof Readable ? bodyOf(context.req, context.request?.body) : '';
  const asked = { method, url: target, headers, remoteAddress: context.ip ?? '', body };
  const answer = await mount.answer(found, asked, abort.signal);
  // What logs requests reads it here.
  context.status = answer.status;
  context.respond = false;
  await send(context.res, answer, stallMs);
}
