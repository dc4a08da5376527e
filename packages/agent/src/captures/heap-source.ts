// The samples of the main thread's heap, and what any source of samples is.
import { AgentError } from '../errors.ts';
import { hostCall, maybeHostCall, parseJson } from '../host/calls.ts';
import type { MemoryReading } from '../host/reading.ts';
import type { SamplingHeapProfile } from '../inspect/heap-profile.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import type { ThreadContext } from './capture.ts';

/** What is said where somebody else has ended the one sampler. */
export const SAMPLING_ENDED =
  'another profiler of this process has ended the sampling of the heap; it has begun anew: ask again';

/** Where the samples of a thread's heap come from. */
export interface HeapSource {
  /** Memory beside the samples; throws where there are none. */
  memory(session: InspectorSession): Promise<MemoryReading>;
  /** @throws {AgentError} `AGENT_UNAVAILABLE` where another profiler has ended the sampling */
  samples(session: InspectorSession): Promise<SamplingHeapProfile>;
  /** What a profile says of them. */
  comments(): readonly string[];
}

/** What V8's sampler has of this thread. */
export async function samplesOf(session: InspectorSession): Promise<SamplingHeapProfile> {
  const { profile } = await session.post<{ profile: SamplingHeapProfile }>(
    'HeapProfiler.getSamplingProfile',
    {},
    { timeoutMs: 60_000 },
  );
  return profile;
}

/**
 * The main thread's, sampled from the agent's start on. There is one sampler for all profilers of a thread, and some end it when they
 * end: it begins anew then.
 */
export function mainHeap({ thread }: ThreadContext): HeapSource {
  return {
    async memory() {
      const memory = parseJson(await thread.evaluate(hostCall('readMemory')));
      if (memory.sampler !== 'off') return memory;
      throw new AgentError(
        'AGENT_UNAVAILABLE',
        'the heap is not sampled: the option heap is false, or this Node has no inspector',
      );
    },
    async samples(session) {
      try {
        return await samplesOf(session);
      } catch (error) {
        if (!(error instanceof AgentError) || error.code !== 'AGENT_UNAVAILABLE') throw error;
        await thread.evaluate(maybeHostCall('sampleHeapAgain'));
        throw new AgentError('AGENT_UNAVAILABLE', SAMPLING_ENDED, { cause: error });
      }
    },
    comments: () => [],
  };
}
