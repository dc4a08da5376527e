// Profiles from servers: addresses, headers, credentials, errors, copies, names from a symbol server.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder, readProfile } from '@stackpile/profile';
import { closedPort, listen, shut } from '../../../../testing/listening.ts';
import { isAbsoluteUrl, remoteSource } from '../../src/pprof/go-url.ts';
import { symbolUrl } from '../../src/pprof/symbolize.ts';
import { runCommand } from './golden.ts';

function profile(named: boolean): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const mapping = builder.mapping({
    start: 0x1000n,
    limit: 0x9000n,
    filename: named ? '/bin/shop' : '',
    flags: named ? 15 : 0,
  });
  const lines = named ? [{ function: builder.function('main.main', '/m.go', 1, 'main.main'), line: 2 }] : [];
  builder.sample([builder.location({ mapping, address: 0x1234n, lines })], [10_000_000]);
  return gzipSync(encodeProfile(builder.build()));
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('a server', () => {
  const seen: Seen[] = [];
  let folder = '';
  let host = '';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer(request, response, body);
    });
  });
  function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/missing') {
      response.writeHead(404).end('nothing');
    } else if (path === '/busy') {
      response
        .writeHead(500, { 'X-Go-Pprof': '1', 'Content-Type': 'text/plain; charset=utf-8' })
        .end('already in use\n');
    } else if (path === '/slow') {
      // Never answers.
    } else if (path === '/debug/pprof/symbol') {
      response.end(
        body
          .split('+')
          .map((address) => `${address} shop_main\n`)
          .join(''),
      );
    } else response.end(profile(path !== '/debug/pprof/bare'));
  }
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-remote-'));
    host = await listen(server);
  });
  after(async () => {
    await shut(server);
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...args: string[]): ReturnType<typeof runCommand> => {
    seen.length = 0;
    return runCommand(args, { cwd: folder, env: { TERM: 'dumb', TZ: 'UTC', HOME: folder } });
  };

  test('the path of the CPU profile, seconds in the query, a copy that can be read again', async () => {
    const { stderr, stdout, code } = await run('-top', '-seconds=1', host);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /main\.main$/m);
    assert.deepEqual(
      seen.map(({ url }) => url),
      ['/debug/pprof/profile?seconds=1'],
    );
    const copy = 'pprof.shop.cpu.001.pb.gz';
    const lines = stderr.toString().split('\n');
    assert.equal(lines[0], `Fetching profile over HTTP from http://${host}/debug/pprof/profile?seconds=1`);
    assert.equal(lines[1], 'Please wait... (1s)');
    assert.equal(lines[2], `Saved profile in ${join(folder, 'pprof', copy)}`);
    assert.equal((await readProfile(readFileSync(join(folder, 'pprof', copy)))).samples.length, 1);
    await run('-top', `http://${host}/`);
    assert.deepEqual(readdirSync(join(folder, 'pprof')).sort(), [copy, 'pprof.shop.cpu.002.pb.gz']);
  });

  test('headers, a token, and credentials of the address', async () => {
    await run('-top', '-header=X-One: 1', '-header', 'X-Two: b', '-token=secret', `http://${host}/`);
    assert.equal(seen[0]?.headers['x-one'], '1');
    assert.equal(seen[0]?.headers['x-two'], 'b');
    assert.equal(seen[0]?.headers.authorization, 'Bearer secret');
    const { stderr } = await run('-top', `http://user:p%40ss@${host}/`);
    assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    assert.doesNotMatch(stderr.toString(), /p%40ss|p@ss/);
    const wrong = await run('-top', '-header=nonsense', `http://${host}/`);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr.toString(), /nonsense/);
  });

  test('answers that are no profile', async () => {
    const missing = await run('-top', `http://${host}/missing`);
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr.toString(),
      /\/missing: server response: 404 Not Found\nfailed to fetch any source profiles\n$/,
    );
    const busy = await run('-top', `http://${host}/busy`);
    assert.match(busy.stderr.toString(), /server response: 500 Internal Server Error - already in use\n/);
    const both = await run('-top', `http://${host}/missing`, `http://${host}/`);
    assert.equal(both.code, 0);
    assert.match(both.stderr.toString(), /Fetched 1 source profiles out of 2/);
    const gone = await closedPort();
    const slow = await run('-top', '-timeout=-1', '-header=X: y', `http://127.0.0.1:${gone}/`);
    assert.match(
      slow.stderr.toString(),
      new RegExp(`dial tcp 127\\.0\\.0\\.1:${gone}: connect: connection refused`),
    );
  });

  test('names that only the server knows', async () => {
    const { stdout, code } = await run('-raw', `http://${host}/debug/pprof/bare`);
    assert.equal(code, 0);
    const asked = seen.find(({ method }) => method === 'POST');
    assert.equal(asked?.url, '/debug/pprof/symbol');
    assert.equal(asked?.body, '0x1234');
    assert.equal(asked?.headers['content-type'], 'application/octet-stream');
    assert.match(stdout.toString(), /^ {5}1: 0x1234 M=1 shop_main :0:0 s=0$/m);
    assert.match(stdout.toString(), /^1: 0x1000\/0x9000\/0x0 {3}\[FN\]$/m);
    await run('-raw', '-symbolize=local', `http://${host}/debug/pprof/bare`);
    assert.equal(seen.length, 1);
  });
});

test('what an address means', () => {
  const url = (source: string, seconds = 0): string | undefined => remoteSource(source, seconds)?.text;
  assert.equal(url('http://h'), 'http://h/debug/pprof/profile');
  assert.equal(url('h:80/x?b=1&a=2'), 'http://h:80/x?a=2&b=1');
  assert.equal(url('127.0.0.1:6060'), 'http://127.0.0.1:6060/debug/pprof/profile');
  assert.equal(url('http://h/heap', 30), 'http://h/heap?seconds=30');
  assert.equal(url('https+insecure://h/x'), 'https+insecure://h/x');
  assert.equal(
    url('HTTP://User:secret@Host:6060/a/../b c?debug&x=~*#f'),
    'http://User:***@Host:6060/a/../b%20c?debug=&x=~%2A#f',
  );
  assert.equal(
    url('localhost:6060/debug/pprof/heap?gc=1;x&seconds=5', 2),
    'http://localhost:6060/debug/pprof/heap?seconds=2',
  );
  assert.equal(url('http://[::1]:6060/'), 'http://[::1]:6060/debug/pprof/profile');
  for (const file of ['cpu.pb.gz', 'a/b.pb.gz', '/abs', 'file:/x', 'a b:c', '-'])
    assert.equal(url(file), undefined, file);
});

test('where names are asked for', () => {
  assert.equal(symbolUrl('http://h/debug/pprof/heap?x=1'), 'http://h/debug/pprof/symbol');
  assert.equal(symbolUrl('http://h/a/pprof/growth'), 'http://h/a/pprof/symbol');
  assert.equal(symbolUrl('http://h/other'), 'http://h/symbolz');
  assert.equal(symbolUrl('not a url'), undefined);
});

test('which names are addresses', () => {
  for (const name of ['http://h/app.js', 'file:///srv/app.js', 'node:fs', 'a:b', 'x://h:80/']) {
    assert.ok(isAbsoluteUrl(name), name);
  }
  for (const name of [
    '/srv/app',
    'shop',
    ':x',
    '1a:b',
    'x://h:port/',
    'a:%zz/',
    'http://h/%zz',
    'a b:c',
    'x:\n',
  ]) {
    assert.equal(isAbsoluteUrl(name), name === 'a:%zz/', name);
  }
});
