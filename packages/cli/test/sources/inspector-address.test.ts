// Addresses: whether an inspector, a service with profiles or something else answers there shows when it is asked, on every port.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { describe, test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { readSources } from '../../src/web/sources.ts';
import { addressOn } from '../../../sources/src/process/address.ts';
import { listeningPorts } from '../../../sources/src/process/process.ts';
import { loadSource } from '../../../sources/src/load.ts';
import { parseSource } from '../../../sources/src/spec.ts';
import {
  ask,
  beside,
  failure,
  functionsOf,
  linux,
  stackpile,
} from '../../../sources/test/process/watched.ts';

/** Runs `use` with the port of the inspector of a daemon that listens there from the beginning. */
function withInspector(host: string, use: (port: number) => Promise<void>): Promise<void> {
  return beside({ program: 'leaky-daemon.mjs', flags: [`--inspect=${host}:0`] }, async ({ pid }) => {
    const [port] = await listeningPorts(pid);
    assert.ok(port !== undefined);
    assert.doesNotMatch(String(port), /^92(?:29|3\d)$/u, 'a usual port proves nothing');
    await use(port);
    assert.deepEqual(await listeningPorts(pid), [port], 'it was open before, and stays open');
  });
}

async function listening<T>(server: Server, use: (port: number) => Promise<T>): Promise<T> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    assert.ok(typeof address === 'object' && address !== null);
    return await use(address.port);
  } finally {
    server.close();
  }
}

/** A profile without samples. */
const profile = encodeProfile(
  new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] }).build(),
);

/** A web server with profiles, and the paths that it was asked for. */
async function withService<T>(
  use: (port: number, asked: readonly string[]) => Promise<T>,
  answer: RequestListener = (request, response) => {
    if (request.url?.startsWith('/debug/pprof/') === true) response.end(profile);
    else response.writeHead(404).end();
  },
): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  return listening(server, (port) => use(port, asked));
}

describe('an inspector on any port is used as one', linux, () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    test(`by ${host}:PORT, with a profile behind it or not, and as an address of the web`, () =>
      withInspector('127.0.0.1', async (port) => {
        for (const source of [`${host}:${port}`, `${host}:${port}/tasks`, `http://${host}:${port}/`]) {
          assert.ok((await functionsOf(loadSource(source))).includes('receiveMessages'), source);
        }
        const heap = await loadSource(`${host}:${port}/debug/pprof/heap`, { seconds: 1 });
        assert.equal(heap.profile.sampleTypes[3]?.type, 'inuse_space');
        // What the address asks for is done: the time, and a profile that there is.
        const said: string[] = [];
        const options = { onProgress: (line: string) => said.push(line) };
        await loadSource(`http://${host}:${port}/profile?seconds=1`, options);
        assert.ok(said.includes('recording CPU samples for 1 s'), said.join('\n'));
        const wrong = await failure(loadSource(`${host}:${port}/mutex`));
        assert.match(wrong.message, /has no profile mutex/u);
      }));
  }

  test('by its address in IPv6', async (t) => {
    const probe = createTcpServer().listen(0, '::1');
    const has = await Promise.race([
      once(probe, 'listening').then(() => true),
      once(probe, 'error').then(() => false),
    ]);
    probe.close();
    if (!has) {
      t.skip('this machine has no IPv6');
      return;
    }
    await withInspector('[::1]', async (port) => {
      assert.ok((await functionsOf(loadSource(`[::1]:${port}`))).includes('receiveMessages'));
      const target = { kind: 'port', host: '[::1]', port } as const;
      assert.ok((await functionsOf(ask('p', target))).includes('receiveMessages'));
    });
  });

  test('also one that refuses the name by which it is reached', () =>
    withInspector('127.0.0.1', async (port) => {
      const asked = request({
        host: '127.0.0.1',
        port,
        path: '/json/list',
        headers: { Host: 'db.internal' },
      }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      assert.equal(answer.statusCode, 400, 'Node takes every name now: then nothing has to be said of it');
      assert.match((await addressOn('127.0.0.1', port)) ?? '', /^ws:\/\/127\.0\.0\.1:\d+\/[\w-]+$/u);
    }));

  test('by every command', () =>
    withInspector('127.0.0.1', async (port) => {
      const source = `127.0.0.1:${port}`;
      const top = stackpile(['-top', source]);
      assert.deepEqual(await top.ended, { code: 0, signal: null }, top.text());
      assert.match(top.out(), /receiveMessages/u);
      const leaks = stackpile(['leaks', source, '--every', '1s', '--for', '2s']);
      assert.equal((await leaks.ended).signal, null);
      assert.match(leaks.text(), /through its inspector/u);
      const { live } = await readSources([source], {}, process.cwd());
      assert.deepEqual(
        live.map(({ heavy }) => heavy),
        [true],
      );
      await live[0]?.close();
    }));
});

