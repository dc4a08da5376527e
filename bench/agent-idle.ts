// What the agent takes by itself, whatever the service does: CPU time of a service that nobody asks, with and without. What looks at its
// process now and then (a black box, the history of the index, a block profile) takes the same of a service at full load, and shows
// here to a few hundredths of a per cent of one core, where throughput tells no less than several per cent apart.
//
// node --conditions=stackpile-source bench/agent-idle.ts [--seconds 60] [--starts 3] [--node PATH]
//   [--variants off,twin,mounted,untracked,on,block,black_box,scraped_snapshots,scraped]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Loaded, cpuOf, median, SERVICE_FLAGS } from './agent-overhead-load.ts';
import { driverOf } from './agent-overhead-variants.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    starts: { type: 'string', default: '3' },
    node: { type: 'string', default: process.execPath },
    variants: {
      type: 'string',
      default: 'off,twin,mounted,untracked,on,block,black_box,scraped_snapshots,scraped',
    },
  },
});

/** What a process does at its start is not looked at: the first scrape is in it, too. */
const SETTLE_SECONDS = 20;
const service = fileURLToPath(new URL('agent-overhead-service.ts', import.meta.url));

/** Per cent of one core. */
async function measure(variant: string): Promise<number> {
  const child = fork(service, ['fastify', variant], {
    execPath: values.node,
    execArgv: [...SERVICE_FLAGS],
  });
  const [{ url, pprof }] = (await once(child, 'message')) as [{ url: string; pprof: string }];
  const target: Loaded = { child, url };
  const ask = new AbortController();
  const asked = driverOf(variant)(pprof, ask.signal);
  await sleep(SETTLE_SECONDS * 1000);
  const before = await cpuOf(target);
  const began = performance.now();
  await sleep(Number(values.seconds) * 1000);
  const share = ((await cpuOf(target)) - before) / (1000 * (performance.now() - began));
  ask.abort();
  await asked;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return 100 * share;
}

const variants = values.variants.split(',');
const measured = new Map(variants.map((variant) => [variant, [] as number[]]));
for (let begun = 0; begun < Number(values.starts); begun++) {
  // All at once: none of them does anything.
  const shares = await Promise.all(variants.map(measure));
  variants.forEach((variant, i) => measured.get(variant)?.push(shares[i] as number));
}
console.log(
  `a service that nobody asks, ${values.seconds} s, ${values.starts} starts; per cent of one core, median (least … most)`,
);
for (const [variant, shares] of measured)
  console.log(
    `${variant.padEnd(18)} ${median(shares).toFixed(2)} (${Math.min(...shares).toFixed(2)} … ${Math.max(...shares).toFixed(2)})`,
  );
