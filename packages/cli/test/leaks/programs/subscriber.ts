// A small Node service: ten subscriptions at every line that it reads; the leaky twin never stops listening. Prints its address, and a
// line for each that it has read when it has done what there was to do.
import { EventEmitter, on } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '@stackpile/agent';

const fixed = process.argv[2] === 'fixed';
const bus = new EventEmitter().setMaxListeners(0);

async function subscribe(signal?: AbortSignal): Promise<number> {
  let seen = 0;
  try {
    for await (const _ of on(bus, 'task', signal === undefined ? {} : { signal })) seen++;
  } catch {
    // the tick is over
  }
  return seen;
}

async function tick(): Promise<void> {
  const over = new AbortController();
  const subscribed = subscribe(fixed ? over.signal : undefined);
  await sleep(1);
  over.abort();
  if (fixed) await subscribed;
}

async function worker(): Promise<never> {
  for (;;) await sleep(1000);
}

async function turn(): Promise<void> {
  for (let i = 0; i < 10; i++) await tick();
  process.stdout.write('turned\n');
}

const server = await startServer({ port: 0 });
for (let i = 0; i < 4; i++) void worker();
createInterface({ input: process.stdin }).on('line', () => void turn());
process.stdout.write(`${server.url}\n`);
