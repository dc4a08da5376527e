// What the agent costs a service under full load: CPU time a request, requests and p99, against the same service without it.
//
// Two services at a time, each on a core of its own together with its load, and each second they change cores: what others on the machine
// take away, or slow down, hits both alike. What V8 makes of the same code, and where its memory lies, differs by some per cent from one process
// to the next, so that each pair is started anew many times; of the ratios of all starts the mean is told, and between which two the true
// one lies in 95 of 100 cases. `twin` is `off` under another name: as far as it is from 1.00, so far are the others to be doubted. Where two variants are
// one and the same service, of which more is asked in one of them, it is asked of one and then of the other of two that stay, half a minute each.
//
// A load takes a part of the core, which is printed: what an agent takes by the second, and not by the request, weighs as much more here than in a
// service that has the core to itself.
//
// Variants: off and twin (no agent), mounted (on the service's own app, and nobody asks), untracked, unsampled (nor is the heap), on, block (armed,
// nothing else), black_box (armed), scraped (every 15 s as Grafana Alloy does, which has a CPU profile taken for 14 of them), scraped_snapshots
// (the same without it), profiled (CPU at 100 Hz all the time), datadog (the same by @datadog/pprof, of .cache/neighbours), traced (a trace all the time),
// traced_100hz (with a tenth of its samples), trace_events (node --trace-event-categories with the categories that ours asks for),
// trace_events_all (with those by which Node tells of requests, collections and samples, too), hooked_once (V8's part of tracking: a hook that has
// gone), async_hooks (a stack per resource).
//
// node --conditions=stackpile-source bench/agent-overhead.ts [--pairs off:twin,off:mounted,off:on] [--services fastify,graphql,promises]
//   [--starts 20] [--rounds 8] [--warm 8] [--node PATH] [--verbose]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  bind,
  collect,
  CONNECTIONS,
  ended,
  load,
  type Loaded,
  noLoad,
  SEMI_SPACE,
  SERVICE_FLAGS,
  started,
} from './agent-overhead-load.ts';
import { areAlike, driverOf, flagsOf, unavailable } from './agent-overhead-variants.ts';

const { values } = parseArgs({
  options: {
    pairs: {
      type: 'string',
      default: 'off:twin,off:mounted,off:on,off:block,off:scraped,off:profiled,off:datadog',
    },
    services: { type: 'string', default: 'fastify' },
    starts: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '8' },
    warm: { type: 'string', default: '8' },
    node: { type: 'string', default: process.execPath },
    verbose: { type: 'boolean', default: false },
  },
});

/** Seconds of a round. */
const ROUND_SECONDS = 1;
/** Rounds of what is scraped, of a second each: two scrapes are in them, wherever they begin. */
const SCRAPED_ROUNDS = 30;
/** Turns of each of two services that are asked in turn. */
const TURNS = 4;

