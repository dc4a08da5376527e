// What one monitor bears: so many targets that are scraped every 15 s. Looks that were missed, its memory over time, how late its event
// loop is, and its share of a core. The targets are one other process. The monitor goes on where one was ended that had watched all of them
// for two hours: what is kept of a service, and the work of judging it, become no more than that.
//
// node scripts/run.mjs bench/monitor.ts [TARGETS] [SECONDS]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProcessWatch } from '@stackpile/leaks';
import { openStoreOnThread, parseStorePlace, readConfig, startMonitor } from '@stackpile/monitor';
import { countersOf, profileOf, TURNS } from './monitor-profiles.ts';

const count = Number(process.argv[2] ?? '500');
const seconds = Number(process.argv[3] ?? '300');
const EVERY = 15;
const MB = 2 ** 20;

/** What a monitor knows of a service that it has watched for so many seconds. */
function watchedFor(age: number): string {
  const watch = new ProcessWatch();
  const now = Date.now() - EVERY * 1000;
  for (let at = 0; at < age; at += EVERY) {
    const [turn, time] = [at / EVERY, now - (age - at) * 1000];
    watch.counters(countersOf(turn, time, at));
    if (at % 60 !== 0) continue;
    watch.dump('tasks', { profile: profileOf('goroutine', turn % TURNS), time });
    watch.dump('heap', { profile: profileOf('heap', turn % TURNS), time });
  }
  return JSON.stringify(watch.save());
}

const program = fileURLToPath(new URL('monitor-targets.ts', import.meta.url));
const child = spawn(process.execPath, [...process.execArgv, program], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout });
const [port] = (await once(lines, 'line')) as [string];

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-monitor-'));
const path = join(folder, 'monitor.db');
const store = await openStoreOnThread(parseStorePlace(path));
const saved = watchedFor(2 * 3600);
for (let i = 0; i < count; i++) await store.remember(`watch bench t${i}`, saved);
const config = readConfig(
  JSON.stringify({
    scrape_configs: [
      {
        job_name: 'bench',
        static_configs: Array.from({ length: count }, (_, i) => ({
          targets: [`http://127.0.0.1:${port}/t${i}`],
          labels: { instance: `t${i}` },
        })),
      },
    ],
  }),
  'bench',
  '/',
  { every: EVERY * 1000, profilesEvery: 60_000, timeout: 10_000 },
);
const said: string[] = [];
const monitor = await startMonitor({
  targets: [],
  config: () => Promise.resolve(config),
  leaks: {},
  store,
  retention: { rawMs: 2 * 86_400_000, hourlyMs: 20 * 86_400_000, maxBytes: 1e9 },
  receivers: [],
  listen: { host: '127.0.0.1', port: 0, tokens: [], allowedHosts: [] },
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  },
  say: (sentence) => void said.push(sentence),
});

// The first looks of all, whose connections and stacks are new, are left out, and so is the code that is compiled meanwhile.
await sleep(EVERY * 1000 + 2000);
const begins = performance.now();
while (monitor.targets().some(({ time }) => time === null) && performance.now() - begins < 120_000)
  await sleep(1000);
await sleep(EVERY * 1000);
const looksBefore = monitor.targets().reduce((sum, { looks }) => sum + looks, 0);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const [begun, cpuBefore] = [performance.now(), process.cpuUsage()];
const memory: number[] = [];
while (performance.now() - begun < seconds * 1000) {
  await sleep(Math.min(10_000, seconds * 100));
  memory.push(process.memoryUsage.rss() / MB);
}
delay.disable();
const took = (performance.now() - begun) / 1000;
const used = process.cpuUsage(cpuBefore);
const states = monitor.targets();
const judged = states.filter(({ verdict }) => verdict !== null).length;
const looks = states.reduce((sum, one) => sum + one.looks, 0) - looksBefore;
const expected = (count * took) / EVERY;
const failed = states.reduce((sum, one) => sum + one.failed, 0);
const ms = (value: number): string => (value / 1e6).toFixed(1);
console.log(`${count} targets every ${EVERY} s for ${took.toFixed(0)} s, on ${process.version}`);
console.log(
  `looks            ${looks} of ${expected.toFixed(0)} (${((100 * looks) / expected).toFixed(1)} %), ${failed} failed`,
);
console.log(`judged           ${judged} of ${count}`);
console.log(
  `event-loop lag   p50 ${ms(delay.percentile(50))} ms, p99 ${ms(delay.percentile(99))} ms, most ${ms(delay.max)} ms`,
);
console.log(`share of a core  ${(((used.user + used.system) / 1e6 / took) * 100).toFixed(0)} %`);
const third = Math.max(1, Math.floor(memory.length / 3));
const mean = (values: readonly number[]): string =>
  (values.reduce((a, b) => a + b, 0) / values.length).toFixed(0);
console.log(
  `memory           ${mean(memory.slice(0, third))} → ${mean(memory.slice(-third))} MB (means of the first and the last third), most ${Math.max(...memory).toFixed(0)} MB`,
);
await monitor.stop();
await store.close();
console.log(`store            ${(statSync(path).size / MB).toFixed(1)} MB`);
child.stdin.end();
rmSync(folder, { recursive: true });
