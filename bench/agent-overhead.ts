// What the agent costs a service: throughput and p99 with tracking on against off, interleaved, beside a stack per resource.
//
// node --conditions=source bench/agent-overhead.ts [--rounds 5] [--seconds 4] [--node PATH]
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    node: { type: 'string', default: process.execPath },
    services: { type: 'string', default: 'fastify,promises' },
    variants: { type: 'string', default: 'off,on,async_hooks' },
  },
});

const service = fileURLToPath(new URL('agent-overhead-service.ts', import.meta.url));
const variants = values.variants.split(',');

interface Reading {
  /** Requests per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
}

async function start(kind: string, variant: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(service, [kind, variant], {
    execPath: values.node,
    execArgv: ['--conditions=source', '--no-warnings'],
  });
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return { child, url: message.url };
}

async function load(url: string, seconds: number): Promise<Reading> {
  const result = await autocannon({ url, connections: 20, duration: seconds });
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`${result.errors} errors, ${result.non2xx} bad answers`);
  return { rate: result.requests.average, p99: result.latency.p99 };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** Median, smallest and largest ratio of pairs of readings that were taken side by side. */
function ratios(on: readonly number[], off: readonly number[]): string {
  const each = on.map((value, i) => value / (off[i] as number));
  return `${median(each).toFixed(3)} (${Math.min(...each).toFixed(3)} … ${Math.max(...each).toFixed(3)})`;
}

const version = execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${version}, ${values.rounds} rounds of ${values.seconds} s, 20 connections, ratios to off: median (min … max)`,
);
for (const kind of values.services.split(',')) {
  const running = new Map<string, { child: ChildProcess; url: string }>();
  for (const variant of variants) running.set(variant, await start(kind, variant));
  const readings = new Map(variants.map((variant) => [variant, [] as Reading[]]));
  for (const { url } of running.values()) await load(url, 2);
  for (let round = 0; round < Number(values.rounds); round++) {
    // Every other round backwards, so that a drift of the machine hits all alike.
    const order = round % 2 === 0 ? variants : [...variants].reverse();
    for (const variant of order) {
      const { url } = running.get(variant) as { url: string };
      (readings.get(variant) as Reading[]).push(await load(url, Number(values.seconds)));
    }
  }
  const off = readings.get('off') as Reading[];
  for (const variant of variants) {
    const own = readings.get(variant) as Reading[];
    const rate = median(own.map((reading) => reading.rate)).toFixed(0);
    const p99 = median(own.map((reading) => reading.p99)).toFixed(1);
    const throughput = ratios(
      own.map((r) => r.rate),
      off.map((r) => r.rate),
    );
    const latency = ratios(
      own.map((r) => r.p99),
      off.map((r) => r.p99),
    );
    console.log(
      `${kind} ${variant}: ${rate} requests/s, p99 ${p99} ms, throughput × ${throughput}, p99 × ${latency}`,
    );
  }
  for (const { child } of running.values()) child.kill('SIGTERM');
}
