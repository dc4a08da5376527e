// The parameter `worker`: what of a worker thread is asked for, instead of the main one.
import type { CaptureContext, ThreadContext } from '../captures/capture.ts';
import { workerContext } from '../captures/workers.ts';
import type { Query } from '../http/query.ts';

/** Of an endpoint that takes it. */
export const WORKER_PARAMETER = {
  worker: 'number of a worker thread, of those that `workers` lists, instead of the main one',
} as const;

/** The number that is asked for; '' for none. */
export function workerOf(query: Query): string {
  return query.get('worker') ?? '';
}

/**
 * What a capture of the thread that is asked for works with.
 *
 * @throws {EndpointError} 404 where there is no such worker
 * @throws {AgentError} `AGENT_TIMEOUT` where it does not answer
 */
export async function contextOf(
  captures: CaptureContext,
  query: Query,
  signal: AbortSignal,
): Promise<ThreadContext> {
  const worker = workerOf(query);
  return worker === '' ? captures : workerContext(captures, worker, signal);
}
