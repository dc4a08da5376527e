// The worker threads as captures see them: the list, and what a capture of one works with.
import { threadId as ownId } from 'node:worker_threads';
import type { WorkerThreadInfo } from '@stackpile/profile';
import { EndpointError } from '../http/messages.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import { WorkerThread, WorkerThreads } from '../inspect/worker-threads.ts';
import { Originals } from '../originals.ts';
import type { CaptureContext, ThreadContext } from './capture.ts';

/** How long a worker may take to say how it is. */
const STATE_MS = 1_000;
/** How long one that is asked for more may take to say that it can answer at all. */
const ANSWER_MS = 5_000;

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

const contexts = new WeakMap<CaptureContext, Map<number, ThreadContext>>();

/**
 * What captures of a worker work with: the same for all who ask about it, until it has ended.
 *
 * @param worker its `threadId`, as a text
 * @throws {EndpointError} 404 where there is no such worker
 * @throws {AgentError} `AGENT_TIMEOUT` where it does not answer: nobody holds a place while it is waited for
 */
export async function workerContext(
  context: CaptureContext,
  worker: string,
  signal: AbortSignal,
): Promise<ThreadContext> {
  const workers = threadsOf(context);
  const known = contexts.get(context) ?? new Map<number, ThreadContext>();
  contexts.set(context, known);
  const threadId = await workers.withWorkers(async (all) => {
    const living = new Set(all.map((one) => one.threadId));
    for (const id of known.keys()) if (!living.has(id)) known.delete(id);
    const found = all.find((one) => String(one.threadId) === worker);
    if (found === undefined) throw noSuchWorker(worker, [...living]);
    await found.session.post('Runtime.getIsolateId', {}, { timeoutMs: ANSWER_MS, signal });
    return found.threadId;
  });
  let own = known.get(threadId);
  if (own === undefined) {
    const { settings, limits, cwd, program, symbols } = context;
    own = {
      ...{ settings, cwd, program, symbols },
      thread: new WorkerThread(workers, threadId),
      workerId: threadId,
      limits: limits.ofOtherThread(),
      // Script numbers are each thread's own.
      originals: new Originals(),
      // A worker that is worth a profile is mostly in a loop, which is named only where this is said of it.
      isResponsive: () => Promise.resolve(false),
    };
    known.set(threadId, own);
  }
  return own;
}

function noSuchWorker(worker: string, living: readonly number[]): EndpointError {
  const ids = [...living].sort((a, b) => a - b);
  const there = ids.length === 0 ? 'there are none' : `there are ${ids.slice(0, 20).join(', ')}`;
  return new EndpointError(404, `there is no worker thread ${JSON.stringify(worker.slice(0, 20))}: ${there}`);
}
