// A Go process in numbers, out of what its handlers print: MemStats at the end of the heap's text, first lines of the others.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import type { Counters } from '@stackpile/profile';

/** What a Go service answered; null where it did not. */
export interface GoAnswers {
  /** `heap?debug=1` */
  readonly heap: Uint8Array | null;
  /** What `HeapAlloc` was after the last collection that was asked for, that one included; null where none was. */
  readonly heapLive: number | null;
  readonly goroutines: number | null;
  readonly threads: number | null;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Totals that a Go runtime only ever adds to: one that fell is another process's. */
export interface GoTotals {
  readonly allocated: number;
  readonly collections: number;
}

/** MemStats are some thirty lines, two of them with 256 numbers of twenty digits each. */
const TAIL_BYTES = 32_768;

/** The number behind `# NAME = `, null where there is none that a double holds. */
type MemStats = (name: string) => number | null;

function memStats(text: Uint8Array | null): MemStats {
  const tail = text === null ? '' : new TextDecoder('latin1').decode(text.subarray(-TAIL_BYTES));
  const numbers = new Map<string, number>();
  const from = tail.lastIndexOf('# runtime.MemStats');
  for (const [, name = '', digits = ''] of from < 0
    ? []
    : tail.slice(from).matchAll(/^# (\w{1,40}) = (\d{1,19})\n/gmu))
    numbers.set(name, Number(digits));
  return (name) => {
    const value = numbers.get(name);
    return value === undefined || !Number.isSafeInteger(value) ? null : value;
  };
}

/** Bytes that the text of a heap says are allocated: after `gc=1` those that live. */
export function heapAllocOf(heap: Uint8Array): number | null {
  return memStats(heap)('HeapAlloc');
}

/** `goroutine profile: total 34`; null where a text begins otherwise. */
export function totalOf(text: Uint8Array): number | null {
  const line = new TextDecoder('latin1').decode(text.subarray(0, 200)).split('\n', 1)[0] ?? '';
  const digits = /^\w{1,40} profile: total (\d{1,15})$/u.exec(line)?.[1];
  return digits === undefined ? null : Number(digits);
}

function without(whole: number | null, part: number | null): number | null {
  return whole === null || part === null || part > whole ? null : whole - part;
}

/** The counters of a Go process. Nothing there says when it began, what its resident memory is, or what it holds open. */
export function goCounters({ heap, heapLive, goroutines, threads, time }: GoAnswers): {
  readonly counters: Counters;
  readonly totals: GoTotals | null;
} {
  const stat = memStats(heap);
  const allocated = stat('TotalAlloc');
  const collections = stat('NumGC');
  return {
    totals: allocated === null || collections === null ? null : { allocated, collections },
    counters: {
      schema: 'stackpile.counters/1',
      runtime: 'go',
      time,
      pid: null,
      uptime: null,
      // MaxRSS is the highest that it ever was.
      rss: null,
      agentMemory: null,
      memoryLimit: null,
      heapUsed: stat('HeapAlloc'),
      // What a collection left is not printed; NextGC follows it by a factor that the program sets.
      heapLive,
      heapTotal: without(stat('HeapSys'), stat('HeapReleased')),
      heapLimit: null,
      external: null,
      arrayBuffers: null,
      tasks: goroutines,
      tasksBetween: null,
      handles: null,
      handleKinds: null,
      fds: null,
      fdLimit: null,
      threads,
      workers: null,
      children: null,
      turns: null,
      requests: null,
      cpu: null,
      eventLoopLag: null,
    },
  };
}

/** Whether totals belong to a process that began after the one that said `before`. */
export function beganAnew(before: GoTotals | null, now: GoTotals | null): boolean {
  return (
    before !== null &&
    now !== null &&
    (now.allocated < before.allocated || now.collections < before.collections)
  );
}
