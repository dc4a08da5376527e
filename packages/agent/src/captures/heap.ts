// The heap profile and `allocs`: live objects, and past ones, by allocation site from V8's sampler, and what lies outside of the JavaScript heap.
import { AgentError } from '../errors.ts';
import { atoi } from '../http/query.ts';
import { type Costed, hostCall, maybeHostCall, parseJson } from '../host/calls.ts';
import type { MemoryReading } from '../host/reading.ts';
import { heapText, sitesText } from '../text/heap-text.ts';
import { type Allocations, AllocationLedger, allocationSites } from '../inspect/allocated.ts';
import {
  heapRecordFrames,
  profileOf,
  recordsOf,
  type SamplingHeapProfile,
  sitesProfile,
} from '../inspect/heap-profile.ts';
import type { HeapReading, HeapRecord } from '../inspect/heap-reading.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
} from './capture.ts';
import { SharedReading } from './shared-reading.ts';

/** A reading that forces a collection is given again for this long, or twenty times what it cost. */
const MIN_AGE_MS = 1000;
const COST_FACTOR = 20;

const ALLOCS_COMMENT =
  'the alloc columns add up the samples that readings of heap and allocs have met alive since the agent began; those that were ' +
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
  #sites = 0;
  /** Whether a reading forces a collection; true until one has said no. */
  #collects = true;
  readonly #ledger = new AllocationLedger();
  readonly #plain = new SharedReading<HeapResults>();
  readonly #collected = new SharedReading<HeapResults>();

  get sites(): number {
    return this.#sites;
  }

  /** A reading that is young enough, or a new one: always a new one, after a collection, where `collect` is true. */
  async read(
    context: CaptureContext,
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

  async #take(context: CaptureContext, collect: boolean): Promise<Costed<HeapResults>> {
    const taken = performance.now();
    const reading = await takeReading(context, collect, this.#ledger);
    const { cost } = reading;
    const result = resultsOf(reading, this.#ledger.read(), context);
    this.#sites = reading.records.length;
    this.#collects = reading.memory.sampler !== 'own-no-gc';
    if (this.#collects) this.#keep({ result, taken, lasts: Math.max(MIN_AGE_MS, COST_FACTOR * cost) });
    return { value: result, cost };
  }

  #keep(kept: Kept): void {
    this.#last = kept;
    const forget = (): void => {
      if (this.#last === kept) this.#last = null;
    };
    setTimeout(forget, kept.lasts).unref();
  }
}

function resultsOf(reading: HeapReading, allocations: Allocations, context: CaptureContext): HeapResults {
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
  context: CaptureContext,
  collect: boolean,
  ledger: AllocationLedger,
): Promise<HeapReading> {
  return context.main.withSession(async (session) => {
    const memory = parseJson(await context.main.evaluate(hostCall('readMemory')));
    if (memory.sampler === 'off') {
      throw new AgentError(
        'AGENT_UNAVAILABLE',
        'the heap is not sampled: the option heap is false, or this Node has no inspector',
      );
    }
    const started = performance.now();
    if (collect) await session.post('HeapProfiler.collectGarbage', {}, { timeoutMs: 60_000 });
    const profile = await sampled(context, session);
    const cost = performance.now() - started;
    ledger.add(profile, memory.interval);
    const records = [...recordsOf(profile, memory.interval), ...offHeap(memory)];
    await context.originals.learn(session, heapRecordFrames(records));
    return { records, memory, timeNanos: BigInt(Date.now()) * 1_000_000n, cost };
  });
}

/**
 * What V8's sampler has. There is one for all profilers of a process, and some end it when they end: it begins anew then.
 *
 * @throws {AgentError} `AGENT_UNAVAILABLE` where somebody has ended it
 */
async function sampled(context: CaptureContext, session: InspectorSession): Promise<SamplingHeapProfile> {
  try {
    const { profile } = await session.post<{ profile: SamplingHeapProfile }>(
      'HeapProfiler.getSamplingProfile',
      {},
      { timeoutMs: 60_000 },
    );
    return profile;
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'AGENT_UNAVAILABLE') throw error;
    await context.main.evaluate(maybeHostCall('sampleHeapAgain'));
    const message =
      'another profiler of this process has ended the sampling of the heap; it has begun anew: ask again';
    throw new AgentError('AGENT_UNAVAILABLE', message, { cause: error });
  }
}

const reader = new HeapReader();

async function take(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult> {
  return (await reader.read(context, atoi(request.query.get('gc')) > 0, request)).heap;
}

/** `heap`: a sampling of live objects. */
export const heap: Capture = {
  name: 'heap',
  description:
    'A sampling of memory allocations of live objects. You can specify the gc GET parameter to run GC before taking the heap sample.',
  delta: true,
  query: { gc: '`1` collects garbage before' },
  count: () => Promise.resolve({ count: reader.sites, note: '' }),
  take,
};

/** `allocs`: what was allocated since the sampler began. */
export const allocs: Capture = {
  name: 'allocs',
  description: 'A sampling of all past memory allocations',
  delta: true,
  query: {},
  count: () => Promise.resolve({ count: reader.sites, note: '' }),
  take: async (context, request) => (await reader.read(context, false, request)).allocs(),
};
