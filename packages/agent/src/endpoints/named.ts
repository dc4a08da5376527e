// Named profiles, as Go's `Handler` answers them: protobuf, a text for `debug`, the difference of two readings for `seconds`.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { Capture, CaptureContext, CaptureRequest, CaptureResult } from '../captures/capture.ts';
import { deltaProfile } from '../captures/delta.ts';
import { sleep } from '../captures/sleep.ts';
import { download, packed } from './download.ts';
import type { Endpoint, EndpointRequest } from './endpoint.ts';
import { EndpointError, type PprofResponse, textResponse } from '../http/messages.ts';
import { atoi, parseInt64 } from '../http/query.ts';
import { contextOf, WORKER_PARAMETER, workerOf } from './worker-parameter.ts';

/** Profiles whose text has no other form than the one of any `debug`. */
const HEAPS: ReadonlySet<string> = new Set(['heap', 'allocs']);

/** The endpoint of a capture. */
export function named(capture: Capture): Endpoint {
  const { name, description, delta, query, count } = capture;
  return {
    name,
    description,
    kind: 'snapshot',
    query: {
      debug: '`1` for the text that Go writes',
      ...(delta ? { seconds: 'what was added within so many' } : {}),
      ...query,
      ...(capture.takeOfWorker === undefined ? {} : WORKER_PARAMETER),
    },
    delta,
    count,
    answer: ({ captures }, request) =>
      (request.query.get('seconds') ?? '') === ''
        ? whole(capture, captures, request)
        : difference(capture, captures, request),
  };
}

type Take = (request: CaptureRequest) => Promise<CaptureResult>;

/** Readings of the thread that is asked for. */
async function takeOf(
  capture: Capture,
  captures: CaptureContext,
  { query, signal }: Pick<EndpointRequest, 'query' | 'signal'>,
): Promise<Take> {
  const { takeOfWorker } = capture;
  if (takeOfWorker === undefined || workerOf(query) === '')
    return (request) => capture.take(captures, request);
  const context = await contextOf(captures, query, signal);
  return (request) => takeOfWorker(context, request);
}

async function whole(
  capture: Capture,
  context: CaptureContext,
  { query, signal }: EndpointRequest,
): Promise<PprofResponse> {
  const debug = atoi(query.get('debug'));
  const take = await takeOf(capture, context, { query, signal });
  const result = await take({ query, debug, signal });
  if (debug === 0) return download(capture.name, packed(result.profile));
  // Go sends the protobuf here and calls it text.
  if (debug < 0 && !HEAPS.has(capture.name)) return textResponse(packed(result.profile));
  return textResponse(result.text());
}

async function difference(
  capture: Capture,
  context: CaptureContext,
  { query, head, signal }: EndpointRequest,
): Promise<PprofResponse> {
  const wanted = parseInt64(query.get('seconds') ?? '');
  if (wanted === null || wanted <= 0)
    throw new EndpointError(400, 'invalid value for "seconds" - must be a positive integer');
  if (!capture.delta)
    throw new EndpointError(400, '"seconds" parameter is not supported for this profile type');
  if (atoi(query.get('debug')) !== 0)
    throw new EndpointError(400, 'seconds and debug params are incompatible');
  const name = `${capture.name}-delta`;
  if (head) return download(name, '');
  const take = await takeOf(capture, context, { query, signal });
  const span = Math.min(wanted, context.settings.maxSeconds);
  const leave = context.limits.recordings.enter(span, signal);
  try {
    const request = { query, debug: 0, signal };
    const before = await take(request);
    await sleep(span * 1000, signal);
    if (signal.aborted) throw new EndpointError(500, 'context canceled');
    // The same reading twice would be no difference.
    const after = await take({ ...request, since: performance.now() });
    return download(name, packed(deltaProfile(before.profile, after.profile)));
  } finally {
    leave();
  }
}
