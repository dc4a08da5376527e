// A service that asks its own agent for everything and prints what it was answered: for places where nobody else can ask.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { startServer } from '@stackpile/agent';

const paths = [
  '',
  'goroutine',
  'goroutine?source=heap',
  'heap',
  'heap?gc=1',
  'profile?seconds=1',
  'cmdline',
  'counters',
  'offers',
];

function canWrite(): boolean {
  try {
    writeFileSync(`${import.meta.dirname}/written-by-a-test`, '');
    return true;
  } catch {
    return false;
  }
}

const server = await startServer({ heap: { snapshots: Infinity } });
const statuses: Record<string, number> = {};
let limit: unknown;
for (const path of paths) {
  const response = await fetch(server.url + path);
  const body = await response.text();
  statuses[path] = response.status;
  if (path === 'counters') limit = (JSON.parse(body) as { memoryLimit: unknown }).memoryLimit;
}
await server.close();
const { port } = server;
console.log(
  JSON.stringify({ uid: process.getuid?.(), pid: process.pid, canWrite: canWrite(), port, statuses, limit }),
);
