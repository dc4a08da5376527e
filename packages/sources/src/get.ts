// One HTTP request for a profile: headers, redirects, limits, and every failure as one sentence.
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ProfileError, type Profile } from '@stackpile/profile';
import { readPieces } from './pieces.ts';
import { isSecretKey } from './shown.ts';
import { shownSocket, socketPathOf } from './socket-address.ts';
import { SourceError } from './errors.ts';
import type { SourceOptions } from './options.ts';
import { collect } from './typed-file.ts';

/** An answer that was read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Empty where the answer was a heap snapshot that was read as it came. */
  readonly body: Uint8Array;
  /** The profile of that snapshot; null for every other answer. */
  readonly snapshot: Profile | null;
  /** After redirects. */
  readonly url: URL;
}

/** A request for {@link get}. */
export interface HttpRequest {
  readonly url: URL;
  /** What sentences call it; the address where it is absent. */
  readonly name?: string;
  readonly insecure?: boolean;
  /** `Basic …` of the address itself; headers of the options win. */
  readonly authorization?: string | undefined;
  readonly options: SourceOptions;
  /** Milliseconds for what `within` says; where that is absent, for all of it. */
  readonly timeout: number;
  /** What must be there within `timeout`: the whole answer, or its headers only, as in Go. */
  readonly within?: 'answer' | 'headers';
  readonly method?: 'GET' | 'POST';
  readonly body?: Uint8Array;
  /** Read a heap snapshot as it comes, however long it is: its profile is the answer, not its bytes. */
  readonly snapshots?: boolean;
}

const maxRedirects = 10;
const defaultMaxBytes = 2 ** 30;

