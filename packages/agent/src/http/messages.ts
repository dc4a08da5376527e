// Requests and answers of the endpoints, apart from what carries them.

/** A request as the sidecar sees it, from its own listener or through a mounted handler. */
export interface PprofRequest {
  readonly method: string;
  /** Decoded path below the prefix: `` for the index, `heap`. */
  readonly path: string;
  /** What follows the `?`, '' where there is none. */
  readonly query: string;
  /** What a POST carries; no other request's body is read. */
  readonly body?: string | undefined;
}

/** An answer. */
export interface PprofResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** What is made while it is sent, instead of `body`; cancelled when the client goes. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/** Thrown by endpoints to answer with an error. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const plainText = 'text/plain; charset=utf-8';

/** A text answer. */
export function textResponse(body: string | Uint8Array): PprofResponse {
  return {
    status: 200,
    headers: { 'Content-Type': plainText, 'X-Content-Type-Options': 'nosniff' },
    body,
  };
}

/** JSON of this moment, for programs. */
export function jsonResponse(value: object): PprofResponse {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** An error as Go's handlers send it; `X-Go-Pprof` makes `go tool pprof` print the body. */
export function errorResponse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): PprofResponse {
  return routerError(status, message, { 'X-Go-Pprof': '1', ...headers });
}

/** An error of the router itself, before any endpoint: the same without `X-Go-Pprof`. */
export function routerError(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): PprofResponse {
  return {
    status,
    headers: { 'Content-Type': plainText, 'X-Content-Type-Options': 'nosniff', ...headers },
    body: `${message}\n`,
  };
}

/**
 * A path and query as a `Location` may carry them. Browsers read a backslash as a slash, and two slashes at the beginning as
 * another host; they drop tabs and line breaks before they look.
 */
function safeLocation(target: string): string {
  return target
    .replaceAll('\\', '%5C')
    .replace(/^\/{2,}/u, '/')
    .replace(/[^!-~]/gu, (c) => {
      // Node reads a target byte by byte; what is no byte comes from a framework that has decoded it.
      const bytes = Buffer.from(c, c.charCodeAt(0) < 256 ? 'latin1' : 'utf8');
      return bytes.toString('hex').toUpperCase().replace(/../gu, '%$&');
    });
}

/** A redirect as Go's ServeMux sends it, to a path on the same host: with a text for who may read it. */
export function redirect(target: string, method = 'GET'): PprofResponse {
  const location = safeLocation(target);
  const isRead = method === 'GET' || method === 'HEAD';
  return {
    status: 307,
    headers: { ...(isRead ? { 'Content-Type': 'text/html; charset=utf-8' } : {}), Location: location },
    body: isRead ? `<a href="${escapeHtml(location)}">Temporary Redirect</a>.\n\n` : '',
  };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

/** Escapes text for HTML with the entities that Go uses. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/gu, (c) => entities[c] as string);
}
