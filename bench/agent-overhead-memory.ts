// Memory that tracking adds to a process with 100,000 live tasks, each of them looked at while there is room.
//
// node --conditions=stackpile-source bench/agent-overhead-memory.ts [--node PATH]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TaskTracker } from '../packages/agent/src/tasks/tracker.ts';

const TASKS = 100_000;
const ROUNDS = 5;
/** Arrays of 100 numbers that are made and dropped, several times what the young generation holds. */
const GARBAGE = 1_000_000;

let garbage: number[] = [];

const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: process.execPath } },
  allowPositionals: true,
});

async function child(mode: string): Promise<void> {
  const gc = globalThis.gc as () => void;
  const tracker = new TaskTracker({
    from: 'start',
    budget: 1,
    maxTasks: 10_000,
    stackDepth: 32,
    handles: false,
  });
  if (mode === 'on') tracker.start();
  const waiting: (() => void)[] = [];
  async function wait(): Promise<void> {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  // As a service leaks them: a few per turn of the loop.
  while (waiting.length < TASKS) {
    for (let i = 0; i < 100; i++) void wait();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Any service fills V8's young generation sooner or later: tracking is not to be charged for being the first to do so.
  for (let i = 0; i < GARBAGE; i++) garbage = new Array<number>(100).fill(i);
  for (let i = 0; i < 4; i++) gc();
  const { heapUsed, rss, external } = process.memoryUsage();
  console.log(
    JSON.stringify({
      heapUsed,
      rss,
      external,
      tasks: mode === 'on' ? tracker.count() : TASKS / 2,
      kept: waiting.length + garbage.length,
    }),
  );
}

function measure(mode: string): { heapUsed: number; rss: number; tasks: number } {
  // A young generation of one size: V8 would choose another one in each process, and the difference is larger than the tracker.
  const young = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
  const args = [
    '--conditions=stackpile-source',
    '--expose-gc',
    '--no-warnings',
    ...young,
    fileURLToPath(import.meta.url),
    mode,
  ];
  return JSON.parse(execFileSync(values.node, args, { encoding: 'utf8' })) as {
    heapUsed: number;
    rss: number;
    tasks: number;
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;
}

if (positionals[0] !== undefined) await child(positionals[0]);
else {
  const on = Array.from({ length: ROUNDS }, () => measure('on'));
  const off = Array.from({ length: ROUNDS }, () => measure('off'));
  const mb = (key: 'heapUsed' | 'rss'): string =>
    ((median(on.map((one) => one[key])) - median(off.map((one) => one[key]))) / 1e6).toFixed(1);
  const version = execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(
    `Node ${version}: ${on[0]?.tasks ?? 0} live tasks: + ${mb('heapUsed')} MB of heap, + ${mb('rss')} MB resident`,
  );
}
