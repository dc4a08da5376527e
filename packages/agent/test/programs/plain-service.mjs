// A program that knows nothing of any agent: it waits, ends by itself, forks, starts a worker thread, or has a console that throws.
import cluster from 'node:cluster';
import { isMainThread, Worker } from 'node:worker_threads';

async function waitForEver() {
  await new Promise((resolve) => (globalThis.woken = resolve));
}

const how = process.argv[2];
const alive = () => setInterval(() => undefined, 1000);
if (!isMainThread) console.log('worker done');
else if (how === 'waits') {
  void waitForEver();
  alive();
} else if (how === 'cluster') {
  if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();
  alive();
} else if (how === 'worker') {
  // Not before the main thread's server listens: the process ends with the worker.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  new Worker(new URL(import.meta.url));
} else if (how === 'throws') {
  // As tests have it that want nobody to complain.
  console.error = (line) => {
    throw new Error(line);
  };
  await new Promise((resolve) => setTimeout(resolve, 3000));
  console.log('done');
} else {
  console.log('done');
  // Not at once: that nothing is served is said by then.
  setTimeout(() => (process.exitCode = 7), 500);
}
