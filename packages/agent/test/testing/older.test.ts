// What is older than a test is not blamed on it, whatever it goes on to make; what the test starts itself is, whoever carries it out.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectNoLeaks, LeakError } from '@stackpile/agent/testing';

const stop = new AbortController();

async function pollOlder(): Promise<void> {
  while (!stop.signal.aborted) await waitOlder();
}
async function waitOlder(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2));
}
function tickOlder(): void {
  if (!stop.signal.aborted) setTimeout(tickOlder, 2);
}
const older = pollOlder();
tickOlder();
const timers: NodeJS.Timeout[] = [];
const server = http.createServer((_request, response) => {
  timers.push(setInterval(() => undefined, 60_000));
  response.end('started');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
after(async () => {
  stop.abort();
  await older;
  server.close();
});

test('loops that began before go on making timers', async () => {
  const check = expectNoLeaks({ grace: 20 });
  await sleep(10);
  await check();
});

test('what a test starts after its first wait is its own', async () => {
  const check = expectNoLeaks({ grace: 20 });
  await sleep(5);
  const timer = setTimeout(() => undefined, 60_000);
  await assert.rejects(check(), LeakError);
  clearTimeout(timer);
});

test('what an older server does for the request of a test is its own', async () => {
  const check = expectNoLeaks({ grace: 20 });
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}`)).text();
  await assert.rejects(check(), (error) => error instanceof LeakError && /interval/.test(error.message));
  for (const timer of timers.splice(0)) clearInterval(timer);
});

test('a test inside of another one leaves that one out', async (t) => {
  const check = expectNoLeaks({ grace: 20 });
  await t.test('inner', async () => {
    const inner = expectNoLeaks({ grace: 20 });
    await sleep(1);
    await inner();
  });
  await check();
});
