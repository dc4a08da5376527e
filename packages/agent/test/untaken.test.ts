// Answers that are made and not yet taken: what clients that read slowly, or all at once, may hold of the service's memory.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { type CaptureOptions, createFetchHandler, createHandler, register } from '@stackpile/agent';
import Koa from 'koa';
import type { Closable } from '../src/adapters/mount.ts';
import { EndpointError } from '../src/http/messages.ts';
import { captureResult } from '../src/captures/capture.ts';
import { Untaken } from '../src/captures/limits.ts';
import { ProfileBuilder } from '@stackpile/profile';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const target = '/debug/pprof/goroutine?debug=2';
/** Tasks of 32 frames with names of 900 characters: their text is more than the buffers of a socket take. */
const TASKS = 300;
const LEAST_BYTES = 5_000_000;
/** Together they would hold more than there is room for, if each had its own copy. */
const CLIENTS = 24;
const settings: CaptureOptions = { heap: false, tasks: { budget: 1 } };

type Deep = (depth: number, until: Promise<void>) => Promise<void>;

async function deepFunction(): Promise<Deep> {
  const name = `deep${'x'.repeat(900)}`;
  const code = `export async function ${name}(depth, until) { depth > 0 ? await ${name}(depth - 1, until) : await until; }`;
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Record<string, Deep>;
  const [made] = Object.values(module);
  return made ?? assert.fail('a module without its function');
}

/** A client that asks, waits for the status and reads on only a little. */
async function slow(port: number): Promise<{ status: number; socket: Socket }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const [piece] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { status: Number(piece.toString('latin1', 9, 12)), socket };
}

/** What carries the answers of a mount, by name: a listener of requests, and what closes the mount. */
const mounts: Readonly<Record<string, () => readonly [RequestListener, Closable]>> = {
  'a handler': () => {
    const handler = createHandler({ auth: 'none', ...settings });
    return [handler, handler];
  },
  Koa: () => {
    const app = new Koa();
    app.silent = true;
    const mount = register(app, { auth: 'none', ...settings });
    const listener = app.callback();
    return [(...args) => void listener(...args), mount];
  },
  'the Fetch API': () => {
    const handler = createFetchHandler({ auth: 'none', ...settings });
    const listener = getRequestListener((request) => handler(request));
    return [(...args) => void listener(...args), handler];
  },
};

async function open(carrier: string): Promise<{ port: number; close(): Promise<void> }> {
  const make = mounts[carrier];
  if (make === undefined) {
    const server = await serving({ port: 0, ...settings });
    return { port: server.port, close: () => server.close() };
  }
  const [listener, mount] = make();
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await mount.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

describe('answers that nobody takes have an end', () => {
  let finish = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    finish = resolve;
  });
  after(() => finish());
  for (const carrier of ['the listener', ...Object.keys(mounts)]) {
    test(`of ${carrier}`, async () => {
      const { port, close } = await open(carrier);
      try {
        const deep = await deepFunction();
        for (let i = 0; i < TASKS; i++) void deep(40, until);
        await delay(1);
        const clients = await Promise.all(Array.from({ length: CLIENTS }, () => slow(port)));
        const statuses = clients.map(({ status }) => status);
        for (const { socket } of clients) socket.destroy();
        // They share one text; on its way to the main thread each gets a copy.
        const refused = statuses.filter((status) => status === 503).length;
        assert.equal(refused > 0, carrier in mounts, String(statuses));
        assert.ok(statuses.every((status) => status === 503 || status === 200) && refused < CLIENTS);
        // The room is free again.
        const { status, body } = await ask(port, target);
        assert.equal(status, 200);
        assert.ok(body.length > LEAST_BYTES, String(body.length));
      } finally {
        await close();
      }
    });
  }
});

test('one text for all who share a reading', () => {
  const profile = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] }).build();
  const { text } = captureResult(profile, () => 'goroutine profile: total 0\n');
  assert.ok(text() instanceof Uint8Array);
  assert.equal(text(), text());
});

describe('room for answers', () => {
  const body = (length: number): Uint8Array => new Uint8Array(length);

  test('one of any length passes alone, what is shared counts once, and all room comes back', () => {
    const untaken = new Untaken(100);
    const [first, second] = [new AbortController(), new AbortController()];
    const long = body(1000);
    untaken.hold(long, first.signal);
    untaken.hold(long, second.signal);
    assert.equal(untaken.bytes, 1000);
    assert.throws(
      () => untaken.hold(body(1), new AbortController().signal),
      (error) =>
        error instanceof EndpointError && error.status === 503 && error.headers['Retry-After'] === '5',
    );
    first.abort();
    assert.equal(untaken.bytes, 1000);
    second.abort();
    assert.equal(untaken.bytes, 0);
    untaken.hold(body(100), new AbortController().signal);
  });

  test('copies count each', () => {
    const untaken = new Untaken(100, true);
    const shared = body(60);
    untaken.hold(shared, new AbortController().signal);
    assert.throws(() => untaken.hold(shared, new AbortController().signal), EndpointError);
  });

  test('who has gone before holds nothing', () => {
    const untaken = new Untaken(100);
    untaken.hold(body(60), AbortSignal.abort());
    assert.equal(untaken.bytes, 0);
  });
});
