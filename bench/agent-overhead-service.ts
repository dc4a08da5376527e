// A service under load for agent-overhead.ts: Fastify, GraphQL, or one that does nothing but await two hundred promises per request.
import { createHook } from 'node:async_hooks';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promiseHooks } from 'node:v8';
import { startServer } from '@stackpile/agent';
import Fastify from 'fastify';
import { orders } from './agent-overhead-graphql.ts';

const [kind, variant] = process.argv.slice(2);

if (variant === 'on') await startServer({ port: 0 });
if (variant === 'unasked') await startServer({ port: 0, tasks: { from: 'first look' } });
if (variant === 'block') await startServer({ port: 0, tasks: false, block: true });
if (variant === 'black_box')
  await startServer({ port: 0, blackBox: { dir: join(tmpdir(), 'stackpile-black-box') } });
if (variant === 'untracked') await startServer({ port: 0, tasks: false });
if (variant === 'unsampled') await startServer({ port: 0, tasks: false, heap: false });
// What V8 takes for a promise hook that is gone again: it inlines fewer operations on promises from then on.
if (variant === 'hooked_once') {
  (promiseHooks.createHook({ init: () => undefined }) as () => void)();
  await startServer({ port: 0, tasks: false });
}
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
  process.send?.({ url: `http://127.0.0.1:${port}/` });
}

function serve(answer: () => Promise<object | number>): void {
  const server = createServer((_request, response) => {
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
}

if (kind === 'fastify') {
  const app = Fastify();
  app.get('/', async () => ({ hello: 'world' }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  ready((app.server.address() as AddressInfo).port);
} else serve(kind === 'graphql' ? orders : heavy);
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('SIGTERM', () => process.exit());
