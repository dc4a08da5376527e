// `metrics`: the process in numbers, for Prometheus; names that its Node client has are the same here.
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { Counters } from '@stackpile/profile';
import type { CaptureContext } from '../captures/capture.ts';
import { SharedReading } from '../captures/shared-reading.ts';
import { costed, type Costed, hostCall, parseJson } from '../host/calls.ts';
import { COUNTERS_EXPRESSION, countersOf } from '../host/counters.ts';
import { GC_BUCKETS, type MeterReading } from '../host/meters.ts';
import { EXPOSITION_TYPE, expositionText, type MetricFamily, type MetricSample } from '../text/exposition.ts';
import type { Endpoint } from './endpoint.ts';

/** Ticks of a second in which Linux counts a thread's CPU time. */
const TICKS = 100;

/** What is read of the process. */
interface Reading {
  readonly counters: Counters;
  readonly meters: MeterReading;
}

const readings = new SharedReading<Reading>();

async function take({ main }: CaptureContext): Promise<Costed<Reading>> {
  const counters = await main.evaluate(costed(COUNTERS_EXPRESSION));
  const meters = await main.evaluate(costed(hostCall('readMeters')));
  return {
    value: {
      counters: countersOf(parseJson(counters.value), Infinity, null),
      meters: parseJson(meters.value),
    },
    cost: counters.cost + meters.cost,
  };
}

/** A family of one number; of none where it is not known. */
function one(type: 'counter' | 'gauge', name: string, help: string, value: number | null): MetricFamily {
  return { name, type, help, samples: value === null ? [] : [{ value }] };
}

/** Seconds of CPU that the calling thread has used; null where nobody says. */
function threadCpu(): number | null {
  // Since Node 23.9.
  const node: { threadCpuUsage?(): { user: number; system: number } } = process;
  try {
    const usage = node.threadCpuUsage?.();
    if (usage !== undefined) {
      const { user, system } = usage;
      return (user + system) / 1e6;
    }
    const stat = readFileSync('/proc/thread-self/stat', 'utf8');
    const [user = '', system = ''] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    const ticks = Number(user) + Number(system);
    return Number.isFinite(ticks) ? ticks / TICKS : null;
  } catch {
    return null;
  }
}

function processFamilies({ counters, meters }: Reading): MetricFamily[] {
  const { rss, fds, fdLimit, threads, uptime, time } = counters;
  const start = uptime === null ? null : time / 1e3 - uptime;
  return [
    one('counter', 'process_cpu_user_seconds_total', 'CPU time in user mode.', meters.user),
    one('counter', 'process_cpu_system_seconds_total', 'CPU time in the system.', meters.system),
    one('counter', 'process_cpu_seconds_total', 'CPU time, user and system.', meters.user + meters.system),
    one('gauge', 'process_start_time_seconds', 'When the process began, since 1970.', start),
    one('gauge', 'process_uptime_seconds', 'How long the process has run.', uptime),
    one('gauge', 'process_resident_memory_bytes', 'Resident memory.', rss),
    one('gauge', 'process_open_fds', 'Open file descriptors.', fds),
    one('gauge', 'process_max_fds', 'Most file descriptors that may be open.', fdLimit),
    one('gauge', 'process_threads', 'Threads of the system.', threads),
  ];
}

function loopFamilies({ counters, meters }: Reading): MetricFamily[] {
  const { delay, active, idle } = meters;
  const lag = (what: keyof NonNullable<typeof delay>, said: string): MetricFamily =>
    one(
      'gauge',
      `nodejs_eventloop_lag_${what}_seconds`,
      `Delay of the event loop in the last one to two minutes: ${said}.`,
      delay?.[what] ?? null,
    );
  const busy = active + idle > 0 ? active / (active + idle) : null;
  return [
    lag('min', 'the least'),
    lag('max', 'the most'),
    lag('mean', 'the mean'),
    lag('stddev', 'the standard deviation'),
    lag('p50', 'the median'),
    lag('p90', 'the 90th percentile'),
    lag('p99', 'the 99th percentile'),
    one(
      'gauge',
      'nodejs_eventloop_utilization',
      'Part of the time in which the loop ran something, since the start.',
      busy,
    ),
    one('counter', 'nodejs_eventloop_active_seconds_total', 'Time in which the loop ran something.', active),
    one('counter', 'nodejs_eventloop_idle_seconds_total', 'Time in which the loop waited.', idle),
    one('counter', 'nodejs_eventloop_turns_total', 'Turns of the event loop.', counters.turns),
  ];
}

