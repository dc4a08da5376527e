// What answers on a port: an inspector and its WebSocket address, something else, or nothing.
import { request } from 'node:http';
import { connect } from 'node:net';

/** What answers on a port. */
export type Answerer =
  | { readonly kind: 'inspector'; readonly url: string }
  /** It speaks HTTP and is no inspector. */
  | { readonly kind: 'http'; readonly status: number }
  /** It takes connections, and does not speak HTTP, or too slowly. */
  | { readonly kind: 'other' }
  | { readonly kind: 'nothing'; readonly why: string };

const LIST_LIMIT = 1 << 20;
const LIST_MS = 3000;

/** The path of the first target in an inspector's list; null where the text is no such list. */
function targetPath(text: string): string | null {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return null;
  }
  for (const entry of Array.isArray(list) ? (list as unknown[]) : []) {
    const url =
      typeof entry === 'object' && entry !== null && 'webSocketDebuggerUrl' in entry
        ? entry.webSocketDebuggerUrl
        : null;
    if (typeof url === 'string' && URL.canParse(url)) return new URL(url).pathname;
  }
  return null;
}

/**
 * Asks a port for an inspector's list of targets. Node's inspector refuses requests whose `Host` is a name other than `localhost`,
 * so that is what we say. The port of the address is the one that was asked: a list may name an inner one.
 *
 * @param host a name or an address; IPv6 with or without brackets
 */
export function whatAnswers(host: string, port: number): Promise<Answerer> {
  const bare = host.replace(/^\[(.*)\]$/u, '$1');
  return new Promise((resolve) => {
    const asked = request(
      {
        host: bare,
        port,
        path: '/json/list',
        headers: { Host: 'localhost' },
        timeout: LIST_MS,
        agent: false,
        signal: AbortSignal.timeout(LIST_MS),
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > LIST_LIMIT) answer.destroy();
        });
        answer.on('error', () => undefined);
        answer.on('close', () => {
          const path = targetPath(body);
          const name = bare.includes(':') ? `[${bare}]` : bare;
          resolve(
            path === null
              ? { kind: 'http', status: answer.statusCode ?? 0 }
              : { kind: 'inspector', url: `ws://${name}:${port}${path}` },
          );
        });
      },
    );
    let isConnected = false;
    asked.on('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(isConnected ? { kind: 'other' } : { kind: 'nothing', why: error.code ?? error.message }),
    );
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}

/** The WebSocket address of the inspector on a port, or null. */
export async function addressOn(host: string, port: number): Promise<string | null> {
  const answerer = await whatAnswers(host, port);
  return answerer.kind === 'inspector' ? answerer.url : null;
}

/** Whether anything accepts connections there. */
export function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(2000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
