// The cron loop: a tick, a pause, and so on until the service stops.
import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { log, reason } from './log.ts';
import type { NewTask } from './new-task.ts';
import type { RedisClient } from './redis.ts';
import type { Rounds } from './worker.ts';

export interface Job {
  client: RedisClient | undefined;
  newTask: NewTask;
  rounds: Rounds;
  /** Listens for new tasks during the tick, so that they need not wait for the next. */
  subscribe(client: RedisClient | undefined, newTask: NewTask, signal: AbortSignal): Promise<void>;
}

export async function cron(job: Job, tickMs: number, signal: AbortSignal): Promise<void> {
  for await (const _ of setInterval(tickMs, undefined, { signal })) {
    await tick(job, tickMs, signal);
  }
}

async function tick(job: Job, tickMs: number, signal: AbortSignal): Promise<void> {
  const controller = new AbortController();
  const tickSignal = AbortSignal.any([signal, controller.signal]);
  try {
    job.subscribe(job.client, job.newTask, tickSignal).catch((error: unknown) => {
      log.warn('new task subscription', { reason: reason(error) });
    });
    await job.rounds.run();
    await sleep(tickMs / 2, undefined, { signal: tickSignal });
  } finally {
    controller.abort();
  }
}
