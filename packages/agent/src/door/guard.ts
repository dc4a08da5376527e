// Who may ask: tokens compared in constant time, Host headers against DNS rebinding, cross-site requests.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isAddress, isOwnName, parseHost } from '../http/hosts.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

function single(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** What follows the scheme in the header, null where there is another scheme or none. */
function credentials(headers: Headers, scheme: 'bearer' | 'basic'): string | null {
  const match = /^(bearer|basic) +(\S+) *$/iu.exec(single(headers, 'authorization') ?? '');
  return match?.[1]?.toLowerCase() === scheme ? (match[2] ?? null) : null;
}

/** Name and password of Basic auth, null where the request carries none. */
export function basicPair(headers: Headers): { readonly user: string; readonly password: string } | null {
  const pair = Buffer.from(credentials(headers, 'basic') ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** The token, which may come as the password of Basic auth too; null where the request carries none. */
export function bearerToken(headers: Headers): string | null {
  return credentials(headers, 'bearer') ?? basicPair(headers)?.password ?? null;
}

/** Whether the request carries one of `known`. Each is compared, also where one has matched: the time tells nothing. */
export function carries(headers: Headers, scheme: 'bearer' | 'basic', known: readonly string[]): boolean {
  const pair = basicPair(headers);
  const sent = scheme === 'bearer' ? bearerToken(headers) : pair && `${pair.user}:${pair.password}`;
  if (sent === null) return false;
  return known.reduce((found, one) => sameText(sent, one) || found, false);
}

/**
 * Whether a `Host` header may reach a loopback listener. A page that rebinds its own name to 127.0.0.1 sends that name,
 * so only addresses, `localhost` and the names that were allowed pass, whatever the port: a tunnel has another one.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true; // HTTP/1.0; no browser sends it
  const host = parseHost(header);
  if (host === null) return false;
  if (isAddress(host.name) || isOwnName(host.name)) return true;
  return allowed.some((text) => {
    const one = parseHost(text);
    return one !== null && one.name === host.name && (one.port === null || one.port === host.port);
  });
}

/**
 * Whether a web page of another site started this request by itself, as browsers tell it: an image, a fetch, or, where a `capture` is
 * asked for, going there without anybody having clicked. (Safari tells no clicks; there links to captures are refused too.)
 */
export function isCrossSite(headers: Headers, capture: boolean): boolean {
  const site = single(headers, 'sec-fetch-site');
  if (site !== 'cross-site' && site !== 'same-site') return false;
  if (single(headers, 'sec-fetch-mode') !== 'navigate' || single(headers, 'sec-fetch-dest') !== 'document')
    return true;
  return capture && single(headers, 'sec-fetch-user') !== '?1';
}
