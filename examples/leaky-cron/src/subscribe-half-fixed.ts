// The fix that looks right in review: the loop ends with its signal, but nobody closes the subscription.
import { EventEmitter, on } from 'node:events';
import { log, reason } from './log.ts';
import type { NewTask } from './new-task.ts';
import { NEW_TASK_CHANNEL, type RedisClient } from './redis.ts';

/** Wakes a worker whenever another instance announces a task, until `signal` is aborted; the connection stays behind. */
export async function subscribeNewTaskMsgIfAvailable(
  client: RedisClient | undefined,
  newTask: NewTask,
  signal: AbortSignal,
): Promise<void> {
  if (!client) return;
  const subscriber = client.duplicate();
  subscriber.on('error', (error: unknown) => log.warn('new task subscription', { reason: reason(error) }));
  const inbox = new EventEmitter();
  try {
    await subscriber.connect();
    await subscriber.subscribe(NEW_TASK_CHANNEL, (message) => inbox.emit('message', message));
    for await (const _ of on(inbox, 'message', { signal })) {
      newTask.announce();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
