// `counters`: the process in numbers, for a timeline; asking for it every second or two costs next to nothing.
import type { CaptureContext } from '../captures/capture.ts';
import { type Costed, SharedReading } from '../captures/shared-reading.ts';
import { memoryRoom } from '../heap-tasks/memory-room.ts';
import { COUNTERS_EXPRESSION, countersOf, type ProcessCounters } from '../host/counters.ts';
import { costed } from '../host/reading.ts';
import type { PprofResponse } from './http.ts';

const readings = new SharedReading<string>();

/** The bytes that bound this process, Infinity where only the machine does. */
function memoryLimit({ constrained, rss }: ProcessCounters): number {
  const room = memoryRoom('self', { limit: constrained, rss });
  return room.what === 'machine' ? Infinity : room.limit;
}

/** JSON of `Counters`. Answers while the main thread is stuck, too: the lag then says for how long it has been. */
export async function countersResponse(context: CaptureContext, signal: AbortSignal): Promise<PprofResponse> {
  const lag = await context.loopLag();
  const expression = costed(COUNTERS_EXPRESSION);
  const take = (): Promise<Costed<string>> => context.main.evaluate(expression);
  const read = JSON.parse(await readings.read(context.limits.pace, take, signal)) as ProcessCounters;
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
    body: `${JSON.stringify(countersOf(read, memoryLimit(read), lag))}\n`,
  };
}
