// What agent-overhead.ts asks of a service beside its load, by variant, and the flags that it is started with.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerOptions } from '@stackpile/agent';

/** Where `STACKPILE_TEST_NEIGHBOURS=install npm test -- packages/agent/test/neighbours.test.ts` puts what is no dependency of ours. */
export const NEIGHBOURS: string = fileURLToPath(
  new URL('../.cache/neighbours/node_modules', import.meta.url),
);

/** What the agent is started with; variants that are not here have none. */
export const agents: Readonly<Record<string, ServerOptions>> = {
  on: {},
  on_twin: {},
  scraped: {},
  scraped_snapshots: {},
  profiled: { tasks: false, heap: false },
  traced: { tasks: false, heap: false },
  traced_100hz: { tasks: false, heap: false },
  unasked: { tasks: { from: 'first look' } },
  block: { tasks: false, block: true },
  black_box: { blackBox: { dir: join(tmpdir(), 'stackpile-black-box') } },
  untracked: { tasks: false },
  unsampled: { tasks: false, heap: false },
  tracked: { heap: false },
};
/** What is used of @datadog/pprof. */
interface Datadog {
  readonly time: {
    start(options: { readonly durationMillis: number; readonly intervalMicros: number }): void;
    stop(restart: boolean): unknown;
  };
  encode(profile: unknown): Promise<Uint8Array>;
}

/** As their tracer does it: a profile at 100 Hz, cut and begun anew, and encoded. @returns what ends it */
export function startDatadog(): () => void {
  const datadog = createRequire(join(NEIGHBOURS, 'x.js'))('@datadog/pprof') as Datadog;
  datadog.time.start({ durationMillis: 10_000, intervalMicros: 10_000 });
  const timer = setInterval(() => void datadog.encode(datadog.time.stop(true)), 10_000);
  return () => {
    clearInterval(timer);
    datadog.time.stop(false);
  };
}

/** Milliseconds from one scrape of Alloy's to the next; its CPU profile lasts a second less. */
const SCRAPE_MS = 15_000;
/** Seconds of one recording of those that follow one another without a gap. */
const RECORDING_SECONDS = 10;
/** What our trace asks Node's tracing for; it adds requests, collections and samples of its own. */
const CATEGORIES = 'node.environment,node.fs.sync,node.fs.async';
/** The categories by which Node's tracing tells of these, too. */
const ALL_CATEGORIES = `${CATEGORIES},node.http,node.perf,v8,disabled-by-default-v8.cpu_profiler`;

/** What Node's own tracing is asked for, by variant. */
const traced: Readonly<Record<string, string>> = {
  trace_events: CATEGORIES,
  trace_events_all: ALL_CATEGORIES,
};

/** Asks a service until it is told to stop. Never rejects for that. */
type Driver = (pprof: string, stop: AbortSignal) => Promise<void>;

/** One request whose answer nobody wants. */
async function get(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal, headers: { 'Accept-Encoding': 'gzip' } });
  const { length } = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200 || length === 0) throw new Error(`${url}: ${response.status}, ${length} bytes`);
}

/** Repeats `once` until it is told to stop. */
function repeating(once: Driver): Driver {
  return async (pprof, stop) => {
    while (!stop.aborted)
      await once(pprof, stop).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
  };
}

const nothing: Driver = () => Promise.resolve();

/** Asks for paths at the same moment, every {@link SCRAPE_MS}. */
function scraping(paths: readonly string[]): Driver {
  return repeating(async (pprof, stop) => {
    const all = paths.map((path) => get(pprof + path, stop));
    await Promise.all([...all, sleep(SCRAPE_MS, undefined, { signal: stop })]);
  });
}

const snapshots = ['allocs', 'block', 'goroutine', 'mutex'];

const drivers: Readonly<Record<string, Driver>> = {
  scraped: scraping([...snapshots, `profile?seconds=${SCRAPE_MS / 1000 - 1}`]),
  scraped_snapshots: scraping(snapshots),
  profiled: repeating((pprof, stop) => get(`${pprof}profile?seconds=${RECORDING_SECONDS}`, stop)),
  traced: repeating((pprof, stop) => get(`${pprof}trace?seconds=${RECORDING_SECONDS}`, stop)),
  traced_100hz: repeating((pprof, stop) => get(`${pprof}trace?seconds=${RECORDING_SECONDS}&hz=100`, stop)),
};

/** What is asked of a variant while it is under load. */
export function driverOf(variant: string): Driver {
  return drivers[variant] ?? nothing;
}

/** Whether two variants are services with one and the same agent, of which more is asked in one of them. */
export function areAlike(base: string, own: string): boolean {
  const [one, other] = [agents[base], agents[own]];
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

/** Flags of Node for a variant; `folder` is for what it writes. */
export function flagsOf(variant: string, folder: string): readonly string[] {
  const categories = traced[variant];
  if (categories === undefined) return [];
  return [
    `--trace-event-categories=${categories}`,
    `--trace-event-file-pattern=${join(folder, '${pid}-${rotation}.log')}`,
  ];
}

/** Why a variant cannot be measured here; null where it can. */
export function unavailable(variant: string): string | null {
  if (variant !== 'datadog' || existsSync(join(NEIGHBOURS, '@datadog/pprof'))) return null;
  return 'STACKPILE_TEST_NEIGHBOURS=install npm test -- packages/agent/test/neighbours.test.ts installs @datadog/pprof';
}
