// The program that bench/heap-tasks looks at: many suspended tasks in a large heap. Usage: TASKS MEGABYTES bare|analysis|classes|file [PATH]
import process from 'node:process';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';

const [tasks = 0, megabytes = 0] = process.argv.slice(2, 4).map(Number);
const [mode = 'bare', path = ''] = process.argv.slice(4);

const waiting: (() => void)[] = [];
const data: object[] = [];

async function receive(i: number): Promise<object> {
  const buffer = { i };
  await new Promise<void>((resolve) => waiting.push(resolve));
  return buffer;
}
async function subscribe(i: number): Promise<object> {
  return await receive(i);
}
async function tick(i: number): Promise<void> {
  await subscribe(i);
}

for (let i = 0; i < tasks; i++) void tick(i);
let id = 0;
while (process.memoryUsage().heapUsed < megabytes * 2 ** 20) {
  for (let k = 0; k < 20_000; k++)
    data.push({ id: id++, name: `name ${id % 1000}`, next: { id, list: [id, k] } });
}
Object.assign(globalThis, { waiting, data });

if (mode === 'file') {
  const begun = performance.now();
  v8.writeHeapSnapshot(path);
  process.stdout.write(`${JSON.stringify({ writeMs: performance.now() - begun })}\n`);
} else {
  const worker = new Worker(new URL('heap-tasks-sidecar.ts', import.meta.url), { workerData: { mode } });
  worker.on('message', (result: object) => {
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
  });
  // The main thread has to live while the sidecar looks at it.
  setInterval(() => undefined, 1000);
}
