// The worker threads as captures see them: the list, and a CPU profiler for each that is asked for one.
import { threadId as ownId } from 'node:worker_threads';
import type { WorkerThreadInfo } from '@stackpile/profile';
import { EndpointError } from '../http/messages.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import { type InspectedWorker, WorkerThreads } from '../inspect/worker-threads.ts';
import { Originals } from '../originals.ts';
import type { CaptureContext } from './capture.ts';
import { CpuProfiler } from './cpu.ts';

/** How long a worker may take to say how it is. */
const STATE_MS = 1_000;

/** Null where a Node, or a worker without Node's own modules, does not tell. */
const STATE = `(() => { try { return {
  heapUsed: process.getBuiltinModule('node:v8').getHeapStatistics().used_heap_size,
  utilization: performance.eventLoopUtilization().utilization,
}; } catch { return null; } })()`;

interface State {
  readonly heapUsed: number;
  readonly utilization: number;
}

const threads = new WeakMap<CaptureContext, WorkerThreads>();
const profilers = new WeakMap<CaptureContext, Map<number, CpuProfiler>>();

function threadsOf(context: CaptureContext): WorkerThreads {
  let found = threads.get(context);
  if (found === undefined) threads.set(context, (found = new WorkerThreads(context.main, ownId)));
  return found;
}

/**
 * The worker threads, the oldest first.
 *
 * @throws {AgentError} `AGENT_TIMEOUT` where the main thread does not answer, `AGENT_UNAVAILABLE` where there is no inspector
 */
export async function listWorkers(context: CaptureContext, signal: AbortSignal): Promise<WorkerThreadInfo[]> {
  const all = await threadsOf(context).withWorkers((workers) =>
    Promise.all(
      workers.map(async ({ threadId, name, url, session }) => {
        const state = await stateOf(session, signal);
        return {
          threadId,
          name: name.slice(0, 200),
          file: url.slice(0, 1_000),
          heapUsed: state?.heapUsed ?? null,
          utilization: state?.utilization ?? null,
        };
      }),
    ),
  );
  return all.sort((a, b) => a.threadId - b.threadId);
}

async function stateOf(session: InspectorSession, signal: AbortSignal): Promise<State | null> {
  try {
    const { result } = await session.post<{ result: { value?: State | null } }>(
      'Runtime.evaluate',
      { expression: STATE, returnByValue: true, silent: true },
      { timeoutMs: STATE_MS, signal },
    );
    return result.value ?? null;
  } catch {
    return null;
  }
}

/**
 * The CPU profiler of a worker.
 *
 * @param worker its `threadId`, as a text
 * @throws {EndpointError} 404 where there is no such worker
 */
export async function workerProfiler(context: CaptureContext, worker: string): Promise<CpuProfiler> {
  const workers = threadsOf(context);
  const find = (all: readonly InspectedWorker[]): InspectedWorker => {
    const found = all.find(({ threadId }) => String(threadId) === worker);
    if (found !== undefined) return found;
    const ids = all.map(({ threadId }) => threadId).sort((a, b) => a - b);
    const there = ids.length === 0 ? 'there are none' : `there are ${ids.slice(0, 20).join(', ')}`;
    throw new EndpointError(
      404,
      `there is no worker thread ${JSON.stringify(worker.slice(0, 20))}: ${there}`,
    );
  };
  const { threadId } = await workers.withWorkers(async (all) => find(all));
  const own = profilers.get(context) ?? new Map<number, CpuProfiler>();
  profilers.set(context, own);
  for (const [id, { kept }] of own) if (id !== threadId && kept.windows === 0) own.delete(id);
  let profiler = own.get(threadId);
  if (profiler === undefined) {
    const withSession = <T>(use: (session: InspectorSession) => Promise<T>): Promise<T> =>
      workers.withWorkers((all) => use(find(all).session));
    own.set(
      threadId,
      (profiler = new CpuProfiler({
        ...context,
        main: { withSession },
        // Script numbers are each thread's own.
        originals: new Originals(),
        // A worker that is worth a profile is mostly in a loop, which is named only where this is said of it.
        isResponsive: () => Promise.resolve(false),
      })),
    );
  }
  return profiler;
}
