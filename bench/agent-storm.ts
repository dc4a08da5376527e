// What a storm of requests to the agent costs the service that carries it: its p99 with and without, and its memory before, at the peak and after.
//
// node --conditions=stackpile-source bench/agent-storm.ts [--profiles 2000] [--slow 400] [--mixed 15000] [--hangups 500]
//   [--calm 20] [--after 60] [--node PATH]
//
// Loopback only. Every part is bounded in number and time, and everything that it starts ends with it.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { availableParallelism, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startServer } from '@stackpile/agent';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profiles: { type: 'string', default: '2000' },
    slow: { type: 'string', default: '400' },
    mixed: { type: 'string', default: '15000' },
    hangups: { type: 'string', default: '500' },
    calm: { type: 'string', default: '20' },
    after: { type: 'string', default: '60' },
    node: { type: 'string', default: process.execPath },
  },
});

/** Requests per second to the service, evenly: what waits because the service is slow is counted as waiting. */
const RATE = 200;
/** Longest that the storm may take, in seconds; what has no answer by then is given up. */
const LONGEST_STORM = 300;
const MIXED = ['', 'goroutine', 'goroutine?debug=1', 'goroutine?debug=2', 'heap', 'cmdline', 'counters'];
/** One request in so many forces a collection. */
const COLLECTS = 100;

/** The service under test: some promises and some JSON per request, with tasks that wait for ever beside them. */
async function serve(): Promise<void> {
  const agent = await startServer({ port: 0 });
  async function layer(depth: number): Promise<number> {
    return depth === 0 ? 0 : (await layer(depth - 1)) + 1;
  }
  const waiting: (() => void)[] = [];
  async function subscribe(): Promise<void> {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  for (let i = 0; i < 2000; i++) void subscribe();
  const server = createServer((_request, response) => {
    layer(20).then(
      (depth) =>
        response.end(JSON.stringify({ depth, orders: Array.from({ length: 50 }, (_, id) => ({ id })) })),
      () => response.destroy(),
    );
  });
  // A connection that rests must not be closed at the moment in which it is used again.
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => process.send?.(process.memoryUsage.rss()));
  process.on('disconnect', () => process.exit());
  process.send?.({ service: (server.address() as AddressInfo).port, agent: agent.port });
}

/** Asks the service at an even rate and tells how long each answer took, in milliseconds since it was due. */
async function load(port: number): Promise<void> {
  const keep = new Agent({ keepAlive: true, maxSockets: 50 });
  let latencies: number[] = [];
  let failed = 0;
  process.on('message', () => {
    process.send?.({ latencies, failed });
    latencies = [];
    failed = 0;
  });
  process.on('disconnect', () => process.exit());
  for (let due = performance.now(); ; due += 1000 / RATE) {
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const at = due;
    request({ host: '127.0.0.1', port, agent: keep }, (response) => {
      response.resume();
      response.on('end', () => latencies.push(performance.now() - at));
    })
      .on('error', () => failed++)
      .end();
  }
}

/** How requests ended, by status or by the error's code. */
type Ends = Map<string, number>;

function count(ends: Ends, end: string): void {
  ends.set(end, (ends.get(end) ?? 0) + 1);
}

/** Asks, and asks again as often as it is told when; every answer is counted. */
async function ask(port: number, path: string, ends: Ends, signal: AbortSignal): Promise<void> {
  for (let again = await askOnce(port, path, ends, signal); again !== null; ) {
    await sleep(again * 1000, undefined, { signal }).catch(() => undefined);
    again = await askOnce(port, path, ends, signal);
  }
}

/** Resolves with the seconds after which to come again, null where there is nothing to come for. */
function askOnce(port: number, path: string, ends: Ends, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve) => {
    let ended = false;
    const end = (how: string, again: number | null = null): void => {
      if (!ended) count(ends, how);
      ended = true;
      resolve(again);
    };
    request({ host: '127.0.0.1', port, path: `/debug/pprof/${path}`, agent: false, signal }, (response) => {
      const again = response.headers['retry-after'];
      response.resume();
      response.on('error', () => end('cut'));
      response.on('end', () => end(String(response.statusCode), again === undefined ? null : Number(again)));
    })
      .on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name))
      .end();
  });
}

/** Sends half a header and says nothing more; resolves when the agent has closed all, or the storm is over. */
async function slowSockets(port: number, most: number, signal: AbortSignal): Promise<void> {
  const closed = Array.from({ length: most }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /debug/pprof/ HTTP/1.1\r\nHost: loc'));
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    socket.on('error', () => socket.destroy());
    socket.resume();
    return new Promise<void>((resolve) => socket.once('close', () => resolve()));
  });
  await Promise.all(closed);
}

