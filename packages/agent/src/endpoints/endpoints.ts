// Answers requests out of the table: dispatch, and what an error looks like on the wire.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { CaptureContext } from '../captures/capture.ts';
import { AgentError, messageOf } from '../errors.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';
import { EndpointError, errorResponse, type PprofRequest, type PprofResponse } from '../http/messages.ts';
import { parseQuery } from '../http/query.ts';
import { endpoints } from './table.ts';

/** What every Go service has below `/debug/pprof/`. */
const goNames: ReadonlySet<string> = new Set(
  'allocs block cmdline goroutine goroutineleak heap mutex profile symbol threadcreate trace'.split(' '),
);

/** Go's answer to a name that it does not know; who asks for what Go has is told that it is not here. */
function unknown(name: string): EndpointError {
  const text = 'Unknown profile';
  return new EndpointError(
    404,
    goNames.has(name)
      ? `${text}: Go has a ${name}, and this version of the agent has none; its index lists what there is`
      : text,
  );
}
/** What is about a thread. */
const ofThread: ReadonlySet<Endpoint['kind']> = new Set(['snapshot', 'recording', 'counters']);

/** The endpoints that take `worker`, as a sentence has them. */
function ofWorkers(table: readonly Endpoint[]): string {
  const names = table.filter(({ query }) => Object.hasOwn(query, 'worker')).map(({ name }) => name);
  return names.join(', ').replace(/, (?!.*,)/u, ' and ');
}

/** Answers requests; one per sidecar. */
export class Endpoints {
  readonly #context: EndpointContext;

  constructor(
    captures: CaptureContext,
    commandLine: readonly string[],
    table: readonly Endpoint[] = endpoints,
  ) {
    this.#context = { captures, commandLine, table };
  }

  /** Answers one request. Never rejects. `signal` has to be aborted when the client has the answer, or goes away before. */
  async answer(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    try {
      const response = await this.#dispatch(request, signal);
      const body = typeof response.body === 'string' ? Buffer.from(response.body) : response.body;
      this.#context.captures.limits.untaken.hold(body, signal);
      return { ...response, body };
    } catch (error) {
      if (error instanceof EndpointError) return errorResponse(error.status, error.message, error.headers);
      if (error instanceof AgentError && (error.code === 'AGENT_TIMEOUT' || error.code === 'AGENT_ABORTED')) {
        return errorResponse(503, error.message, { 'Retry-After': '5' });
      }
      return errorResponse(500, messageOf(error));
    }
  }

  async #dispatch({ path, query, method, body }: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    const endpoint = this.#context.table.find(({ name }) => name === path);
    if (endpoint === undefined) throw unknown(path);
    const parsed = parseQuery(query);
    // Nobody who asks about one thread is told of another.
    if (
      (parsed.get('worker') ?? '') !== '' &&
      !Object.hasOwn(endpoint.query, 'worker') &&
      ofThread.has(endpoint.kind)
    )
      throw new EndpointError(
        400,
        `${endpoint.name} cannot be had of a worker thread: ${ofWorkers(this.#context.table)} can`,
      );
    const posted = method === 'POST';
    const words = posted ? (body ?? '') : query;
    return endpoint.answer(this.#context, { query: parsed, words, posted, head: method === 'HEAD', signal });
  }
}