describe('what is no inspector is recognised as what it is:', () => {
  test('a service with profiles stays one, and is asked nothing else', () =>
    withService(async (port, asked) => {
      const { bytes } = await loadSource(`127.0.0.1:${port}`);
      assert.deepEqual(bytes, Buffer.from(profile));
      assert.deepEqual(asked, ['/debug/pprof/profile']);
    }));

  test("a service with profiles on an inspector's usual port is one too", () =>
    withService(async (port) => {
      const spec = `127.0.0.1:${port}`;
      const loaded = await loadSource({
        kind: 'inspector',
        spec,
        target: { kind: 'port', host: '127.0.0.1', port },
      });
      assert.deepEqual(loaded.bytes, Buffer.from(profile));
    }));

  test('a web server that has neither', () =>
    withService(
      async (port) => {
        const spec = `127.0.0.1:${port}`;
        const target = { kind: 'port', host: '127.0.0.1', port } as const;
        const error = await failure(loadSource({ kind: 'inspector', spec, target }));
        assert.equal(
          error.message,
          `${spec}: what answers there is no inspector but a web server (404 for /json/list)`,
        );
      },
      (_, response) => response.writeHead(404).end(),
    ));

  test('a web server that answers 400 as inspectors do', () =>
    withService(
      async (port) => {
        const error = await failure(loadSource(`127.0.0.1:${port}`));
        assert.equal(error.status, 400);
        assert.match(error.message, /: 400 Bad Request$/u);
      },
      (_, response) => response.writeHead(400).end('WebSockets request was expected'),
    ));

  test('something that does not speak HTTP', () =>
    listening(
      createTcpServer((socket) => socket.on('error', () => undefined).end('220 mail.example ESMTP\r\n')),
      async (port) => {
        const spec = `127.0.0.1:${port}`;
        const error = await failure(ask(spec, { kind: 'port', host: '127.0.0.1', port }));
        assert.equal(
          error.message,
          `${spec}: what listens there is no inspector: it does not answer in HTTP`,
        );
      },
    ));

  test('something that does not answer', () =>
    listening(
      createTcpServer((socket) => socket.on('error', () => undefined).unref()),
      async (port) => {
        const error = await failure(ask('silent', { kind: 'port', host: '127.0.0.1', port }));
        assert.equal(error.message, 'silent: what listens there is no inspector: it does not answer in HTTP');
      },
    ));
});

describe('what is meant to be a process is never an address or a file:', () => {
  const wanted = 'pid: wants a process number, as in pid:1234';
  const none =
    'a process without an agent has no profile unknown, only goroutine, profile, heap, heapclasses and heapsnapshot';
  for (const [source, sentence] of [
    ['pid:0', wanted],
    ['pid:0/heap', wanted],
    ['pid:-1', wanted],
    ['pid:abc', wanted],
    ['pid:', wanted],
    ['PID:x', wanted],
    ['pid: 12', wanted],
    ['pid:99999999999', wanted],
    ['pid:1/', wanted],
    ['pid:1/heap/x', wanted],
    ['pid:1?debug=1', 'a process takes ?seconds=3 and no other parameter'],
    ['pid:12/unknown', none],
    ['pid://12', 'write it as pid:1234, without //'],
  ] as const) {
    test(`${source} is one sentence`, async () => {
      const error = await failure((async () => parseSource(source, process.cwd()))());
      assert.equal(error.code, 'SOURCE_USAGE');
      assert.equal(error.message, `${source}: ${sentence}`);
    });
  }

  for (const source of ['pid:0', 'pid:', 'pid:1/heap/x', 'pid://12']) {
    test(`${source} is no address for the reports either`, async () => {
      const top = stackpile(['-top', source]);
      assert.deepEqual(await top.ended, { code: 2, signal: null });
      assert.match(
        top.text(),
        /^pid:\S*: (?:pid: wants a process number|write it as pid:1234).*\nfailed to fetch any/u,
      );
    });
  }

  for (const source of ['http:/host/x', 'https:', 'ws:host/x', 'wss:/x', 'file:x', 'https+insecure:host']) {
    test(`${source} is an address that is half written`, async () => {
      const error = await failure((async () => parseSource(source, process.cwd()))());
      assert.equal(error.code, 'SOURCE_USAGE');
      assert.equal(error.message, `${source}: an address begins with ${source.split(':')[0]}://`);
    });
  }

  test('a host may have the name of a scheme', () => {
    assert.equal(parseSource('http:6060', process.cwd()).kind, 'url');
    assert.equal(parseSource('ws:8080/debug/pprof/heap', process.cwd()).kind, 'url');
  });
});
