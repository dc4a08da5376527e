// A socket in the file system as an address: `unix:/run/shop.sock`, `unix:/run/shop.sock:/debug/pprof/heap`. Within this room it is an URL whose host
// spells the path, so that what asks, follows and joins addresses needs to know nothing of sockets.
import { resolve } from 'node:path';

const ENDING = '.unix-socket.invalid';
const typed = /^unix:([^:]+)(?::(\/.*))?$/su;

/** The address of a socket as it is typed; null where that is none. */
export function socketUrl(text: string, cwd: string): URL | null {
  const [, path, rest = '/'] = typed.exec(text) ?? [];
  if (path === undefined) return null;
  const host = Buffer.from(resolve(cwd, path)).toString('hex');
  return new URL(`http://${host}${ENDING}${rest}`);
}

/** The path of the socket that an address means; null for an address of the network. */
export function socketPathOf({ hostname }: URL): string | null {
  if (!hostname.endsWith(ENDING)) return null;
  return Buffer.from(hostname.slice(0, -ENDING.length), 'hex').toString();
}

/** The address as it is typed. */
export function shownSocket(url: URL): string | null {
  const path = socketPathOf(url);
  if (path === null) return null;
  const rest = url.pathname + url.search;
  return `unix:${path}${rest === '/' || rest === '/debug/pprof/' ? '' : `:${rest}`}`;
}
