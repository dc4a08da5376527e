// The worker behind mounted handlers: one for all that ask the same of it, however many there are.
import { AgentError } from '../errors.ts';
import type { CaptureSettings } from '../options.ts';
import { Sidecar } from '../sidecar/sidecar.ts';

/** One handler's part of a worker. */
export interface WorkerShare {
  /** The worker; another one where it did not start, or has ended. Rejects where it does not start. */
  running(): Promise<Sidecar>;
  /** Gives the part back; the last one ends the worker. */
  leave(): Promise<void>;
}

interface SharedWorker {
  users: number;
  sidecar: Promise<Sidecar> | null;
  /** The one that has ended last. */
  last: Sidecar | null;
}

/** By what is asked of it. */
const shared = new Map<string, SharedWorker>();

async function runningOf(worker: SharedWorker, captures: CaptureSettings): Promise<Sidecar> {
  const before = worker.sidecar;
  if (before !== null) {
    const started = await before.catch(() => null);
    if (started?.hasEnded === false) return before;
    worker.last = started ?? worker.last;
    // Whoever was first has started another one meanwhile.
    if (worker.sidecar !== null && worker.sidecar !== before) return worker.sidecar;
    // The last one has left: nobody would ever end it.
    if (worker.users === 0) throw new AgentError('AGENT_CLOSED', 'the profiler is closed');
  }
  const start = Sidecar.start(null, captures, null, worker.last ?? undefined);
  worker.sidecar = start.then((started) => started.sidecar);
  return worker.sidecar;
}

/** A part of the worker for these settings, which is started when it is asked for. */
export function shareWorker(captures: CaptureSettings): WorkerShare {
  // Not JSON's null: no limit is not the same as no sampler.
  const key = JSON.stringify(captures, (_key, value: unknown) => (value === Infinity ? 'Infinity' : value));
  const worker = shared.get(key) ?? { users: 0, sidecar: null, last: null };
  worker.users++;
  shared.set(key, worker);
  return {
    running: () => runningOf(worker, captures),
    async leave() {
      if (--worker.users > 0) return;
      shared.delete(key);
      const sidecar = await worker.sidecar?.catch(() => null);
      await sidecar?.close();
    },
  };
}
