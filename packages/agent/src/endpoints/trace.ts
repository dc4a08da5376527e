// `trace`: what happens in the seconds that follow, as Chrome's trace JSON, sent while it is recorded; with Go's parameters and errors.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { CaptureContext } from '../captures/capture.ts';
import { Tracer } from '../captures/trace.ts';
import { EndpointError } from '../http/messages.ts';
import { atoi, parseFloat64 } from '../http/query.ts';
import { download } from './download.ts';
import type { Endpoint } from './endpoint.ts';

/** Seconds from which on Go's duration overflows: it returns at once. */
const OVERFLOWS = 2 ** 63 / 1e9;

/** One at a time, for all who ask in one sidecar. */
const tracers = new WeakMap<CaptureContext, Tracer>();

function tracerOf(context: CaptureContext): Tracer {
  let tracer = tracers.get(context);
  if (tracer === undefined) tracers.set(context, (tracer = new Tracer(context)));
  return tracer;
}

/** Go's seconds: 1 where they are none or not positive, none where they are too many. */
function secondsOf(text: string, most: number): number {
  const wanted = parseFloat64(text) ?? 0;
  if (wanted <= 0) return 1;
  return wanted < OVERFLOWS ? Math.min(wanted, most) : 0;
}

/** Bad seconds fall back to 1 in silence, as Go's do. */
export const trace: Endpoint = {
  name: 'trace',
  description:
    'A trace of the seconds that follow as JSON for ui.perfetto.dev and chrome://tracing: turns of the event loop and the functions in them, requests, garbage collection, files, connections, tasks. You can specify the duration in the seconds GET parameter.',
  kind: 'recording',
  query: { seconds: 'for how long, also parts of one; 1', hz: 'samples a second, 1 to 1000; 1000' },
  delta: false,
  count: null,
  async answer({ captures }, { query, head, signal }) {
    const seconds = secondsOf(query.get('seconds') ?? '', captures.settings.maxSeconds);
    const answer = download('trace', '');
    if (head) return answer;
    const hz = Math.min(1000, Math.max(1, atoi(query.get('hz')) || 1000));
    const stream = await tracerOf(captures).begin({ seconds, hz, signal });
    if (stream === null)
      throw new EndpointError(500, 'Could not enable tracing: execution tracer already enabled');
    return { ...answer, stream };
  },
};
