// Finds the endpoint in a request target by the rules of Go's ServeMux: cleaned paths, escaped slashes, the missing slash.
// Upstream: golang/go src/net/http/server.go, 1.26.8
import { type PprofRequest, type PprofResponse, redirect, routerError } from './messages.ts';

/** Name of the endpoint that is the web page. */
export const PAGE = 'ui';
/** Names of endpoints that take a POST, whose body is read. */
const POSTED: ReadonlySet<string> = new Set(['symbol']);

/** Where a request leads. */
export type Route =
  /** To the web page's own file, which holds nothing of the service. */
  | { readonly kind: 'page'; readonly request: PprofRequest }
  | { readonly kind: 'endpoint'; readonly request: PprofRequest }
  /** To an answer of the router itself. */
  | { readonly kind: 'answer'; readonly response: PprofResponse }
  /** Nowhere below the prefix: `response` is for where nobody else may want it. */
  | { readonly kind: 'outside'; readonly response: PprofResponse };

function cleanPath(path: string): string {
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') out.pop();
    else out.push(segment);
  }
  const tail = path.endsWith('/') ? '/' : '';
  return out.length === 0 ? '/' : `/${out.join('/')}${tail}`;
}

/** What a segment's escapes stand for; bytes that are no text, which Go lets pass too, are the name of nothing. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  const bytes = segment.replace(/%([\da-f]{2})|[^\0-\x7f]+/giu, (text, hex: string | undefined) =>
    hex === undefined
      ? Buffer.from(text, 'utf8').toString('latin1')
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** An escape that is none: no target, whatever is below it. */
const BAD_ESCAPE = /%(?![\da-f]{2})/iu;
/** The scheme and the authority of a target that a proxy sends. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)/iu;

/** A target without the name of the host that it may begin with, and that name; null where it has none. */
export function originForm(target: string): { readonly target: string; readonly host: string | null } {
  const [whole, host] = ABSOLUTE.exec(target) ?? [];
  if (whole === undefined || host === undefined) return { target, host: null };
  const rest = target.slice(whole.length);
  return { target: rest.startsWith('/') ? rest : `/${rest}`, host };
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' };
const notFound: PprofResponse = routerError(404, '404 page not found');
const badRequest: PprofResponse = { status: 400, headers: plain, body: '400 Bad Request' };
/** To `OPTIONS *`, which asks about the server as a whole, and to anything else that asks for that. */
const ofServer: PprofResponse = { status: 200, headers: {}, body: '' };
const noServer: PprofResponse = { status: 400, headers: { Connection: 'close' }, body: '' };

function methodNotAllowed(name: string): PprofResponse {
  return routerError(405, 'Method Not Allowed', {
    Allow: POSTED.has(name) ? 'GET, HEAD, POST' : 'GET, HEAD',
  });
}

/**
 * Routes a request target (path and query), by what its path means and never by how it is written.
 *
 * @param asked as it came: with the name of a host before it where a proxy has sent it
 * @param prefix path of the index without its trailing slash, `/debug/pprof`
 */
export function route(method: string, asked: string, prefix: string): Route {
  if (asked === '*') return { kind: 'outside', response: method === 'OPTIONS' ? ofServer : noServer };
  const { target } = originForm(asked);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const suffix = query === '' ? '' : `?${query}`;
  if (!path.startsWith('/')) return { kind: 'outside', response: notFound };
  // A tunnel is asked for as it is written.
  const clean = method === 'CONNECT' ? path : cleanPath(path);
  const wanted = prefix.split('/').map(decodeSegment);
  const segments = clean.split('/').map(decodeSegment);
  const below = wanted.every((segment, i) => segments[i] === segment);
  const kind = below ? 'answer' : 'outside';
  if (BAD_ESCAPE.test(path)) return { kind, response: badRequest };
  const isRead = method === 'GET' || method === 'HEAD';
  const isIndex = below && segments.length === wanted.length;
  if (isIndex && isRead) return { kind, response: redirect(`${prefix}/${suffix}`, method) };
  if (clean !== path) return { kind, response: redirect(clean + suffix, method) };
  if (!below) return { kind, response: notFound };
  if (isIndex) return { kind, response: methodNotAllowed('') };
  const name = segments.slice(wanted.length).join('/');
  const isPosted = method === 'POST' && POSTED.has(name);
  if (!isRead && !isPosted) return { kind: 'answer', response: methodNotAllowed(name) };
  return { kind: name === PAGE ? 'page' : 'endpoint', request: { method, path: name, query } };
}
