// Waits in several ways for ever. What Node says of it, and what its goroutine profile says, stand in docs/goroutines.md.
import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '@stackpile/agent';

const pprof = await startServer({ port: 0 });

/** A broker that keeps its subscribers and never sends anything. */
const subscribers: Socket[] = [];
const broker = createServer((socket) => void subscribers.push(socket)).listen(0, '127.0.0.1');
await once(broker, 'listening');
const { port } = broker.address() as AddressInfo;

async function receiveMessage(socket: Socket): Promise<unknown> {
  const [message] = (await once(socket, 'data')) as [unknown];
  return message;
}

async function subscribeNewTask(): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await receiveMessage(socket);
}

async function refreshCache(): Promise<void> {
  for (;;) await sleep(3_600_000);
}

async function cronTick(): Promise<void> {
  await Promise.all([subscribeNewTask(), subscribeNewTask()]);
}

void refreshCache();
for (let tick = 0; tick < 25; tick++) void cronTick();
while (subscribers.length < 50) await sleep(10);

/** Where this very output goes is a pipe or a terminal, and no part of the story. */
const output: ReadonlySet<string> = new Set(['PipeWrap', 'TTYWrap']);
const kinds: Record<string, number> = {};
for (const kind of process.getActiveResourcesInfo().sort((a, b) => a.localeCompare(b))) {
  if (!output.has(kind)) kinds[kind] = (kinds[kind] ?? 0) + 1;
}
console.log(kinds);
console.log(pprof.url);
// With callbacks: a function that awaits the answer would stand in it.
get(`${pprof.url}goroutine?debug=1`, (answer) => answer.pipe(process.stdout, { end: false }));
