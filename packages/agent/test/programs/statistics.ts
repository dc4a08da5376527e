// Healthy traffic of 200,000 promises a second with 2,000 tasks leaked into it, tracked with the default budget. A machine that
// cannot make so many says how many it made; tasks are leaked in step with the traffic, so that the mixture stays the same.
import { setTimeout as sleep } from 'node:timers/promises';
import { promiseHooks } from 'node:v8';
import { TaskTracker } from '../../src/tasks/tracker.ts';

const SECONDS = 20;
const LEAKED = 2000;
const PROMISES_PER_SECOND = 200_000;
const TICK_MS = 10;
/** Short waits are seen only for a moment after a window of the hook: so many dumps meet several windows. */
const DUMPS = 100;
/** A machine that is too slow for that rate has made the same number of requests by then, or is given up. */
const MOST_SECONDS = 90;

const tracker = new TaskTracker({
  from: 'start',
  budget: 0.01,
  maxTasks: 200_000,
  stackDepth: 32,
  handles: null,
});

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

// Counted rather than assumed, by a second hook, for a moment before the tracker starts.
let made = 0;
const stopCounting = promiseHooks.createHook({ init: () => made++ }) as () => void;
await Promise.all(Array.from({ length: 100 }, request));
stopCounting();
const perRequest = made / 100;

tracker.start();
const began = performance.now();
const total = (SECONDS * PROMISES_PER_SECOND) / perRequest;
let requests = 0;
while (requests < total && performance.now() - began < MOST_SECONDS * 1000) {
  const elapsed = (performance.now() - began) / 1000;
  const wanted = Math.min(elapsed * (PROMISES_PER_SECOND / perRequest), requests + 4000, total);
  while (requests < wanted) {
    requests++;
    void request();
    if (leaked.length < (LEAKED * requests) / total) void subscribe();
  }
  await sleep(TICK_MS);
}
const seconds = (performance.now() - began) / 1000;

/** Weights by the function of ours that the tasks belong to. */
const weights = new Map<string, number>([
  ['subscribe', 0],
  ['request', 0],
]);
let healthyInAll = 0;
// As a service that is watched: the traffic goes on, and several dumps are taken.
for (let dump = 0; dump < DUMPS; dump++) {
  for (let tick = 0; tick < 5 + 5 * Math.random(); tick++) {
    for (let i = 0; i < (PROMISES_PER_SECOND / perRequest / 1000) * TICK_MS; i++) void request();
    await sleep(TICK_MS);
  }
  const { rows, stacks, names } = tracker.dump(false);
  healthyInAll += healthy;
  rows.stack.forEach((stack, i) => {
    const frames = (stacks[stack] ?? []).map((frame) => names[frame] as string);
    const own = frames.includes('subscribe') ? 'subscribe' : frames.includes('request') ? 'request' : '';
    if (own !== '') weights.set(own, (weights.get(own) as number) + (rows.count[i] as number));
  });
}
const found = (weights.get('subscribe') as number) / DUMPS;
const others = (weights.get('request') as number) / DUMPS;
const answer = {
  share: found / (found + others),
  truth: leaked.length / (leaked.length + healthyInAll / DUMPS),
  first: found > others ? 1 : 0,
  found,
  others,
  healthy: healthyInAll / DUMPS,
  leaked: leaked.length,
  perRequest,
  promisesPerSecond: Math.round((requests * perRequest) / seconds),
  cost: tracker.dump(false).notes[0],
};
process.stdout.write(JSON.stringify(answer), () => process.exit());
