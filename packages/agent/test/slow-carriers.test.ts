// Clients that read slowly, stop, or vanish, where a framework carries the answer: they hold no answer for ever, and their captures end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { register } from '@stackpile/agent';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { answerKoa, isKoaContext } from '../src/adapters/koa.ts';
import type { Answer } from '../src/door/door.ts';
import { GONE, pieces, streamUntil } from '../src/door/pieces.ts';
import { ask } from './http-client.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  ends.push(() => (server.closeAllConnections(), server.close()));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client that has asked and takes nothing of its own accord. */
function client(port: number, path: string): Socket {
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  return socket;
}

/** The next byte that a client is sent; null at the end. */
async function readByte(socket: Socket): Promise<number | null> {
  for (;;) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) return byte[0] ?? null;
    if (socket.readableEnded || socket.destroyed) return null;
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (await holds()) return;
    await delay(100);
  }
  assert.fail(`not within a minute: ${what}`);
}

/** Each gives the port of a service with the endpoints. */
const carriers: Readonly<Record<string, () => Promise<number>>> = {
  Express() {
    const app = express();
    ends.push(register(app, { auth: 'none' }).close);
    return listening(app);
  },
  async Fastify() {
    const app = Fastify({ forceCloseConnections: true });
    register(app, { auth: 'none' });
    ends.push(() => app.close());
    await app.listen({ host: '127.0.0.1', port: 0 });
    return (app.server.address() as AddressInfo).port;
  },
  Koa() {
    const app = new Koa();
    ends.push(register(app, { auth: 'none' }).close);
    const listener = app.callback();
    return listening((...args) => void listener(...args));
  },
  Hono() {
    const app = new Hono();
    ends.push(register(app, { auth: 'none' }).close);
    const listener = getRequestListener(app.fetch);
    return listening((...args) => void listener(...args));
  },
};

describe('a client that takes a few bytes one by one and vanishes ends its capture', () => {
  for (const [name, open] of Object.entries(carriers))
    test(name, async (t) => {
      const said = t.mock.method(console, 'error', () => undefined);
      const port = await open();
      const status = async (path: string): Promise<number> =>
        (await ask(port, `/debug/pprof/${path}`)).status;
      const slow = client(port, '/debug/pprof/trace?seconds=250');
      const first: (number | null)[] = [];
      for (let i = 0; i < 12; i++) first.push(await readByte(slow));
      assert.equal(Buffer.from(first.map(Number)).toString(), 'HTTP/1.1 200');
      // One at a time: while that one runs there is none to be had.
      assert.equal(await status('trace?seconds=0.01'), 500);
      slow.destroy();
      await eventually('the trace has ended', async () => (await status('trace?seconds=0.01')) === 200);
      // Koa itself may tell of the connection.
      if (name !== 'Koa')
        assert.deepEqual(
          said.mock.calls.map(({ arguments: words }) => words),
          [],
        );
    });
});

const LONG = Buffer.alloc(32 * 1024 * 1024, 'profile ');

/** A stream of as many bytes, which tells when it is cancelled. */
function streamed(cancelled: () => void): ReadableStream<Uint8Array> {
  let left = LONG.length;
  return new ReadableStream({
    pull(controller) {
      left -= 65_536;
      controller.enqueue(new Uint8Array(65_536));
      if (left <= 0) controller.close();
    },
    cancel: cancelled,
  });
}

/** A Koa that gives one answer, by our middleware and with this patience; `gone` tells when the door hears of the end of the request. */
async function giving(
  answer: Answer,
  stallMs: number,
): Promise<{ port: number; gone: Promise<void>; complaints: unknown[] }> {
  const app = new Koa();
  const complaints: unknown[] = [];
  app.on('error', (error) => complaints.push(error));
  const gone = new Promise<void>((resolve) => {
    const mount = {
      route: () => ({ kind: 'endpoint', request: { method: 'GET', path: 'heap', query: '' } }) as const,
      async answer(_route: unknown, _request: unknown, signal: AbortSignal) {
        signal.addEventListener('abort', () => resolve());
        return answer;
      },
    };
    app.use(async (context: unknown, next) => {
      assert.ok(isKoaContext(context));
      await answerKoa(mount, context, next, stallMs);
    });
  });
  const listener = app.callback();
  return { port: await listening((...args) => void listener(...args)), gone, complaints };
}

describe('an answer that Koa sends', () => {
  const whole: Answer = { status: 200, headers: { 'Content-Length': String(LONG.length) }, body: LONG };

  test('is given up where its client takes nothing any more, without a word in the log of the service', async () => {
    const { port, gone, complaints } = await giving(whole, 200);
    client(port, '/');
    await gone;
    assert.deepEqual(complaints, []);
  });

  test('and so is one that is made meanwhile, and nobody makes it any further', async () => {
    let cancelled = (): void => undefined;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    const body = new Uint8Array(0);
    const { port, gone } = await giving({ status: 200, headers: {}, body, stream: streamed(cancelled) }, 200);
    client(port, '/');
    await Promise.all([gone, isCancelled]);
  });

  test('that breaks in the middle is no whole one', async () => {
    let pieces = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pieces++ < 3) controller.enqueue(new Uint8Array(10));
        else controller.error(new Error('the profiler has ended'));
      },
    });
    const { port } = await giving({ status: 200, headers: {}, body: new Uint8Array(0), stream }, 60_000);
    await assert.rejects(ask(port, '/'), { code: 'ECONNRESET' });
  });

  test('is whole for one that is slow and goes on reading', async () => {
    const { port, complaints } = await giving(whole, 20_000);
    const socket = client(port, '/');
    let read = 0;
    socket.on('data', (piece: Buffer) => {
      read += piece.length;
      if (read % 7 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.resume();
    await once(socket, 'close');
    assert.ok(read > LONG.length, String(read));
    assert.deepEqual(complaints, []);
  });
});

test('a body of the Fetch API whose client has gone ends, and the log of the service has no word of it', async () => {
  for (const make of [
    (done: AbortController) => pieces(LONG, done),
    (done: AbortController) => {
      const broken = new ReadableStream<Uint8Array>({
        start: (controller) =>
          done.signal.addEventListener('abort', () => controller.error(new Error('broken off'))),
        pull: (controller) => controller.enqueue(new Uint8Array(10)),
      });
      return streamUntil(broken, done);
    },
  ]) {
    const done = new AbortController();
    const reader = make(done).getReader();
    assert.equal((await reader.read()).done, false);
    done.abort(GONE);
    let more = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) more++;
    assert.ok(more <= 2, String(more));
  }
});

test('a stream of the Fetch API that nobody reads any more is given up, from its beginning on', async () => {
  for (const many of [0, 2]) {
    let cancelled = (): void => undefined;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    const done = new AbortController();
    const reader = streamUntil(streamed(cancelled), done, undefined, 20).getReader();
    for (let i = 0; i < many; i++) await reader.read();
    const alive = setInterval(() => undefined, 1000);
    await isCancelled;
    clearInterval(alive);
    assert.ok(done.signal.aborted);
    await assert.rejects(reader.read(), { code: 'AGENT_ABORTED' });
  }
});
