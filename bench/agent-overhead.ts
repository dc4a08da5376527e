// What the agent costs a service: throughput, p99 and CPU with tracking on against off, interleaved, beside a stack per resource. `twin` is
// `off` under another name: as far as it is from 1.00, so far are the others to be doubted.
//
// Variants beside those of the default: mounted (on the service's own app, and nobody asks), on_twin (`on` under another name), scraped (every 15 s as
// Grafana Alloy does, which has a CPU profile taken for 14 of them), scraped_snapshots (the same without the CPU profile), profiled
// (CPU at 100 Hz all the time) and datadog (the same by @datadog/pprof, of .cache/neighbours), block (armed, against untracked), black_box
// (armed, against on), traced (a trace all the time), traced_100hz (with a tenth of its samples), trace_events (node --trace-event-categories with the categories that ours asks for) and
// trace_events_all (with those by which Node tells of requests, collections and samples, too).
//
// With `--pin` (taskset of Linux) each service has one core to itself and to its agent's thread, and the load comes from another: what a request costs
// is then all that decides how many are answered, and where the threads happen to run decides nothing.
//
// node --conditions=stackpile-source bench/agent-overhead.ts [--starts 4] [--rounds 24] [--seconds 0.5] [--node PATH] [--pin]
//   [--services fastify,graphql,promises] [--variants off,twin,untracked,on,async_hooks] [--warm 12] [--lead 2]
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  bind,
  collect,
  load,
  type Loaded,
  median,
  quantile,
  type Reading,
  SEMI_SPACE,
  SERVICE_FLAGS,
} from './agent-overhead-load.ts';
import { driverOf, flagsOf, unavailable } from './agent-overhead-variants.ts';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '24' },
    seconds: { type: 'string', default: '0.5' },
    node: { type: 'string', default: process.execPath },
    services: { type: 'string', default: 'fastify,graphql,promises' },
    variants: { type: 'string', default: 'off,twin,untracked,on,async_hooks' },
    warm: { type: 'string', default: '12' },
    lead: { type: 'string', default: '2' },
    pin: { type: 'boolean', default: false },
  },
});

