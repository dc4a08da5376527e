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
  const tail = path.endsWith('/') || path.endsWith('/.') || path.endsWith('/..') ? '/' : '';
  return out.length === 0 ? '/' : `/${out.join('/')}${tail}`;
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

const notFound: PprofResponse = routerError(404, '404 page not found');
const badRequest: PprofResponse = routerError(400, '400 Bad Request');

/**
 * Routes a request target (path and query), by what its path means and never by how it is written.
 *
 * @param prefix path of the index without its trailing slash, `/debug/pprof`
 */
export function route(method: string, target: string, prefix: string): Route {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const suffix = mark < 0 ? '' : `?${query}`;
  if (!path.startsWith('/')) return { kind: 'outside', response: notFound };
  const clean = cleanPath(path);
  const wanted = prefix.split('/').map(decodeSegment);
  const segments = clean.split('/').map(decodeSegment);
  const below = wanted.every((segment, i) => segment !== null && segments[i] === segment);
  if (clean !== path) {
    return { kind: below ? 'answer' : 'outside', response: redirect(clean + suffix) };
  }
  if (!below) {
    const response = segments.includes(null) ? badRequest : notFound;
    return { kind: 'outside', response };
  }
  if (segments.includes(null)) return { kind: 'answer', response: badRequest };
  if (segments.length === wanted.length) {
    return { kind: 'answer', response: redirect(`${prefix}/${suffix}`) };
  }
  const name = segments.slice(wanted.length).join('/');
  const isPosted = method === 'POST' && POSTED.has(name);
  if (method !== 'GET' && method !== 'HEAD' && !isPosted) {
    const allowed = POSTED.has(name) ? 'GET, HEAD, POST' : 'GET, HEAD';
    return { kind: 'answer', response: routerError(405, 'Method Not Allowed', { Allow: allowed }) };
  }
  return { kind: name === PAGE ? 'page' : 'endpoint', request: { method, path: name, query } };
}
