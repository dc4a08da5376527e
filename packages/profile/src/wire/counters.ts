// A process in numbers, as cheap as can be read: what an agent, an inspector or a Go service says of it, in one form.
import { Fields, isCount } from './fields.ts';

/**
 * One reading of a process's counters. What a process does not know or nobody could read is null, never 0: a judgement must
 * tell "there are none" from "nobody looked". Within version 1 fields are only ever added.
 */
export interface Counters {
  readonly schema: 'stackpile.counters/1';
  readonly runtime: 'node' | 'go';
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly pid: number | null;
  /** Seconds since the process began. */
  readonly uptime: number | null;

  /** Resident memory of the whole process, all threads, in bytes. */
  readonly rss: number | null;
  /** Of these, the bytes that an agent has for itself: the heap of its own thread, and what that holds outside. */
  readonly agentMemory: number | null;
  /** Bytes at which the process is killed (cgroup, or what Node knows of); null where nothing bounds it but the machine. */
  readonly memoryLimit: number | null;
  /** Bytes of the heap that are alive or not collected yet. */
  readonly heapUsed: number | null;
  /** Bytes of the heap that the last full collection left; null where none was seen. */
  readonly heapLive: number | null;
  /** Bytes that the heap has of the system. */
  readonly heapTotal: number | null;
  /** Bytes of heap at which the runtime gives up. */
  readonly heapLimit: number | null;
  /** Bytes outside the heap that objects of the heap hold; includes {@link arrayBuffers}. */
  readonly external: number | null;
  readonly arrayBuffers: number | null;

  /** Suspended async tasks that are tracked; goroutines. */
  readonly tasks: number | null;
  /** Where tasks are sampled, the interval that holds their number in 95 of 100 cases; else null. */
  readonly tasksBetween: readonly [low: number, high: number] | null;
  /** What keeps the loop alive or is under way in it: sockets, servers, timers, children, requests. */
  readonly handles: number | null;
  /** The same by kind (`Timeout`, `TCPSocketWrap`); null where it is not known. */
  readonly handleKinds: Readonly<Record<string, number>> | null;
  /** Open file descriptors. */
  readonly fds: number | null;
  readonly fdLimit: number | null;
  /** Threads of the system. */
  readonly threads: number | null;
  /** Worker threads that run JavaScript, besides the main one and the agent's own; with an agent those that were started since it began. */
  readonly workers: number | null;
  /** Child processes that have not ended. */
  readonly children: number | null;

  /** Turns of the event loop since it began. */
  readonly turns: number | null;
  /** HTTP requests answered since somebody counts them, an agent since it began; null also where there were none so far. */
  readonly requests: number | null;
  /** Seconds of CPU since the process began, user and system. */
  readonly cpu: number | null;
  /** Longest turn of the event loop since the last reading, in milliseconds; null where it was not measured. */
  readonly eventLoopLag: number | null;
}

/** Fields that are a number or not known. */
export type CounterName = {
  [K in keyof Counters]: number | null extends Counters[K]
    ? Counters[K] extends number | null
      ? K
      : never
    : never;
}[keyof Counters];

const NAMES: readonly CounterName[] = Object.keys({
  pid: true,
  uptime: true,
  rss: true,
  agentMemory: true,
  memoryLimit: true,
  heapUsed: true,
  heapLive: true,
  heapTotal: true,
  heapLimit: true,
  external: true,
  arrayBuffers: true,
  tasks: true,
  handles: true,
  fds: true,
  fdLimit: true,
  threads: true,
  workers: true,
  children: true,
  turns: true,
  requests: true,
  cpu: true,
  eventLoopLag: true,
} satisfies Record<CounterName, true>) as CounterName[];

/** Most kinds of handles that are taken over. */
const MOST_KINDS = 200;

/**
 * Counters out of somebody else's JSON, field by field. Fields that are missing are null, as whoever is older does not know of
 * them; a field that is something else than it must be is an error, as a judgement must not rest on a guess.
 *
 * @param name what sentences call it
 * @throws {WireError} `WIRE_MALFORMED`, which names the field
 */
export function readCounters(value: unknown, name = 'counters'): Counters {
  const fields = new Fields(value, name);
  fields.oneOf('schema', ['stackpile.counters/1']);
  const numbers = Object.fromEntries(NAMES.map((key) => [key, fields.numberOrNull(key)])) as Record<
    CounterName,
    number | null
  >;
  return {
    schema: 'stackpile.counters/1',
    // The first agents did not say, and there were none but Node's.
    runtime: fields.has('runtime') ? fields.oneOf('runtime', ['node', 'go']) : 'node',
    time: fields.number('time'),
    ...numbers,
    tasksBetween: between(fields),
    handleKinds: kinds(fields),
  };
}

function between(fields: Fields): Counters['tasksBetween'] {
  const value = fields.get('tasksBetween') ?? null;
  if (value === null) return null;
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const [low, high, ...more] = list;
  return isCount(low) && isCount(high) && low <= high && more.length === 0
    ? [low, high]
    : fields.fail('tasksBetween', 'two numbers, the smaller one first, or null');
}

function kinds(fields: Fields): Counters['handleKinds'] {
  if ((fields.get('handleKinds') ?? null) === null) return null;
  const read = new Fields(fields.get('handleKinds'), `${fields.name}.handleKinds`);
  const names = read.keys();
  if (names.length > MOST_KINDS) return fields.fail('handleKinds', `of at most ${MOST_KINDS} kinds`);
  return Object.fromEntries(names.map((kind) => [kind.slice(0, 60), read.number(kind)]));
}
