// The worker threads of a process, as `GET <prefix>/workers` answers them.
import { Fields } from './fields.ts';

/** A thread beside the main one. */
export interface WorkerThreadInfo {
  /** Node's `threadId`: what `?worker=` takes. */
  readonly threadId: number;
  /** The name that its maker gave it; '' for none. */
  readonly name: string;
  /** URL of what it runs; '' where that is a text. */
  readonly file: string;
  /** Bytes of its own heap; null where it does not answer. */
  readonly heapUsed: number | null;
  /** Part of its life in which its event loop was busy, 0 … 1; null where it does not answer. */
  readonly utilization: number | null;
}

/** What `GET <prefix>/workers` answers. */
export interface Workers {
  readonly schema: 'stackpile.workers/1';
  readonly workers: readonly WorkerThreadInfo[];
}

const MOST_WORKERS = 10_000;

/**
 * Worker threads out of somebody else's JSON.
 *
 * @throws {WireError} `WIRE_MALFORMED`, which names the field
 */
export function readWorkers(value: unknown, name = 'workers'): Workers {
  const fields = new Fields(value, name);
  fields.oneOf('schema', ['stackpile.workers/1']);
  return { schema: 'stackpile.workers/1', workers: fields.list('workers', MOST_WORKERS, readWorker) };
}

function readWorker(value: unknown, name: string): WorkerThreadInfo {
  const fields = new Fields(value, name);
  return {
    threadId: fields.number('threadId'),
    name: fields.text('name'),
    file: fields.text('file'),
    heapUsed: fields.numberOrNull('heapUsed'),
    utilization: fields.numberOrNull('utilization'),
  };
}
