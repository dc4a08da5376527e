// Koa's contexts, and those of whatever is like it.
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { bodyOf } from '../door/body.ts';
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
  body: unknown;
  set(headers: Record<string, string>): unknown;
  readonly res: { once(event: 'close', listener: () => void): unknown; readonly destroyed?: boolean };
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

/** Answers a request; what lies outside goes on to the next middleware. */
export async function answerKoa(
  mount: Mount,
  context: KoaContext,
  next: () => Promise<unknown>,
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
  context.status = answer.status;
  context.set({ ...answer.headers });
  if (answer.stream !== undefined) context.body = Readable.fromWeb(answer.stream as NodeStream);
  // Koa sends none for HEAD, and would set a status and a length of its own for an empty one.
  if (answer.body.length > 0)
    context.body = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength);
}