const service = fileURLToPath(new URL('agent-overhead-service.ts', import.meta.url));
/** What other tools write into. */
const folder = mkdtempSync(join(tmpdir(), 'stackpile-overhead-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

interface Service extends Loaded {
  readonly pprof: string;
  /** What is asked of it beside the load. */
  asking: { readonly stop: AbortController; readonly ended: Promise<void> } | null;
}

/** What one start of one variant took in all of its rounds. */
interface Sum {
  requests: number;
  /** Microseconds. */
  cpu: number;
  /** Milliseconds, of each round. */
  readonly p99: number[];
}

async function start(kind: string, variant: string): Promise<Service> {
  const target = await started(service, [kind, variant], {
    node: values.node,
    flags: [...SERVICE_FLAGS, ...flagsOf(variant, folder)],
  });
  return { ...target, asking: null };
}

/** From now on it is asked what a variant is asked beside the load. */
function ask(target: Service, variant: string): void {
  const stop = new AbortController();
  target.asking = { stop, ended: driverOf(variant)(target.pprof, stop.signal) };
}

async function unasked(target: Service): Promise<void> {
  target.asking?.stop.abort();
  await target.asking?.ended;
  target.asking = null;
}

/** Loads both at once, each from the core that it is on. */
function both(pair: readonly Service[], seconds: number, swapped: boolean): ReturnType<typeof load>[] {
  return pair.map((target, i) => {
    const core = (i === 1) === swapped ? 0 : 1;
    // With each change anew: a thread that was begun meanwhile is where its maker was.
    bind(target.child.pid, core);
    return load(target, seconds, core);
  });
}

/** Starts two services, both of them warm and collected. */
async function startBoth(kind: string, first: string, second: string): Promise<readonly [Service, Service]> {
  const pair = [await start(kind, first), await start(kind, second)] as const;
  const warm = Math.ceil(Number(values.warm) / 2);
  await Promise.all(both(pair, warm, false));
  for (const target of pair) await collect(target);
  await Promise.all(both(pair, warm, true));
  return pair;
}

const nothing = (): Sum => ({ requests: 0, cpu: 0, p99: [] });

/** So many rounds, each added to the sum of its service. */
async function measureRounds(pair: readonly Service[], sums: readonly Sum[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const read = await Promise.all(both(pair, ROUND_SECONDS, round % 2 === 1));
    read.forEach(({ requests, cpu, p99 }, i) => {
      const sum = sums[i] as Sum;
      sum.requests += requests;
      sum.cpu += cpu;
      sum.p99.push(p99);
    });
  }
}

/** Starts two variants anew and measures them side by side. */
async function measure(kind: string, [base, own]: Pair, begun: number): Promise<readonly [Sum, Sum]> {
  const isBaseFirst = begun % 2 === 0;
  const pair = isBaseFirst ? await startBoth(kind, base, own) : await startBoth(kind, own, base);
  for (const [i, target] of pair.entries()) ask(target, isBaseFirst === (i === 0) ? base : own);
  const sums = [nothing(), nothing()] as const;
  await measureRounds(pair, sums, own.startsWith('scraped') ? SCRAPED_ROUNDS : Number(values.rounds));
  await Promise.all(pair.map(unasked));
  await Promise.all(pair.map(ended));
  return isBaseFirst ? sums : [sums[1], sums[0]];
}

/** Starts two services of one kind; what tells the variants apart is asked of one, then of the other. */
async function measureInTurns(kind: string, [base, own]: Pair): Promise<readonly [Sum, Sum]> {
  const pair = await startBoth(kind, base, base);
  const sums = [nothing(), nothing()] as const;
  for (let turn = 0; turn < TURNS; turn++) {
    const asked = turn % 2;
    ask(pair[asked] as Service, own);
    await measureRounds(pair, asked === 1 ? sums : [sums[1], sums[0]], SCRAPED_ROUNDS);
    await unasked(pair[asked] as Service);
  }
  await Promise.all(pair.map(ended));
  return sums;
}

type Pair = readonly [base: string, own: string];

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Student's t for 95 of 100 cases, from 4 degrees of freedom on to two hundredths of it (Cornish and Fisher's first terms). */
function student(freedom: number): number {
  const z = 1.96;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

/** The geometric mean of ratios, and between which two the true one lies in 95 of 100 cases. */
function told(ratios: readonly number[]): string {
  const logs = ratios.map(Math.log);
  const middle = mean(logs);
  const variance = logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / (logs.length - 1);
  const off = student(logs.length - 1) * Math.sqrt(variance / logs.length);
  const at = (log: number): string => Math.exp(log).toFixed(3);
  if (logs.length === 1) return `× ${at(middle)} (one start)`;
  return `× ${at(middle)} (${at(middle - off)} … ${at(middle + off)})`;
}

const missing = noLoad(true) ?? (availableParallelism() < 2 ? 'this needs two cores' : null);
if (missing !== null) throw new Error(missing);
const pairs = values.pairs.split(',').map((text): Pair => {
  const [base, own] = text.split(':');
  if (base === undefined || own === undefined) throw new Error(`--pairs: ${text}: BASE:VARIANT is asked for`);
  return [base, own];
});
const version = execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${version}, ${values.starts} starts of each pair, ${CONNECTIONS} connections, semi-spaces of ${SEMI_SPACE} MB; ` +
    `mean of the starts' ratios (95 of 100 cases); load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
);
for (const kind of values.services.split(','))
  for (const pair of pairs) {
    const [base, own] = pair;
    const why = unavailable(own);
    if (why !== null) {
      console.log(`${own} is left out: ${why}`);
      continue;
    }
    const inTurns = areAlike(base, own);
    const starts: (readonly [Sum, Sum])[] = [];
    for (let begun = 0; begun < Number(values.starts); begun++)
      starts.push(await (inTurns ? measureInTurns(kind, pair) : measure(kind, pair, begun)));
    const ratios = (of: (sum: Sum) => number): readonly number[] =>
      starts.map(([off, on]) => of(on) / of(off));
    const cpu = ratios((sum) => sum.cpu / sum.requests);
    const baseCpu = mean(starts.map(([{ cpu: used, requests }]) => used / requests));
    const share = mean(starts.map(([{ cpu: used, p99 }]) => used / (p99.length * ROUND_SECONDS * 1e6)));
    console.log(
      `${kind} ${own} against ${base}: CPU a request ${told(cpu)} of ${baseCpu.toFixed(1)} µs, which has ${(100 * share).toFixed(0)} % of its core; ` +
        `requests ${told(ratios((sum) => sum.requests))}, p99 ${told(ratios((sum) => mean(sum.p99)))}`,
    );
    if (values.verbose) console.log(`  CPU by start: ${cpu.map((ratio) => ratio.toFixed(3)).join(' ')}`);
  }
