// The agent's own listener: it shares the service's file descriptors, so that slow, silent and greedy clients are bounded.
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { originForm, route } from '../http/route.ts';
import type { TlsOptions } from '../options.ts';
import { MAX_BODY, readBody } from './body.ts';
import type { Door } from './door.ts';
import type { Place } from '../http/place.ts';
import { HeldUp } from './held-up.ts';
import { listenOnFile } from './socket-file.ts';
import { send } from './send.ts';

const PREFIX = '/debug/pprof';
/** Most connections whose requests are answered; of more the one that has asked for nothing the longest makes room. */
const CROWDED = 128;
/**
 * Whoever has no room is told at once to come again. So many such connections are open until their clients have heard it; then the one
 * that was told first is closed: what its client sends afterwards is answered with a reset, which may overtake the answer.
 */
const RESERVE = 32;
/** How long such a client may take to hang up. */
const TURN_AWAY_MS = 1_000;
/** Most requests of one connection under way; none of the usual clients sends a second one before the answer to the first. */
const MAX_PIPELINED = 4;
/** How long a client that was told what is wrong with its request may take to hang up. */
const LINGER_MS = 500;

const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  /**
   * None of the intervals that scrapers have (5, 10, 15, 20, 30, 60 seconds): a connection that is closed just as its client asks again is a
   * request that fails.
   */
  keepAliveTimeout: 23_000,
  /** Whatever the service itself was told to accept. */
  insecureHTTPParser: false,
};
const HANDSHAKE_MS = 5_000;
/** Most connections that have not shaken hands. */
const MOST_HANDSHAKES = 128;

/** A listener that is open. */
export interface Listener {
  /** 0 of a socket in the file system. */
  readonly port: number;
  /** Aborts what is under way, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Listens.
 *
 * @throws the system's error where the place cannot be had
 */
export async function openListener(door: Door, place: Place, tls: TlsOptions | null): Promise<Listener> {
  const clients = new Clients();
  const answer = (request: IncomingMessage, response: ServerResponse, waits = false): void => {
    serve(door, clients, { request, response, waits }).catch(() => response.destroy());
  };
  const server = serverOf(tls, (request, response) => answer(request, response));
  // Who asks whether to send a body is told so when it is read, and has an answer at once where it is not.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    answer(request, response, true),
  );
  server.on('connect', refuseTunnel);
  server.maxConnections = CROWDED + RESERVE + 1 + (tls === null ? 0 : MOST_HANDSHAKES);
  if (tls !== null) boundHandshakes(server);
  server.maxRequestsPerSocket = 1_000;
  server.on(tls === null ? 'connection' : 'secureConnection', (socket: Socket) => clients.add(socket));
  const heldUp = new HeldUp();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && heldUp.justNow) spare(socket);
    else turnAway(error, socket);
  });
  const leave = await listenAt(server, place);
  // A connection that cannot be accepted, for want of memory or descriptors: not heard, it would end the worker.
  server.on('error', () => undefined);
  return {
    port: place.kind === 'socket' ? 0 : (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        leave();
        heldUp.stop();
        clients.close();
        server.close(() => resolve());
      }),
  };
}

/** Of more clients than have room that have not shaken hands the first one goes: it has had the most time. */
function boundHandshakes(server: Server): void {
  const shaking = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string =>
    `${remoteAddress ?? ''} ${remotePort ?? 0}`;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const [first] = shaking.values();
    if (shaking.size >= MOST_HANDSHAKES) first?.destroy();
    shaking.set(name, socket);
    socket.once('close', () => shaking.delete(name));
  });
  server.on('secureConnection', (socket: Socket) => shaking.delete(nameOf(socket)));
}

/** @throws what OpenSSL says of a certificate or a key */
function serverOf(
  tls: TlsOptions | null,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (tls === null) return createServer(limits, answer);
  const { ca, cert, key, passphrase } = tls;
  return createSecureServer(
    {
      ...limits,
      handshakeTimeout: HANDSHAKE_MS,
      minVersion: 'TLSv1.2',
      cert: bytesOf(cert),
      key: bytesOf(key),
      ...(passphrase === undefined ? {} : { passphrase }),
      // Who has no certificate of theirs is turned away before there is a request.
      ...(ca === undefined ? {} : { ca: bytesOf(ca), requestCert: true, rejectUnauthorized: true }),
    },
    answer,
  );
}

/** A `Buffer` that was sent to another thread is none any more. */
function bytesOf(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text);
}

/** Resolves with what is to be done where nobody listens any more. */
async function listenAt(server: Server, place: Place): Promise<() => void> {
  if (place.kind === 'socket') return listenOnFile(server, place.path);
  await listenOnFirst(server, place.host, place.ports);
  return () => undefined;
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

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** For leave to send the body. */
  readonly waits: boolean;
}

