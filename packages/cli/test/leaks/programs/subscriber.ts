// A small Node service: every 100 ms somebody subscribes; the leaky twin never stops listening. Prints its address.
import { EventEmitter, on } from 'node:events';
import process from 'node:process';
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
  void subscribe(fixed ? over.signal : undefined);
  await sleep(20);
  over.abort();
}

async function worker(): Promise<never> {
  for (;;) await sleep(1000);
}

const server = await startServer({ port: 0 });
for (let i = 0; i < 4; i++) void worker();
setInterval(() => void tick(), 100);
process.stdout.write(`${server.url}\n`);
