// Answers requests out of the table: dispatch, and what an error looks like on the wire.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { CaptureContext } from '../captures/capture.ts';
import { AgentError, messageOf } from '../errors.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';
import { EndpointError, errorResponse, type PprofRequest, type PprofResponse } from '../http/messages.ts';
import { parseQuery } from '../http/query.ts';
import { endpoints } from './table.ts';

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
    if (endpoint === undefined) throw new EndpointError(404, 'Unknown profile');
    const words = method === 'POST' ? (body ?? '') : query;
    return endpoint.answer(this.#context, {
      query: parseQuery(query),
      words,
      head: method === 'HEAD',
      signal,
    });
  }
}
