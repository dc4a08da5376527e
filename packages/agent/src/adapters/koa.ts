// createKoaMiddleware: the endpoints for Koa and whatever has its context.
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { bodyOf } from '../door/body.ts';
import type { HandlerOptions } from '../options.ts';
import { closable, type Closable, mountedAt, openMount } from './mount.ts';

/** What the middleware uses of a context. */
export interface KoaContext {
  readonly method: string;
  /** Without the path of `koa-mount`. */
  readonly url: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip?: string;
  readonly req?: unknown;
  readonly request?: { readonly body?: unknown };
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
  readonly res: { once(event: 'close', listener: () => void): unknown };
}

/** Middleware for Koa. What lies outside of the prefix, or of the path that it is mounted at, goes on to the next one. */
export interface KoaMiddleware extends Closable {
  (context: KoaContext, next: () => Promise<unknown>): Promise<void>;
}

/**
 * Middleware for Koa.
 *
 * ```ts
 * app.use(createKoaMiddleware({ auth: process.env.PPROF_TOKEN })); // below /debug/pprof
 * ```
 *
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`, `AGENT_THREAD` (in a worker thread),
 * `AGENT_PERMISSION`
 */
export function createKoaMiddleware(options: HandlerOptions): KoaMiddleware {
  const mount = openMount('createKoaMiddleware', options);
  const handle = async (context: KoaContext, next: () => Promise<unknown>): Promise<void> => {
    const { method, headers } = context;
    const { target, prefix } = mountedAt(context.url, context.originalUrl);
    const found = mount.route(method, target, prefix);
    if (found.kind === 'outside') {
      await next();
      return;
    }
    const abort = new AbortController();
    // It comes after a whole answer too.
    context.res.once('close', () => abort.abort());
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
  };
  return closable(handle, mount);
}
