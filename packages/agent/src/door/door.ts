// The one door to the endpoints, whatever carries the request: who may pass is decided here, once, after routing.
import { gunzipSync } from 'node:zlib';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import { errorResponse } from '../http/messages.ts';
import type { Route } from '../http/route.ts';
import { messageOf } from '../errors.ts';
import type { AuthRequest } from '../options.ts';
import { clearTimeout, setTimeout } from '../own-timers.ts';
import { MAX_BODY } from './body.ts';
import type { Gate, Scheme } from './gate.ts';
import { carries, isAllowedHost, isCrossSite } from './guard.ts';

/** How long an `auth` function may think. On the sidecar's listener it runs on the main thread, which may be blocked. */
const ASK_MS = 5000;
/** Most requests that are answered at a time; each may hold a profile, for as long as a capture lasts. */
const MAX_RUNNING = 128;

/** Most questions to an `auth` function that it has not answered: whoever asks them needs no credentials. */
const MAX_ASKED = 128;

/** What the door reads of a request. */
export interface DoorRequest extends Omit<AuthRequest, 'endpoint'> {
  /** Reads the body, which is done for who may pass only; null where it is too long. */
  readonly body?: () => Promise<string | null>;
}

/** What a door is made of. */
export interface DoorParts {
  readonly gate: Gate;
  /** Names besides loopback's that a `Host` header may carry; null lets any pass. */
  readonly hosts: readonly string[] | null;
  /** What lies behind the door. */
  readonly endpoints: (request: PprofRequest, signal: AbortSignal) => Promise<PprofResponse>;
}

/** An answer that is ready to be carried: lengths are set. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD. */
  readonly body: Uint8Array;
  /** What is made while it is sent, instead of `body`. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/** Answers routed requests; one per listener or handler. */
export class Door {
  readonly #parts: DoorParts;
  #running = 0;
  #asked = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Answers a request that was routed to `route`. Never rejects. `signal` is aborted when the client goes away. */
  async answer(route: Route, request: DoorRequest, signal: AbortSignal): Promise<Answer> {
    try {
      return finished(unpackedFor(request, await this.#respond(route, request, signal)), request.method);
    } catch (error) {
      return finished(errorResponse(500, messageOf(error)), request.method);
    }
  }

  async #respond(route: Route, request: DoorRequest, signal: AbortSignal): Promise<PprofResponse> {
    const { hosts, endpoints } = this.#parts;
    if (hosts !== null && !isAllowedHost(single(request.headers['host']), hosts)) {
      return errorResponse(
        403,
        'this Host header is not allowed here: use an address, localhost, or the option allowedHosts',
      );
    }
    if (isCrossSite(request.headers, route.kind === 'endpoint' && route.request.path !== ''))
      return errorResponse(403, 'a page of another site may not start a capture');
    // Redirects and errors of the router hold nothing of the service.
    if (route.kind === 'outside' || route.kind === 'answer') return route.response;
    const refusal = await this.#refusal(route, request, signal);
    if (refusal !== null) return refusal;
    if (this.#running >= MAX_RUNNING) {
      return errorResponse(503, `${MAX_RUNNING} requests are being answered already`, { 'Retry-After': '1' });
    }
    this.#running++;
    try {
      if (route.request.method !== 'POST') return await endpoints(route.request, signal);
      const body = await Promise.race([request.body?.() ?? null, gone(signal)]);
      if (body === null) return errorResponse(413, `the body has more than ${MAX_BODY} bytes`);
      return await endpoints({ ...route.request, body }, signal);
    } finally {
      this.#running--;
    }
  }

  /** Null where the request may pass, else the answer that turns it away. */
  async #refusal(
    route: Extract<Route, { kind: 'page' | 'endpoint' }>,
    request: DoorRequest,
    signal: AbortSignal,
  ): Promise<PprofResponse | null> {
    const { gate } = this.#parts;
    switch (gate.kind) {
      case 'none':
        return null;
      case 'credentials': {
        // The page holds nothing of the service either, and a browser can send no token before the page has asked its reader for it.
        const isOpen = route.kind === 'page' && gate.scheme === 'bearer';
        return isOpen || carries(request.headers, gate.scheme, gate.known)
          ? null
          : unauthorized(gate.scheme, request);
      }
      case 'ask': {
        if (this.#asked >= MAX_ASKED) {
          const message = `the auth function has not answered ${MAX_ASKED} requests yet`;
          return errorResponse(503, message, { 'Retry-After': '1' });
        }
        const { method, url, headers, remoteAddress } = request;
        const asked = { method, url, headers, remoteAddress, endpoint: route.request.path };
        this.#asked++;
        const allowed = await answerOf(gate.ask, asked, signal).finally(() => this.#asked--);
        if (allowed !== null) return allowed ? null : unauthorized(gate.scheme, request);
        const message = `the auth function did not answer within ${ASK_MS / 1000} s: is the main thread blocked?`;
        return errorResponse(503, message, { 'Retry-After': '5' });
      }
    }
  }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/** Null once the client goes away: the rest of its body never comes, and where it has gone before, nothing says so. */
function gone(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** What an `auth` function says, null where it says nothing in time. Only `true` is a yes. */
async function answerOf(
  ask: (request: AuthRequest, signal: AbortSignal) => Promise<boolean>,
  request: AuthRequest,
  signal: AbortSignal,
): Promise<boolean | null> {
  const given = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ASK_MS);
    signal.addEventListener('abort', () => resolve(null), { once: true, signal: given.signal });
  });
  try {
    return await Promise.race([ask(request, given.signal).then((answer) => answer === true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    given.abort();
  }
}

/**
 * Turns away who has no credentials. A browser asks its reader for them, once, and keeps them in memory, where the answer to a page that he
 * goes to says Basic; a page that asks by itself must not be interrupted by that.
 */
function unauthorized(scheme: Scheme | null, { headers }: DoorRequest): PprofResponse {
  const isVisit = single(headers['sec-fetch-mode']) === 'navigate';
  const basic = scheme === 'basic' || (scheme === 'bearer' && isVisit);
  const message =
    scheme === 'basic'
      ? 'this endpoint needs a name and a password: send them by Basic auth'
      : 'this endpoint needs a token: send Authorization: Bearer TOKEN';
  return errorResponse(401, message, {
    'WWW-Authenticate': `${basic ? 'Basic' : 'Bearer'} realm="pprof"`,
  });
}

/** The answer without gzip where the client does not take it. */
function unpackedFor(request: DoorRequest, response: PprofResponse): PprofResponse {
  const { 'Content-Encoding': encoding, ...headers } = response.headers;
  if (encoding !== 'gzip' || takesGzip(single(request.headers['accept-encoding']))) return response;
  return { ...response, headers, body: gunzipSync(response.body) };
}

function takesGzip(header: string | undefined): boolean {
  return (header ?? '')
    .split(',')
    .some((part) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(part));
}

/** Sets the length, which HEAD has only where the body was made. */
function finished({ status, headers, body, stream }: PprofResponse, method: string): Answer {
  if (stream !== undefined && method !== 'HEAD') return { status, headers, body: new Uint8Array(0), stream };
  void stream?.cancel();
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = method === 'HEAD';
  const length: Record<string, string> =
    head && bytes.length === 0 ? {} : { 'Content-Length': String(bytes.length) };
  return { status, headers: { ...headers, ...length }, body: head ? new Uint8Array(0) : bytes };
}
