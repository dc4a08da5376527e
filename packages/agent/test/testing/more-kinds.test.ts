// More of what a test can start and not finish, each told and, where it has ended, not told.
import assert from 'node:assert/strict';
import { EventEmitter, on, once } from 'node:events';
import fs, { createReadStream, createWriteStream, opendirSync, promises } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { setInterval as ticks } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import { type Kind, leaksOf, tryKinds } from './kind.ts';

const here = fileURLToPath(import.meta.url);
const folder = dirname(here);
const bus = new EventEmitter();
/** Older than any test, though nobody has looked at its signal. */
const shutdown = new AbortController();
const events = new EventTarget();

/** A server that is older than any test. */
const server = http.createServer((request, response) => {
  if (request.url === '/never') response.write('something');
  else response.end('yes');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => {
  server.closeAllConnections();
  server.close();
});
const { port } = server.address() as net.AddressInfo;
const agent = new http.Agent({ keepAlive: true });
after(() => agent.destroy());

async function get(path: string, through: http.Agent): Promise<http.IncomingMessage> {
  const [response] = (await once(
    http.get({ port, host: '127.0.0.1', path, agent: through }),
    'response',
  )) as [http.IncomingMessage];
  return response;
}

/** As good as the real one, which ends at once where a test runner gives none. */
function standardInput(): PassThrough {
  return Object.assign(new PassThrough(), { fd: 0 });
}

function turnFor(isOver: () => boolean): void {
  if (!isOver()) setImmediate(turnFor, isOver);
}

function listenToShutdown(): () => void {
  const listener = (): void => undefined;
  shutdown.signal.addEventListener('abort', listener);
  return () => shutdown.signal.removeEventListener('abort', listener);
}

function listenToEvents(): () => void {
  const listener = (): void => undefined;
  events.addEventListener('change', listener);
  return () => events.removeEventListener('change', listener);
}

const kinds: Readonly<Record<string, Kind>> = {
  'a loop of immediates': {
    kind: 'immediate',
    by: /^turnFor$/,
    leak: () => {
      let isOver = false;
      turnFor(() => isOver);
      return () => void (isOver = true);
    },
    finish: () => {
      setImmediate(() => undefined);
      let turns = 0;
      turnFor(() => ++turns > 5);
    },
  },
  'a folder that is read': {
    kind: 'open file',
    by: /leak/,
    detail: /testing$/,
    leak: () => {
      const dir = opendirSync(folder);
      dir.readSync();
      return () => dir.closeSync();
    },
    finish: async () => {
      for await (const entry of opendirSync(folder)) assert.ok(entry.name);
      await (await promises.opendir(folder)).close();
      const opened = await new Promise<fs.Dir>((resolve, reject) =>
        fs.opendir(folder, (error, dir) => (error === null ? resolve(dir) : reject(error))),
      );
      opened.closeSync();
    },
  },
  'a folder that is read later': {
    kind: 'open file',
    by: /leak/,
    leak: async () => {
      const dir = await promises.opendir(folder);
      return () => dir.close();
    },
    finish: async () => {
      for await (const entry of await promises.opendir(folder)) if (entry.isFile()) break;
    },
  },
  'a broadcast channel': {
    kind: 'message port',
    by: /leak/,
    leak: () => {
      const channel = new BroadcastChannel('stackpile');
      return () => channel.close();
    },
    finish: () => new BroadcastChannel('stackpile').close(),
  },
  'lines of a file that are not read to their end': {
    kind: 'open file',
    by: /leak/,
    leak: async () => {
      const input = createReadStream(process.execPath, { highWaterMark: 1024 });
      const lines = createInterface({ input });
      await once(lines, 'line');
      lines.pause();
      return () => input.destroy();
    },
    finish: async () => {
      for await (const line of createInterface({ input: createReadStream(here) })) assert.ok(line !== null);
    },
  },
  'lines of the standard input': {
    kind: 'input',
    by: /leak/,
    leak: () => {
      const lines = createInterface({ input: standardInput() });
      return () => lines.close();
    },
    finish: () => {
      createInterface({ input: standardInput() }).close();
      createInterface({ input: new PassThrough() });
    },
  },
  'a watcher that is iterated': {
    kind: 'watcher',
    by: /follow/,
    leak: async () => {
      const stop = new AbortController();
      const ended = (async function follow() {
        for await (const event of promises.watch(here, { signal: stop.signal })) assert.ok(event);
      })().catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      return () => {
        stop.abort();
        return ended;
      };
    },
    finish: async () => {
      const stop = new AbortController();
      const events = promises.watch(here, { signal: stop.signal });
      const next = events[Symbol.asyncIterator]()
        .next()
        .catch(() => undefined);
      stop.abort();
      await next;
    },
  },
  'a session of HTTP/2': {
    kind: 'socket',
    by: /leak/,
    leak: async () => {
      const other = http2.createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const session = http2.connect(`http://127.0.0.1:${(other.address() as net.AddressInfo).port}`);
      await once(session, 'connect');
      return async () => {
        session.destroy();
        await new Promise((resolve) => other.close(resolve));
      };
    },
    finish: async () => {
      const other = http2.createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const session = http2.connect(`http://127.0.0.1:${(other.address() as net.AddressInfo).port}`);
      await once(session, 'connect');
      session.close();
      await once(session, 'close');
      await new Promise((resolve) => other.close(resolve));
    },
  },
  'a fetch whose answer does not end': {
    kind: 'socket',
    by: /leak|accepted/,
    leak: async () => {
      const stop = new AbortController();
      const response = await fetch(`http://127.0.0.1:${port}/never`, { signal: stop.signal });
      return () => {
        stop.abort();
        return response.text().catch(() => undefined);
      };
    },
    finish: async () => {
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'yes');
    },
  },
  'a response of an agent that keeps its connections': {
    kind: 'socket',
    by: /get|leak/,
    leak: async () => {
      const response = await get('/never', agent);
      return () => response.destroy();
    },
    finish: async () => {
      const response = await get('/', agent);
      response.resume();
      await once(response, 'end');
    },
  },
  'a stream that is not ended': {
    kind: 'open file',
    by: /leak/,
    leak: async () => {
      const stream = createWriteStream(join(tmpdir(), `stackpile-more-kinds-${process.pid}`));
      stream.write('line');
      await once(stream, 'open');
      return () => stream.destroy();
    },
    finish: async () => {
      const path = join(tmpdir(), `stackpile-more-kinds-${process.pid}`);
      const stream = createWriteStream(path);
      stream.end('line');
      await once(stream, 'close');
      await promises.rm(path);
    },
  },
  'a controller that is older than the test, though its signal is not': {
    kind: 'listener',
    by: /listenToShutdown/,
    detail: /^abort of AbortSignal$/,
    leak: listenToShutdown,
    finish: () => listenToShutdown()(),
  },
  'an event target that is older than the test': {
    kind: 'listener',
    by: /listenToEvents/,
    detail: /^change of EventTarget$/,
    leak: listenToEvents,
    finish: () => {
      listenToEvents()();
      new EventTarget().addEventListener('change', () => undefined);
    },
  },
  'events that are iterated': {
    kind: 'listener',
    by: /follow/,
    detail: /^message of EventEmitter$/,
    leak: () => {
      const stop = new AbortController();
      const ended = (async function follow() {
        for await (const [message] of on(bus, 'message', { signal: stop.signal })) assert.ok(message);
      })().catch(() => undefined);
      return () => {
        stop.abort();
        return ended;
      };
    },
    finish: async () => {
      const stop = new AbortController();
      const messages = on(bus, 'message', { signal: stop.signal });
      bus.emit('message', 1);
      for await (const [message] of messages) if (message === 1) break;
    },
  },
  'ticks that are iterated': {
    kind: 'interval',
    by: /tick/,
    leak: async () => {
      const all = ticks(300);
      void (async function tick() {
        await all.next();
      })();
      await new Promise((resolve) => setImmediate(resolve));
      return () => all.return?.();
    },
    finish: async () => {
      for await (const _ of ticks(1)) break;
    },
  },
};

tryKinds(kinds, /more-kinds\.test\.[jt]s$/);

test('a connection that rests between two requests to an older server is no leak', async () => {
  const leaks = await leaksOf(async () => {
    const response = await get('/', agent);
    response.resume();
    await once(response, 'end');
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
  });
  assert.deepEqual(leaks, []);
});
