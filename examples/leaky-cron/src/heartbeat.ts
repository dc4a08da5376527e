// Tells the other instances that this one is alive, and the log how much was done.
import { setInterval } from 'node:timers/promises';
import { log, reason } from './log.ts';
import type { RedisClient } from './redis.ts';
import type { Rounds } from './worker.ts';

const EVERY_MS = 5_000;

export async function heartbeat(client: RedisClient, rounds: Rounds, signal: AbortSignal): Promise<void> {
  for await (const _ of setInterval(EVERY_MS, undefined, { signal })) {
    try {
      await client.ping();
      log.info('alive', { rounds: rounds.count });
    } catch (error) {
      log.warn('heartbeat', { reason: reason(error) });
    }
  }
}
