// The agent's own listener: it shares the service's file descriptors, so that slow, silent and greedy clients are bounded.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { route } from '../endpoints/route.ts';
import type { Door } from './door.ts';
import { send } from './send.ts';

const PREFIX = '/debug/pprof';
/** Most connections; the next one is closed at once. */
const MAX_CONNECTIONS = 160;
/** Of more connections than these the one that has asked for nothing the longest makes room. */
const CROWDED = 128;
/** Most requests of one connection under way; none of the usual clients sends a second one before the answer to the first. */
const MAX_PIPELINED = 4;
/** Most bytes of a request's body, which no endpoint reads. */
const MAX_BODY = 262_144;
/** How long a client that was told what is wrong with its request may take to hang up. */
const LINGER_MS = 500;

const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  /** Whatever the service itself was told to accept. */
  insecureHTTPParser: false,
};

/** A listener that is open. */
export interface Listener {
  readonly port: number;
  /** Aborts what is under way, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Listens on the first of `ports` that is free; 0 is any.
 *
 * @throws the system's error where none can be had
 */
export async function openListener(door: Door, host: string, ports: readonly number[]): Promise<Listener> {
  const clients = new Clients();
  const server = createServer(limits, (request, response) => {
    serve(door, clients, request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1_000;
  server.on('connection', (socket) => clients.add(socket));
  server.on('clientError', turnAway);
  await listenOnFirst(server, host, ports);
  // A connection that cannot be accepted, for want of memory or descriptors: not heard, it would end the worker.
  server.on('error', () => undefined);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        clients.close();
        server.close(() => resolve());
      }),
  };
}

async function listenOnFirst(server: Server, host: string, ports: readonly number[]): Promise<void> {
  for (const [i, port] of ports.entries()) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || i === ports.length - 1) throw error;
    }
  }
}

async function serve(
  door: Door,
  clients: Clients,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { socket, method = 'GET', headers } = request;
  const url = request.url ?? '/';
  const abort = clients.begin(socket);
  if (abort === null) {
    socket.destroy();
    return;
  }
  // `close` comes after a complete answer too, and does no harm then.
  response.on('close', () => {
    abort.abort();
    clients.end(socket, abort);
  });
  request.on('error', () => abort.abort());
  response.on('error', () => abort.abort());
  discardBody(request);
  if ((request.headersDistinct['host']?.length ?? 0) > 1) {
    // Whoever stands between may have looked at the other one.
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('400 Bad Request');
    return;
  }
  const found = route(method, url === '/' ? PREFIX : url, PREFIX);
  const remoteAddress = socket.remoteAddress ?? '';
  await send(response, await door.answer(found, { method, url, headers, remoteAddress }, abort.signal));
}

function discardBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_BODY) request.socket.destroy();
  });
}

/** Answers what is no request, and lets go of the connection even if the client does not. */
function turnAway(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || socket.writableLength > 0) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
  );
  // Not at once: a connection that is closed while the client still writes loses the answer.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Who is connected, and with what under way. */
class Clients {
  readonly #underWay = new Map<Socket, Set<AbortController>>();
  /** Connections that ask for nothing, those that have been silent the longest first. */
  readonly #silent = new Set<Socket>();

  add(socket: Socket): void {
    this.#underWay.set(socket, new Set());
    this.#silent.add(socket);
    socket.once('close', () => this.#forget(socket));
    if (this.#underWay.size <= CROWDED) return;
    const [longest] = this.#silent;
    if (longest === undefined || longest === socket) return;
    this.#forget(longest);
    longest.destroy();
  }

  #forget(socket: Socket): void {
    this.#underWay.delete(socket);
    this.#silent.delete(socket);
  }

  /** A request has arrived; null where the connection has too many of them. */
  begin(socket: Socket): AbortController | null {
    const underWay = this.#underWay.get(socket);
    if (underWay === undefined || underWay.size >= MAX_PIPELINED) return null;
    const abort = new AbortController();
    underWay.add(abort);
    this.#silent.delete(socket);
    return abort;
  }

  /** A request was answered, or given up. */
  end(socket: Socket, abort: AbortController): void {
    const underWay = this.#underWay.get(socket);
    if (underWay === undefined) return;
    underWay.delete(abort);
    if (underWay.size === 0) this.#silent.add(socket);
  }

  close(): void {
    for (const [socket, underWay] of this.#underWay) {
      for (const abort of underWay) abort.abort();
      socket.destroy();
    }
  }
}
