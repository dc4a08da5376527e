// The samples of a worker thread's heap: V8 samples it from the first look on, in the inspector's session, which is kept for that.
import { AgentError } from '../errors.ts';
import type { Expression, Json } from '../host/calls.ts';
import { parseJson } from '../host/calls.ts';
import type { MemoryReading } from '../host/reading.ts';
import { evaluated, type InspectorSession } from '../inspect/main-thread.ts';
import type { ThreadContext } from './capture.ts';
import { type HeapSource, SAMPLING_ENDED, samplesOf } from './heap-source.ts';

/** Without a look for so long a worker is sampled no more. */
const KEEP_MS = 600_000;
/** As on the main thread. */
const STACK_DEPTH = 64;

type WorkerMemory = Pick<MemoryReading, 'heapTotal' | 'heapUsed' | 'external' | 'arrayBuffers'>;

/** What belongs to this thread of what Node tells; resident memory is that of the process. */
const MEMORY: Expression<Json<WorkerMemory>> = `(() => { try {
  const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return JSON.stringify({ heapTotal, heapUsed, external, arrayBuffers });
} catch { return '{}'; } })()`;

/** A number of bytes; 0 for anything else, which a program can make of what is asked. */
function bytesOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

async function memoryOf(session: InspectorSession): Promise<WorkerMemory> {
  const told: Partial<WorkerMemory> | null = parseJson(
    await evaluated(session, MEMORY, { who: 'the worker thread' }),
  );
  return {
    heapTotal: bytesOf(told?.heapTotal),
    heapUsed: bytesOf(told?.heapUsed),
    external: bytesOf(told?.external),
    arrayBuffers: bytesOf(told?.arrayBuffers),
  };
}

/** The sampler of one worker. */
export class WorkerHeap {
  /** The session that samples, ours or where somebody else's was found. */
  #session: InspectorSession | null = null;
  #sampler: 'own' | 'foreign' = 'own';
  #began = 0;

  /** What a reading works with. */
  source({ settings, thread }: ThreadContext): HeapSource {
    const { heap } = settings;
    return {
      memory: async (session) => {
        if (heap === null)
          throw new AgentError('AGENT_UNAVAILABLE', 'the heap is not sampled: the option heap is false');
        thread.keep(KEEP_MS);
        const memory = await memoryOf(session);
        if (this.#session !== session) await this.#begin(session, heap.interval);
        // What the process has beside all heaps is not of this thread.
        const rss = memory.heapTotal + memory.external;
        return { ...memory, rss, sampler: this.#sampler, interval: heap.interval };
      },
      samples: async (session) => {
        try {
          return await samplesOf(session);
        } catch (error) {
          if (!(error instanceof AgentError) || error.code !== 'AGENT_UNAVAILABLE') throw error;
          await this.#begin(session, heap?.interval ?? 0);
          throw new AgentError('AGENT_UNAVAILABLE', SAMPLING_ENDED, { cause: error });
        }
      },
      comments: () => [
        `of a worker thread, sampled for ${Math.round((performance.now() - this.#began) / 1000)} s, from the first look on: what was ` +
          'allocated before is not in it',
      ],
    };
  }

  /** Starts the sampler, unless somebody else's runs: it is read, and never stopped. */
  async #begin(session: InspectorSession, interval: number): Promise<void> {
    this.#session = null;
    const runs = await samplesOf(session).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AgentError && error.code === 'AGENT_UNAVAILABLE') return false;
        throw error;
      },
    );
    if (!runs)
      await session.post('HeapProfiler.startSampling', {
        samplingInterval: interval,
        stackDepth: STACK_DEPTH,
      });
    this.#sampler = runs ? 'foreign' : 'own';
    this.#session = session;
    this.#began = performance.now();
  }
}