const service = fileURLToPath(new URL('agent-overhead-service.ts', import.meta.url));
const variants = values.variants.split(',').filter((variant) => {
  const why = unavailable(variant);
  if (why !== null) console.log(`${variant} is left out: ${why}`);
  return why === null;
});
/** Seconds of load before anything counts: code gets warm, and the tracker has spent what it is given for its start. */
const WARM_SECONDS = Number(values.warm);
/** What other tools write into. */
const folder = mkdtempSync(join(tmpdir(), 'stackpile-overhead-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
/**
 * Seconds of load in each round before anything counts. While others are measured a service rests, and saves budget, which a
 * service under load has no time for; connections are new; and where the heap was read meanwhile, V8 has collected what optimized code
 * was made for, and optimizes anew.
 */
const LEAD_SECONDS = Number(values.lead);

/** What has one number per reading. */
type Figure = 'rate' | 'p99' | 'cpu';

if (values.pin) {
  if (availableParallelism() < 2) throw new Error('--pin: there is one core only');
  bind(process.pid, 1);
}

interface Service extends Loaded {
  /** Ends what is asked of it beside the load. */
  readonly ask: AbortController;
  readonly asked: Promise<void>;
}

async function start(kind: string, variant: string): Promise<Service> {
  const child = fork(service, [kind, variant], {
    execPath: values.node,
    execArgv: [...SERVICE_FLAGS, ...flagsOf(variant, folder)],
  });
  if (values.pin) bind(child.pid, 0);
  const [{ url, pprof }] = (await once(child, 'message')) as [{ url: string; pprof: string }];
  const ask = new AbortController();
  return { child, url, ask, asked: driverOf(variant)(pprof, ask.signal) };
}

/** Median and quartiles of the ratios of readings that were taken side by side. */
function ratios(own: readonly Reading[], off: readonly Reading[], of: Figure): string {
  const each = own.map((reading, i) => reading[of] / (off[i] as Reading)[of]).sort((a, b) => a - b);
  const at = (q: number): string => quantile(each, q).toFixed(3);
  return `× ${at(0.5)} (${at(0.25)} … ${at(0.75)})`;
}

/** The median of the ratios of each start: what V8 makes of the same code differs from one to the next. */
function byStart(own: readonly Reading[], off: readonly Reading[], of: Figure): string {
  const rounds = Number(values.rounds);
  return Array.from({ length: Math.floor(own.length / rounds) }, (_, start) => {
    const each = own.slice(start * rounds, (start + 1) * rounds);
    return median(each.map((reading, i) => reading[of] / (off[start * rounds + i] as Reading)[of])).toFixed(
      2,
    );
  }).join(' ');
}

/** The ratio of the least CPU times: what others on the machine take away comes on top, never off. */
function leastCpu(own: readonly Reading[], off: readonly Reading[]): string {
  const least = (readings: readonly Reading[]): number => Math.min(...readings.map((reading) => reading.cpu));
  return (least(own) / least(off)).toFixed(3);
}

/** The ratio of the p99 of all requests together: a round has few in its slowest hundredth, and the machine's own hiccups are there. */
function p99OfAll(own: readonly Reading[], off: readonly Reading[]): string {
  const p99 = (readings: readonly Reading[]): number => {
    const all = new Float32Array(readings.reduce((sum, { latencies }) => sum + latencies.length, 0));
    let at = 0;
    for (const { latencies } of readings) {
      all.set(latencies, at);
      at += latencies.length;
    }
    all.sort();
    return all[Math.floor(all.length * 0.99)] as number;
  };
  return (p99(own) / p99(off)).toFixed(3);
}

const version = execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${version}, ${values.starts} starts of ${values.rounds} rounds of ${values.seconds} s, 20 connections, semi-spaces of ${SEMI_SPACE} MB, ` +
    `ratios within a round: median (quartiles)${values.pin ? ', a core for the service, another for the load' : ''}; load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
);

/** Starts every variant of a service anew, each time another one first, and measures them in turn. */
async function measure(kind: string, readings: ReadonlyMap<string, Reading[]>, begun: number): Promise<void> {
  const running = new Map<string, Service>();
  const first = begun % variants.length;
  for (const variant of [...variants.slice(first), ...variants.slice(0, first)])
    running.set(variant, await start(kind, variant));
  for (const target of running.values()) {
    await load(target, WARM_SECONDS / 2, LEAD_SECONDS);
    await collect(target);
    await load(target, WARM_SECONDS / 2, LEAD_SECONDS);
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    // Every other round backwards, so that a drift of the machine hits all alike.
    const order = round % 2 === 0 ? variants : [...variants].reverse();
    for (const variant of order) {
      const target = running.get(variant) as Service;
      (readings.get(variant) as Reading[]).push(await load(target, Number(values.seconds), LEAD_SECONDS));
    }
  }
  for (const { child, ask, asked } of running.values()) {
    ask.abort();
    await asked;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

for (const kind of values.services.split(',')) {
  const readings = new Map(variants.map((variant) => [variant, [] as Reading[]]));
  // What V8 makes of the same code differs by several per cent from process to process: one start says little.
  for (let begun = 0; begun < Number(values.starts); begun++) await measure(kind, readings, begun);
  for (const variant of variants) {
    const own = readings.get(variant) as Reading[];
    const middle = (of: Figure): number => median(own.map((reading) => reading[of]));
    console.log(
      `${kind} ${variant}: ${middle('rate').toFixed(0)} requests/s, p99 ${middle('p99').toFixed(2)} ms, CPU ${middle('cpu').toFixed(1)} µs a request`,
    );
    for (const base of variants.slice(0, variants.indexOf(variant))) {
      const other = readings.get(base) as Reading[];
      console.log(
        `  against ${base}: throughput ${ratios(own, other, 'rate')}, p99 ${ratios(own, other, 'p99')}, of all × ${p99OfAll(own, other)}, ` +
          `CPU per request ${ratios(own, other, 'cpu')}, least × ${leastCpu(own, other)}`,
      );
      console.log(
        `    by start: throughput ${byStart(own, other, 'rate')}; CPU ${byStart(own, other, 'cpu')}`,
      );
    }
  }
}
