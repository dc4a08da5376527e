// SOURCEs: what a name means, what HTTP answers mean, and that secrets stay where they belong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { get, shownUrl } from '../src/get.ts';
import { loadSource } from '../src/load.ts';
import { SourceError, type SourceErrorCode } from '../src/errors.ts';
import { parseSource } from '../src/spec.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-sources-'));
const servers: { close(): unknown; closeAllConnections?: () => void }[] = [];
after(() => {
  rmSync(scratch, { recursive: true, force: true });
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
});

const packed = (() => {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'goroutine', unit: 'count' }],
    timeNanos: 1_700_000_000_123_000_000n,
  });
  builder.sample(
    [builder.location({ lines: [{ function: builder.function('main.x', 'main.go'), line: 1 }] })],
    [7],
  );
  return gzipSync(encodeProfile(builder.build()));
})();

async function listen(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function rejects(promise: Promise<unknown>, code: SourceErrorCode, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n'));
    return true;
  });
}

describe('what a name means', () => {
  const kinds: readonly [string, string][] = [
    ['http://host:6060', 'url http://host:6060/'],
    ['https://host/debug/pprof/heap', 'url https://host/debug/pprof/heap'],
    ['https+insecure://host/x', 'url https://host/x insecure'],
    ['localhost:6060', 'url http://localhost:6060/'],
    ['127.0.0.1:6060/debug/pprof/heap', 'url http://127.0.0.1:6060/debug/pprof/heap'],
    ['[::1]:6060', 'url http://[::1]:6060/'],
    ['example.com/debug/pprof/', 'url http://example.com/debug/pprof/'],
    ['pid:1234', 'inspector pid 1234'],
    ['pid:1234/profile?seconds=3', 'inspector pid 1234 profile 3'],
    ['pid:1234?seconds=3', 'inspector pid 1234 3'],
    ['ws://127.0.0.1:9229/abc', 'inspector ws'],
    ['localhost:9229', 'inspector port'],
    ['heap.pb.gz', 'file'],
    ['dumps/heap.pb.gz', 'file'],
    ['/tmp/nowhere.pb.gz', 'file'],
    ['-', 'stdin'],
  ];
  for (const [spec, expected] of kinds) {
    test(spec, () => {
      const parsed = parseSource(spec, scratch);
      const told =
        parsed.kind === 'url'
          ? `url ${parsed.url.href}${parsed.insecure ? ' insecure' : ''}`
          : parsed.kind === 'inspector'
            ? [
                'inspector',
                parsed.target.kind,
                ...(parsed.target.kind === 'pid' ? [parsed.target.pid] : []),
                ...(parsed.target.profile === undefined ? [] : [parsed.target.profile]),
                ...(parsed.target.seconds === undefined ? [] : [parsed.target.seconds]),
              ].join(' ')
            : parsed.kind;
      assert.equal(told, expected);
    });
  }

  test('what a process cannot be asked is one sentence that says so', () => {
    for (const [spec, said] of [
      ['pid:1234/goroutine?debug=2', /takes \?seconds=3 and no other parameter/u],
      ['pid:1234/profile?seconds=soon', /takes \?seconds=3 and no other parameter/u],
      ['pid:1234/mutex', /has no profile mutex/u],
      ['pid:0/heap', /wants a process number/u],
    ] as const)
      assert.throws(() => parseSource(spec, scratch), said, spec);
  });

  test('an existing file wins over an address without a scheme', () => {
    writeFileSync(join(scratch, 'localhost:6060'), '');
    assert.equal(parseSource('localhost:6060', scratch).kind, 'file');
    rmSync(join(scratch, 'localhost:6060'));
  });

  test('user info becomes Basic auth and leaves the address', () => {
    const parsed = parseSource('http://any:t%40ken@host/x', scratch);
    assert.equal(parsed.kind === 'url' && parsed.url.href, 'http://host/x');
    assert.equal(
      parsed.kind === 'url' && parsed.authorization,
      `Basic ${Buffer.from('any:t@ken').toString('base64')}`,
    );
  });

  test('a shown address has no secrets', () => {
    assert.equal(shownUrl(new URL('http://u:p@host/x?token=abc&debug=2')), 'http://host/x?token=…&debug=2');
  });
});

describe('files', () => {
  test('a profile, with its time', async () => {
    const path = join(scratch, 'a.pb.gz');
    writeFileSync(path, packed);
    const loaded = await loadSource('a.pb.gz', { cwd: scratch });
    assert.equal(loaded.remote, false);
    assert.equal(loaded.time, 1_700_000_000_123);
    assert.equal(loaded.profile.samples.length, 1);
    assert.deepEqual(Buffer.from(loaded.bytes ?? []), packed);
  });

  test('what cannot be read is said in one sentence', async () => {
    await rejects(loadSource('nowhere', { cwd: scratch }), 'SOURCE_NOT_FOUND', /^nowhere: no such file$/u);
    await rejects(loadSource('.', { cwd: scratch }), 'SOURCE_UNREADABLE', /^\.: it is a folder/u);
    await rejects(
      loadSource('a.pb.gz', { cwd: scratch, maxBytes: 10 }),
      'SOURCE_TOO_LARGE',
      /^a\.pb\.gz: it is longer than/u,
    );
    await rejects(
      loadSource('-', { stdin: (async function* () {})() }),
      'SOURCE_MALFORMED',
      /^standard input: .*empty/u,
    );
  });
});

