// `counters`: the process in numbers, for a timeline; asking for it every second or two costs next to nothing.
import { residentOwnMemory } from '../captures/own-memory.ts';
import { SharedReading } from '../captures/shared-reading.ts';
import { memoryRoom } from '../inspect/memory-room.ts';
import { costed, type Json, parseJson } from '../host/calls.ts';
import { COUNTERS_EXPRESSION, countersOf, type ProcessCounters } from '../host/counters.ts';
import type { Endpoint } from './endpoint.ts';
import { jsonResponse } from '../http/messages.ts';

const readings = new SharedReading<Json<ProcessCounters>>();

/** The bytes that bound this process, Infinity where only the machine does. */
function memoryLimit({ constrained, rss }: ProcessCounters): number {
  const room = memoryRoom('self', { limit: constrained ?? 0, rss: rss ?? 0 });
  return room.what === 'machine' ? Infinity : room.limit;
}

/** JSON of `Counters`. Answers while the main thread is stuck, too: the lag then says for how long it has been. */
export const counters: Endpoint = {
  name: 'counters',
  description:
    'Numbers of the process as JSON: tasks, handles, heap, resident memory, event-loop lag, limits',
  kind: 'counters',
  query: {},
  delta: false,
  count: null,
  async answer({ captures }, { signal }) {
    const lag = await captures.loopLag();
    const take = () => captures.main.evaluate(costed(COUNTERS_EXPRESSION));
    const read = parseJson(await readings.read(captures.limits.pace, take, signal));
    return jsonResponse(countersOf(read, memoryLimit(read), lag, 'counters', residentOwnMemory()));
  },
};
