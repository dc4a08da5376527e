// The agent profiles the main thread: in a worker thread it would show another thread than the one it was asked of.
import { isMainThread } from 'node:worker_threads';
import { AgentError } from '../errors.ts';

/** @throws {AgentError} `AGENT_THREAD` in a worker thread */
export function requireMainThread(what: string): void {
  if (isMainThread) return;
  throw new AgentError(
    'AGENT_THREAD',
    `${what} was called in a worker thread, and profiles the main thread only: call it there`,
  );
}
