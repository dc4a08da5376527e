// What each counter of a process is called, what evidence explains its growth, where it ends, and what looks there.
import type { Counters } from '@stackpile/profile';

/** Kinds of profiles that explain why a counter grows. Within version 1 kinds are only ever added. */
export const evidences = [
  'tasks',
  'handles',
  'closures',
  'heap',
  'classes',
  'threads',
  'goroutineleak',
  'files',
  'filled',
] as const;

/** One of {@link evidences}. */
export type Evidence = (typeof evidences)[number];

/** Counters that a verdict balances, in the order in which they are told. */
export type CounterName =
  | 'tasks'
  | 'handles'
  | 'fds'
  | 'workers'
  | 'children'
  | 'threads'
  | 'heapLive'
  | 'arrayBuffers'
  | 'external'
  | 'rss';

/** What is known of one counter. */
export interface CounterKind {
  readonly name: CounterName;
  readonly unit: 'count' | 'bytes';
  /** As it stands in a sentence. */
  readonly noun: Readonly<Record<Counters['runtime'], string>>;
  /** What explains its growth, nearest first. */
  readonly evidence: readonly Evidence[];
  /** Counters whose growth makes this one grow too. */
  readonly follows: readonly CounterName[];
  /** The counter that says where it ends. */
  readonly limit: 'memoryLimit' | 'heapLimit' | 'fdLimit' | null;
  /** A gain below this is none, whatever the window: what a healthy process does at rest. */
  readonly leastGain: number;
  /** … and below this share of its level. */
  readonly leastShare: number;
  /** It is flat where no more than this can have grown unseen while it was watched … */
  readonly unseenGain: number;
  /** … or no more than this share of its level. */
  readonly unseenShare: number;
  /** What a leak adds at a time; see `boundOf`. */
  readonly grain: number;
  /** Whether the process's own start moves it: compiled code, caches, pools. */
  readonly warmsUp: boolean;
  /** The one command or option that looks there. */
  readonly look: Readonly<Record<Counters['runtime'], string>>;
}

const MB = 2 ** 20;
/** A buffer that leaks is hardly smaller. */
const buffer = 65_536;
/** The heap is taken from the system in pieces of this size. */
const page = 262_144;

function counted(
  name: CounterName,
  noun: CounterKind['noun'],
  evidence: readonly Evidence[],
  look: CounterKind['look'],
  more: Partial<CounterKind> = {},
): CounterKind {
  return {
    name,
    unit: 'count',
    noun,
    evidence,
    look,
    follows: [],
    limit: null,
    leastGain: 3,
    leastShare: 0.01,
    unseenGain: 12,
    unseenShare: 0.1,
    grain: 1,
    warmsUp: false,
    ...more,
  };
}

function weighed(
  name: CounterName,
  noun: string,
  evidence: readonly Evidence[],
  look: CounterKind['look'],
  more: Partial<CounterKind> = {},
): CounterKind {
  return {
    name,
    unit: 'bytes',
    noun: { node: noun, go: noun },
    evidence,
    look,
    follows: [],
    limit: null,
    leastGain: 65_536,
    leastShare: 0,
    unseenGain: 131_072,
    unseenShare: 0.015,
    grain: 0,
    warmsUp: true,
    ...more,
  };
}

const both = (text: string): CounterKind['look'] => ({ node: text, go: text });

/** The table itself. */
export const counterKinds: readonly CounterKind[] = [
  counted('tasks', { node: 'tasks', go: 'goroutines' }, ['tasks', 'goroutineleak'], {
    node: 'stackpile leaks URL/goroutine?source=heap',
    go: 'stackpile leaks URL/goroutine?debug=2',
  }),
  counted('handles', both('handles'), ['handles', 'closures'], {
    node: 'startServer({ tasks: { handles: true } }), or stackpile leaks pid:PID',
    go: 'stackpile leaks URL/goroutine?debug=2',
  }),
  counted(
    'fds',
    both('open files'),
    ['files', 'handles', 'closures'],
    {
      node: 'ls -l /proc/PID/fd: which files and sockets',
      go: 'ls -l /proc/PID/fd: which files and sockets',
    },
    { follows: ['handles', 'tasks', 'workers', 'children'], limit: 'fdLimit' },
  ),
  counted('workers', both('workers'), ['handles', 'tasks'], both('stackpile leaks URL?worker=ID')),
  counted('children', both('child processes'), ['handles', 'tasks'], both('stackpile leaks pid:CHILD')),
  counted(
    'threads',
    both('threads'),
    ['threads'],
    { node: 'stackpile leaks URL?worker=ID', go: 'stackpile leaks URL/threadcreate' },
    { follows: ['workers'], leastGain: 5 },
  ),
  weighed(
    'heapLive',
    'live heap',
    ['heap', 'classes', 'closures', 'filled'],
    {
      node: 'stackpile leaks URL/heap (who allocates), stackpile leaks URL/heapsnapshot (what holds it)',
      go: 'stackpile leaks URL/heap',
    },
    { limit: 'heapLimit' },
  ),
  weighed(
    'arrayBuffers',
    'buffer memory',
    ['classes', 'heap'],
    both('stackpile leaks URL/heapsnapshot: what holds them'),
    { warmsUp: false, grain: buffer, leastGain: 0.5 * MB, unseenGain: 2 * MB, unseenShare: 0.1 },
  ),
  weighed(
    'external',
    'memory outside the heap',
    ['classes', 'heap'],
    both('stackpile leaks URL/heapsnapshot: what holds it'),
    { follows: ['arrayBuffers'], grain: buffer, leastGain: 0.5 * MB, unseenGain: 2 * MB, unseenShare: 0.1 },
  ),
  weighed(
    'rss',
    'resident memory',
    ['heap', 'classes', 'filled'],
    both(
      'none of its parts explains it: native memory (addons, allocator, threads); /proc/PID/smaps_rollup says which',
    ),
    {
      follows: ['heapLive', 'external', 'arrayBuffers', 'workers', 'threads', 'tasks'],
      limit: 'memoryLimit',
      grain: page,
      leastGain: 6 * MB,
      leastShare: 0.1,
      unseenGain: 12 * MB,
      unseenShare: 0.25,
    },
  ),
];
