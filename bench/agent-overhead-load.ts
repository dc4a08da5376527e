// Loads a service of the benches of the agent's cost, and reads what a request costs: throughput, p99, CPU.
import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

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

/** Connections of the load. */
export const CONNECTIONS = 20;

/** A service under load. */
export interface Loaded {
  readonly child: ChildProcess;
  readonly url: string;
}

export interface Reading {
  readonly requests: number;
  /** CPU time of the service, all of its threads, microseconds. Other programs on the machine hardly move it. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** Binds a process with all of its threads, and what it starts from now on, to a core. */
export function bind(pid: number | undefined, core: number): void {
  execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
}

/** Starts a service; its first message says where it is, and where its agent. */
export async function started(
  service: string,
  args: readonly string[],
  { node, flags }: { readonly node: string; readonly flags: readonly string[] },
): Promise<Loaded & { readonly pprof: string }> {
  const child = fork(service, args, { execPath: node, execArgv: [...flags] });
  const [{ url, pprof }] = (await once(child, 'message')) as [{ url: string; pprof: string }];
  return { child, url, pprof };
}

export async function ended({ child }: Loaded): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
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

const MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3 };

/** Loads a service for so many whole seconds, from the given core where there is one. `wrk` does it: it takes less of a core than what it asks. */
export async function load(target: Loaded, seconds: number, core?: number): Promise<Reading> {
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', target.url];
  const [tool, ...args] = core === undefined ? wrk : ['taskset', '-c', String(core), ...wrk];
  const before = await cpuOf(target);
  const { stdout } = await run(tool as string, args);
  const cpu = (await cpuOf(target)) - before;
  const [, bad] = /(Non-2xx[^\n]*|Socket errors[^\n]*)/u.exec(stdout) ?? [];
  if (bad !== undefined) throw new Error(bad);
  const [, requests] = /(\d+) requests in/u.exec(stdout) ?? [];
  const [, p99, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/u.exec(stdout) ?? [];
  return { requests: Number(requests), cpu, p99: Number(p99) * (MS[unit] ?? NaN) };
}

/** Why nothing can be loaded here; null where it can. `bound`: on a core each. */
export function noLoad(bound: boolean): string | null {
  const has = (tool: string): boolean => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const missing = (bound ? ['wrk', 'taskset'] : ['wrk']).filter((tool) => !has(tool));
  return missing.length === 0
    ? null
    : `this needs ${missing.join(' and ')} (on Debian, apt-get install wrk util-linux)`;
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