/** The address as it may be shown: no user, no password, no token in the query. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  for (const key of [...shown.searchParams.keys()]) {
    if (isSecretKey(key)) shown.searchParams.set(key, '…');
  }
  const socket = shownSocket(shown);
  if (socket !== null) return socket;
  return decodeURI(shown.href.replaceAll('%E2%80%A6', '…').replace(/%(?![\da-f]{2})/giu, '%25')).replaceAll(
    /\s/gu,
    '%20',
  );
}

/** Headers of the options as name and value; `--token` becomes a bearer token. */
export function requestHeaders(options: SourceOptions): Map<string, string> {
  const headers = new Map<string, string>();
  if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`);
  for (const line of options.headers ?? []) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1).trim();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/u.test(name)) {
      throw new SourceError('SOURCE_USAGE', `--header '${line}': write it as 'Name: value'`);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/u.test(value)) {
      throw new SourceError(
        'SOURCE_USAGE',
        `--header '${name}': its value holds characters that no header may have`,
      );
    }
    headers.set(name.toLowerCase(), value);
  }
  const token = options.token ?? '';
  if (/[^\x21-\x7e]/u.test(token))
    throw new SourceError('SOURCE_USAGE', '--token: it holds characters that no header may have');
  return headers;
}

const NOT_TLS = /wrong version number|packet length too long|EPROTO/u;

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket';
    case 'EACCES':
      return 'this user may not open the socket';
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was closed before the answer was complete';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host cannot be reached';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'its certificate is not trusted: pass --tls_ca, or write https+insecure:// to accept any';
    default: {
      const message = error instanceof Error ? error.message : String(error);
      if (/^Parse Error|HPE_/u.test(message)) return 'the answer is not HTTP';
      if (NOT_TLS.test(message)) return 'it does not speak TLS: write http:// instead of https://';
      return message.split('\n', 1)[0] ?? message;
    }
  }
}

/** Whether nothing listens at an address: not at any of them, where its name has several. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isRefusal);
  return (error as { code?: unknown } | null)?.code === 'ECONNREFUSED';
}

function decoded(answer: IncomingMessage): Readable {
  const encoding = (answer.headers['content-encoding'] ?? '').trim().toLowerCase();
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return answer.pipe(createGunzip());
    case 'deflate':
      return answer.pipe(createInflate());
    case 'br':
      return answer.pipe(createBrotliDecompress());
    default:
      return answer;
  }
}

function once(
  url: URL,
  headers: Record<string, string>,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { tls } = request.options;
  const insecure = request.insecure === true || tls?.insecure === true;
  return new Promise((resolve, reject) => {
    const socketPath = socketPathOf(url);
    const settings = {
      method: request.method ?? 'GET',
      headers,
      signal,
      agent: false as const,
      ...(socketPath === null ? {} : { socketPath }),
    };
    const outgoing =
      url.protocol === 'https:'
        ? requestHttps(url, {
            ...settings,
            rejectUnauthorized: !insecure,
            ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls?.key === undefined ? {} : { key: tls.key }),
          })
        : requestHttp(url, settings);
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.end(request.body);
  });
}

/** The headers of a request; credentials stay with the host they were meant for. */
function headersFor(
  url: URL,
  request: HttpRequest,
  own: ReadonlyMap<string, string>,
): Record<string, string> {
  const headers = new Map([
    ['user-agent', 'stackpile'],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip'],
  ]);
  if (socketPathOf(url) !== null) headers.set('host', 'localhost');
  for (const [name, value] of own) headers.set(name, value);
  if (url.origin !== request.url.origin) {
    for (const name of own.keys()) headers.delete(name);
  }
  if (request.body !== undefined) headers.set('content-length', String(request.body.length));
  return Object.fromEntries(headers);
}

/** Where an answer leads; null where it is the answer itself. */
function redirection(answer: IncomingMessage, url: URL, shown: string): URL | null {
  const { location } = answer.headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)) return null;
  let next: URL;
  try {
    next = new URL(location, url);
  } catch (error) {
    answer.resume();
    throw new SourceError('SOURCE_UNREACHABLE', `${shown}: it redirects to something that is no address`, {
      cause: error,
    });
  }
  // Whoever answers may not send us to a socket of this machine.
  const isElsewhere = socketPathOf(next) !== null && next.origin !== url.origin;
  if (!isElsewhere && (next.protocol === 'http:' || next.protocol === 'https:')) return next;
  answer.resume();
  throw new SourceError('SOURCE_UNREACHABLE', `${shown}: it redirects to something that is no web address`);
}

/** Reads an answer to its end, unless it is longer than `maxBytes`. */
async function readAnswer(
  answer: IncomingMessage,
  maxBytes: number,
  shown: string,
  snapshots: boolean,
): Promise<Omit<HttpAnswer, 'url'>> {
  const stream = decoded(answer);
  if (stream !== answer) answer.on('error', (error) => stream.destroy(error));
  const tooMany = (): SourceError => {
    answer.destroy();
    return new SourceError(
      'SOURCE_TOO_LARGE',
      `${shown}: the answer is longer than ${Math.round(maxBytes / 2 ** 20)} MB`,
    );
  };
  const pieces = stream as AsyncIterable<Uint8Array>;
  const options = { mostBytes: maxBytes, tooMany };
  const taken =
    snapshots && answer.statusCode === 200
      ? await readPieces(pieces, options)
      : ({ kind: 'bytes', bytes: await collect(pieces, maxBytes, tooMany) } as const);
  if (!answer.complete)
    throw new SourceError(
      'SOURCE_UNREACHABLE',
      `${shown}: the connection was closed before the answer was complete`,
      { detail: 'incomplete' },
    );
  return {
    status: answer.statusCode ?? 0,
    statusText: answer.statusMessage ?? '',
    headers: answer.headers,
    body: taken.kind === 'bytes' ? taken.bytes : new Uint8Array(0),
    snapshot: taken.kind === 'snapshot' ? taken.profile : null,
  };
}

/**
 * Sends one request, follows redirects, and reads the answer whatever its status is.
 *
 * @throws SourceError where there is no answer, or it is too long or too late; ProfileError for a snapshot that is malformed.
 */
export async function get(request: HttpRequest): Promise<HttpAnswer> {
  const shown = request.name ?? shownUrl(request.url);
  // Before the clock starts: what is wrong with a header is said at once, and nothing is left that waits.
  const own = requestHeaders(request.options);
  if (request.authorization !== undefined && !own.has('authorization'))
    own.set('authorization', request.authorization);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.max(1, Math.min(request.timeout, 2 ** 31 - 1)));
  const deadline = late.signal;
  const signal =
    request.options.signal === undefined ? deadline : AbortSignal.any([deadline, request.options.signal]);
  let url = request.url;
  /** Has the answer begun? */
  let begun = false;
  const answers: IncomingMessage[] = [];
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await once(url, headersFor(url, request, own), request, signal);
      answers.push(answer);
      const next = redirection(answer, url, shown);
      if (next === null) {
        begun = true;
        if (request.within === 'headers') clearTimeout(timer);
        const maxBytes = request.options.maxBytes ?? defaultMaxBytes;
        return { ...(await readAnswer(answer, maxBytes, shown, request.snapshots === true)), url };
      }
      answer.resume();
      if (redirects >= maxRedirects)
        throw new SourceError('SOURCE_UNREACHABLE', `${shown}: it redirects without an end`, {
          detail: 'redirects',
        });
      if (request.options.sameHost === true && next.host !== request.url.host)
        throw new SourceError(
          'SOURCE_UNREACHABLE',
          `${shown}: it redirects to another host, which is not asked`,
          {
            detail: 'redirects',
          },
        );
      url = next;
    }
  } catch (error) {
    if (error instanceof SourceError || error instanceof ProfileError) throw error;
    if (request.options.signal?.aborted === true)
      throw new SourceError('SOURCE_ABORTED', `${shown}: given up`, { cause: error });
    if (deadline.aborted) {
      throw new SourceError(
        'SOURCE_TIMEOUT',
        `${shown}: no complete answer within ${Math.round(request.timeout / 100) / 10} s`,
        { cause: error },
      );
    }
    const detail = begun
      ? 'incomplete'
      : NOT_TLS.test(String(error))
        ? 'not-tls'
        : isRefusal(error)
          ? 'refused'
          : undefined;
    throw new SourceError('SOURCE_UNREACHABLE', `${shown}: ${reasonOf(error)}`, {
      cause: error,
      ...(detail === undefined ? {} : { detail }),
    });
  } finally {
    clearTimeout(timer);
    // What was not read to its end, of a redirection or a broken answer, would hold its connection as long as its sender likes.
    for (const answer of answers) if (!answer.readableEnded) answer.destroy();
  }
}

/** The first line of an answer's text, where it is one that a person may read. */
function saidBy(answer: HttpAnswer): string {
  const type = String(answer.headers['content-type'] ?? '');
  if (!type.includes('text/plain') && !type.includes('json')) return '';
  const line = new TextDecoder().decode(answer.body.subarray(0, 300)).split('\n', 1)[0]?.trim() ?? '';
  return line.replaceAll(/\p{Cc}/gu, ' ').slice(0, 200);
}

/** Gives the answer back, or throws the one sentence that says what its status means for the user. */
export function requireOk(answer: HttpAnswer, shown: string, credentials: boolean): HttpAnswer {
  const { status } = answer;
  if (status >= 200 && status < 300) return answer;
  if (status === 401 || status === 407) {
    const why = credentials
      ? 'it does not accept the credentials that were sent'
      : "it wants to know who asks: add --token TOKEN, or --header 'Authorization: Bearer TOKEN'";
    throw new SourceError('SOURCE_UNAUTHORIZED', `${shown}: ${status}, ${why}`, { status });
  }
  if (status === 403) {
    throw new SourceError(
      'SOURCE_UNAUTHORIZED',
      `${shown}: 403, it does not let this request in${because(answer)}`,
      { status },
    );
  }
  if (status === 404) {
    throw new SourceError('SOURCE_HTTP_STATUS', `${shown}: 404, there is no such profile${because(answer)}`, {
      status,
    });
  }
  throw new SourceError(
    'SOURCE_HTTP_STATUS',
    `${shown}: ${status} ${answer.statusText}${because(answer)}`.trimEnd(),
    { status },
  );
}

function because(answer: HttpAnswer): string {
  const said = saidBy(answer);
  return said === '' || said === answer.statusText ? '' : ` (${said})`;
}
