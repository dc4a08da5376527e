// Loads a service of the benches of the agent's cost, and reads what a request costs: throughput, p99, CPU.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';

/**
 * Megabytes of the semi-spaces of every variant, from the start. What a program allocates at its start, an agent too, lets V8 grow them for good: a
 * service with an agent would collect less often than one without, and be compared with that.
 */
export const SEMI_SPACE = 16;

/** Flags that every service is started with. */
export const SERVICE_FLAGS: readonly string[] = [
  '--conditions=stackpile-source',
  '--no-warnings',
  '--expose-gc',
  `--min-semi-space-size=${SEMI_SPACE}`,
  `--max-semi-space-size=${SEMI_SPACE}`,
];

/** A part of a reading. */
const SLICE_MS = 100;

/** A service under load. */
export interface Loaded {
  readonly child: ChildProcess;
  readonly url: string;
}

export interface Reading {
  /** Requests per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Milliseconds, ascending. */
  readonly latencies: Float32Array;
  /** Requests per second of each {@link SLICE_MS}: what others on the machine take away leaves some of them alone. */
  readonly slices: readonly number[];
  /** CPU time of the service per request, microseconds. Other programs on the machine hardly move it. */
  readonly cpu: number;
}

/** Binds a process, and what it starts from now on, to a core. */
export function bind(pid: number | undefined, core: number): void {
  execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
}

/** CPU time that the service has used so far, microseconds. */
export async function cpuOf({ child }: Loaded): Promise<number> {
  const answer = once(child, 'message') as Promise<[{ cpu: NodeJS.CpuUsage }]>;
  child.send('cpu');
  const [{ cpu }] = await answer;
  return cpu.user + cpu.system;
}

/**
 * Has a service collect all garbage while it rests, once. V8's code for a program that has never done so may be faster for good, and every
 * service does sooner or later: one whose heap is read does at once, and would be compared with one that has not.
 */
export async function collect({ child }: Loaded): Promise<void> {
  const answer = once(child, 'message');
  child.send('collect');
  await answer;
}

/** Loads a service for so many seconds, and for `lead` before them, in which nothing counts. */
export async function load(target: Loaded, seconds: number, lead: number): Promise<Reading> {
  const heard: number[] = [];
  const slices: number[] = [];
  let counts = false;
  let began = 0;
  let stop = (): void => undefined;
  const ended = new Promise<autocannon.Result>((resolve, reject) => {
    const options = { url: target.url, connections: 20, duration: lead + seconds + 1 };
    const running = autocannon(options, (error: unknown, result) => {
      if (error) reject(error);
      else resolve(result);
    });
    running.on('response', (_client, _status, _bytes, ms) => {
      // autocannon's own percentiles are whole milliseconds.
      if (!counts) return;
      heard.push(ms);
      const slice = Math.floor((performance.now() - began) / SLICE_MS);
      slices[slice] = (slices[slice] ?? 0) + 1000 / SLICE_MS;
    });
    stop = (): void => running.stop();
  });
  await sleep(lead * 1000);
  const cpuBefore = await cpuOf(target);
  began = performance.now();
  counts = true;
  await sleep(seconds * 1000);
  counts = false;
  const elapsed = (performance.now() - began) / 1000;
  const cpu = (await cpuOf(target)) - cpuBefore;
  stop();
  const { errors, non2xx } = await ended;
  if (errors > 0 || non2xx > 0) throw new Error(`${errors} errors, ${non2xx} bad answers`);
  const latencies = Float32Array.from(heard).sort();
  return {
    latencies,
    // The last one is a part of one.
    slices: Array.from(slices.slice(0, -1), (rate = 0) => rate),
    rate: latencies.length / elapsed,
    p99: latencies[Math.floor(latencies.length * 0.99)] as number,
    cpu: cpu / latencies.length,
  };
}

export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] as number;
  return below + ((sorted[Math.ceil(at)] as number) - below) * (at % 1);
}

export function median(numbers: readonly number[]): number {
  return quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );
}
