// The service's one redis client, and the channel on which new tasks are announced.
import { createClient } from 'redis';
import { log, reason } from './log.ts';

export const NEW_TASK_CHANNEL = 'new-task';

export type RedisClient = ReturnType<typeof createClient>;

export async function connectRedis(url: string): Promise<RedisClient> {
  const client: RedisClient = createClient({ url });
  client.on('error', (error: unknown) => log.warn('redis', { reason: reason(error) }));
  await client.connect();
  return client;
}
