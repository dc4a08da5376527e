// What an endpoint is: one file that exports one, and one row of the table.
import type { OfferKind } from '@stackpile/profile';
import type { CaptureContext, Count } from '../captures/capture.ts';
import type { PprofResponse } from '../http/messages.ts';
import type { Query } from '../http/query.ts';

/** What an endpoint gets to work with. It runs in the sidecar. */
export interface EndpointContext {
  readonly captures: CaptureContext;
  readonly commandLine: readonly string[];
  /** Every endpoint, for those that list them. */
  readonly table: readonly Endpoint[];
}

/** One request to an endpoint. */
export interface EndpointRequest {
  readonly query: Query;
  /** The body of a POST, the raw query of any other request. */
  readonly words: string;
  /** Whether they are a body. */
  readonly posted: boolean;
  /** Nobody reads a body: what takes time need not be done. */
  readonly head: boolean;
  /** Aborted when the client has the answer or goes away, or the sidecar closes. */
  readonly signal: AbortSignal;
}

/** An endpoint. The index, the list of offers, what a proxy lets through and the table of the docs are made of these. */
export interface Endpoint {
  /** Path below the index. */
  readonly name: string;
  /** A sentence for the index. */
  readonly description: string;
  /** `list`: it lists the others, and is on no list itself. */
  readonly kind: OfferKind | 'list';
  /** The query parameters that it takes, and what each is for. */
  readonly query: Readonly<Record<string, string>>;
  /** Whether `seconds=N` gives the difference of two readings. */
  readonly delta: boolean;
  /** Null where it counts nothing. */
  readonly count: ((context: CaptureContext, signal: AbortSignal) => Promise<Count>) | null;
  /** Throws `EndpointError` for what the client did wrong, `AgentError` for what the process cannot do. */
  answer(context: EndpointContext, request: EndpointRequest): Promise<PprofResponse>;
}
