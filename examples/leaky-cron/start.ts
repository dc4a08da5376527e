// `npm start`: a redis, the daemon, and the view of `stackpile watch` on it until it is clear who leaks.
import { parseSource } from '@stackpile/sources';
import {
  codeBelow,
  exitStatusOf,
  paintFor,
  processIo,
  processTerminal,
  watch,
  type WatchedPlan,
} from 'stackpile/watch';
import { type Daemon, startDaemon } from './show/daemon.ts';
import { readOptions, type ShowOptions, USAGE, UsageError } from './show/options.ts';
import { findRedis, type Redis, withoutSecrets } from './show/redis.ts';
import { closing, header } from './show/words.ts';

/** Another instance announces a task so often: the subscriptions are used, not only held. */
const ANNOUNCE_EVERY_MS = 45_000;
const TIMEOUT_SECONDS = 10;

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
      return await watchDaemon(options, redis, daemon, signal);
    } finally {
      await daemon.stop();
    }
  } finally {
    await redis.stop();
  }
}

/** Judged by its tasks alone, in the form with one entry per task, whose ids tell tasks that stay from tasks that come and go. */
function planOf({ everyMs, forMs = Number.POSITIVE_INFINITY }: ShowOptions, { pprof }: Daemon): WatchedPlan {
  const typed = `${pprof}goroutine?debug=2`;
  const spec = parseSource(typed, process.cwd());
  if (spec.kind !== 'url') throw new Error(`${typed}: the daemon serves no address`);
  return {
    spec,
    typed,
    source: { timeout: TIMEOUT_SECONDS },
    every: everyMs,
    for: forMs,
    leaks: {},
    mayStop: false,
  };
}

/** Throws the daemon's last words where it ends before the watch does. */
async function watchDaemon(
  options: ShowOptions,
  redis: Redis,
  daemon: Daemon,
  signal: AbortSignal,
): Promise<number> {
  const io = processIo();
  const paint = options.plain ? (_: unknown, text: string) => text : paintFor(io);
  const announcing = setInterval(() => void announce(daemon).catch(() => undefined), ANNOUNCE_EVERY_MS);
  const ended = new AbortController();
  let lastWords: string | null = null;
  void daemon.died.then((words) => {
    lastWords = words;
    ended.abort();
  });
  const scene = {
    fixed: options.fixed,
    pid: daemon.pid,
    redis: redis.what,
    redisUrl: withoutSecrets(redis.url),
  };
  const request = {
    plans: [planOf(options, daemon)],
    header: header({ ...scene, pprof: daemon.pprof }, paint),
    terminal: options.plain ? null : processTerminal(),
    paint,
    signal: AbortSignal.any([signal, ended.signal]),
    code: codeBelow(process.cwd()),
  };
  try {
    const watched = await watch(request, io);
    if (lastWords !== null && !signal.aborted) throw new Error(lastWords);
    if (options.forMs !== undefined) return exitStatusOf(watched);
    process.stdout.write(['', ...closing()].map((line) => `${line}\n`).join(''));
    return 0;
  } finally {
    clearInterval(announcing);
  }
}

async function announce(daemon: Daemon): Promise<void> {
  const response = await fetch(new URL('tasks', daemon.http), { method: 'POST' });
  await response.arrayBuffer();
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
