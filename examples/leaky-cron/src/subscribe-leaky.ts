// Listens for new tasks between two ticks, so that work does not have to wait for the next one.
import { EventEmitter, on } from 'node:events';
import { log, reason } from './log.ts';
import type { NewTask } from './new-task.ts';
import { NEW_TASK_CHANNEL, type RedisClient } from './redis.ts';

/** Wakes a worker whenever another instance announces a task. Does nothing where redis is switched off. */
export async function subscribeNewTaskMsgIfAvailable(
  client: RedisClient | undefined,
  newTask: NewTask,
): Promise<void> {
  if (!client) return;
  // A client in subscriber mode cannot run other commands: redis wants a connection for each.
  const subscriber = client.duplicate();
  subscriber.on('error', (error: unknown) => log.warn('new task subscription', { reason: reason(error) }));
  const inbox = new EventEmitter();
  try {
    await subscriber.connect();
    await subscriber.subscribe(NEW_TASK_CHANNEL, (message) => inbox.emit('message', message));
    for await (const _ of on(inbox, 'message')) {
      newTask.announce();
    }
  } finally {
    subscriber.destroy();
  }
}
