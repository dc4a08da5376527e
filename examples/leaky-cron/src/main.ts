// The daemon: reads its configuration, connects, serves, ticks, and stops cleanly on SIGTERM or SIGINT.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startServer } from '@stackpile/agent';
import { readConfig } from './config.ts';
import { cron } from './cron.ts';
import { heartbeat } from './heartbeat.ts';
import { serve } from './http.ts';
import { log, reason } from './log.ts';
import { NewTask } from './new-task.ts';
import { connectRedis } from './redis.ts';
import { subscribeNewTaskMsgIfAvailable as subscribeFixed } from './subscribe-fixed.ts';
import { subscribeNewTaskMsgIfAvailable as subscribeHalfFixed } from './subscribe-half-fixed.ts';
import { subscribeNewTaskMsgIfAvailable as subscribeLeaky } from './subscribe-leaky.ts';
import { Rounds, work } from './worker.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const pprof = await startServer({ port: config.pprofPort });
  const client = await connectRedis(config.redisUrl);
  const http = await serve(client, config.httpPort);

  const stopping = new AbortController();
  const newTask = new NewTask();
  const rounds = new Rounds();
  for (let i = 0; i < config.workers; i++) void work(newTask, rounds);
  const subscribe = { no: subscribeLeaky, half: subscribeHalfFixed, yes: subscribeFixed }[config.fixed];
  const loops = [
    cron({ client, newTask, rounds, subscribe }, config.tickMs, stopping.signal),
    heartbeat(client, rounds, stopping.signal),
  ];
  const { port } = http.address() as AddressInfo;
  const ready = { pprof: pprof.url, http: `http://127.0.0.1:${port}/` };
  log.info('ready', ready);
  // Under a process manager that opened a channel (pm2, or the demo beside this file): say so there as well.
  process.send?.(ready);

  await Promise.race([
    once(process, 'SIGTERM'),
    once(process, 'SIGINT'),
    once(process, 'disconnect'),
    ...loops,
  ]);
  stopping.abort();
  await Promise.allSettled(loops);
  await pprof.close();
  log.info('stopped', { rounds: rounds.count });
  // The subscriptions hold sockets of their own: a daemon that waits for all of them may never end.
  process.exit(0);
}

main().catch((error: unknown) => {
  log.error('cannot run', { reason: reason(error) });
  process.exit(1);
});
