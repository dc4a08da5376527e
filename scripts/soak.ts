// A long run of a loaded service whose endpoints are all scraped every five seconds: its memory has to stay flat, no handle may be left, and no
// request may fail. What memory there is where is told beside, so that whatever grows has a name.
//
// Who is told to come again, by a 503 with Retry-After, comes again once, as scrapers do; how often, and why, is said at the end. One that is
// told so twice has failed, and whatever fails is printed at once, with the load of the machine.
//
// node --conditions=stackpile-source scripts/run.mjs scripts/soak.ts [--for 2h] [--endpoints heap,allocs] [--requests 100]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Worker } from 'node:worker_threads';
import { startServer } from '@stackpile/agent';

/** Milliseconds from one look at all endpoints to the next. */
const EVERY_MS = 5_000;
/** Part of the time after which memory counts as warm. */
const WARM_UP = 0.4;
/** Part by which resident memory may grow after that. */
const MOST_GROWTH = 0.05;
/** Readings from which on a series says anything of memory. */
const FEWEST = 20;
/** Every endpoint that a monitor asks for; what stands still for a snapshot is not among them. */
const ENDPOINTS = [
  ...['', 'cmdline', 'counters', 'metrics', 'offers', 'workers'],
  ...['heap', 'allocs', 'goroutine', 'goroutine?debug=1', 'goroutineleak', 'threadcreate', 'mutex', 'block'],
  ...['profile?seconds=2', 'trace?seconds=1', 'heap?worker=1'],
];