test('what is wrong before anything is asked leaves no timer: the command ends with its sentence', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const url = new URL('http://127.0.0.1:9/');
  await assert.rejects(get({ url, options: { headers: ['nonsense'] }, timeout: 60_000 }), /'Name: value'/u);
  assert.equal(timers(), before);
});

describe('addresses', () => {
  test("pprof's rules: a bare address is a CPU profile, seconds are added", async () => {
    const asked: string[] = [];
    const url = await listen((request, response) => {
      asked.push(request.url ?? '');
      response.end(packed);
    });
    const loaded = await loadSource(url, { seconds: 3 });
    assert.equal(loaded.remote, true);
    await loadSource(url, { profile: 'goroutine' });
    await loadSource(`${url}/x?seconds=9`, { seconds: 2 });
    assert.deepEqual(asked, ['/debug/pprof/profile?seconds=3', '/debug/pprof/goroutine', '/x?seconds=2']);
  });

  test('headers and token are sent; credentials do not follow a redirect to another host', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const other = await listen((request, response) => {
      seen.push(request.headers);
      response.end(packed);
    });
    const url = await listen((request, response) => {
      seen.push(request.headers);
      response.writeHead(307, { location: `${other}/there` }).end();
    });
    await loadSource(`${url}/x`, { token: 'abc', headers: ['X-Tenant: blue'] });
    assert.equal(seen[0]?.authorization, 'Bearer abc');
    assert.equal(seen[0]?.['x-tenant'], 'blue');
    assert.equal(seen[1]?.authorization, undefined);
    assert.equal(seen[1]?.['x-tenant'], undefined);
  });

  test('a redirect on the same host keeps them', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/debug/pprof') response.writeHead(301, { location: '/debug/pprof/' }).end();
      else response.end(packed);
    });
    await loadSource(`${url}/debug/pprof`, { token: 'abc' });
    assert.deepEqual(seen, ['Bearer abc', 'Bearer abc']);
  });

  const answers: readonly [string, RequestListener, SourceErrorCode, RegExp][] = [
    ['401', (_, response) => response.writeHead(401).end(), 'SOURCE_UNAUTHORIZED', /401, .*--token TOKEN/u],
    [
      '403',
      (_, response) => response.writeHead(403, { 'content-type': 'text/plain' }).end('not from here\n'),
      'SOURCE_UNAUTHORIZED',
      /403, .*\(not from here\)/u,
    ],
    [
      '404',
      (_, response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('Unknown profile\n'),
      'SOURCE_HTTP_STATUS',
      /404, there is no such profile \(Unknown profile\)/u,
    ],
    [
      '500',
      (_, response) => response.writeHead(500).end(),
      'SOURCE_HTTP_STATUS',
      /500 Internal Server Error$/u,
    ],
    [
      'a text with escape sequences',
      (_, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('\u001b[31mred\n'),
      'SOURCE_HTTP_STATUS',
      /\( \[31mred\)$/u,
    ],
    ['nothing', (_, response) => response.end(), 'SOURCE_MALFORMED', /the answer is empty/u],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => response.destroy());
      },
      'SOURCE_UNREACHABLE',
      /closed before the answer was complete/u,
    ],
    [
      'an endless redirect',
      (_, response) => response.writeHead(302, { location: `/${Math.random()}` }).end(),
      'SOURCE_UNREACHABLE',
      /redirects without an end/u,
    ],
    [
      'a redirect to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'SOURCE_UNREACHABLE',
      /no web address/u,
    ],
    ['HTML', (_, response) => response.end('<html>'), 'SOURCE_MALFORMED', /./u],
  ];
  for (const [name, handler, code, message] of answers) {
    test(`${name}: one sentence`, async () => {
      const url = await listen(handler);
      await rejects(loadSource(`${url}/debug/pprof/goroutine`, {}), code, message);
    });
  }

  test('more than is allowed', async () => {
    const url = await listen((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      response.on('error', () => {
        // the client has heard enough
      });
      more();
    });
    await rejects(loadSource(`${url}/x`, { maxBytes: 1 << 20 }), 'SOURCE_TOO_LARGE', /longer than 1 MB/u);
  });

  test('too late', async () => {
    const url = await listen(() => {
      // never answers
    });
    await rejects(
      loadSource(`${url}/x`, { timeout: 0.2 }),
      'SOURCE_TIMEOUT',
      /no complete answer within 0\.2 s/u,
    );
  });

  test('within the headers only, the body may come later', async () => {
    const url = await listen((request, response) => {
      if (request.url === '/silent') return;
      response.flushHeaders();
      setTimeout(() => response.end('late'), 2000);
    });
    const answer = await get({ url: new URL(`${url}/x`), options: {}, timeout: 1000, within: 'headers' });
    assert.equal(Buffer.from(answer.body).toString(), 'late');
    await rejects(
      get({ url: new URL(`${url}/silent`), options: {}, timeout: 100, within: 'headers' }),
      'SOURCE_TIMEOUT',
      /no complete answer/u,
    );
    await rejects(
      get({ url: new URL(`${url}/x`), options: {}, timeout: 1000 }),
      'SOURCE_TIMEOUT',
      /no complete answer within 1 s/u,
    );
  });

  test('not HTTP at all', async () => {
    const server = createTcp((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await rejects(
      loadSource(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`),
      'SOURCE_UNREACHABLE',
      /not HTTP/u,
    );
  });

  test('giving up is a code of its own', async () => {
    const url = await listen(() => {
      // never answers
    });
    await rejects(
      loadSource(`${url}/x`, { signal: AbortSignal.timeout(100) }),
      'SOURCE_ABORTED',
      /given up/u,
    );
  });
});
