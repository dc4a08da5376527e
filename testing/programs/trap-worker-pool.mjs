// trap: a pool of workers that grows with the load to its six within half a minute (piscina's minThreads and maxThreads)
import { Worker } from 'node:worker_threads';

const source = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', (n) => setTimeout(() => parentPort.postMessage(n), 300));`;
const MOST = 6;
const idle = [];
const waiting = [];
let size = 0;
function spawnWorker() {
  size++;
  const worker = new Worker(source, { eval: true });
  worker.on('message', () => {
    worker.done();
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next(worker);
  });
  return worker;
}
function acquire() {
  const worker = idle.pop() ?? (size < MOST ? spawnWorker() : null);
  return worker ?? new Promise((resolve) => waiting.push(resolve));
}
async function run(n) {
  const worker = await acquire();
  return new Promise((resolve) => {
    worker.done = resolve;
    worker.postMessage(n);
  });
}
const start = Date.now();
let n = 0;
setInterval(() => {
  const wanted = Math.min(MOST, 1 + Math.floor((Date.now() - start) / 6000));
  for (let i = 0; i < wanted; i++) void run(n++);
}, 400);
