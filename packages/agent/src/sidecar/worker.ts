// The sidecar: listens, captures, encodes and compresses in a worker thread, so that the endpoints answer when the app cannot.
import { parentPort, type Transferable, workerData } from 'node:worker_threads';
import { Door } from '../door/door.ts';
import type { Gate, PlainGate } from '../door/gate.ts';
import { isLoopback } from '../http/hosts.ts';
import { type Listener, openListener } from '../door/listener.ts';
import { AgentError, messageOf } from '../errors.ts';
import { errorResponse, type PprofRequest, type PprofResponse } from '../http/messages.ts';
import { MainThread } from '../inspect/main-thread.ts';
import type { AuthRequest } from '../options.ts';
import type { Answering } from './answering.ts';
import { LoopLag } from './loop-lag.ts';
import { yieldToService } from './priority.ts';
import { SharedPulse } from './pulse.ts';
import type { FromSidecar, ListenSettings, SidecarData, ToSidecar } from './protocol.ts';

/** A loop that takes longer to turn is stuck. */
const RESPONSIVE_MS = 250;
/** Questions to the `auth` function that the main thread has not read; it reads all of them in one turn of its loop. */
const MOST_UNREAD = 256;
/** Milliseconds after the start from which on what the process was like is remembered, also where nobody has asked for anything. */
const REMEMBERS_MS = 1_000;

const data = workerData as SidecarData;
const port = parentPort;
if (port === null) throw new Error('the sidecar runs in a worker thread only');
const send = (message: FromSidecar, transfer: Transferable[] = []): void =>
  port.postMessage(message, transfer);

const main = new MainThread(data.shared, () => send({ kind: 'wake' }), askByMessage);
const lag = new LoopLag(() => send({ kind: 'wake' }));
const pulse = new SharedPulse(data.shared, (threshold) => send({ kind: 'beat', threshold }));
const awaitingTurn = new Set<(turned: boolean) => void>();
const running = new Map<number, AbortController>();
const asked = new Map<number, (allowed: boolean) => void>();
const evaluating = new Map<number, (answer: Extract<ToSidecar, { kind: 'evaluated' }>) => void>();
let nextAsk = 0;
let listener: Listener | null = null;
let answering: Promise<Answering> | null = null;
let isClosed = false;

port.on('message', (message: ToSidecar) => {
  switch (message.kind) {
    case 'request':
      void mounted(message.id, message);
      return;
    case 'abort':
      running.get(message.id)?.abort();
      running.delete(message.id);
      return;
    case 'auth':
      asked.get(message.id)?.(message.allowed);
      return;
    case 'awake':
      lag.turned();
      for (const resolve of awaitingTurn) resolve(true);
      awaitingTurn.clear();
      return;
    case 'evaluated':
      evaluating.get(message.id)?.(message);
      return;
    case 'blocked':
      pulse.blocked(message);
      return;
    case 'close':
      void close();
      return;
    case 'exit':
      main.end();
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

/** What answers, loaded by now. One that could not be loaded, for want of memory, is tried again by the next who asks. */
function loaded(): Promise<Answering> {
  answering ??= import('./answering.ts').then(
    (part) => new part.Answering({ data, main, lag, pulse, isResponsive, send }),
  );
  answering.catch(() => (answering = null));
  return answering;
}

async function answered(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
  try {
    return await (await loaded()).answer(request, signal);
  } catch (error) {
    return errorResponse(500, messageOf(error));
  }
}

async function mounted(id: number, request: PprofRequest): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const answer = await answered(request, abort.signal);
  const response = abort.signal.aborted ? errorResponse(503, 'the client went away') : answer;
  // The stream itself goes over: who reads it there is the one who holds it up here.
  send({ kind: 'response', id, response }, response.stream === undefined ? [] : [response.stream]);
}

async function close(): Promise<void> {
  isClosed = true;
  for (const abort of running.values()) abort.abort();
  (await answering?.catch(() => null))?.close();
  lag.stop();
  await listener?.close();
  main.end();
  send({ kind: 'closed' });
  // Deno's has no such method; whoever asked for the end terminates the thread.
  const closable: { close?(): void } | null = port;
  closable?.close?.();
}

function askByMessage(expression: string, signal: AbortSignal): Promise<unknown> {
  const id = nextAsk++;
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      evaluating.delete(id);
      reject(new AgentError('AGENT_ABORTED', 'the client went away'));
    };
    signal.addEventListener('abort', gone, { once: true });
    evaluating.set(id, ({ value, error }) => {
      evaluating.delete(id);
      signal.removeEventListener('abort', gone);
      if (error === undefined) resolve(value);
      else reject(new AgentError('AGENT_UNAVAILABLE', `the main thread failed to answer: ${error}`));
    });
    if (signal.aborted) gone();
    else send({ kind: 'evaluate', id, expression });
  });
}

/**
 * Asks the user's `auth` function, which lives on the main thread. One that is blocked says nothing, and is given no queue: whoever
 * may ask without a token would fill the memory with questions.
 */
function ask(request: AuthRequest, signal: AbortSignal): Promise<boolean> {
  if (Atomics.load(data.shared, 2) >= MOST_UNREAD) return new Promise(() => undefined);
  Atomics.add(data.shared, 2, 1);
  const id = nextAsk++;
  signal.addEventListener('abort', () => asked.delete(id), { once: true });
  return new Promise((resolve) => {
    asked.set(id, resolve);
    send({ kind: 'ask', id, request });
  });
}

function gateOf(auth: PlainGate): Gate {
  return auth.kind === 'ask' ? { ...auth, ask } : auth;
}

async function listenOn({ place, auth, allowedHosts, tls, push }: ListenSettings): Promise<void> {
  const door = new Door({
    gate: gateOf(auth),
    // No page of a browser reaches a socket in the file system.
    hosts: place.kind === 'port' && isLoopback(place.host) ? allowedHosts : null,
    endpoints: answered,
  });
  try {
    listener = await openListener(door, place, tls);
    send({ kind: 'ready', port: listener.port });
    if (push !== null) (await loaded()).push(push);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    send({ kind: 'failed', code, message });
  }
}

void yieldToService();
const { block, blackBox, tasks } = data.settings;
// What is recorded from the start on is recorded by what answers; what it remembers of the last hour begins a moment later.
if (block !== null || blackBox !== null) void loaded().catch(() => undefined);
else if (tasks?.from !== 'first look')
  setTimeout(() => void (isClosed ? null : loaded().catch(() => undefined)), REMEMBERS_MS).unref();
if (data.listen === null) send({ kind: 'ready', port: 0 });
else void listenOn(data.listen);
