// The table of endpoints and how each is answered: parameters, headers and errors of Go's net/http/pprof.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile } from '@stackpile/profile';
import type { Capture, CaptureContext } from '../captures/capture.ts';
import { CpuProfiler } from '../captures/cpu.ts';
import { deltaProfile } from '../captures/delta.ts';
import { goroutine } from '../captures/goroutine.ts';
import { heap } from '../captures/heap.ts';
import { sleep } from '../captures/sleep.ts';
import { AgentError, messageOf } from '../errors.ts';
import { indexPage } from '../text/index-page.ts';
import { countersResponse } from './counters.ts';
import { EndpointError, errorResponse, type PprofRequest, type PprofResponse, textResponse } from './http.ts';
import { hasPage, uiPage } from './page.ts';
import { atoi, parseInt64, parseQuery, type Query } from './query.ts';
import { PAGE } from './route.ts';

/** Every named profile. To add one: a file in captures/, and a line here. */
const captures: readonly Capture[] = [goroutine, heap];

const fixed = [
  {
    name: 'counters',
    description:
      'Numbers of the process as JSON: tasks, handles, heap, resident memory, event-loop lag, limits',
  },
  { name: 'cmdline', description: 'The command line invocation of the current program' },
  {
    name: 'profile',
    description:
      'CPU profile. You can specify the duration in the seconds GET parameter. After you get the profile file, use the go tool pprof command to investigate the profile.',
  },
];

const DEFAULT_CPU_SECONDS = 30;

/** Answers requests; one per sidecar. */
export class Endpoints {
  readonly #context: CaptureContext;
  readonly #commandLine: readonly string[];
  readonly #cpu: CpuProfiler;

  constructor(context: CaptureContext, commandLine: readonly string[]) {
    this.#context = context;
    this.#commandLine = commandLine;
    this.#cpu = new CpuProfiler(context);
  }

  /** Answers one request. Never rejects. `signal` has to be aborted when the client has the answer, or goes away before. */
  async answer(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    try {
      const response = await this.#dispatch(request, signal);
      const body = typeof response.body === 'string' ? Buffer.from(response.body) : response.body;
      this.#context.limits.untaken.hold(body, signal);
      return { ...response, body };
    } catch (error) {
      if (error instanceof EndpointError) return errorResponse(error.status, error.message, error.headers);
      if (error instanceof AgentError && (error.code === 'AGENT_TIMEOUT' || error.code === 'AGENT_ABORTED')) {
        return errorResponse(503, error.message, { 'Retry-After': '5' });
      }
      return errorResponse(500, messageOf(error));
    }
  }

  async #dispatch(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    const query = parseQuery(request.query);
    const head = request.method === 'HEAD';
    if (request.path === '') return this.#index(signal);
    if (request.path === PAGE) return uiPage();
    if (request.path === 'cmdline') return textResponse(this.#commandLine.join('\0'));
    if (request.path === 'counters') return countersResponse(this.#context, signal);
    if (request.path === 'profile') return this.#profile(query, head, signal);
    const capture = captures.find((one) => one.name === request.path);
    if (capture === undefined) throw new EndpointError(404, 'Unknown profile');
    return this.#named(capture, query, head, signal);
  }

  async #index(signal: AbortSignal): Promise<PprofResponse> {
    const named = captures.map(async (capture) => {
      const unknown = { count: 0, note: '' };
      const { count, note } = await capture.count(this.#context, signal).catch(() => unknown);
      const { name, description } = capture;
      return { name, count, description: note === '' ? description : `${description} ${note}` };
    });
    const entries = [...(await Promise.all(named)), ...fixed.map((entry) => ({ ...entry, count: 0 }))];
    return {
      status: 200,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
      body: indexPage(entries, await hasPage()),
    };
  }

  /** `profile`: bad seconds fall back to 30 in silence, as Go's do. */
  async #profile(query: Query, head: boolean, signal: AbortSignal): Promise<PprofResponse> {
    const wanted = parseInt64(query.get('seconds') ?? '') ?? 0;
    const seconds = Math.min(wanted > 0 ? wanted : DEFAULT_CPU_SECONDS, this.#context.settings.maxSeconds);
    if (head) return download('profile', '');
    const hz = Math.min(1000, Math.max(1, atoi(query.get('hz')) || 100));
    const profile = await this.#cpu.capture({ seconds, hz, idle: query.get('idle') === '1', signal });
    return download('profile', packed(profile));
  }

  async #named(capture: Capture, query: Query, head: boolean, signal: AbortSignal): Promise<PprofResponse> {
    const debug = atoi(query.get('debug'));
    const seconds = query.get('seconds') ?? '';
    if (seconds !== '') return this.#delta(capture, query, seconds, head, signal);
    const result = await capture.take(this.#context, { query, debug, signal });
    if (debug === 0) return download(capture.name, packed(result.profile));
    if (debug < 0 && capture.name !== 'heap') {
      // Go sends the protobuf here and calls it text.
      return textResponse(packed(result.profile));
    }
    return textResponse(result.text());
  }

  async #delta(
    capture: Capture,
    query: Query,
    text: string,
    head: boolean,
    signal: AbortSignal,
  ): Promise<PprofResponse> {
    const wanted = parseInt64(text);
    if (wanted === null || wanted <= 0) {
      throw new EndpointError(400, 'invalid value for "seconds" - must be a positive integer');
    }
    if (!capture.delta)
      throw new EndpointError(400, '"seconds" parameter is not supported for this profile type');
    if (atoi(query.get('debug')) !== 0) {
      throw new EndpointError(400, 'seconds and debug params are incompatible');
    }
    const name = `${capture.name}-delta`;
    if (head) return download(name, '');
    const span = Math.min(wanted, this.#context.settings.maxSeconds);
    const leave = this.#context.limits.recordings.enter(span, signal);
    try {
      const request = { query, debug: 0, signal };
      const before = await capture.take(this.#context, request);
      await sleep(span * 1000, signal);
      if (signal.aborted) throw new EndpointError(500, 'context canceled');
      const after = await capture.take(this.#context, request);
      return download(name, packed(deltaProfile(before.profile, after.profile)));
    } finally {
      leave();
    }
  }
}

const packings = new WeakMap<Profile, Uint8Array>();

/** A profile's bytes: protobuf, gzipped at the fastest level as Go does; made once for all who are given the profile. */
function packed(profile: Profile): Uint8Array {
  let bytes = packings.get(profile);
  if (bytes === undefined) packings.set(profile, (bytes = gzipSync(encodeProfile(profile), { level: 1 })));
  return bytes;
}

function download(name: string, body: Uint8Array | string): PprofResponse {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${name}"`,
      'X-Content-Type-Options': 'nosniff',
    },
    body,
  };
}