async function serve(door: Door, clients: Clients, { request, response, waits }: Exchange): Promise<void> {
  const { socket, method = 'GET' } = request;
  const { target: url, host } = originForm(request.url ?? '/');
  // The host that is named with the target is the one that is meant.
  const headers = host === null ? request.headers : { ...request.headers, host };
  // It has its answer.
  if (clients.isTurnedAway(socket)) return;
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
  const found = route(method, url === '/' ? PREFIX : url, PREFIX);
  const isRead = method === 'POST' && found.kind === 'endpoint';
  if (!isRead) discardBody(request);
  if ((request.headersDistinct['host']?.length ?? 0) > 1) {
    // Whoever stands between may have looked at the other one.
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('400 Bad Request');
    return;
  }
  const remoteAddress = socket.remoteAddress ?? '';
  // What is not read may still come, or not.
  if (waits && hasBody(request)) response.shouldKeepAlive = false;
  const body = (): ReturnType<typeof readBody> => {
    if (waits) response.writeContinue();
    return readBody(request);
  };
  const asked = { method, url, headers, remoteAddress, body };
  const answer = await door.answer(found, asked, abort.signal);
  // Whoever was turned away has not been read, and the connection may carry the next request.
  if (isRead) discardBody(request);
  await send(response, answer);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Nobody is led anywhere from here. */
function refuseTunnel({ url = '' }: IncomingMessage, socket: Duplex): void {
  const found = route('CONNECT', url, PREFIX);
  const { status, headers, body } =
    found.kind === 'answer' || found.kind === 'outside'
      ? found.response
      : { status: 404, headers: {}, body: '' };
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.on('error', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', String(body)].join('\r\n'));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function discardBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_BODY) request.socket.destroy();
  });
}

/** The beginning of an answer that ends with its connection. */
function head(status: string, more = ''): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n${more}Connection: close\r\n\r\n`;
}

/** A client that was not read in time, for which nobody but this thread is to blame, has as long again; then it goes without a word. */
function spare(socket: Duplex): void {
  const read = socket instanceof Socket ? socket.bytesRead : 0;
  const look = (): void => {
    if (!(socket instanceof Socket) || socket.bytesRead === read) socket.destroy();
  };
  setTimeout(look, limits.headersTimeout).unref();
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
  socket.end(head(status) + status);
  // Not at once: a connection that is closed while the client still writes loses the answer.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Who is connected, and with what under way. */
class Clients {
  readonly #underWay = new Map<Socket, Set<AbortController>>();
  /** Connections that ask for nothing, those that have been silent the longest first. */
  readonly #silent = new Set<Socket>();
  /** Those of them that have never asked for anything. */
  readonly #fresh = new Set<Socket>();
  /** Connections that found no room, those that came first at the beginning. */
  readonly #turnedAway = new Set<Socket>();

  add(socket: Socket): void {
    socket.once('close', () => this.#forget(socket));
    if (this.#underWay.size >= CROWDED && !this.#makeRoom()) {
      this.#turnAway(socket);
      return;
    }
    this.#underWay.set(socket, new Set());
    this.#silent.add(socket);
    this.#fresh.add(socket);
  }

  /** Gives up the connection that has been silent the longest; false where all have something under way. */
  #makeRoom(): boolean {
    const [longest] = this.#silent;
    if (longest === undefined) return false;
    const isFresh = this.#fresh.has(longest);
    this.#forget(longest);
    // Its client may be about to ask; one that rests between two requests expects no answer.
    if (isFresh) this.#turnAway(longest);
    else longest.destroy();
    return true;
  }

  #turnAway(socket: Socket): void {
    const [first] = this.#turnedAway;
    if (first !== undefined && this.#turnedAway.size >= RESERVE) {
      this.#forget(first);
      first.destroy();
    }
    this.#turnedAway.add(socket);
    socket.on('error', () => socket.destroy());
    socket.end(
      head('503 Service Unavailable', 'Retry-After: 1\r\n') + `${CROWDED} connections are open already\n`,
    );
    setTimeout(() => socket.destroy(), TURN_AWAY_MS).unref();
  }

  /** Whether a connection found no room, and was told so. */
  isTurnedAway(socket: Socket): boolean {
    return this.#turnedAway.has(socket);
  }

  #forget(socket: Socket): void {
    this.#underWay.delete(socket);
    this.#silent.delete(socket);
    this.#fresh.delete(socket);
    this.#turnedAway.delete(socket);
  }

  /** A request has arrived; null where the connection has too many of them. */
  begin(socket: Socket): AbortController | null {
    const underWay = this.#underWay.get(socket);
    if (underWay === undefined || underWay.size >= MAX_PIPELINED) return null;
    const abort = new AbortController();
    underWay.add(abort);
    this.#silent.delete(socket);
    this.#fresh.delete(socket);
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
    for (const socket of this.#turnedAway) socket.destroy();
  }
}
