// What the sidecar, or an inspector from outside, may call on the main thread: one type for who answers and who asks.
import type { FrameColumns, TaskCount, TaskDump } from '../tasks/dump.ts';
import type { MeterReading } from './meters.ts';
import type { MemoryReading } from './reading.ts';
import type { TraceBatch } from './trace-event.ts';

declare const value: unique symbol;

/** JSON of a `T`, as a text. */
export type Json<T> = string & { readonly [value]?: T };

/** JavaScript that evaluates to a `T` on the main thread, by value: what JSON can say. */
export type Expression<T> = string & { readonly [value]?: T };

/** The calls. Large answers are JSON, which crosses faster than an object that the inspector takes apart. */
export interface HostCalls {
  /** Tasks and handles, one by one or by stack; null where tracking is off. */
  dumpTasks(each: boolean): Json<TaskDump> | null;
  /** Number of tasks; null where tracking is off. */
  countTasks(): TaskCount | null;
  /** Workers and child processes, by the stack that made them; null where nobody looks. */
  dumpThreads(): Json<TaskDump> | null;
  /** What metrics are made of; measured from the first call on. */
  readMeters(): Json<MeterReading>;
  /** Waits for locks; none where nobody watches. */
  dumpMutex(): Json<MutexDump>;
  /** Memory beside the heap profile. */
  readMemory(): Json<MemoryReading>;
  /** Begins to sample the heap anew, where another profiler has ended the one sampler that there is. */
  sampleHeapAgain(): boolean;
  /** What only somebody who was there could count. */
  readTallies(): Tallies;
  /** Begins to record events for a trace; false where one is being recorded. */
  startTrace(): boolean;
  /** What has happened since it was read before, or began; null where nothing is recorded. `ends` ends it. */
  readTrace(ends: boolean): Json<TraceBatch> | null;
}

/** What was waited in `Atomics.wait` since somebody watches. */
export interface MutexDump extends FrameColumns {
  readonly isOn: boolean;
  /** By stack, leaf first. */
  readonly waits: readonly {
    readonly stack: readonly number[];
    readonly count: number;
    readonly nanos: number;
  }[];
}

/** What the agent has counted since it began; null: not known. */
export interface Tallies {
  /** Bytes that the last full collection left. */
  readonly heapLive: number | null;
  /** HTTP requests that were answered. */
  readonly requests: number | null;
  /** Workers that run and were started since the agent began, without the agent's own. */
  readonly workers: number | null;
}

/** The key under which a process keeps its host; another form of {@link HostCalls} needs another key. */
const KEY = 'stackpile.agent.1';

/** The symbol of the host on `globalThis`. */
export const HOST_SYMBOL: symbol = Symbol.for(KEY);

const HOST = `globalThis[Symbol.for(${JSON.stringify(KEY)})]`;

/** The timers of a thread that nobody has replaced, as far as there is a host that keeps them. */
export const OWN_TIMERS: string = `(${HOST}?.timers ?? globalThis)`;

/** A call as an expression. */
export function hostCall<K extends keyof HostCalls>(
  name: K,
  ...args: Parameters<HostCalls[K]>
): Expression<ReturnType<HostCalls[K]>> {
  return `${HOST}.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
}

/** The same where there may be no host, or one of a version that lacks the call: null then. */
export function maybeHostCall<K extends keyof HostCalls>(
  name: K,
  ...args: Parameters<HostCalls[K]>
): Expression<ReturnType<HostCalls[K]> | null> {
  return `(${HOST}?.${name}?.(${args.map((arg) => JSON.stringify(arg)).join(', ')}) ?? null)`;
}

/** What a {@link Json} holds. */
export function parseJson<T>(json: Json<T>): T {
  return JSON.parse(json) as T;
}

/** A value, and for how many milliseconds it has stopped the main thread. */
export interface Costed<T> {
  readonly value: T;
  readonly cost: number;
}

/**
 * Milliseconds of CPU that the thread has used so far; of an older Node, what the process has. On a machine that is overloaded it is less than what
 * the clock says, and nothing of the rest is the reading's fault.
 */
export const CPU_MS: Expression<number> =
  '(({ user, system }) => (user + system) / 1e3)((process.threadCpuUsage ?? process.cpuUsage).call(process))';

/** An expression that says, beside its value, what it has cost. */
export function costed<T>(expression: Expression<T>): Expression<Costed<T>> {
  return `(() => {
  const [time, used] = [performance.now(), ${CPU_MS}];
  const value = ${expression};
  return { value, cost: Math.min(performance.now() - time, Math.max(0, ${CPU_MS} - used)) };
})()`;
}
