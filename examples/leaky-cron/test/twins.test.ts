// The daemon's cron with both subscriptions against the small redis, which counts the subscribers.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRespServer } from '../show/resp-server.ts';
import { cron, type Job } from '../src/cron.ts';
import { NewTask } from '../src/new-task.ts';
import { connectRedis, NEW_TASK_CHANNEL, type RedisClient } from '../src/redis.ts';
import { subscribeNewTaskMsgIfAvailable as fixed } from '../src/subscribe-fixed.ts';
import { subscribeNewTaskMsgIfAvailable as halfFixed } from '../src/subscribe-half-fixed.ts';
import { subscribeNewTaskMsgIfAvailable as leaky } from '../src/subscribe-leaky.ts';
import { Rounds, work } from '../src/worker.ts';

interface Daemon {
  rounds: Rounds;
  /** Stops the cron; open subscriptions stay. */
  stop(): Promise<void>;
  subscribers(): Promise<number>;
}

interface Connected {
  client: RedisClient;
  subscribers(): Promise<number>;
}

/** A client of a small redis of its own; when the test ends, whatever was duplicated from it is closed too. */
async function connected(t: TestContext): Promise<Connected> {
  const server = await startRespServer();
  const client = await connectRedis(server.url);
  const open = [client];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = ((...args: Parameters<typeof duplicate>) => {
    const copy = duplicate(...args);
    open.push(copy as RedisClient);
    return copy;
  }) as typeof client.duplicate;
  t.after(async () => {
    for (const one of open) if (one.isOpen) one.destroy();
    await server.close();
  });
  return {
    client,
    subscribers: async () => (await client.pubSubNumSub([NEW_TASK_CHANNEL]))[NEW_TASK_CHANNEL] ?? 0,
  };
}

async function start(t: TestContext, subscribe: Job['subscribe']): Promise<Daemon> {
  const { client, subscribers } = await connected(t);
  const stopping = new AbortController();
  const newTask = new NewTask();
  const rounds = new Rounds();
  void work(newTask, rounds);
  const running = cron({ client, newTask, rounds, subscribe }, 20, stopping.signal).catch(() => {});
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  t.after(stop);
  return { rounds, stop, subscribers };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

for (const [name, subscribe] of [
  ['leaky', leaky],
  ['half-fixed', halfFixed],
] as const)
  test(`the ${name} twin leaves a subscriber behind with every tick`, async (t) => {
    const daemon = await start(t, subscribe);
    await until(async () => (await daemon.subscribers()) >= 10);
    await daemon.stop();
    const left = await daemon.subscribers();
    assert.ok(left >= 10, `${left} subscribers`);
  });

test('the fixed twin’s subscriptions end with their tick', async (t) => {
  const daemon = await start(t, fixed);
  await until(() => daemon.rounds.count >= 20);
  await daemon.stop();
  await until(async () => (await daemon.subscribers()) === 0);
});

for (const [name, subscribe] of [
  ['leaky', leaky],
  ['half-fixed', halfFixed],
  ['fixed', fixed],
] as const) {
  test(`the ${name} twin wakes a worker when a task is announced`, async (t) => {
    const { client } = await connected(t);
    const newTask = new NewTask();
    const rounds = new Rounds();
    const controller = new AbortController();
    void work(newTask, rounds);
    const subscribed = subscribe(client, newTask, controller.signal).catch(() => {});
    await until(async () => (await client.publish(NEW_TASK_CHANNEL, '1')) === 1);
    await until(() => rounds.count > 0);
    controller.abort();
    if (name !== 'leaky') await subscribed;
  });
  test(`the ${name} twin does nothing without redis`, async () => {
    await subscribe(undefined, new NewTask(), AbortSignal.abort());
  });
}
