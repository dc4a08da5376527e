// The heap profile and `allocs`: live objects, and past ones, by allocation site from V8's sampler, and what lies outside of the JavaScript heap.
import { atoi } from '../http/query.ts';
import { type Costed, CPU_MS, parseJson } from '../host/calls.ts';
import type { MemoryReading } from '../host/reading.ts';
import { heapText, sitesText } from '../text/heap-text.ts';
import {
  type Allocations,
  AllocationLedger,
  allocationSites,
  type SavedAllocations,
} from '../inspect/allocated.ts';
import { heapRecordFrames, profileOf, recordsOf, sitesProfile } from '../inspect/heap-profile.ts';
import type { HeapReading, HeapRecord } from '../inspect/heap-reading.ts';
import { evaluated } from '../inspect/main-thread.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
  type Count,
  type Keepsakes,
  type ThreadContext,
} from './capture.ts';
import { type HeapSource, mainHeap } from './heap-source.ts';
import { SharedReading } from './shared-reading.ts';
import { WorkerHeap } from './worker-heap.ts';

/** A reading that forces a collection is given again for this long, or twenty times what it cost. */
const MIN_AGE_MS = 1000;
const COST_FACTOR = 20;
/** How long the thread may take for a collection, and for what it has sampled. */
const SLOW_MS = 60_000;

const ALLOCS_COMMENT =
  'the alloc columns add up the samples that readings of heap and allocs have met alive since sampling began; those that were ' +
  'collected before stand under (collected before it was seen), about as many bytes as the sampler had passed at the newest that is ' +
  'alive: V8 has one sampler, and it forgets where they were allocated';

/** Memory that V8's sampler does not see, as frames of its own: a leak of Buffers shows here. */
function offHeap(memory: MemoryReading): HeapRecord[] {
  const { rss, heapTotal, external, arrayBuffers } = memory;
  const parts = [
    { name: '(arrayBuffers)', bytes: arrayBuffers },
    { name: '(external)', bytes: external - arrayBuffers },
    { name: '(native)', bytes: rss - heapTotal - external },
  ];
  return parts
    .filter((part) => part.bytes > 0)
    .map(({ name, bytes }) => ({ frames: [{ name, file: '', line: 0 }], size: 0, count: 0, bytes }));
}

/** A reading as it is answered. */
interface HeapResults {
  readonly heap: CaptureResult;
  /** Made only where somebody asks for it. */
  readonly allocs: () => CaptureResult;
}

/** A reading, as it is answered and as far as later ones need it. */
interface Kept {
  readonly result: HeapResults;
  /** When it was taken, `performance.now()`. */
  readonly taken: number;
  /** For how long it is given again, in milliseconds. */
  readonly lasts: number;
}

/**
 * Takes readings one after the other, each for all who have asked for one by then. Before Node 26 each costs a collection, so it is
 * given again for a while; then it is forgotten.
 */
class HeapReader {
  #last: Kept | null = null;
  /** Of the last reading; null before the first. */
  #counted: { readonly sites: number; readonly at: number } | null = null;
  /** Whether a reading forces a collection; true until one has said no. */
  #collects = true;
  readonly #ledger: AllocationLedger;
  /** Of a worker thread. */
  readonly #worker = new WorkerHeap();
  readonly #plain = new SharedReading<HeapResults>();
  readonly #collected = new SharedReading<HeapResults>();

  constructor(ledger: AllocationLedger) {
    this.#ledger = ledger;
  }

