// What the agent costs one and the same process: it is begun and ended again and again in a Fastify service under load, and each time with it is
// compared with the time without it beside. What V8 makes of the same code differs by several per cent from one process to the next, which is
// more than what is asked for; here it is the same. What lasts when the agent has gone cannot show: agent-overhead.ts has that, as far as it can.
//
// Variants are those of agent-overhead.ts that an option or somebody who asks makes; `twin` is nothing at all: as far as it is from 1.00, so far
// are the others to be doubted. `undisturbed` compares the tenths of a second that were quicker than nine in ten: others on the machine only
// take away; what comes in bursts, as a scrape, is not in it. Where there is taskset the service has a core to itself and its agent's thread.
//
// node --conditions=stackpile-source bench/agent-toggled.ts [--variants twin,untracked,on,block,black_box,scraped,profiled,datadog] [--rounds 20]
//   [--seconds 3] [--lead 8] [--starts 1] [--node PATH]   (what is scraped is measured for 15 s each time, from one scrape to the next)
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  bind,
  collect,
  load,
  type Loaded,
  quantile,
  type Reading,
  SERVICE_FLAGS,
} from './agent-overhead-load.ts';
import { driverOf, unavailable } from './agent-overhead-variants.ts';

const { values } = parseArgs({
  options: {
    variants: { type: 'string', default: 'twin,untracked,on,block,black_box,scraped,profiled,datadog' },
    rounds: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '3' },
    lead: { type: 'string', default: '8' },
    starts: { type: 'string', default: '1' },
    node: { type: 'string', default: process.execPath },
  },
});

const WARM_SECONDS = 10;
/**
 * Seconds of load after each change before anything counts: V8 optimizes anew what it had optimized for the other case, and the tracker spends
 * what it is given for its start.
 */
const LEAD_SECONDS = Number(values.lead);
/** From one scrape to the next. */
const SCRAPE_SECONDS = 15;

const service = fileURLToPath(new URL('agent-toggled-service.ts', import.meta.url));

/** Whether processes can be bound to cores here. */
function canBind(): boolean {
  try {
    bind(process.pid, 1);
    return true;
  } catch {
    return false;
  }
}

const isBound = canBind();

async function start(): Promise<Loaded> {
  const child = fork(service, [], {
    execPath: values.node,
    execArgv: [...SERVICE_FLAGS],
  });
  if (isBound) bind(child.pid, 0);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { child, url };
}

/** Has the service begin a variant, or end what it has begun where that is ''. */
async function become({ child }: Loaded, variant: string): Promise<string> {
  const answer = once(child, 'message') as Promise<[{ pprof: string }]>;
  child.send(variant);
  const [{ pprof }] = await answer;
  if (isBound) bind(child.pid, 0);
  return pprof;
}

async function reading(target: Loaded, variant: string, seconds: number): Promise<Reading> {
  const ask = new AbortController();
  const pprof = await become(target, variant);
  const asked = driverOf(variant)(pprof, ask.signal);
  const read = await load(target, seconds, LEAD_SECONDS);
  ask.abort();
  await asked;
  await become(target, '');
  return read;
}

/** Of the tenths of a second those that are quicker than nine in ten: what others on the machine take away is not in them. */
const UNDISTURBED = 0.9;
/** Times that rounds are drawn again, to see how far the ratio is chance. */
const DRAWS = 1000;

/** The ratio of undisturbed rates, and between which two it lies in 95 of 100 cases, by drawing the rounds again. */
function undisturbed(pairs: readonly (readonly [own: Reading, off: Reading])[]): string {
  const ratio = (drawn: typeof pairs): number => {
    const rate = (which: 0 | 1): number =>
      quantile(
        drawn.flatMap((pair) => pair[which].slices).sort((a, b) => a - b),
        UNDISTURBED,
      );
    return rate(0) / rate(1);
  };
  const draws = Array.from({ length: DRAWS }, () =>
    ratio(pairs.map(() => pairs[Math.floor(Math.random() * pairs.length)] as (typeof pairs)[number])),
  ).sort((a, b) => a - b);
  return `× ${ratio(pairs).toFixed(3)} (${quantile(draws, 0.025).toFixed(3)} … ${quantile(draws, 0.975).toFixed(3)})`;
}

/** The median of ratios, and between which two of them the true one lies in 95 of 100 cases: by how many of them may be below it. */
function told(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  const spread = (0.98 * Math.sqrt(sorted.length)) / Math.max(1, sorted.length - 1);
  const at = (q: number): string => quantile(sorted, Math.min(1, Math.max(0, q))).toFixed(3);
  return `× ${at(0.5)} (${at(0.5 - spread)} … ${at(0.5 + spread)})`;
}

const rounds = Number(values.rounds);
const version = execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Fastify, Node ${version}, ${values.starts} starts of ${rounds} rounds, 20 connections${isBound ? ', a core for the service, another for the load' : ''}; ` +
    `${LEAD_SECONDS} s after each change; the median of the rounds, with and without, and where it lies in 95 of 100 cases; load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
);
for (const variant of values.variants.split(',')) {
  const why = unavailable(variant);
  if (why !== null) {
    console.log(`${variant} is left out: ${why}`);
    continue;
  }
  const seconds = variant.startsWith('scraped') ? SCRAPE_SECONDS : Number(values.seconds);
  const pairs: (readonly [own: Reading, off: Reading])[] = [];
  for (let begun = 0; begun < Number(values.starts); begun++) {
    const target = await start();
    await load(target, WARM_SECONDS / 2, LEAD_SECONDS);
    await collect(target);
    // What it does the first time, it does for good.
    await reading(target, variant, seconds);
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? [variant, ''] : ['', variant];
      const read = new Map<string, Reading>();
      for (const one of order) read.set(one, await reading(target, one, seconds));
      const [own, off] = [read.get(variant), read.get('')];
      if (own !== undefined && off !== undefined) pairs.push([own, off]);
    }
    const ended = once(target.child, 'exit');
    target.child.kill('SIGTERM');
    await ended;
  }
  const ratiosOf = (of: (reading: Reading) => number): readonly number[] =>
    pairs.map(([own, off]) => of(own) / of(off));
  const rate = quantile(
    pairs.map(([, off]) => off.rate).sort((a, b) => a - b),
    0.5,
  );
  console.log(
    `${variant.padEnd(17)} throughput undisturbed ${undisturbed(pairs)}, all ${told(ratiosOf((one) => one.rate))} of ${rate.toFixed(0)}/s, CPU per request ${told(ratiosOf((one) => one.cpu))}, p99 ${told(ratiosOf((one) => one.p99))}`,
  );
}
