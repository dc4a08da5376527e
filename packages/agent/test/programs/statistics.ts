// Healthy traffic of about 200,000 promises a second with 2,000 tasks leaked into it, tracked with the default budget.
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskTracker } from '../../src/tasks/tracker.ts';

const SECONDS = 12;
const LEAKED = 2000;
const PROMISES_PER_SECOND = 200_000;
const TICK_MS = 10;
/** Promises that one call of `request` makes. */
const PER_REQUEST = 20;

const tracker = new TaskTracker({ budget: 0.01, maxTasks: 200_000, stackDepth: 32, handles: null });
tracker.start();

const leaked: (() => void)[] = [];
let healthy = 0;

async function step(): Promise<number> {
  await null;
  return 1;
}

/** A request in flight: a few steps, then it waits for its answer. */
async function request(): Promise<void> {
  healthy++;
  for (let i = 0; i < 4; i++) await step();
  await sleep(20);
  healthy--;
}

async function subscribe(): Promise<void> {
  await new Promise<void>((resolve) => leaked.push(resolve));
}

const began = performance.now();
let requests = 0;
while (performance.now() - began < SECONDS * 1000) {
  const elapsed = (performance.now() - began) / 1000;
  const wanted = Math.min(elapsed * (PROMISES_PER_SECOND / PER_REQUEST), requests + 4000);
  while (requests < wanted) {
    requests++;
    void request();
  }
  while (leaked.length < (LEAKED * elapsed) / SECONDS && leaked.length < LEAKED) void subscribe();
  await sleep(TICK_MS);
}
while (leaked.length < LEAKED) void subscribe();

const { rows, stacks, names } = tracker.dump(false);
const weights = new Map<string, number>();
let total = 0;
rows.stack.forEach((stack, i) => {
  const frames = (stacks[stack] ?? []).map((frame) => names[frame] as string);
  const own = frames.includes('subscribe') ? 'subscribe' : frames.includes('request') ? 'request' : '';
  if (own === '') return;
  weights.set(own, (weights.get(own) ?? 0) + (rows.count[i] as number));
  total += rows.count[i] as number;
});
const found = weights.get('subscribe') ?? 0;
const first = [...weights].sort((a, b) => b[1] - a[1])[0]?.[0] === 'subscribe' ? 1 : 0;
const answer = {
  share: found / total,
  truth: LEAKED / (LEAKED + healthy),
  first,
  found,
  healthy,
  promisesPerSecond: Math.round((requests * PER_REQUEST) / SECONDS),
};
process.stdout.write(JSON.stringify(answer), () => process.exit());