  /** Sites of the last reading: one more would cost a collection. */
  get count(): Count {
    if (this.#counted === null) return { count: null, note: 'Not counted before it is read.' };
    const { sites, at } = this.#counted;
    const seconds = Math.round((performance.now() - at) / 1000);
    return { count: sites, note: `Counted when it was read, ${seconds} s ago.`, at };
  }

  /** A reading that is young enough, or a new one: always a new one, after a collection, where `collect` is true. */
  async read(
    context: ThreadContext,
    collect: boolean,
    { signal, since = -Infinity }: CaptureRequest,
  ): Promise<HeapResults> {
    const last = this.#last;
    if (!collect && last !== null && last.taken >= since) return last.result;
    const { pace, stops, collections, waiting } = context.limits;
    if (!collect)
      return this.#plain.read(this.#collects ? stops : pace, () => this.#take(context, false), signal);
    const stopWaiting = waiting.enter(collections.wait() / 1000, signal);
    try {
      return await this.#collected.read(collections, () => this.#take(context, true), signal);
    } finally {
      stopWaiting();
    }
  }

  async #take(context: ThreadContext, collect: boolean): Promise<Costed<HeapResults>> {
    const taken = performance.now();
    const source = context.workerId === null ? mainHeap(context) : this.#worker.source(context);
    const reading = await takeReading(context, source, collect, this.#ledger);
    const { cost } = reading;
    const result = resultsOf(reading, this.#ledger.read(), context);
    this.#counted = { sites: reading.records.length, at: taken };
    this.#collects = reading.memory.sampler !== 'own-no-gc';
    if (this.#collects) this.#keep({ result, taken, lasts: Math.max(MIN_AGE_MS, COST_FACTOR * cost) });
    return { value: result, cost };
  }

  #keep(kept: Kept): void {
    // One that was begun after a collection may be ready before an older one.
    if (this.#last !== null && this.#last.taken > kept.taken) return;
    this.#last = kept;
    const forget = (): void => {
      if (this.#last === kept) this.#last = null;
    };
    setTimeout(forget, kept.lasts).unref();
  }
}

function resultsOf(reading: HeapReading, allocations: Allocations, context: ThreadContext): HeapResults {
  let allocs: CaptureResult | null = null;
  const makeAllocs = (): CaptureResult => {
    const sites = allocationSites(allocations, reading.records, reading.memory.interval);
    const profile = sitesProfile(reading, sites, context, {
      defaultSampleType: 'alloc_space',
      comment: ALLOCS_COMMENT,
    });
    return captureResult(profile, () => sitesText(reading, sites, context));
  };
  return {
    heap: captureResult(profileOf(reading, context), () => heapText(reading, context)),
    allocs: () => (allocs ??= makeAllocs()),
  };
}

function takeReading(
  context: ThreadContext,
  source: HeapSource,
  collect: boolean,
  ledger: AllocationLedger,
): Promise<HeapReading> {
  return context.thread.withSession(async (session) => {
    const memory = await source.memory(session);
    const started = performance.now();
    const cpu = (): Promise<number> => evaluated(session, CPU_MS, { who: 'the thread', timeoutMs: SLOW_MS });
    const before = await cpu();
    // V8 may collect in a turn of its own: what is asked beside would be told before.
    if (collect) await session.post('HeapProfiler.collectGarbage', {}, { timeoutMs: SLOW_MS });
    const [profile, after] = await Promise.all([source.samples(session), cpu()]);
    const cost = Math.min(performance.now() - started, Math.max(0, after - before));
    // Before anybody is told: the next sidecar must not say less.
    if (ledger.add(profile, memory.interval)) context.keepsakes?.write(KEPT, JSON.stringify(ledger.save()));
    const records = [...recordsOf(profile, memory.interval), ...offHeap(memory)];
    await context.originals.learn(session, [...heapRecordFrames(records), ...ledger.takeRestored()]);
    const timeNanos = BigInt(Date.now()) * 1_000_000n;
    return { records, memory, timeNanos, cost, comments: source.comments() };
  });
}

/** Under what name a sidecar leaves its ledger to the next. */
const KEPT = 'allocs';

/** The ledger of the sidecar before, where there was one. */
function ledgerOf(keepsakes: Keepsakes | undefined): AllocationLedger {
  const ledger = new AllocationLedger();
  const saved = keepsakes?.read(KEPT) ?? null;
  if (saved !== null) ledger.restore(parseJson<SavedAllocations>(saved));
  return ledger;
}

const readers = new WeakMap<ThreadContext, HeapReader>();

function readerOf(context: ThreadContext): HeapReader {
  let reader = readers.get(context);
  if (reader === undefined) readers.set(context, (reader = new HeapReader(ledgerOf(context.keepsakes))));
  return reader;
}

async function take(context: ThreadContext, request: CaptureRequest): Promise<CaptureResult> {
  return (await readerOf(context).read(context, atoi(request.query.get('gc')) > 0, request)).heap;
}

async function takeAllocs(context: ThreadContext, request: CaptureRequest): Promise<CaptureResult> {
  return (await readerOf(context).read(context, false, request)).allocs();
}

function count(context: CaptureContext): Promise<Count> {
  return Promise.resolve(readerOf(context).count);
}

/** `heap`: a sampling of live objects. */
export const heap: Capture = {
  name: 'heap',
  description:
    'A sampling of memory allocations of live objects. You can specify the gc GET parameter to run GC before taking the heap sample.',
  delta: true,
  query: { gc: '`1` collects garbage before' },
  count,
  take,
  takeOfWorker: take,
};

/** `allocs`: what was allocated since the sampler began. */
export const allocs: Capture = {
  name: 'allocs',
  description: 'A sampling of all past memory allocations',
  delta: true,
  query: {},
  count,
  take: takeAllocs,
  takeOfWorker: takeAllocs,
};
