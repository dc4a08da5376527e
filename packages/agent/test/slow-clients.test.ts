// Clients that are slow, silent or greedy: what they cost the service whose descriptors and memory the listener shares.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { send } from '../src/door/send.ts';
import { ask } from './http-client.ts';
import { exchange, exchangeOne } from './raw-client.ts';
import { serving, sourceFlags } from './serving.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A client that sends `bytes` and then keeps its side open, whatever the server does; resolves when they are sent, or it was refused. */
function hold(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    socket.on('error', () => resolve(socket));
    socket.once('close', () => resolve(socket));
    socket.once('connect', () => socket.write(bytes, () => resolve(socket)));
    socket.resume();
  });
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (await holds()) return;
    await delay(100);
  }
  assert.fail(`not within a minute: ${what}`);
}

interface Ports {
  readonly service: number;
  readonly pprof: number;
}

async function startService(flags: readonly string[]): Promise<{ child: ChildProcess; ports: Ports }> {
  const program = fileURLToPath(new URL('programs/slow-service.ts', import.meta.url));
  const command = [process.execPath, ...sourceFlags, ...flags, program];
  const child = spawn('/bin/sh', ['-c', 'ulimit -n 300 && exec "$@"', 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ports: JSON.parse(line) as Ports };
}

const skip = process.platform === 'linux' ? false : 'descriptors are counted in /proc';

describe('slow clients take the descriptors of the service', { skip }, () => {
  const halves = {
    'half a header': 'GET /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-',
    'nothing at all': '',
    'what is no request': 'hello\r\n\r\n',
    'half a body': 'POST /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nx',
    'a whole request, and then nothing': 'GET /debug/pprof/cmdline HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(halves)) {
    test(`400 that send ${what}: everybody is answered meanwhile, and nothing stays open`, async () => {
      const { child, ports } = await startService([]);
      try {
        const descriptors = async (): Promise<number> => {
          const { status, body } = await ask(ports.service, '/', { signal: AbortSignal.timeout(20_000) });
          assert.equal(status, 200);
          return Number(body.toString());
        };
        const before = await descriptors();
        await Promise.all(Array.from({ length: 400 }, () => hold(ports.pprof, bytes)));
        for (let i = 0; i < 20; i++) assert.ok((await descriptors()) < 250);
        const signal = AbortSignal.timeout(20_000);
        assert.equal((await ask(ports.pprof, '/debug/pprof/cmdline', { signal })).status, 200);
        await eventually('the descriptors are given back', async () => (await descriptors()) <= before + 3);
      } finally {
        child.kill('SIGKILL');
      }
    });
  }

  test('what the service was told to accept is not accepted by its profiles', async () => {
    const { child, ports } = await startService(['--insecure-http-parser']);
    try {
      const smuggled =
        'POST /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n';
      assert.notEqual((await exchangeOne(ports.service, smuggled)).status, 400);
      assert.equal((await exchangeOne(ports.pprof, smuggled)).status, 400);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('greedy clients', () => {
  test('many requests of one connection before the first answer end it, and their captures', async () => {
    const server = await serving({ port: 0 });
    const one = 'GET /debug/pprof/profile?seconds=300 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    assert.equal((await exchange(server.port, one.repeat(50))).length, 0);
    assert.equal((await ask(server.port, '/debug/pprof/profile?seconds=1')).status, 200);
  });

  test('a few requests of one connection are answered in their order', async () => {
    const server = await serving({ port: 0 });
    const line = (path: string, more = ''): string =>
      `GET /debug/pprof/${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
    const all = await exchange(server.port, line('heap?seconds=1') + line('nosuch', 'Connection: close\r\n'));
    assert.deepEqual(all.toString('latin1').match(/HTTP\/1\.1 \d+/gu), ['HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  test('as many clients at once as there is room for are all answered', async () => {
    const server = await serving({ port: 0 });
    const answers = Array.from({ length: 120 }, () => ask(server.port, '/debug/pprof/cmdline'));
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
  });

  test('more clients at once than there is room for are told to come again, by an answer and not by a reset', async () => {
    const server = await serving({ port: 0 });
    const answers = await Promise.all(
      Array.from({ length: 600 }, () => ask(server.port, '/debug/pprof/profile?seconds=1')),
    );
    const refused = answers.filter(({ status }) => status === 503);
    assert.equal(answers.filter(({ status }) => status === 200).length + refused.length, 600);
    assert.ok(refused.length > 400, String(refused.length));
    for (const { headers } of refused) assert.match(String(headers['retry-after']), /^\d+$/u);
    assert.equal((await ask(server.port, '/debug/pprof/cmdline')).status, 200);
  });

  test('who asks for collection after collection shares them, and finds places for so many only', async () => {
    const server = await serving({ port: 0 });
    const path = '/debug/pprof/heap?gc=1';
    const gone = new AbortController();
    // One after the other until what was saved up is spent.
    const spent = (async () => {
      for (let i = 0; i < 20; i++) await ask(server.port, path, { signal: gone.signal });
    })();
    const refused = new Promise<string>((resolve) => {
      const crowd = async (): Promise<void> => {
        for (;;) {
          const { status, headers } = await ask(server.port, path, { signal: gone.signal });
          if (status === 503) return resolve(String(headers['retry-after']));
          assert.equal(status, 200);
        }
      };
      for (let i = 0; i < 80; i++) crowd().catch(() => undefined);
    });
    assert.match(await refused, /^\d+$/u);
    gone.abort();
    await assert.rejects(spent);
    assert.equal((await ask(server.port, '/debug/pprof/cmdline')).status, 200);
  });

  test('a body without end is not read without end', async () => {
    const server = await serving({ port: 0 });
    const socket = await hold(
      server.port,
      'POST /debug/pprof/heap HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    let sent = 0;
    while (!socket.destroyed) {
      sent += chunk.length;
      assert.ok(sent < 64 * 1024 * 1024, 'it takes whatever comes');
      socket.write(chunk);
      await delay(1);
    }
  });
});

describe('clients that read slowly', () => {
  const body = Buffer.alloc(32 * 1024 * 1024, 'profile ');
  const answer = { status: 200, headers: { 'Content-Length': String(body.length) }, body };

  /** A server that gives `answer` once, with the promise that settles when it is done with it. */
  async function giving(
    stallMs: number,
  ): Promise<{ port: number; done: Promise<ServerResponse>; close(): void }> {
    let settle = (_: ServerResponse): void => undefined;
    const done = new Promise<ServerResponse>((resolve) => {
      settle = resolve;
    });
    const server = createServer((_request, response) => {
      void send(response, answer, stallMs).then(() => settle(response));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, done, close: () => server.close() };
  }

  test('one that stops reading is cut off, and holds no answer for ever', async () => {
    const { port, done, close } = await giving(300);
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const response = await done;
    assert.equal(response.destroyed, true);
    assert.equal(response.writableFinished, false);
    close();
  });

  test('one that is slow and goes on reading gets all of it', async () => {
    const { port, done, close } = await giving(20_000);
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let read = 0;
    socket.on('data', (piece: Buffer) => {
      read += piece.length;
      if (read % 7 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 20);
    });
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    assert.ok(read > body.length, String(read));
    assert.equal((await done).writableFinished, true);
    close();
  });

  test('one that has gone is not waited for', async () => {
    const { port, done, close } = await giving(600_000);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    assert.equal((await done).writableFinished, false);
    close();
  });
});
