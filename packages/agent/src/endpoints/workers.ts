// `workers`: the worker threads of the process, as JSON; whose profiles `worker=` asks for.
import { readWorkers } from '@stackpile/profile';
import { listWorkers } from '../captures/workers.ts';
import { jsonResponse } from '../http/messages.ts';
import type { Endpoint } from './endpoint.ts';

/** JSON of `Workers`. */
export const workers: Endpoint = {
  name: 'workers',
  description:
    'The worker threads of the process as JSON: number, name, file, heap, event-loop utilization. profile, heap, allocs, goroutine, heapclasses and heapsnapshot tell of one with worker=NUMBER.',
  kind: 'text',
  query: {},
  delta: false,
  count: null,
  async answer({ captures }, { signal }) {
    const all = await listWorkers(captures, signal);
    return jsonResponse(readWorkers({ schema: 'stackpile.workers/1', workers: all }));
  },
};
