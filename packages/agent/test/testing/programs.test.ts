// Programs that leak as real ones did, turned into tests: the leak fails them and its function is named; their fixed twins pass.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once, setMaxListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expectNoGrowth, expectNoLeaks, LeakError } from '@stackpile/agent/testing';

/** A program: one request of it, with its leak and without; what it left is undone by the result. */
interface Program {
  /** The function that a maintainer would mend. */
  readonly names: RegExp;
  readonly request: (isFixed: boolean, run: number) => unknown;
}

const undo: (() => unknown)[] = [];

async function failureOf(check: () => Promise<unknown>): Promise<LeakError | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof LeakError) return error;
    throw error;
  } finally {
    for (const one of undo.splice(0)) await one();
  }
}

async function serving(
  handler: http.RequestListener,
  use: (port: number) => Promise<unknown>,
): Promise<void> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function get(port: number): Promise<http.IncomingMessage> {
  const request = http.get({ port, host: '127.0.0.1', agent: false });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

/** A client whose signal lives as long as it does. */
class Client {
  readonly controller: AbortController = new AbortController();
  constructor() {
    setMaxListeners(0, this.controller.signal);
  }
  makeTimeoutSignal(isFixed: boolean): { signal: AbortSignal; end: () => void } {
    const own = new AbortController();
    const abort = (): void => own.abort();
    const { signal } = this.controller;
    signal.addEventListener('abort', abort);
    const end = (): void => signal.removeEventListener('abort', abort);
    if (!isFixed) undo.push(end);
    return { signal: own.signal, end: isFixed ? end : () => undefined };
  }
  async heartbeat(isFixed: boolean): Promise<void> {
    const { signal, end } = this.makeTimeoutSignal(isFixed);
    await sleep(1);
    signal.throwIfAborted();
    end();
  }
}
const client = new Client();

const store = new AsyncLocalStorage<object>();
const evictions = new Map<string, number>();
function scheduleEviction(key: string, isFixed: boolean): void {
  const timer = setTimeout(() => evictions.delete(key), 6 * 3600_000);
  undo.push(() => clearTimeout(timer));
  if (isFixed) timer.unref();
}

async function getMore(stop: AbortSignal): Promise<readonly string[]> {
  await sleep(5, undefined, { signal: stop }).catch(() => undefined);
  return [];
}
async function follow(stop: AbortSignal): Promise<void> {
  while (!stop.aborted) assert.deepEqual(await getMore(stop), []);
}

class ChangeStream {
  readonly stop: AbortController = new AbortController();
  async next(): Promise<string> {
    const [first] = await getMore(this.stop.signal);
    if (first !== undefined || this.stop.signal.aborted) return first ?? '';
    return await this.next();
  }
}

class Rpc {
  readonly pending: Map<number, (reply: unknown) => void> = new Map();
  #id = 0;
  async call(isAnswered: boolean): Promise<unknown> {
    const id = ++this.#id;
    return await new Promise((resolve) => {
      this.pending.set(id, resolve);
      if (isAnswered) this.answer(id);
    });
  }
  answer(id: number): void {
    this.pending.get(id)?.(id);
    this.pending.delete(id);
  }
}
const rpc = new Rpc();

async function convert(html: string, isFixed: boolean): Promise<void> {
  const source = `const { parentPort } = require('worker_threads'); parentPort.on('message', (m) => parentPort.postMessage(m.length));`;
  const worker = new Worker(source, { eval: true });
  worker.postMessage(html);
  await once(worker, 'message');
  if (isFixed) await worker.terminate();
  else undo.push(() => worker.terminate());
}

/** Those of which one run shows it. */
const programs: Readonly<Record<string, Program>> = {
  'a listener per request on a signal that lives as long as the client': {
    names: /makeTimeoutSignal/,
    request: (isFixed) => client.heartbeat(isFixed),
  },
  "a timer in a request keeps the request's store": {
    names: /scheduleEviction/,
    request: (isFixed) => store.run({}, () => scheduleEviction('key', isFixed)),
  },
  'an interval per request that nobody clears': {
    names: /progress/,
    request: (isFixed) =>
      serving(
        function progress(_request, response) {
          const timer = setInterval(() => undefined, 1000);
          if (isFixed) response.once('close', () => clearInterval(timer));
          else undo.push(() => clearInterval(timer));
          response.end('started');
        },
        async (port) => (await get(port)).resume(),
      ),
  },
  'every subscription is an endless loop of short waits': {
    names: /follow|getMore/,
    request: async (isFixed) => {
      const stop = new AbortController();
      const ended = follow(stop.signal);
      if (!isFixed) return void undo.push(() => stop.abort());
      stop.abort();
      return await ended;
    },
  },
  'a recursion of awaits that never unwinds': {
    names: /next/,
    request: async (isFixed) => {
      const stream = new ChangeStream();
      const ended = stream.next();
      if (!isFixed) return void undo.push(() => stream.stop.abort());
      stream.stop.abort();
      return await ended;
    },
  },
  'requests whose answer never comes': {
    names: /call/,
    request: async (isFixed) => {
      const answer = rpc.call(isFixed);
      if (isFixed) await answer;
      else undo.push(() => [...rpc.pending.keys()].forEach((id) => rpc.answer(id)));
    },
  },
  'a worker per task, never terminated': {
    names: /convert/,
    request: (isFixed) => convert('<p>', isFixed),
  },
  'pipe does not destroy its source': {
    names: /serveFile/,
    request: (isFixed) =>
      serving(
        function serveFile(_request, response) {
          // Longer than what fits on the way.
          const source = createReadStream(process.execPath);
          if (isFixed) void pipeline(source, response).catch(() => undefined);
          else {
            source.pipe(response);
            undo.push(() => source.destroy());
          }
        },
        async (port) => (await get(port)).destroy(),
      ),
  },
};

const renders = new Map<string, object>();
function render(id: number): number {
  const query = `{ user(id: ${id}) { name email posts { title } } }`;
  let parsed = renders.get(query);
  if (parsed === undefined) renders.set(query, (parsed = { query, fields: query.split(' ') }));
  return Object.keys(parsed).length;
}

const callbacks = new Map<number, () => void>();
function callBack(run: number, isAnswered: boolean): void {
  callbacks.set(run, () => callbacks.delete(run));
  if (isAnswered) callbacks.get(run)?.();
}

const shutdown = new Promise<string>(() => undefined);
async function readWithShutdown(isFixed: boolean): Promise<unknown> {
  const read = sleep(1).then(() => ({ body: 'x'.repeat(1000) }));
  return await (isFixed ? read : Promise.race([read, shutdown]));
}

/** Those that show in what many runs leave on the heap. */
const growing: Readonly<Record<string, Program>> = {
  'a memoized function whose arguments never come again': {
    names: /renders/,
    request: (isFixed, run) => render(isFixed ? run % 4 : run),
  },
  'callbacks in a map that are never called': {
    names: /callbacks/,
    request: (isFixed, run) => callBack(run, isFixed),
  },
  'racing against a promise that lives for ever': {
    names: /shutdown/,
    request: (isFixed) => readWithShutdown(isFixed),
  },
};

function assertNames(failure: LeakError | null, names: RegExp): void {
  assert.ok(failure !== null, 'it passes');
  const told = failure.leaks.flatMap(({ stack, startedBy }) => [...stack, ...(startedBy ? [startedBy] : [])]);
  assert.ok(
    told.some(({ name, file: at }) => names.test(name) && /programs\.test/.test(at)),
    failure.message,
  );
}

describe('a program that leaves things behind', () => {
  for (const [name, { names, request }] of Object.entries(programs)) {
    const failure = (isFixed: boolean): Promise<LeakError | null> =>
      failureOf(async () => {
        const check = expectNoLeaks({ grace: isFixed ? 5000 : 30 });
        await request(isFixed, 0);
        await check();
      });
    test(`${name}: is named`, async () => assertNames(await failure(false), names));
    test(`${name}: fixed, it passes`, async () => assert.equal(await failure(true), null));
  }
});

describe('programs that grow', () => {
  // Together, since every check takes two snapshots.
  const failure = (isFixed: boolean): Promise<LeakError | null> =>
    failureOf(() =>
      expectNoGrowth(async (run) => {
        for (const { request } of Object.values(growing)) await request(isFixed, run);
      }),
    );
  test('are named, each of them', async () => {
    const found = await failure(false);
    for (const { names } of Object.values(growing)) assertNames(found, names);
  });
  test('pass where they are fixed', async () => assert.equal(await failure(true), null));
});
