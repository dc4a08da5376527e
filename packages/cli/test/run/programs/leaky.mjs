// Waits for what never comes, again and again; answers what a test wants to know of how it was started.
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

const bus = new EventTarget();

async function receiveMessage() {
  await new Promise((resolve) => bus.addEventListener('message', resolve, { once: true }));
}

async function subscribe() {
  await receiveMessage();
}

process.on('SIGTERM', () => {
  console.log('told to end');
  process.exit(0);
});
// A worker thread is none that tells of itself, and says nothing.
await once(new Worker('0', { eval: true }), 'exit');
const door = process.env['_STACKPILE_RUN'] ?? '';
console.log(
  JSON.stringify({
    pid: process.pid,
    args: process.argv.slice(2),
    commandLine: process.platform === 'linux' ? readFileSync('/proc/self/cmdline', 'utf8') : '',
    options: process.env['NODE_OPTIONS'],
    environment: Object.keys(process.env).filter((name) => name.includes('STACKPILE')),
    mode: process.platform === 'win32' ? 0o700 : statSync(dirname(door)).mode & 0o777,
  }),
);
setInterval(() => void subscribe(), 20);
