// The worker of bench/heap-tasks: takes a snapshot of the main thread and throws it away, or analyses it, with classes or without.
import { Session } from 'node:inspector';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { takeHeapSnapshot } from '@stackpile/agent/inspector';

const { mode } = workerData as { mode: 'bare' | 'analysis' | 'classes' };
const session = new Session();
session.connectToMainThread();
const alive = setInterval(() => undefined, 1000);

function post<T>(method: string, params: object = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error: Error | null, result?: object) =>
      error === null ? resolve(result as T) : reject(error),
    );
  });
}

let bytes = 0;
let nodes = 0;
session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }: { params: { chunk: string } }) => {
  if (nodes === 0) nodes = Number(/"node_count":(\d+)/u.exec(params.chunk)?.[1] ?? 0);
  bytes += params.chunk.length;
});
const before = process.memoryUsage.rss();
const begun = performance.now();
let stopMs: number;
let count = 0;
if (mode === 'bare') {
  await post('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  stopMs = performance.now() - begun;
} else {
  const taken = await takeHeapSnapshot(
    {
      post,
      on: (method, listener) => {
        const wrapped = (message: { params?: unknown }): void => listener(message.params);
        session.on(method, wrapped);
        return () => session.off(method, wrapped);
      },
    },
    { timeoutMs: 600_000, ...(mode === 'classes' ? { analysis: { classes: {} } } : {}) },
  );
  stopMs = taken.stopMs;
  const tasks = taken.analysis.groups.filter((group) => group.kind === 'task');
  count = Math.max(...tasks.map((group) => group.count));
}
const totalMs = performance.now() - begun;
session.disconnect();
clearInterval(alive);
parentPort?.postMessage({
  bytes,
  nodes,
  stopMs,
  totalMs,
  count,
  before,
  peak: process.resourceUsage().maxRSS * 1024,
});
