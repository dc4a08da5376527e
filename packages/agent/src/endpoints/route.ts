// Finds the endpoint in a request target by the rules of Go's ServeMux: cleaned paths, escaped slashes, the missing slash.
import { type PprofRequest, type PprofResponse, redirect, routerError } from './http.ts';

/** Where a request leads: to an endpoint, or to an answer of the router itself. */
export type Route =
  | { readonly kind: 'endpoint'; readonly request: PprofRequest }
  | { readonly kind: 'answer'; readonly response: PprofResponse };

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

/**
 * Routes a request target (path and query).
 *
 * @param prefix path of the index without its trailing slash, `/debug/pprof`
 */
export function route(method: string, target: string, prefix: string): Route {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const suffix = mark < 0 ? '' : `?${query}`;
  if (!path.startsWith('/')) return { kind: 'answer', response: notFound };
  const clean = cleanPath(path);
  // The location is a path of at least one segment here, never `//host`.
  if (clean !== path) return { kind: 'answer', response: redirect(clean + suffix) };
  const wanted = prefix.split('/');
  const segments = clean.split('/').map(decodeSegment);
  if (segments.includes(null)) return { kind: 'answer', response: routerError(400, '400 Bad Request') };
  if (wanted.some((segment, i) => segments[i] !== segment)) return { kind: 'answer', response: notFound };
  if (segments.length === wanted.length) {
    return { kind: 'answer', response: redirect(`${prefix}/${suffix}`) };
  }
  const name = segments.slice(wanted.length).join('/');
  return { kind: 'endpoint', request: { method, path: name, query } };
}