/** How the service is. */
export interface Reading {
  /** Bytes. */
  readonly rss: number;
  readonly handles: number;
  /** Where the memory is, bytes. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Megabytes of the semi-spaces of the service, from its start: V8 would make them larger some time in the run, by what the service allocates
 * while the machine is busy, and the process would grow by that.
 */
const SEMI_SPACE = 16;

/** glibc's arenas of threads begin at multiples of this. */
const ARENA = 64 * 2 ** 20;

/** Resident memory of the process by what has mapped it, where Linux tells; bytes. */
function mappings(): Readonly<Record<string, number>> {
  const out = { files: 0, brk: 0, arenas: 0, anonymous: 0 };
  let kind: keyof typeof out = 'files';
  const text = existsSync('/proc/self/smaps') ? readFileSync('/proc/self/smaps', 'latin1') : '';
  for (const line of text.split('\n')) {
    const [, from = '', name = ''] = /^([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$/u.exec(line) ?? [];
    if (from !== '') kind = kindOf(Number.parseInt(from, 16), name);
    const [, kilobytes] = /^Rss:\s+(\d+) kB$/u.exec(line) ?? [];
    if (kilobytes !== undefined) out[kind] += Number(kilobytes) * 1024;
  }
  return out;
}

function kindOf(from: number, name: string): 'files' | 'brk' | 'arenas' | 'anonymous' {
  if (name === '[heap]') return 'brk';
  if (name !== '') return 'files';
  return from % ARENA === 0 ? 'arenas' : 'anonymous';
}

/** Where the memory is. `used` of a heap swings with its garbage, what V8 has mapped for it less so. */
async function parts(sidecar: Worker | undefined): Promise<Readonly<Record<string, number>>> {
  const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const own = await sidecar?.getHeapStatistics();
  return {
    ...mappings(),
    'main heap': heapTotal,
    'main young':
      getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.physical_space_size ?? 0,
    'main used': heapUsed,
    external,
    buffers: arrayBuffers,
    'sidecar heap': own?.total_heap_size ?? 0,
    'sidecar used': own?.used_heap_size ?? 0,
    'sidecar malloc': own?.malloced_memory ?? 0,
    'sidecar external': own?.external_memory ?? 0,
  };
}

/** The service: answers after a timer, and makes garbage meanwhile. It tells how it is on each line of its input. */
async function serve(requests: number): Promise<void> {
  let sidecar: Worker | undefined;
  process.on('worker', (worker) => (sidecar = worker));
  const server = createServer((_request, response) => {
    const words = Array.from({ length: 200 }, (_, i) => `${i} ${Math.random()}`);
    setTimeout(() => response.end(JSON.stringify(words)), 5);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const load = setInterval(() => {
    for (let i = 0; i < requests / 20; i++)
      fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.arrayBuffer(),
        () => undefined,
      );
  }, 50);
  const pprof = await startServer({ port: 0, mutex: true, block: true });
  console.log(pprof.url);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'end') break;
    const handles = process.getActiveResourcesInfo().filter((kind) => !kind.startsWith('TCP')).length;
    const rss = process.memoryUsage.rss();
    console.log(JSON.stringify({ rss, handles, parts: await parts(sidecar) } satisfies Reading));
  }
  clearInterval(load);
  await pprof.close();
  server.closeAllConnections();
  server.close();
}

/** A service in a process of its own. */
class Service {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(requests: number) {
    const program = [fileURLToPath(import.meta.url), '--serve', '--requests', String(requests)];
    const young = [`--min-semi-space-size=${SEMI_SPACE}`, `--max-semi-space-size=${SEMI_SPACE}`];
    const flags = [...young, ...process.execArgv, ...program];
    this.#child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('the service has no output');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const next: IteratorResult<string, undefined> = await this.#lines.next();
    if (next.done === true) {
      const child = this.#child;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      throw new Error(`the service has ended by itself: ${child.signalCode ?? child.exitCode ?? ''}`);
    }
    return next.value;
  }

  async read(): Promise<Reading> {
    this.#child.stdin?.write('read\n');
    return JSON.parse(await this.line()) as Reading;
  }

  /** Resolves with the code of its exit; null where it had to be killed: something kept it alive. */
  async end(): Promise<number | null> {
    const killed = setTimeout(() => this.#child.kill('SIGKILL'), 30_000);
    const closed = once(this.#child, 'close') as Promise<[number | null]>;
    this.#child.stdin?.end('end\n');
    const [code] = await closed;
    clearTimeout(killed);
    return code;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What a request came to. */
export interface Outcome {
  /** '' where it was answered as it should. */
  readonly fault: string;
  /** What the server said to a first attempt that it refused; '' where it did not. */
  readonly refusal: string;
}

/** Longest that one request may take, milliseconds. */
const PATIENCE_MS = 120_000;
/** Longest that a refused one waits, whatever it is told. */
const LONGEST_RETRY_S = 60;

/** An answer as a line tells it: what its body says where it is an error. */
function told(response: Response, body: ArrayBuffer): string {
  return `${response.status} ${Buffer.from(body).toString('utf8').trim().slice(0, 300)}`;
}

/** Why a fetch failed: its own words are `fetch failed`. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${String(error)} (${String(cause)})` : String(error);
}

/** Asks for one endpoint, and once more where it is told to come again. */
export async function ask(url: string, path: string): Promise<Outcome> {
  // There is no such worker, and that is the right answer.
  const wanted = path.includes('worker=') ? 404 : 200;
  let refusal = '';
  const began = performance.now();
  try {
    for (;;) {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const body = await response.arrayBuffer();
      if (response.status === wanted) return { fault: '', refusal };
      const again = Number(response.headers.get('retry-after') ?? Number.NaN);
      if (response.status !== 503 || Number.isNaN(again) || refusal !== '')
        return { fault: `${path}: ${told(response, body)}`, refusal };
      refusal = `${path}: ${told(response, body)}`;
      await sleep(Math.min(LONGEST_RETRY_S, again) * 1000);
    }
  } catch (error) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    return { fault: `${path}: after ${seconds} s ${whyOf(error)}`, refusal };
  }
}

/** Asks for the endpoints at the same time. */
function scrape(url: string, endpoints: readonly string[]): Promise<Outcome[]> {
  return Promise.all(endpoints.map((path) => ask(url, path)));
}

/** Sentences and how often each was said, the most frequent ones first. */
function counted(sentences: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of sentences) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([sentence, count]) => `${count} × ${sentence}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** What is wrong with a series of readings; empty where nothing is, and of too few to tell. */
export function faultsOf(readings: readonly Reading[]): string[] {
  if (readings.length < FEWEST) return [];
  const warm = readings.slice(Math.floor(readings.length * WARM_UP));
  const third = Math.max(1, Math.floor(warm.length / 3));
  const [first, last] = [warm.slice(0, third), warm.slice(-third)];
  const faults: string[] = [];
  const growth = median(last.map(({ rss }) => rss)) / median(first.map(({ rss }) => rss)) - 1;
  if (growth > MOST_GROWTH) faults.push(`resident memory grew by ${(growth * 100).toFixed(1)} %`);
  const more = median(last.map(({ handles }) => handles)) - median(first.map(({ handles }) => handles));
  if (more > 0) faults.push(`${more} handles more`);
  return faults;
}

/** Milliseconds of `90s`, `10m`, `2h`. */
function milliseconds(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/u.exec(text) ?? [];
  if (count === undefined) throw new Error(`--for ${text}: write it as 90s, 10m or 2h`);
  return Number(count) * (unit === 's' ? 1_000 : unit === 'm' ? 60_000 : 3_600_000);
}

/** The medians of the readings' ten parts, one after the other in time, a line for each kind of memory; megabytes. */
function table(readings: readonly Reading[]): string[] {
  const windows = Array.from(
    { length: Math.min(10, readings.length) },
    (_, at, count = Math.min(10, readings.length)) =>
      readings.slice(
        Math.floor((at * readings.length) / count),
        Math.floor(((at + 1) * readings.length) / count),
      ),
  );
  const line = (name: string, of: (reading: Reading) => number): string =>
    `${name.padEnd(17)}${windows.map((window) => (median(window.map(of)) / 2 ** 20).toFixed(1).padStart(8)).join('')}`;
  const names = Object.keys(readings[0]?.parts ?? {});
  return [
    line('resident', ({ rss }) => rss),
    ...names.map((name) => line(name, ({ parts }) => parts[name] ?? 0)),
  ];
}

/** What is asked of a soak. */
interface Plan {
  /** Milliseconds. */
  readonly ms: number;
  readonly endpoints: readonly string[];
  /** A second, of the service. */
  readonly requests: number;
}

async function soak({ ms, endpoints, requests }: Plan): Promise<string[]> {
  const service = new Service(requests);
  try {
    const url = await service.line();
    const readings: Reading[] = [];
    const faults: string[] = [];
    const refusals: string[] = [];
    let scrapes = 0;
    for (const until = performance.now() + ms; performance.now() < until; scrapes++) {
      const [outcomes] = await Promise.all([scrape(url, endpoints), sleep(EVERY_MS)]);
      for (const { fault, refusal } of outcomes) {
        if (refusal !== '') refusals.push(refusal);
        if (fault === '') continue;
        faults.push(fault);
        console.log(`FAILED at load ${loadavg()[0]?.toFixed(0) ?? '?'}: ${fault}`);
      }
      readings.push(await service.read());
    }
    faults.push(...faultsOf(readings));
    const code = await service.end();
    if (code !== 0) faults.push(`the service ended with ${code ?? 'SIGKILL: something kept it alive'}`);
    console.log(
      `${scrapes} scrapes of ${endpoints.length} endpoints, ${requests} requests a second; megabytes over time:`,
    );
    for (const line of table(readings)) console.log(line);
    for (const line of counted(refusals)) console.log(`told to come again: ${line}`);
    return faults;
  } finally {
    service.kill();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      for: { type: 'string', default: '2h' },
      endpoints: { type: 'string' },
      requests: { type: 'string', default: '100' },
      serve: { type: 'boolean' },
    },
  });
  const requests = Number(values.requests);
  if (values.serve === true) await serve(requests);
  else {
    const endpoints =
      values.endpoints === undefined ? ENDPOINTS : values.endpoints.split(',').filter((one) => one !== '');
    const faults = await soak({ ms: milliseconds(values.for), endpoints, requests });
    for (const fault of faults.slice(0, 50)) console.log(`FAILED: ${fault}`);
    console.log(faults.length === 0 ? 'flat, and nothing failed' : `${faults.length} faults`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  }
}
