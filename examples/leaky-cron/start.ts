// `npm start`: a redis, the daemon, and a view that watches the daemon until it is clear who leaks.
import { setTimeout as sleep } from 'node:timers/promises';
import { LeakWatch, type Verdict } from '@stackpile/leaks';
import { type Capture, parseSource } from '@stackpile/sources';
import { looks } from '@stackpile/sources/looks';
import { openService } from '@stackpile/sources/service';
import { type Daemon, startDaemon } from './show/daemon.ts';
import { readOptions, type ShowOptions, USAGE, UsageError } from './show/options.ts';
import { findRedis, type Redis, withoutSecrets } from './show/redis.ts';
import { liveScreen, plainScreen, type Screen } from './show/screen.ts';
import { PlainView } from './show/plain.ts';
import {
  closing,
  countLine,
  header,
  type Paint,
  painted,
  type Scene,
  unpainted,
  verdictLines,
} from './show/view.ts';

/** Another instance announces a task so often: the subscriptions are used, not only held. */
const ANNOUNCE_EVERY_MS = 45_000;
const TIMEOUT_SECONDS = 10;
const LAST_WORDS_MS = 1_000;

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
  const plain = new PlainView();
  const leaks = new LeakWatch();
  const began = performance.now();
  const elapsedMs = (): number => performance.now() - began;
  const times: number[] = [];
  const totals: number[] = [];
  let verdict: Verdict | undefined;
  let announced = 0;
  const scene = (): Scene => ({
    title: { no: 'leaky-cron', half: 'leaky-cron, the half-fixed twin', yes: 'leaky-cron, the fixed twin' }[
      options.fixed
    ],
    pid: daemon.pid,
    redis: redis.what,
    redisUrl: withoutSecrets(redis.url),
    pprof: daemon.pprof,
    elapsedMs: elapsedMs(),
    totals,
    times,
    noun: verdict?.series.noun ?? 'tasks',
    verdict,
  });
  try {
    if (!screen.live) screen.print(header(scene(), paint));
    for await (const { dump, time } of dumpsOf(daemon, options, signal)) {
      verdict = leaks.add({ profile: await dump.profile(), time, name: dump.source });
      times.push(elapsedMs());
      totals.push(verdict.series.totals.at(-1) ?? 0);
      const now = scene();
      if (screen.live) screen.draw(picture(now, paint, options));
      else screen.print(plain.lines(now));
      if (elapsedMs() > announced + ANNOUNCE_EVERY_MS) {
        announced = elapsedMs();
        await announce(daemon);
      }
    }
    if (options.forMs === undefined) {
      screen.add(['', ...closing()]);
      return 0;
    }
    if (!screen.live) screen.print(['', ...verdictLines(scene(), paint)]);
    return { none: 0, leak: 1, unsure: 2 }[verdict?.kind ?? 'unsure'];
  } finally {
    screen.close();
  }
}

/**
 * The daemon's tasks at each look, until the time is over or the signal aborts: in the form with one entry per task, whose ids
 * tell tasks that stay from tasks that come and go. Throws one sentence where the daemon does not answer as it should, or ends.
 */
async function* dumpsOf(
  daemon: Daemon,
  { everyMs, forMs = Number.POSITIVE_INFINITY }: ShowOptions,
  signal: AbortSignal,
): AsyncGenerator<{ readonly dump: Capture; readonly time: number | null }> {
  const ended = new AbortController();
  const lastWords = daemon.died.then((words) => {
    ended.abort();
    return new Error(words);
  });
  const service = await openService(parseSource(daemon.pprof, process.cwd()), { timeout: TIMEOUT_SECONDS });
  const watched = looks(service, {
    every: everyMs,
    for: forMs,
    patience: 1,
    wants: () => [{ name: 'goroutine', query: { debug: '2' } }],
    signal: AbortSignal.any([signal, ended.signal]),
  });
  for await (const { captures, failed, time } of watched) {
    // A daemon that is ending refuses first, and says why in a moment.
    if (failed !== null) throw await Promise.race([lastWords, sleep(LAST_WORDS_MS, failed)]);
    for (const dump of captures) yield { dump, time };
  }
  if (ended.signal.aborted && !signal.aborted) throw await lastWords;
}

/** Everything that the live view shows at a moment. */
function picture(now: Scene, paint: Paint, options: ShowOptions): string[] {
  return [
    ...header(now, paint),
    '',
    countLine(now, paint),
    '',
    ...verdictLines(now, paint, (process.stdout.columns || 80) - 1),
    '',
    footer(options),
  ];
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
