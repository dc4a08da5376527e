// The numbers of a process that a timeline shows, read on its main thread by an expression that needs no agent there.

/** What {@link COUNTERS_EXPRESSION} gives: bytes, counts and seconds. */
export interface ProcessCounters {
  readonly pid: number;
  /** Seconds since the process began. */
  readonly uptime: number;
  /** What keeps the loop alive or is under way in it: sockets, servers, timers, children, requests. */
  readonly handles: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  /** Where V8 gives up. */
  readonly heapLimit: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  /** Bytes that the system lets the process have, as Node knows it; 0 where it knows none. */
  readonly constrained: number;
  /** Suspended tasks that the agent tracks; null without an agent that tracks them. */
  readonly tasks: number | null;
  /** Where tasks are sampled, the interval that holds their number in 95 of 100 cases; else null. */
  readonly tasksBetween: readonly [low: number, high: number] | null;
}

/** Evaluates to JSON of {@link ProcessCounters} on any supported Node; costs well under a millisecond. */
export const COUNTERS_EXPRESSION = `(() => {
  const memory = process.memoryUsage();
  const load = process.getBuiltinModule ?? require;
  const host = globalThis[Symbol.for('stackpile.agent.1')];
  const tasks = host?.tracker ? host.countTasks() : null;
  return JSON.stringify({
    pid: process.pid,
    uptime: process.uptime(),
    handles: process.getActiveResourcesInfo().length,
    heapUsed: memory.heapUsed,
    heapTotal: memory.heapTotal,
    heapLimit: load('node:v8').getHeapStatistics().heap_size_limit,
    external: memory.external,
    arrayBuffers: memory.arrayBuffers,
    rss: memory.rss,
    constrained: process.constrainedMemory?.() ?? 0,
    tasks: tasks && tasks.count,
    tasksBetween: tasks && tasks.between,
  });
})()`;

/** What `counters` answers and a page reads; it only grows. */
export interface Counters extends Omit<ProcessCounters, 'constrained'> {
  readonly schema: 'stackpile.counters/1';
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Bytes at which the process is killed (cgroup, or what Node knows of); null where nothing bounds it but the machine. */
  readonly memoryLimit: number | null;
  /** Longest turn of the event loop since the last reading, in milliseconds; null where it was not measured. */
  readonly eventLoopLag: number | null;
}

/** A reading as it is sent. `limit` in bytes, Infinity for none. */
export function countersOf(read: ProcessCounters, limit: number, eventLoopLag: number | null): Counters {
  const { constrained: _, ...shown } = read;
  return {
    schema: 'stackpile.counters/1',
    time: Date.now(),
    ...shown,
    memoryLimit: Number.isFinite(limit) ? limit : null,
    eventLoopLag: eventLoopLag === null ? null : Math.round(eventLoopLag * 10) / 10,
  };
}