function gcSamples({ gc }: MeterReading): MetricSample[] {
  return gc.flatMap(({ kind, count, seconds, upTo }) => [
    ...GC_BUCKETS.map((le, i) => ({
      suffix: '_bucket',
      labels: { kind, le: String(le) },
      value: upTo[i] as number,
    })),
    { suffix: '_bucket', labels: { kind, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { kind }, value: seconds },
    { suffix: '_count', labels: { kind }, value: count },
  ]);
}

function heapFamilies({ counters, meters }: Reading): MetricFamily[] {
  const { heapTotal, heapUsed, heapLive, heapLimit, external, arrayBuffers } = counters;
  const space = (what: 'total' | 'used' | 'available', help: string): MetricFamily => ({
    name: `nodejs_heap_space_size_${what}_bytes`,
    type: 'gauge',
    help,
    samples: meters.spaces.map((one) => ({
      labels: { space: one.name.replace(/_space$/u, '') },
      value: one[what],
    })),
  });
  return [
    {
      name: 'nodejs_gc_duration_seconds',
      type: 'histogram',
      help: 'How long collections took, by kind, since the first scrape.',
      samples: gcSamples(meters),
    },
    one('gauge', 'nodejs_heap_size_total_bytes', 'What the heap has of the system.', heapTotal),
    one('gauge', 'nodejs_heap_size_used_bytes', 'What is alive in the heap or not collected yet.', heapUsed),
    one('gauge', 'nodejs_heap_size_live_bytes', 'What the last full collection left.', heapLive),
    one('gauge', 'nodejs_heap_size_limit_bytes', 'Heap at which V8 gives up.', heapLimit),
    one('gauge', 'nodejs_external_memory_bytes', 'What objects hold outside of the heap.', external),
    one('gauge', 'nodejs_array_buffers_bytes', 'The part of it in ArrayBuffers.', arrayBuffers),
    space('total', 'What each space of the heap has of the system.'),
    space('used', 'What is used of each space of the heap.'),
    space('available', 'What is free in each space of the heap.'),
  ];
}

function taskFamilies({ counters }: Reading): MetricFamily[] {
  const { tasks, tasksBetween, handleKinds, workers, children, requests } = counters;
  const [low, high] = tasksBetween ?? [null, null];
  return [
    {
      name: 'nodejs_active_resources',
      type: 'gauge',
      help: 'Handles and requests that keep the event loop alive, by type.',
      samples: Object.entries(handleKinds ?? {}).map(([type, value]) => ({ labels: { type }, value })),
    },
    one('gauge', 'stackpile_tasks', 'Suspended async tasks.', tasks),
    one('gauge', 'stackpile_tasks_low', 'Where tasks are sampled: no fewer, with 95 % confidence.', low),
    one('gauge', 'stackpile_tasks_high', 'Where tasks are sampled: no more, with 95 % confidence.', high),
    one('gauge', 'stackpile_workers', 'Worker threads, without the one of the agent.', workers),
    one('gauge', 'stackpile_child_processes', 'Child processes that have not ended.', children),
    one(
      'counter',
      'stackpile_http_requests_total',
      'HTTP/1 requests answered since the agent began.',
      requests,
    ),
  ];
}

function agentFamilies({ limits }: CaptureContext, { meters }: Reading): MetricFamily[] {
  const { pace, stops, cuts, blockCuts } = limits;
  const spent = (pace.spent + stops.spent + cuts.spent + blockCuts.spent) / 1e3;
  const heap = getHeapStatistics().total_heap_size;
  return [
    one('counter', 'stackpile_agent_cpu_seconds_total', "CPU time of the agent's own thread.", threadCpu()),
    one('gauge', 'stackpile_agent_heap_bytes', "Heap of the agent's own thread.", heap),
    one(
      'counter',
      'stackpile_agent_stopped_seconds_total',
      'For how long readings have stopped the main thread.',
      spent,
    ),
    one(
      'counter',
      'stackpile_agent_tracking_seconds_total',
      'How long looking at tasks and handles has taken the main thread.',
      meters.tracking,
    ),
    {
      name: 'nodejs_version_info',
      type: 'gauge',
      help: 'The version of Node.',
      samples: [{ labels: { version: process.version }, value: 1 }],
    },
  ];
}

/** Text of Prometheus's format. */
export const metrics: Endpoint = {
  name: 'metrics',
  description:
    'Numbers of the process for Prometheus: event-loop delays, collections, heap spaces, handles, tasks, descriptors, threads, CPU',
  kind: 'text',
  query: {},
  delta: false,
  count: null,
  async answer({ captures }, { signal }) {
    const reading = await readings.read(captures.limits.pace, () => take(captures), signal);
    const families = [processFamilies, loopFamilies, heapFamilies, taskFamilies].flatMap((of) => of(reading));
    return {
      status: 200,
      headers: { 'Content-Type': EXPOSITION_TYPE, 'X-Content-Type-Options': 'nosniff' },
      body: expositionText([...families, ...agentFamilies(captures, reading)]),
    };
  },
};
