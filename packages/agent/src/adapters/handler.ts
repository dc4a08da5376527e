// createHandler: one handler for whatever calls it; by its arguments it sees who does.
import { AgentError } from '../errors.ts';
import type { ResponseWriter } from '../door/send.ts';
import type { HandlerOptions } from '../options.ts';
import { answerFastify, type FastifyReplyLike, type FastifyRequestLike, isFastifyPair } from './fastify.ts';
import { answerFetch, isFetchRequest } from './fetch.ts';
import { answerHono, type HonoContext, isHonoContext } from './hono.ts';
import { answerKoa, isKoaContext, type KoaContext } from './koa.ts';
import { type Closable, closable, type Mount, openMount } from './mount.ts';
import { answerNode, type HandlerRequest, isNodePair, type Next } from './node.ts';
import { frameworkOf } from './frameworks.ts';

/**
 * A handler for the Fetch API (`Bun.serve`, `Deno.serve`, Next.js) and Hono. Requests of other paths than those below the prefix get 404,
 * or go on to Hono's next handler.
 */
export interface FetchHandler extends Closable {
  (context: HonoContext, next: () => Promise<unknown>): Promise<Response | undefined>;
  (request: Request): Promise<Response>;
}

/** Middleware for Koa. What lies outside of the prefix, or of the path that it is mounted at, goes on to the next one. */
export interface KoaMiddleware extends Closable {
  (context: KoaContext, next: () => Promise<unknown>): Promise<void>;
}

/** A handler for Fastify, and for `node:http`, Express, Connect and NestJS. */
export interface PprofHandler extends Closable {
  (request: FastifyRequestLike, reply: FastifyReplyLike): void;
  (request: HandlerRequest, response: ResponseWriter, next?: Next): void;
}

const isFunction = <F extends (...args: never[]) => unknown>(value: unknown): value is F =>
  typeof value === 'function';
const nobody = async (): Promise<void> => undefined;

/** Answers a request behind which nobody stands. */
async function answerOne(mount: Mount, request: Request): Promise<Response> {
  const answer = await answerFetch(mount, request, { passesOn: false });
  return answer ?? new Response(null, { status: 404 });
}

/**
 * A mount as a function of whatever calls it: by its arguments it sees who does. `H` is what its user is told, which is less: a function that
 * may answer with a promise is none that `node:http` should be given.
 */
export function handlerOf<H extends Closable>(mount: Mount): H {
  const handle = (...args: readonly unknown[]): unknown => {
    const [first, second, third] = args;
    if (isFetchRequest(first)) return answerOne(mount, first);
    if (isFastifyPair(args)) return answerFastify(mount, args[0], args[1]);
    const next = isFunction<() => Promise<unknown>>(second) ? second : nobody;
    if (isHonoContext(first)) return answerHono(mount, first, next);
    if (isKoaContext(first)) return answerKoa(mount, first, next);
    if (isNodePair(args))
      return answerNode(mount, args[0], args[1], isFunction<Next>(third) ? third : undefined);
    throw unknownCaller(first);
  };
  const handler: Closable = closable(handle, mount);
  return handler as H;
}

function unknownCaller(given: unknown): AgentError {
  const framework = frameworkOf(given);
  const advice =
    framework === null
      ? 'it answers Request → Response, (request, response) of node:http and Express, the contexts of Koa and Hono, and (request, reply) of Fastify'
      : `for ${framework.name} write register(app, { auth }) with import { register } from '@stackpile/agent'`;
  return new AgentError(
    'AGENT_CARRIER',
    `the handler of profiles was called with nothing that it can answer: ${advice}`,
  );
}

/**
 * A handler for the user's own server: `node:http`, Express, Connect, Fastify, NestJS. `register` puts it on an app in one line.
 *
 * ```ts
 * app.use('/debug/pprof', createHandler({ auth: process.env.PPROF_TOKEN }));
 * ```
 *
 * Where the variable is not set this throws, and lets nobody in. Handlers of one process that are given the same options for what they
 * capture share one worker thread. Given to another framework it works as well; called by what it does not know it throws `AGENT_CARRIER`.
 *
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`, `AGENT_THREAD` (in a worker thread),
 * `AGENT_PERMISSION`
 */
export function createHandler(options: HandlerOptions): PprofHandler {
  return handlerOf(openMount('createHandler', options));
}

/**
 * {@link createHandler} for what turns a `Request` into a `Response`, and for Hono.
 *
 * ```ts
 * const pprof = createFetchHandler({ auth: process.env.PPROF_TOKEN });
 * export const GET = (request) => pprof(request); // of a route that matches everything below /debug/pprof
 * ```
 *
 * A `Request` does not say who sent it: an `auth` function sees an empty `remoteAddress`. A capture ends when `request.signal` is
 * aborted or the body is cancelled.
 *
 * @throws {AgentError} as {@link createHandler}
 */
export function createFetchHandler(options: HandlerOptions): FetchHandler {
  return handlerOf(openMount('createFetchHandler', options));
}

/**
 * {@link createHandler} as Koa's middleware.
 *
 * ```ts
 * app.use(createKoaMiddleware({ auth: process.env.PPROF_TOKEN })); // below /debug/pprof
 * ```
 *
 * @throws {AgentError} as {@link createHandler}
 */
export function createKoaMiddleware(options: HandlerOptions): KoaMiddleware {
  return handlerOf(openMount('createKoaMiddleware', options));
}
