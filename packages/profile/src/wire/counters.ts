// A process in numbers, as cheap as can be read: what an agent, an inspector or a Go service says of it, in one form.

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
  /** Worker threads that run JavaScript, besides the main one. */
  readonly workers: number | null;
  /** Child processes that have not ended. */
  readonly children: number | null;

  /** Turns of the event loop since it began. */
  readonly turns: number | null;
  /** HTTP requests answered since the process began. */
  readonly requests: number | null;
  /** Seconds of CPU since the process began, user and system. */
  readonly cpu: number | null;
  /** Longest turn of the event loop since the last reading, in milliseconds; null where it was not measured. */
  readonly eventLoopLag: number | null;
}
