// What a guard watches of a service in numbers, against which lines: pure.
import { oldSpaceLimit, type Progress } from '@stackpile/agent/inspector';
import { type Counters, readCounters } from '@stackpile/profile';
import type { Outside } from './outside.ts';

/** V8 may give up from 80 % of its heap on, where collections free little. */
const V8_AT = 0.75;

/** Where the lines are. */
export interface GuardLines {
  /** A part of each limit, 0 … 1. */
  readonly at: number;
  /** Bytes of memory at which the process ends, as somebody said; null: what the system says. */
  readonly limit: number | null;
  /** So many tasks are too many; null: as many as there are. */
  readonly tasks: number | null;
}

/** What is watched; null where it is not known. */
export interface Vitals {
  /** What counts against `memoryLimit`. */
  readonly memory: number | null;
  readonly memoryLimit: number | null;
  readonly heap: number | null;
  readonly heapLimit: number | null;
  /** The largest part of it that a line may be at. */
  readonly heapAt: number;
  readonly addresses: number | null;
  readonly addressLimit: number | null;
  readonly descriptors: number | null;
  readonly descriptorLimit: number | null;
  readonly tasks: number | null;
}

const unknown: Vitals = {
  memory: null,
  memoryLimit: null,
  heap: null,
  heapLimit: null,
  heapAt: 1,
  addresses: null,
  addressLimit: null,
  descriptors: null,
  descriptorLimit: null,
  tasks: null,
};

/** Of a process that was looked at from outside; its heap is what its own counters said last. */
export function vitalsOfOutside(outside: Outside, last: Counters | null, limit: number | null): Vitals {
  const { rss, group, goLimit } = outside;
  return {
    ...unknown,
    memory: limit === null ? (group?.used ?? rss) : rss,
    memoryLimit: limit ?? group?.limit ?? null,
    heap: last?.heapLive ?? last?.heapUsed ?? null,
    heapLimit: goLimit,
    addresses: outside.addresses,
    addressLimit: outside.addressLimit,
    descriptors: outside.descriptors,
    descriptorLimit: outside.descriptorLimit,
    tasks: last?.tasks ?? null,
  };
}

/** Of a process that tells its own memory: an agent, or an inspector. */
export function vitalsOfCounters(counters: Counters, flags: string, limit: number | null): Vitals {
  const { rss, heapUsed, heapLimit, fds, fdLimit, tasks } = counters;
  // The young generation of Node 24 is the largest: with that it is below what other versions have.
  const most = heapLimit === null ? null : oldSpaceLimit({ limit: heapLimit, flags, major: 24 });
  return {
    ...unknown,
    memory: rss,
    memoryLimit: limit ?? counters.memoryLimit,
    heap: heapUsed,
    heapLimit: most,
    heapAt: V8_AT,
    descriptors: fds,
    descriptorLimit: fdLimit,
    tasks,
  };
}

const TAIL_BYTES = 32_768;

/** Of a Go process somewhere: all memory that its runtime has of the system, as `GOMEMLIMIT` counts it, out of the text of its heap. */
export function vitalsOfGoHeap(body: Uint8Array, last: Counters | null, limit: number | null): Vitals {
  const tail = new TextDecoder('latin1').decode(body.subarray(-TAIL_BYTES));
  const from = tail.lastIndexOf('# runtime.MemStats');
  const stat = (name: string): number | null => {
    const digits =
      from < 0 ? undefined : new RegExp(`^# ${name} = (\\d{1,15})$`, 'mu').exec(tail.slice(from))?.[1];
    return digits === undefined ? null : Number(digits);
  };
  const [sys, released] = [stat('Sys'), stat('HeapReleased')];
  return {
    ...unknown,
    memory: sys === null || released === null ? null : Math.max(0, sys - released),
    memoryLimit: limit,
    heap: stat('HeapAlloc'),
    tasks: last?.tasks ?? null,
  };
}

/** How far each is on the way to its line, the furthest first. */
export function progressOf(vitals: Vitals, { at, tasks }: GuardLines): Progress[] {
  const share = (what: Progress['what'], value: number | null, limit: number | null, most = 1): Progress[] =>
    value === null || limit === null || limit <= 0
      ? []
      : [{ what, value, line: limit * Math.min(at, most), limit }];
  const all = [
    ...share('rss', vitals.memory, vitals.memoryLimit),
    ...share('heap', vitals.heap, vitals.heapLimit, vitals.heapAt),
    ...share('addresses', vitals.addresses, vitals.addressLimit),
    ...share('descriptors', vitals.descriptors, vitals.descriptorLimit),
    ...(tasks === null || vitals.tasks === null
      ? []
      : [{ what: 'tasks', value: vitals.tasks, line: tasks, limit: null } as const]),
  ];
  return all.sort((a, b) => b.value / b.line - a.value / a.line);
}

/** A row for the ledger, of what was seen without the service's own counters. */
export function readingOf(
  vitals: Vitals,
  outside: Outside | null,
  runtime: Counters['runtime'],
  time: number,
): Counters {
  const none = readCounters({ schema: 'stackpile.counters/1', time });
  return {
    ...none,
    runtime,
    pid: outside?.pid ?? null,
    rss: vitals.memory,
    memoryLimit: vitals.memoryLimit,
    fds: vitals.descriptors,
    fdLimit: vitals.descriptorLimit,
    threads: outside?.threads ?? null,
  };
}

/** Counters of a service with what the system says of it from outside. */
export function withOutside(counters: Counters, outside: Outside | null, limit: number | null): Counters {
  if (outside === null) return limit === null ? counters : { ...counters, memoryLimit: limit };
  return {
    ...counters,
    pid: counters.pid ?? outside.pid,
    rss: counters.rss ?? outside.rss,
    memoryLimit: limit ?? counters.memoryLimit ?? outside.group?.limit ?? null,
    fds: counters.fds ?? outside.descriptors,
    fdLimit: counters.fdLimit ?? outside.descriptorLimit,
    threads: counters.threads ?? outside.threads,
  };
}
