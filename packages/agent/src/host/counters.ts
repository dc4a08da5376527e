// The numbers of a process, read on its main thread by an expression that needs no agent there and costs well under a millisecond.
import { type Counters, readCounters } from '@stackpile/profile';
import { type Expression, type Json, maybeHostCall } from './calls.ts';

/** What the expression reads: of {@link Counters} all that the main thread can know, and what bounds memory as Node knows it. */
export interface ProcessCounters
  extends Omit<Counters, 'schema' | 'runtime' | 'time' | 'memoryLimit' | 'eventLoopLag' | 'agentMemory'> {
  /** Bytes that the system lets the process have; 0 or null where Node knows none. */
  readonly constrained: number | null;
}

/** Names that the parts below use; what this Node does not have, or must not do, is null. */
const PRELUDE = `
  const load = process.getBuiltinModule ?? require;
  const attempt = (read) => { try { return read() ?? null; } catch { return null; } };
  const fs = attempt(() => load('node:fs'));
  const v8 = attempt(() => load('node:v8'));
  const memory = attempt(() => process.memoryUsage()) ?? {};
  const kinds = {};
  const handles = attempt(() => process.getActiveResourcesInfo());
  for (const kind of handles ?? []) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const tasks = attempt(() => ${maybeHostCall('countTasks')});
  const tallies = attempt(() => ${maybeHostCall('readTallies')});
  // Nobody is asked for leave that was not given, and no audit is told.
  const may = (path) => !process.permission || process.permission.has('fs.read', path);
  const text = (path) => may(path) ? attempt(() => fs.readFileSync(path, 'utf8')) : null;
  const stat = text('/proc/self/stat');
  // Linux says in the size of the folder how many there are, since 6.2; else they are listed, the one that lists them too.
  const fds = (path) => !may(path) ? null : attempt(() => fs.statSync(path).size || fs.readdirSync(path).length - 1);
  // Node names the threads of its workers since 24; many threads are not asked one by one.
  const named = () => +process.versions.node.split('.')[0] < 24 || !may('/proc/self/task') ? null : fs.readdirSync('/proc/self/task');
  const workers = (threads) => threads.length > 64 ? null : threads.filter((id) => text('/proc/self/task/' + id + '/comm') === 'WorkerThread\\n').length;
  const children = text('/proc/thread-self/children');
`;

/** One field each. */
const PARTS = {
  pid: 'process.pid',
  uptime: 'process.uptime()',
  rss: 'memory.rss',
  heapUsed: 'memory.heapUsed',
  heapLive: 'tallies.heapLive',
  heapTotal: 'memory.heapTotal',
  heapLimit: 'v8.getHeapStatistics().heap_size_limit',
  external: 'memory.external',
  arrayBuffers: 'memory.arrayBuffers',
  tasks: 'tasks.count',
  tasksBetween: 'tasks.between',
  handles: 'handles.length',
  handleKinds: 'handles && kinds',
  fds: `process.platform === 'linux' ? fds('/proc/self/fd') : process.platform === 'darwin' ? fds('/dev/fd') : null`,
  fdLimit: `+/^Max open files\\s+(\\d+)/m.exec(text('/proc/self/limits'))[1]`,
  threads: `+stat.slice(stat.lastIndexOf(')') + 2).split(' ')[17]`,
  workers: 'tallies === null ? workers(named()) : tallies.workers',
  children: `children === null ? handles && (kinds.ProcessWrap ?? 0) : children.split(' ').filter(Boolean).length`,
  turns: 'performance.nodeTiming.uvMetricsInfo.loopCount',
  requests: 'tallies.requests',
  cpu: '(({ user, system }) => (user + system) / 1e6)(process.cpuUsage())',
  constrained: 'process.constrainedMemory()',
} satisfies Record<keyof ProcessCounters, string>;

/** Evaluates to {@link ProcessCounters} on any supported Node, with or without an agent, whatever it may not do. */
export const COUNTERS_EXPRESSION: Expression<Json<ProcessCounters>> = `(() => {${PRELUDE}
  return JSON.stringify({
${Object.entries(PARTS)
  .map(([name, part]) => `    ${name}: attempt(() => ${part}),`)
  .join('\n')}
  });
})()`;

/**
 * A reading as it is sent.
 *
 * @param limit bytes, Infinity for none
 * @param name what an error calls it
 * @param agentMemory bytes of the resident memory that the agent's own thread has
 * @throws {WireError} where the process has answered something else
 */
export function countersOf(
  read: ProcessCounters,
  limit: number,
  eventLoopLag: number | null,
  name?: string,
  agentMemory: number | null = null,
): Counters {
  const counters = {
    ...read,
    agentMemory,
    schema: 'stackpile.counters/1',
    runtime: 'node',
    time: Date.now(),
    memoryLimit: Number.isFinite(limit) ? limit : null,
    eventLoopLag: eventLoopLag === null ? null : Math.round(eventLoopLag * 10) / 10,
  } satisfies Record<keyof Counters, unknown>;
  return readCounters(counters, name);
}
