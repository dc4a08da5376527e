// What one monitor bears: so many targets that are scraped every 15 s. Looks that were missed, its memory over time, how late its event
// loop is, and its share of a core. The targets are one other process. The monitor goes on where one was ended that had watched all of them
// for two hours: what is kept of a service, and the work of judging it, become no more than that.
//
// node scripts/run.mjs bench/monitor.ts [TARGETS] [SECONDS]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStoreOnThread, parseStorePlace, startMonitor } from '@stackpile/monitor';
import { configOf, EVERY, startTargets, watchedFor } from './monitor-watched.ts';

const count = Number(process.argv[2] ?? '500');
const seconds = Number(process.argv[3] ?? '300');
const MB = 2 ** 20;

const targets = await startTargets();
const { port } = targets;

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-monitor-'));
const path = join(folder, 'monitor.db');
const store = await openStoreOnThread(parseStorePlace(path));
const saved = watchedFor(2 * 3600, Date.now() - EVERY * 1000);
for (let i = 0; i < count; i++) await store.remember(`watch bench t${i}`, saved);
const config = configOf(
  port,
  Array.from({ length: count }, (_, i) => `t${i}`),
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
targets.end();
rmSync(folder, { recursive: true });
