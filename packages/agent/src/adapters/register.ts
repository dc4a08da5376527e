// register: the endpoints on an app, router or group of whichever framework, in one line.
import { AgentError } from '../errors.ts';
import type { HandlerOptions } from '../options.ts';
import { frameworkOf, mountOn } from './frameworks.ts';
import { handlerOf } from './handler.ts';
import { type Closable, openMount } from './mount.ts';

/** Something of a framework that routes are put on; which framework it is shows when it is given. */
export type Registrable =
  /** An app or a router of Express 4 and 5, Connect and Koa. */
  | { use(...args: never[]): unknown }
  /** Fastify, Hono, `@koa/router`. */
  | { all(...args: never[]): unknown }
  /** NestJS, before it listens. */
  | { getHttpAdapter(): unknown };

/**
 * Puts the endpoints on an app below `options.prefix` (`/debug/pprof`): Express 4 and 5, Fastify, Koa, Hono, NestJS on Express or
 * Fastify, or a router or group of theirs. What guards that router guards them.
 *
 * ```ts
 * register(app, { auth: process.env.PPROF_TOKEN });
 * ```
 *
 * @returns what closes them; Fastify's own `close()` does it too
 * @throws {AgentError} `AGENT_CARRIER` where `app` is none that is known, `AGENT_AUTH_REQUIRED` without `auth`, `AGENT_OPTIONS`,
 * `AGENT_THREAD` (in a worker thread), `AGENT_PERMISSION`
 */
export function register(app: Registrable, options: HandlerOptions): Closable {
  if (frameworkOf(app) === null) throw unknownApp();
  const mount = openMount('register', options, true);
  const handler = handlerOf(mount);
  try {
    mountOn(app, mount.prefix, handler);
  } catch (error) {
    void mount.close();
    throw error;
  }
  return { close: mount.close, [Symbol.asyncDispose]: mount.close };
}

function unknownApp(): AgentError {
  return new AgentError(
    'AGENT_CARRIER',
    'register knows the apps and routers of Express, Fastify, Koa, Hono and NestJS, and this is none: ' +
      "call what createHandler of '@stackpile/agent' makes with the request and response of node:http, or what createFetchHandler makes with the Request of Bun, Deno and Next.js",
  );
}
