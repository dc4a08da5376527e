// What a test of one tick would have said: the subscription is left behind, and its line is named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks, LeakError } from '@stackpile/agent/testing';
import { startRespServer } from '../show/resp-server.ts';
import { NewTask } from '../src/new-task.ts';
import { connectRedis, type RedisClient } from '../src/redis.ts';
import { subscribeNewTaskMsgIfAvailable as fixed } from '../src/subscribe-fixed.ts';
import { subscribeNewTaskMsgIfAvailable as leaky } from '../src/subscribe-leaky.ts';

/** One tick: subscribes, works, and cancels. */
async function tick(subscribe: typeof fixed): Promise<void> {
  const server = await startRespServer();
  const client = await connectRedis(server.url);
  const copies: { isOpen: boolean; destroy(): void }[] = [];
  const subscribed = new Promise<void>((resolve) => {
    const duplicate = client.duplicate.bind(client);
    client.duplicate = ((...args: Parameters<typeof duplicate>) => {
      const copy = duplicate(...args);
      copies.push(copy);
      copy.once('ready', () => resolve());
      return copy as RedisClient;
    }) as typeof client.duplicate;
  });
  const check = expectNoLeaks({ grace: 100 });
  try {
    const stopping = new AbortController();
    const subscription = subscribe(client, new NewTask(), stopping.signal);
    // The leaky one ends when its connection does, with an error.
    if (subscribe === leaky) subscription.catch(() => undefined);
    await subscribed;
    stopping.abort();
    if (subscribe === fixed) await subscription;
    await check();
  } finally {
    for (const copy of copies) if (copy.isOpen) copy.destroy();
    if (client.isOpen) client.destroy();
    await server.close();
  }
}

test('the leaky subscription fails the test of a tick, and is named', async () => {
  await assert.rejects(tick(leaky), (error) => {
    assert.ok(error instanceof LeakError, String(error));
    const [task] = error.leaks.filter(({ kind }) => kind === 'task');
    const names = task?.stack.map(({ name, file }) => `${name} ${file}`) ?? [];
    assert.ok(
      names.some((name) => /^subscribeNewTaskMsgIfAvailable .*subscribe-leaky\.ts$/.test(name)),
      error.message,
    );
    return true;
  });
});

test('the fixed one passes', async () => {
  await tick(fixed);
});
