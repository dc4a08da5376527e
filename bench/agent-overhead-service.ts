// A service under load for agent-overhead.ts: Fastify, GraphQL, or one that does nothing but await two hundred promises per request.
import { createHook } from 'node:async_hooks';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promiseHooks } from 'node:v8';
import { createHandler, register, startServer } from '@stackpile/agent';
import Fastify from 'fastify';
import { orders } from './agent-overhead-graphql.ts';
import { agents, startDatadog } from './agent-overhead-variants.ts';

const [kind, variant = ''] = process.argv.slice(2);

const options = agents[variant];
const pprof = options === undefined ? '' : (await startServer({ port: 0, ...options })).url;
// What V8 takes for a promise hook that is gone again: it inlines fewer operations on promises from then on.
if (variant === 'hooked_once') {
  (promiseHooks.createHook({ init: () => undefined }) as () => void)();
  await startServer({ port: 0, tasks: false });
}
if (variant === 'datadog') startDatadog();
if (variant === 'async_hooks') {
  // What why-is-node-running does: an Error per resource, promises included.
  const stacks = new Map<number, Error>();
  createHook({
    init: (id) => stacks.set(id, new Error('made here')),
    destroy: (id) => stacks.delete(id),
  }).enable();
}

/** Two hundred promises, as a request that walks through layers of small async functions makes them. */
async function layer(depth: number): Promise<number> {
  if (depth === 0) return 1;
  return (await layer(depth - 1)) + 1;
}

async function heavy(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += await layer(10);
  return sum;
}

function ready(port: number): void {
  process.send?.({ url: `http://127.0.0.1:${port}/`, pprof });
}

function serve(answer: () => Promise<object | number>): void {
  const mount = variant === 'mounted' ? createHandler({ auth: 'none' }) : null;
  const server = createServer((request, response) => {
    if (mount === null) respond(answer, response);
    else mount(request, response, () => respond(answer, response));
  });
  server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
}

function respond(answer: () => Promise<object | number>, response: ServerResponse): void {
  answer().then(
    (body) => response.end(JSON.stringify(body)),
    () => response.destroy(),
  );
}

if (kind === 'fastify') {
  const app = Fastify();
  app.get('/', async () => ({ hello: 'world' }));
  if (variant === 'mounted') register(app, { auth: 'none' });
  await app.listen({ port: 0, host: '127.0.0.1' });
  ready((app.server.address() as AddressInfo).port);
} else serve(kind === 'graphql' ? orders : heavy);
process.on('message', (asked) => {
  if (asked === 'collect') globalThis.gc?.();
  process.send?.({ cpu: process.cpuUsage() });
});
process.on('SIGTERM', () => process.exit());