/** Runs `one` `total` times, `width` at a time. */
async function many(total: number, width: number, one: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) await one(i);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function storm(port: number): Promise<Readonly<Record<string, Ends>>> {
  const over = new AbortController();
  const patience = setTimeout(() => over.abort(), LONGEST_STORM * 1000);
  const ends = { profiles: new Map(), mixed: new Map(), hangups: new Map() } satisfies Record<string, Ends>;
  const slow = slowSockets(port, Number(values.slow), over.signal);
  const profiles = many(Number(values.profiles), Number(values.profiles), (i) =>
    askOnce(port, `profile?seconds=${1 + (i % 5)}`, ends.profiles, over.signal),
  );
  const hangups = many(Number(values.hangups), 50, async () => {
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, over.signal]);
    const ended = askOnce(port, 'profile?seconds=30', ends.hangups, signal);
    await sleep(20);
    gone.abort();
    await ended;
  });
  const mixed = many(Number(values.mixed), 100, (i) =>
    ask(
      port,
      i % COLLECTS === 0 ? 'heap?gc=1' : (MIXED[i % MIXED.length] as string),
      ends.mixed,
      over.signal,
    ),
  );
  await Promise.all([profiles, hangups, mixed]);
  clearTimeout(patience);
  over.abort();
  await slow;
  return ends;
}

interface Measured {
  readonly requests: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

async function measured(loader: ChildProcess): Promise<Measured> {
  const answered = once(loader, 'message');
  loader.send('tell');
  const [{ latencies, failed }] = (await answered) as [{ latencies: number[]; failed: number }];
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { requests: sorted.length, failed, p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? Number.NaN };
}

async function memory(service: ChildProcess): Promise<number> {
  const answered = once(service, 'message');
  service.send('rss');
  const [rss] = (await answered) as [number];
  return rss / 2 ** 20;
}

async function main(): Promise<void> {
  const self = fileURLToPath(import.meta.url);
  const execArgv = ['--conditions=stackpile-source', '--no-warnings'];
  const service = fork(self, ['service'], { execPath: values.node, execArgv });
  const [ports] = (await once(service, 'message')) as [{ service: number; agent: number }];
  const loader = fork(self, ['load', String(ports.service)], { execArgv });
  // The same service beside it, which nobody storms: what the machine does to both is no fault of the agent's.
  const other = fork(self, ['service'], { execPath: values.node, execArgv });
  const [otherPorts] = (await once(other, 'message')) as [{ service: number }];
  const otherLoader = fork(self, ['load', String(otherPorts.service)], { execArgv });
  const both = async (): Promise<Pair> => ({
    service: await measured(loader),
    other: await measured(otherLoader),
  });
  try {
    // The storm comes from elsewhere in earnest: here it has one CPU and leaves the others to the services.
    setPriority(10);
    spawnSync('taskset', ['-apc', String(availableParallelism() - 1), String(process.pid)]);
    await sleep(5000);
    const once_: Ends = new Map();
    for (const path of [...MIXED, 'heap?gc=1', 'profile?seconds=1'])
      await ask(ports.agent, path, once_, AbortSignal.timeout(30_000));
    await both();
    await sleep(Number(values.calm) * 1000);
    const calm = await both();
    const before = await memory(service);
    let peak = before;
    let going = true;
    const watching = (async () => {
      while (going) {
        peak = Math.max(peak, await memory(service));
        await sleep(100);
      }
    })();
    const began = performance.now();
    const ends = await storm(ports.agent);
    const seconds = (performance.now() - began) / 1000;
    const stormy = await both();
    going = false;
    await watching;
    await sleep(Number(values.after) * 1000);
    const after = await memory(service);
    const calmAgain = await both();
    report({ calm, stormy, calmAgain, before, peak, after, seconds, ends });
  } finally {
    for (const child of [loader, otherLoader, service, other]) child.kill();
  }
}

interface Pair {
  readonly service: Measured;
  readonly other: Measured;
}

interface Outcome {
  readonly calm: Pair;
  readonly stormy: Pair;
  readonly calmAgain: Pair;
  /** Megabytes of resident memory. */
  readonly before: number;
  readonly peak: number;
  readonly after: number;
  readonly seconds: number;
  readonly ends: Readonly<Record<string, Ends>>;
}

function report({ calm, stormy, calmAgain, before, peak, after, seconds, ends }: Outcome): void {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const row = (name: string, { service, other }: Pair): string =>
    `| ${name} | ${service.requests} | ${service.failed} | ${ms(service.p50)} | ${ms(service.p99)} | ${ms(service.most)} | ${ms(other.p99)} |`;
  console.log(
    [
      '| the service | requests | failed | p50 | p99 | longest | p99 of the one beside it |',
      '|---|---|---|---|---|---|---|',
      row(`before the storm, ${values.calm} s`, calm),
      row(`in the storm, ${seconds.toFixed(0)} s`, stormy),
      row(`after it, ${values.after} s`, calmAgain),
      '',
      '| resident memory | |',
      '|---|---|',
      `| before | ${before.toFixed(0)} MB |`,
      `| most in the storm | ${peak.toFixed(0)} MB |`,
      `| ${values.after} s after it | ${after.toFixed(0)} MB |`,
      '',
      ...Object.entries(ends).map(([name, all]) => {
        const told = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([end, n]) => `${n} × ${end}`);
        return `${name}: ${told.join(', ')}`;
      }),
      '',
      `p99 in the storm: ${(stormy.service.p99 / calm.service.p99).toFixed(2)} × what it was (goal: 3), ${(stormy.service.p99 / stormy.other.p99).toFixed(2)} × that of the one beside it; memory afterwards: ${((after / before - 1) * 100).toFixed(1)} % more (goal: 10)`,
    ].join('\n'),
  );
}

if (positionals[0] === 'service') await serve();
else if (positionals[0] === 'load') await load(Number(positionals[1]));
else await main();
