// The sidecar: listens, captures, encodes and compresses in a worker thread, so that the endpoints answer when the app cannot.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { Endpoints } from '../endpoints/endpoints.ts';
import { errorResponse, type PprofRequest, type PprofResponse, routerError } from '../endpoints/http.ts';
import { route } from '../endpoints/route.ts';
import { asksForPage } from '../endpoints/page.ts';
import { messageOf } from '../errors.ts';
import { carriesToken, isAllowedHost, isCrossSite } from '../guard.ts';
import { isLoopback } from '../options.ts';
import { Originals } from '../originals.ts';
import { LoopLag } from './loop-lag.ts';
import { MainThread } from './main-thread.ts';
import type { FromSidecar, ListenSettings, SidecarData, ToSidecar } from './protocol.ts';

const PREFIX = '/debug/pprof';
/** How long the main thread may think about an `auth` function. */
const ASK_MS = 5000;
/** A loop that takes longer to turn is stuck. */
const RESPONSIVE_MS = 250;

const data = workerData as SidecarData;
const port = parentPort;
if (port === null) throw new Error('the sidecar runs in a worker thread only');
const send = (message: FromSidecar): void => port.postMessage(message);

const main = new MainThread(data.shared, () => send({ kind: 'wake' }));
const lag = new LoopLag(() => send({ kind: 'wake' }));
const endpoints = new Endpoints(
  {
    main,
    isResponsive,
    loopLag: () => lag.read(),
    settings: data.settings,
    cwd: data.cwd,
    program: data.program,
    originals: new Originals(),
  },
  data.commandLine,
);
const awaitingTurn = new Set<(turned: boolean) => void>();
const running = new Map<number, AbortController>();
const asked = new Map<number, (allowed: boolean) => void>();
let nextAsk = 0;
let server: Server | null = null;

port.on('message', (message: ToSidecar) => {
  switch (message.kind) {
    case 'request':
      void mounted(message.id, message);
      return;
    case 'abort':
      running.get(message.id)?.abort();
      return;
    case 'auth':
      asked.get(message.id)?.(message.allowed);
      return;
    case 'awake':
      lag.turned();
      for (const resolve of awaitingTurn) resolve(true);
      awaitingTurn.clear();
      return;
    case 'close':
      void close();
      return;
    case 'exit':
      main.disconnect();
      return;
  }
});

/** Whether the main thread's loop turns soon. */
function isResponsive(): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (turned: boolean): void => {
      clearTimeout(timer);
      awaitingTurn.delete(done);
      resolve(turned);
    };
    const timer = setTimeout(() => done(false), RESPONSIVE_MS);
    awaitingTurn.add(done);
    send({ kind: 'wake' });
  });
}

async function mounted(id: number, request: PprofRequest): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const response = await endpoints.answer(request, abort.signal);
  running.delete(id);
  send({ kind: 'response', id, response });
}

async function close(): Promise<void> {
  for (const abort of running.values()) abort.abort();
  lag.stop();
  const listening = server;
  if (listening !== null) {
    listening.closeAllConnections();
    await new Promise<void>((resolve) => listening.close(() => resolve()));
  }
  main.disconnect();
  send({ kind: 'closed' });
  port?.close();
}

/** Asks the user's `auth` function, which lives on the main thread; a main thread that is blocked cannot let anybody in. */
function ask(request: IncomingMessage): Promise<boolean | null> {
  const id = nextAsk++;
  return new Promise((resolve) => {
    const done = (allowed: boolean | null): void => {
      clearTimeout(timer);
      asked.delete(id);
      resolve(allowed);
    };
    const timer = setTimeout(() => done(null), ASK_MS);
    asked.set(id, done);
    send({
      kind: 'ask',
      id,
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: request.headers,
      remoteAddress: request.socket.remoteAddress ?? '',
    });
  });
}

/** Null where the request may pass, else the answer that turns it away. */
async function guard(request: IncomingMessage, listen: ListenSettings): Promise<PprofResponse | null> {
  if (isLoopback(listen.host)) {
    if (!isAllowedHost(request.headers.host, listen.allowedHosts)) {
      return errorResponse(
        403,
        'this Host header is not allowed here: use an address, localhost, or the option allowedHosts',
      );
    }
  }
  if (isCrossSite(request.headers))
    return errorResponse(403, 'a page of another site may not start a capture');
  switch (listen.auth.kind) {
    case 'none':
      return null;
    case 'token':
      if (asksForPage(request.method, request.url)) return null;
      return carriesToken(request.headers, listen.auth.token) ? null : unauthorized();
    case 'ask': {
      const allowed = await ask(request);
      if (allowed === null) {
        const message = 'the auth function did not answer: the main thread is blocked';
        return errorResponse(503, message, { 'Retry-After': '5' });
      }
      return allowed ? null : unauthorized();
    }
  }
}

function unauthorized(): PprofResponse {
  const message = 'this endpoint needs a token: send Authorization: Bearer TOKEN';
  return errorResponse(401, message, { 'WWW-Authenticate': 'Bearer realm="pprof"' });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  listen: ListenSettings,
): Promise<void> {
  const abort = new AbortController();
  // `close` comes after a complete answer too, and does no harm then.
  response.on('close', () => abort.abort());
  request.on('error', () => abort.abort());
  response.on('error', () => abort.abort());
  request.resume();
  let answer = await guard(request, listen);
  if (answer === null) {
    const target = request.url ?? '/';
    const found = route(request.method ?? 'GET', target === '/' ? `${PREFIX}` : target, PREFIX);
    answer = found.kind === 'answer' ? found.response : await tracked(found.request, abort);
  }
  if (response.destroyed) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const head = request.method === 'HEAD';
  const length = head && body.length === 0 ? {} : { 'Content-Length': String(body.length) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(head ? undefined : body);
}

/** Answers with an abort that `close` can reach. */
async function tracked(request: PprofRequest, abort: AbortController): Promise<PprofResponse> {
  const id = -1 - nextAsk++;
  running.set(id, abort);
  try {
    return await endpoints.answer(request, abort.signal);
  } finally {
    running.delete(id);
  }
}

function listenOn(listen: ListenSettings): void {
  const created = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000 }, (request, response) => {
    serve(request, response, listen).catch((error: unknown) => {
      if (!response.headersSent) {
        const answer = routerError(500, messageOf(error));
        response.writeHead(answer.status, { ...answer.headers });
      }
      response.end();
    });
  });
  created.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status =
      error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    if (socket.writable) {
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
      );
    } else socket.destroy();
  });
  created.once('error', (error: NodeJS.ErrnoException) => {
    send({ kind: 'failed', code: error.code ?? '', message: error.message });
  });
  created.listen(listen.port, listen.host, () => {
    const address = created.address() as AddressInfo;
    send({ kind: 'ready', port: address.port, host: listen.host });
  });
  server = created;
}

if (data.listen === null) send({ kind: 'ready', port: 0, host: '' });
else listenOn(data.listen);
