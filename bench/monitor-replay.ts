// What very many targets cost a row of monitors: a few minutes of each, asked over HTTP and stored as ever, by a clock that goes as fast as
// the work does. One monitor after the other has its part of the targets; all keep them in one store.
//
// node scripts/run.mjs bench/monitor-replay.ts [TARGETS [MONITORS [MINUTES]]]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStoreOnThread, parseStorePlace, startMonitor } from '@stackpile/monitor';
import { configOf, EVERY, startTargets, watchedFor } from './monitor-watched.ts';

const count = Number(process.argv[2] ?? '10000');
const monitors = Number(process.argv[3] ?? '10');
const minutes = Number(process.argv[4] ?? '2');
const MB = 2 ** 20;
/** Targets whose turns come within so many milliseconds are asked at the same time. */
const STEP_MS = 500;

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Goes on when everybody sleeps. */
class ReplayClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  #waiting: { readonly count: number; done(): void } | null = null;

  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  get asleep(): number {
    return this.#sleepers.size;
  }

  sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { until: this.#now + ms, wake };
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', wake, { once: true });
      this.#sleepers.add(sleeper);
      if (this.#waiting !== null && this.#sleepers.size >= this.#waiting.count) this.#waiting.done();
    });

  /** Wakes those whose time has come, and resolves when so many sleep again. */
  async step(count: number): Promise<void> {
    this.#now += STEP_MS;
    for (const { until, wake } of [...this.#sleepers]) if (until <= this.#now) wake();
    if (this.#sleepers.size >= count) return;
    await new Promise<void>((done) => (this.#waiting = { count, done }));
    this.#waiting = null;
  }
}

const targets = await startTargets();
const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-replay-'));
const path = join(folder, 'monitor.db');
const store = await openStoreOnThread(parseStorePlace(path));
const begins = Date.now();
const saved = watchedFor(2 * 3600, begins - EVERY * 1000);
const each = Math.ceil(count / monitors);
let [cpu, looks, failed, network, memory] = [0, 0, 0, 0, 0];
for (let first = 0; first < count; first += each) {
  const names = Array.from({ length: Math.min(each, count - first) }, (_, i) => `t${first + i}`);
  for (const name of names) await store.remember(`watch bench ${name}`, saved);
  const clock = new ReplayClock(begins);
  const config = configOf(targets.port, names);
  const monitor = await startMonitor({
    targets: [],
    config: () => Promise.resolve(config),
    leaks: {},
    store,
    retention: { rawMs: 2 * 86_400_000, hourlyMs: 20 * 86_400_000, maxBytes: 1e10 },
    receivers: [],
    listen: { host: '127.0.0.1', port: 0, tokens: [], allowedHosts: [] },
    clock,
    say: () => undefined,
  });
  // All of them, and what the monitor does now and then.
  for (let before = -1; before !== clock.asleep || before < names.length; await sleep(200))
    before = clock.asleep;
  const all = clock.asleep;
  const [used, asked] = [process.cpuUsage(), await targets.sent()];
  for (const end = begins + minutes * 60_000; clock.now() < end; ) await clock.step(all);
  const { user, system } = process.cpuUsage(used);
  cpu += (user + system) / 1e6;
  network += (await targets.sent()) - asked;
  for (const state of monitor.targets()) [looks, failed] = [looks + state.looks, failed + state.failed];
  memory = Math.max(memory, process.memoryUsage.rss());
  await monitor.stop();
}
await store.close();
targets.end();
const seconds = minutes * 60;
console.log(
  `${count} targets every ${EVERY} s, ${minutes} minutes of each, by ${monitors} monitors, on ${process.version}`,
);
console.log(`looks            ${looks} of ${(count * seconds) / EVERY}, ${failed} failed`);
console.log(
  `CPU              ${((100 * cpu) / seconds / count).toFixed(3)} % of a core a target, ${(cpu / seconds).toFixed(1)} cores for all, ${(cpu / seconds / monitors).toFixed(2)} a monitor`,
);
console.log(
  `memory           ${(memory / MB).toFixed(0)} MB a monitor, ${(memory / MB / each).toFixed(1)} MB a target`,
);
console.log(
  `network          ${(network / seconds / count / 1000).toFixed(2)} kB/s a target, ${(network / seconds / 1e6).toFixed(1)} MB/s for all (bodies)`,
);
rmSync(folder, { recursive: true });
