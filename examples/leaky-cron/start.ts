// `npm start`: a redis, the daemon, and a view that watches the daemon until it is clear who leaks.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon } from './show/daemon.ts';
import { readOptions, type ShowOptions, USAGE, UsageError } from './show/options.ts';
import { findRedis, type Redis, withoutSecrets } from './show/redis.ts';
import { liveScreen, plainScreen, type Screen } from './show/screen.ts';
import { PlainView } from './show/plain.ts';
import { closing, countLine, header, painted, type Scene, unpainted, verdictLines } from './show/view.ts';
import { Watch } from './show/watch.ts';

/** Another instance announces a task so often: the subscriptions are used, not only held. */
const ANNOUNCE_EVERY_MS = 45_000;

/** Resolves to the exit status. */
async function show(options: ShowOptions, signal: AbortSignal): Promise<number> {
  const redis = await findRedis(process.env, options.redis);
  try {
    const daemon = await startDaemon({
      redisUrl: redis.url,
      fixed: options.fixed,
      tickMs: options.tickMs,
      pprofPort: options.port,
    });
    try {
      return await watch(options, redis, daemon, signal);
    } finally {
      await daemon.stop();
    }
  } finally {
    await redis.stop();
  }
}

async function watch(
  options: ShowOptions,
  redis: Redis,
  daemon: Daemon,
  signal: AbortSignal,
): Promise<number> {
  const live = process.stdout.isTTY && !options.plain;
  const paint = live && process.env['NO_COLOR'] === undefined ? painted : unpainted;
  const screen: Screen = live ? liveScreen(process.stdout) : plainScreen(process.stdout);
  const looks = new Watch(daemon.pprof);
  const end = options.forMs === undefined ? Number.POSITIVE_INFINITY : options.forMs;
  const plain = new PlainView();
  let announced = 0;
  const scene = (): Scene => ({
    title: options.fixed ? 'leaky-cron, the fixed twin' : 'leaky-cron',
    pid: daemon.pid,
    redis: redis.what,
    redisUrl: withoutSecrets(redis.url),
    pprof: daemon.pprof,
    elapsedMs: looks.elapsedMs,
    totals: looks.totals,
    times: looks.times,
    noun: looks.verdict?.series.noun ?? 'tasks',
    verdict: looks.verdict,
  });
  try {
    if (!screen.live) screen.print(header(scene(), paint));
    for (;;) {
      await look(looks, daemon);
      const now = scene();
      if (screen.live) {
        screen.draw([
          ...header(now, paint),
          '',
          countLine(now, paint),
          '',
          ...verdictLines(now, paint, (process.stdout.columns || 80) - 1),
          '',
          footer(options),
        ]);
      } else {
        screen.print(plain.lines(now));
      }
      if (looks.elapsedMs > announced + ANNOUNCE_EVERY_MS) {
        announced = looks.elapsedMs;
        await announce(daemon);
      }
      const left = Math.min(options.everyMs, end - looks.elapsedMs);
      if (left <= 0 || signal.aborted) break;
      await Promise.race([sleep(left, undefined, { signal }).catch(() => {}), failure(daemon)]);
      if (signal.aborted) break;
    }
    if (options.forMs === undefined) {
      screen.add(['', ...closing()]);
      return 0;
    }
    if (!screen.live) screen.print(['', ...verdictLines(scene(), paint)]);
    return { none: 0, leak: 1, unsure: 2 }[looks.verdict?.kind ?? 'unsure'];
  } finally {
    screen.close();
  }
}

async function look(looks: Watch, daemon: Daemon): Promise<void> {
  await Promise.race([looks.look(), failure(daemon)]);
}

async function failure(daemon: Daemon): Promise<never> {
  throw new Error(await daemon.died);
}

async function announce(daemon: Daemon): Promise<void> {
  const response = await fetch(new URL('tasks', daemon.http), { method: 'POST' });
  await response.arrayBuffer();
}

function footer(options: ShowOptions): string {
  return options.forMs === undefined ? 'Ctrl-C ends it and leaves nothing behind.' : '';
}

async function main(): Promise<void> {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
  // The reader went away (`| head`): nobody is left to show anything to.
  process.stdout.on('error', () => stopping.abort());
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === 'help') process.stdout.write(USAGE);
    else process.exitCode = await show(options, stopping.signal);
  } catch (error) {
    // A terminal's Ctrl-C reaches the daemon too: that it ended is then no failure.
    if (stopping.signal.aborted) return;
    const usage = error instanceof UsageError ? '\n`npm start -- --help` lists what can be said.' : '';
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}${usage}\n`);
    process.exitCode = 2;
  }
}

await main();
