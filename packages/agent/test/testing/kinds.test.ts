// Whatever a test can start and not finish fails expectNoLeaks, with the stack of who made it; what is finished does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { closeSync, createReadStream, openSync, promises, unwatchFile, watch, watchFile } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type Kind, leaksOf, tryKinds } from './kind.ts';

const here = fileURLToPath(import.meta.url);
/** Older than any test. */
const bus = new EventEmitter();
const stopping = new AbortController();
const { signal } = stopping;
signal.addEventListener('abort', () => undefined);

async function forEver(resolvers: (() => void)[]): Promise<void> {
  await new Promise<void>((resolve) => resolvers.push(resolve));
}

async function pollEvery(ms: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}

function startInterval(): NodeJS.Timeout {
  return setInterval(() => undefined, 5000);
}

function startTimer(): NodeJS.Timeout {
  return setTimeout(() => undefined, 50_000);
}

async function listenOn(server: net.Server): Promise<net.Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function closed(server: net.Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const kinds: Readonly<Record<string, Kind>> = {
  'a task that nobody ends': {
    kind: 'task',
    by: /^forEver$/,
    leak: () => {
      const resolvers: (() => void)[] = [];
      void forEver(resolvers);
      return () => resolvers.forEach((resolve) => resolve());
    },
    finish: async () => {
      const resolvers: (() => void)[] = [];
      const ended = forEver(resolvers);
      for (const resolve of resolvers) resolve();
      await ended;
    },
  },
  'a loop of short waits': {
    kind: 'task',
    by: /^pollEvery$/,
    detail: /^timer$/,
    leak: () => {
      const stop = new AbortController();
      void pollEvery(3, stop.signal);
      return () => stop.abort();
    },
    finish: async () => {
      const stop = new AbortController();
      const ended = pollEvery(3, stop.signal);
      stop.abort();
      await ended;
    },
  },
  'an interval': {
    kind: 'interval',
    by: /^startInterval$/,
    detail: /^every 5000 ms$/,
    leak: () => {
      const timer = startInterval();
      return () => clearInterval(timer);
    },
    finish: () => clearInterval(startInterval()),
  },
  'an interval that keeps nothing alive': {
    kind: 'interval',
    by: /^startInterval$/,
    leak: () => {
      const timer = startInterval().unref();
      return () => clearInterval(timer);
    },
    finish: () => clearInterval(startInterval().unref()),
  },
  'a timer': {
    kind: 'timer',
    by: /^startTimer$/,
    detail: /^of 50000 ms$/,
    leak: () => {
      const timer = startTimer();
      return () => clearTimeout(timer);
    },
    finish: () => startTimer().unref(),
  },
  'a server': {
    kind: 'server',
    by: /^listenOn$/,
    leak: async () => {
      const server = await listenOn(http.createServer());
      return () => closed(server);
    },
    finish: async () => closed(await listenOn(http.createServer())),
  },
  'a connection': {
    kind: 'socket',
    by: /^connectTo$/,
    leak: async () => {
      const server = await listenOn(net.createServer());
      const socket = connectTo(portOf(server));
      await once(socket, 'connect');
      return async () => {
        socket.destroy();
        await closed(server);
      };
    },
    finish: async () => {
      const server = await listenOn(net.createServer());
      const socket = connectTo(portOf(server));
      await once(socket, 'connect');
      socket.end();
      await once(socket, 'close');
      await closed(server);
    },
  },
  'a UDP socket': {
    kind: 'udp socket',
    by: /leak/,
    leak: () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      return () => socket.close();
    },
    finish: () => createSocket('udp4').bind(0, '127.0.0.1').close(),
  },
  'a child process': {
    kind: 'child process',
    by: /leak/,
    leak: () => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      return async () => {
        child.kill('SIGKILL');
        await once(child, 'close');
      };
    },
    finish: async () => {
      const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
      await once(child, 'close');
    },
  },
  'a worker': {
    kind: 'worker',
    by: /leak/,
    leak: () => {
      const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      return () => worker.terminate();
    },
    finish: async () => {
      await new Worker('setInterval(() => {}, 1000)', { eval: true }).terminate();
    },
  },
  'a message port': {
    kind: 'message port',
    by: /leak/,
    leak: () => {
      const { port1 } = new MessageChannel();
      port1.on('message', () => undefined);
      return () => port1.close();
    },
    finish: () => {
      const { port1 } = new MessageChannel();
      port1.on('message', () => undefined);
      port1.close();
    },
  },
  'a watcher': {
    kind: 'watcher',
    by: /leak/,
    leak: () => {
      const watcher = watch(here, () => undefined);
      return () => watcher.close();
    },
    finish: () => watch(here, () => undefined).close(),
  },
  'a polled file': {
    kind: 'watcher',
    by: /leak/,
    leak: () => {
      watchFile(here, () => undefined);
      return () => unwatchFile(here);
    },
    finish: () => {
      watchFile(here, () => undefined);
      unwatchFile(here);
    },
  },
  'a descriptor': {
    kind: 'open file',
    by: /leak/,
    detail: /kinds\.test\.[jt]s$/,
    leak: () => {
      const fd = openSync(here, 'r');
      return () => closeSync(fd);
    },
    finish: () => closeSync(openSync(here, 'r')),
  },
  'a file handle': {
    kind: 'open file',
    by: /leak/,
    leak: async () => {
      const file = await promises.open(here);
      return () => file.close();
    },
    finish: async () => (await promises.open(here)).close(),
  },
  'a stream that is not read to its end': {
    kind: 'open file',
    by: /leak/,
    leak: async () => {
      const stream = createReadStream(here);
      await once(stream, 'open');
      return () => stream.destroy();
    },
    finish: async () => {
      const stream = createReadStream(here);
      await once(stream, 'open');
      stream.destroy();
      await once(stream, 'close');
    },
  },
  'a listener on an older emitter': {
    kind: 'listener',
    by: /leak/,
    detail: /^message of EventEmitter$/,
    leak: () => {
      const listener = (): void => undefined;
      bus.on('message', listener);
      return () => bus.off('message', listener);
    },
    finish: () => {
      const listener = (): void => undefined;
      bus.once('message', listener);
      bus.emit('message');
      new EventEmitter().on('message', listener);
    },
  },
  'a listener of the process': {
    kind: 'listener',
    by: /leak/,
    detail: /^warning of process$/,
    leak: () => {
      const listener = (): void => undefined;
      process.on('warning', listener);
      return () => process.off('warning', listener);
    },
    finish: () => {
      const listener = (): void => undefined;
      process.on('warning', listener);
      process.off('warning', listener);
    },
  },
  'a listener on an older signal': {
    kind: 'listener',
    by: /leak/,
    detail: /^abort of AbortSignal$/,
    leak: () => {
      const listener = (): void => undefined;
      signal.addEventListener('abort', listener);
      return () => signal.removeEventListener('abort', listener);
    },
    finish: async () => {
      const own = new AbortController();
      own.signal.addEventListener('abort', () => undefined);
      await sleep(1, undefined, { signal });
    },
  },
};

function connectTo(port: number): net.Socket {
  return net.connect(port, '127.0.0.1');
}

tryKinds(kinds, /kinds\.test\.[jt]s$/);

test('a connection that a server has accepted is told by its server, unless that was let go by unref', async () => {
  const connected = async (server: net.Server): Promise<net.Socket> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const { port } = server.address() as net.AddressInfo;
    const client = net.connect(port, '127.0.0.1').unref();
    await Promise.all([once(client, 'connect'), accepted]);
    return client;
  };
  const closed = await leaksOf(async () => {
    const server = net.createServer();
    const client = await connected(server);
    server.close();
    return () => client.destroy();
  }, 20);
  assert.deepEqual(
    closed.map(({ kind, detail }) => [kind, detail]),
    [['socket', 'accepted by a server that was closed']],
  );
  const letGo = await leaksOf(async () => {
    const server = net.createServer();
    const client = await connected(server);
    server.unref();
    return () => {
      client.destroy();
      server.close();
    };
  });
  assert.deepEqual(letGo, []);
});
