// Who may read the pages: the right Host (no DNS rebinding), the token of this start, reading methods only.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { isAddress, isCrossSite, isLoopback, isOwnName, parseHost } from '@stackpile/agent/inspector';

/** What the guard decides: on, or a status with one sentence, or a redirect that leaves the token in a cookie. */
export type Decision =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string }
  | { readonly kind: 'enter'; readonly location: string; readonly cookie: string };

const unauthorized =
  'This page needs the token of this start: open the address that stackpile printed in the terminal.';

export class Guard {
  readonly token: string = randomBytes(18).toString('base64url');
  readonly #host: string;
  #port = 0;

  /** @param host as it was bound: `localhost`, `0.0.0.0`, `192.168.1.5` */
  constructor(host: string) {
    this.#host = parseHost(host)?.name ?? host.toLowerCase();
  }

  listening(port: number): void {
    this.#port = port;
  }

  decide(request: IncomingMessage): Decision {
    const refuse = (status: number, message: string): Decision => ({ kind: 'refuse', status, message });
    const peer = request.socket.remoteAddress ?? '';
    if (isLoopback(this.#host) && !isLoopback(peer)) return refuse(403, 'permission denied');
    if (!this.#knowsHost(request.headers.host ?? '')) {
      return refuse(
        421,
        `This server does not answer to the name ${JSON.stringify((request.headers.host ?? '').slice(0, 200))}.`,
      );
    }
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(405, 'Only GET and HEAD are served here.');
    // A page of another site must not even make us work; browsers that say where a request comes from are believed.
    const url = new URL(request.url ?? '/', 'http://host');
    if (isCrossSite(request.headers, url.pathname.startsWith('/ui/live/')))
      return refuse(403, 'Requests from other sites are not answered.');
    const given = url.searchParams.get('token');
    if (given !== null && this.#isToken(given)) {
      url.searchParams.delete('token');
      return {
        kind: 'enter',
        // Two slashes at the beginning would name another host.
        location: `${url.pathname.replace(/^\/{2,}/u, '/')}${url.search}`,
        cookie: `${this.#cookieName()}=${this.token}; Path=/; HttpOnly; SameSite=Strict`,
      };
    }
    const bearer = /^Bearer\s+(\S+)$/iu.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined && this.#isToken(bearer)) return { kind: 'pass' };
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=', 2);
      if (name === this.#cookieName() && value !== undefined && this.#isToken(value)) return { kind: 'pass' };
    }
    return refuse(401, unauthorized);
  }

  /** Cookies do not tell ports apart, so each server has its own name. */
  #cookieName(): string {
    return `stackpile-${this.#port}`;
  }

  #isToken(given: string): boolean {
    // Hashing first makes the lengths equal, which the constant-time comparison needs.
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(given), digest(this.token));
  }

  #knowsHost(header: string): boolean {
    const given = parseHost(header);
    if (given === null || (given.port ?? 80) !== this.#port) return false;
    const { name } = given;
    if (name === this.#host) return true;
    if (isLoopback(this.#host)) return isOwnName(name);
    // Bound to every interface: a literal address cannot be rebound, and this machine's own name is its own.
    const any = this.#host === '0.0.0.0' || this.#host === '::';
    return any && (isAddress(name) || isOwnName(name) || name === hostname().toLowerCase());
  }
}
