// A Fastify service for agent-toggled.ts that begins and ends an agent when it is told to.
import type { AddressInfo } from 'node:net';
import { startServer } from '@stackpile/agent';
import Fastify from 'fastify';
import { agents, startDatadog } from './agent-overhead-variants.ts';

let end: () => unknown = () => undefined;

/** Begins what a variant is; the address of its agent, '' where it has none. */
async function arm(variant: string): Promise<string> {
  if (variant === 'datadog') end = startDatadog();
  const options = agents[variant];
  if (options === undefined) return '';
  const server = await startServer({ port: 0, ...options });
  end = () => server.close();
  return server.url;
}

async function disarm(): Promise<string> {
  await end();
  end = () => undefined;
  return '';
}

async function become(variant: string): Promise<void> {
  process.send?.({ pprof: variant === '' ? await disarm() : await arm(variant) });
}

process.on('message', (asked: string) => {
  if (asked === 'collect') globalThis.gc?.();
  if (asked === 'cpu' || asked === 'collect') process.send?.({ cpu: process.cpuUsage() });
  else void become(asked);
});
process.on('SIGTERM', () => process.exit());

const app = Fastify();
app.get('/', async () => ({ hello: 'world' }));
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/` });
