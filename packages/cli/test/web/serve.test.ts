// The local web server: its address, its Host, its token, its routes, and the one-file report.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { defaultOptions } from '@stackpile/report';
import { AddressError, parseAddress } from '../../src/web/address.ts';
import { fillPage, scriptJson } from '../../src/web/page.ts';
import { runReportFile } from '../../src/report/report-file.ts';
import { serveUi, startUi, type UiRequest, type UiServer } from '../../src/web/serve.ts';
import { acceptedEncoding } from '../../src/web/encoding.ts';
import { profileBody, unpacked } from '../../src/web/sources.ts';
import type { CliIo } from '../../src/io.ts';

test('addresses are split as pprof does', () => {
  assert.deepEqual(parseAddress(':8080'), { host: 'localhost', port: 8080 });
  assert.deepEqual(parseAddress(':'), { host: 'localhost', port: 0 });
  assert.deepEqual(parseAddress('[::1]:99'), { host: '::1', port: 99 });
  assert.deepEqual(parseAddress('0.0.0.0:'), { host: '0.0.0.0', port: 0 });
  const message = (text: string): string => {
    try {
      parseAddress(text);
    } catch (error) {
      if (error instanceof AddressError) return error.message;
    }
    return '';
  };
  assert.equal(message('8080'), 'could not split http address: address 8080: missing port in address');
  assert.equal(message('a:b:c'), 'could not split http address: address a:b:c: too many colons in address');
  assert.equal(message(':http'), 'invalid port number: http');
  assert.equal(message(':70000'), 'invalid port number: 70000');
});

test('data in the page can end no element and begin no comment', () => {
  const page =
    '<!--stackpile-said-->a<script type="application/json" id="stackpile-boot">{"mode":"none"}</script>b<!--stackpile-data-->c';
  const filled = fillPage(
    page,
    { mode: 'agent', name: '</script><!--<script>\u2028', base: '' },
    new Map([['source-0', 'AAAA']]),
  );
  assert.equal(filled.match(/<script/g)?.length, 2);
  assert.equal(filled.match(/<!--/g), null);
  const hostile = '</pre><img src=x onerror=1>\u202e&lt;<!--';
  const said = fillPage(page, {
    mode: 'report',
    sources: [{ name: hostile, time: 8.64e15 + 1, size: 1, data: 'source-0' }],
    graphviz: '',
    shared: { time: 0, view: '', note: hostile, counters: [] },
    said: hostile,
  });
  const words = said.slice(0, said.indexOf('a<script'));
  assert.equal(words.split('&lt;img src=x onerror=1&gt;').length, 4, words);
  assert.doesNotMatch(words, /<img|<!--|\u202e/);
  assert.equal(scriptJson('<&>'), '"\\u003c\\u0026\\u003e"');
  assert.throws(() => fillPage(page, { mode: 'none' }, new Map([['x', '<']])), TypeError);
  assert.throws(() => fillPage('nothing', { mode: 'none' }), /another version/);
});

test('of what a client takes the shortest is sent; what it refuses is not', () => {
  for (const [header, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['*', 'br'],
    ['gzip;q=0', 'identity'],
    ['identity', 'identity'],
    ['gzip;q=much', 'identity'],
    [undefined, 'identity'],
  ] as const) {
    assert.equal(acceptedEncoding(header), encoding, header);
  }
});

test('a profile travels as it was packed, unless in several pieces', () => {
  const plain = Buffer.from('a profile '.repeat(1000));
  const one = gzipSync(plain);
  assert.equal(profileBody(one).as('gzip').bytes, one);
  assert.deepEqual(Buffer.from(profileBody(one).as('identity').bytes), plain);
  const two = Buffer.concat([one, gzipSync(plain.subarray(0, 2000))]);
  const sent = profileBody(two).as('gzip').bytes;
  assert.notEqual(sent, two);
  assert.deepEqual(gunzipSync(sent), Buffer.concat([plain, plain.subarray(0, 2000)]));
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly bytes: Buffer;
}

function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { host: `127.0.0.1:${port}`, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          bytes: Buffer.concat(chunks),
        }),
      );
    });
    request.end();
  });
}

function testIo(
  cwd: string,
  env: CliIo['env'] = { DISPLAY: ':0' },
): { io: CliIo; out: string[]; err: string[]; ran: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const ran: string[] = [];
  const writer = (to: string[]): CliIo['stdout'] => ({ write: (chunk) => void to.push(String(chunk)) });
  const io: CliIo = {
    stdin: (async function* () {})(),
    stdout: writer(out),
    stderr: writer(err),
    env,
    cwd,
    isTTY: { stdin: false, stdout: false, stderr: false },
    now: () => Date.now(),
    sleep: () => Promise.resolve(),
    run: (command, args) => {
      ran.push([command, ...args].join(' '));
      return Promise.resolve({ kind: 'exit', code: 0 });
    },
  };
  return { io, out, err, ran };
}

test('profiles go to a browser on this machine unpacked; what cannot be stays as it is', () => {
  const plain = Buffer.from('a profile');
  assert.deepEqual(Buffer.from(unpacked(gzipSync(plain))), plain);
  assert.equal(unpacked(plain), plain);
  const broken = gzipSync(plain).subarray(0, 14);
  assert.equal(unpacked(broken), broken);
});

describe('the server', () => {
  let folder: string;
  let server: UiServer;
  let cookie: string;
  before(async () => {
    execFileSync(process.execPath, [
      '--conditions=stackpile-source',
      fileURLToPath(new URL('../../../ui/build.ts', import.meta.url)),
    ]);
    folder = mkdtempSync(join(tmpdir(), 'stackpile-http-'));
    writeFileSync(join(folder, 'own.ts'), 'export const answer = 42;\n');
    writeFileSync(join(folder, 'secret.txt'), 'password\n');
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    const line = (name: string, file: string): number =>
      builder.location({ lines: [{ function: builder.function(name, file), line: 1 }] });
    builder.sample(
      [
        line('own', join(folder, 'own.ts')),
        line('other', join(folder, 'secret.txt')),
        line('up', '../../etc/passwd.ts'),
      ],
      [5],
    );
    writeFileSync(join(folder, 'p.pb'), encodeProfile(builder.build()));
    server = await startUi({ sources: ['p.pb'], address: '127.0.0.1:', noBrowser: true }, { cwd: folder });
    const entered = await ask(server.port, `/?token=${server.token}`);
    assert.equal(entered.status, 303);
    assert.equal(entered.headers['location'], '/ui/');
    const set = String(entered.headers['set-cookie']);
    assert.match(set, /HttpOnly; SameSite=Strict/);
    cookie = set.split(';')[0] ?? '';
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('labels to split by, given on the command line, are in the address that opens', async () => {
    const options = {
      ...defaultOptions(),
      tagfocus: 'route=/pay',
      tagroot: 'route,tenant',
      tagleaf: 'state',
    };
    const split = await startUi(
      { sources: ['p.pb'], address: '127.0.0.1:', noBrowser: true, options },
      { cwd: folder },
    );
    try {
      const { headers } = await ask(split.port, `/?token=${split.token}`);
      const { searchParams } = new URL(String(headers['location']), 'http://host');
      const given = ['tf', 'tagroot', 'tagleaf'].map((name) => searchParams.get(name));
      assert.deepEqual(given, ['route=/pay', 'route,tenant', 'state']);
    } finally {
      await split.close();
    }
  });

  test('packs the page and Graphviz as the browser takes them', async () => {
    for (const path of ['/ui/', '/ui/graphviz.js']) {
      const plain = await ask(server.port, path, { cookie });
      assert.equal(plain.headers['content-encoding'], undefined);
      assert.equal(plain.headers['vary'], 'accept-encoding');
      for (const [encoding, decode] of [
        ['gzip', gunzipSync],
        ['br', brotliDecompressSync],
      ] as const) {
        const packed = await ask(server.port, path, { cookie, 'accept-encoding': encoding });
        assert.equal(packed.headers['content-encoding'], encoding);
        assert.ok(packed.bytes.length < plain.bytes.length * 0.8, path);
        assert.deepEqual(decode(packed.bytes), plain.bytes);
      }
    }
  });

  test('without a token a browser is shown what to do, and an icon', async () => {
    const accept = 'text/html,application/xhtml+xml';
    const page = await ask(server.port, '/ui/', { accept });
    assert.equal(page.status, 401);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.match(page.body, /Open the address that stackpile printed[^]*name="token"/);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*form-action 'self'/);
    assert.match((await ask(server.port, '/ui/')).body, /^This page needs the token of this start/);
    const icon = await ask(server.port, '/favicon.ico');
    assert.deepEqual([icon.status, icon.headers['content-type']], [200, 'image/svg+xml']);
    assert.equal((await ask(server.port, '/favicon.ico', { host: 'evil.example' })).status, 421);
  });

  test('answers nobody without the token, and no other Host', async () => {
    for (const path of ['/', '/ui/', '/ui/api/source/0', '/ui/download', '/ui/live/goroutine', '/x']) {
      assert.equal((await ask(server.port, path)).status, 401, path);
    }
    assert.equal((await ask(server.port, '/ui/?token=wrong')).status, 401);
    assert.equal((await ask(server.port, '/ui/', { cookie: cookie.replace(/=.*/, '=wrong') })).status, 401);
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1:1',
      'a b',
      `127.0.0.999:${server.port}`,
      `[::::]:${server.port}`,
      `10.0.0.1:${server.port}`,
    ]) {
      assert.equal((await ask(server.port, '/ui/', { cookie, host })).status, 421, host);
    }
    for (const name of [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'app.localhost',
      '127.8.9.10',
      '[::1]',
      '[::FFFF:127.0.0.1]',
    ]) {
      const host = `${name}:${server.port}`;
      assert.equal((await ask(server.port, '/ui/', { cookie, host })).status, 200, host);
    }
    assert.equal((await ask(server.port, '/ui/', { authorization: `Bearer ${server.token}` })).status, 200);
    assert.equal((await ask(server.port, '/ui/', { cookie }, 'POST')).status, 405);
    assert.equal(
      (
        await ask(server.port, '/ui/api/source/0', {
          cookie,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'no-cors',
        })
      ).status,
      403,
    );
  });

  test('the redirect that leaves the token in a cookie never leaves the host', async () => {
    for (const path of [
      '/.//evil.example/',
      '/x/..//evil.example/',
      '/%2e//evil.example/',
      '/\\\\evil.example/',
    ]) {
      const { status, headers } = await ask(server.port, `${path}?token=${server.token}`);
      assert.notEqual(status, 200, path);
      const here = `http://127.0.0.1:${server.port}/`;
      assert.equal(new URL(String(headers['location'] ?? '/'), here).origin, new URL(here).origin, path);
    }
  });

  test('serves the page everywhere below /ui/, and sends strict headers', async () => {
    for (const path of ['/ui/', '/ui/top?f=x', '/ui/flamegraph', '/ui/peek']) {
      const answer = await ask(server.port, path, { cookie });
      assert.equal(answer.status, 200, path);
      assert.match(answer.body, /"mode":"server"/);
      const policy = String(answer.headers['content-security-policy']);
      assert.match(
        policy,
        /default-src 'none'; script-src (?:'sha256-[\w+/=]+' )+'wasm-unsafe-eval'; style-src 'sha256-[\w+/=]+';/,
      );
      assert.match(policy, /frame-ancestors 'none'/);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    }
    assert.equal((await ask(server.port, '/', { cookie })).headers['location'], '/ui/');
    assert.equal((await ask(server.port, '/anything?f=x', { cookie })).headers['location'], '/ui?f=x');
    assert.equal((await ask(server.port, '/ui?f=x', { cookie })).headers['location'], '/ui/?f=x');
    assert.equal((await ask(server.port, '/ui/a/b', { cookie })).status, 404);
    const download = await ask(server.port, '/ui/download', { cookie });
    assert.match(String(download.headers['content-disposition']), /profile\.pb\.gz/);
  });

  test('shows source files that the profile names, and no others', async () => {
    const file = async (path: string): Promise<string> =>
      (await ask(server.port, `/ui/api/file?profile=0&path=${encodeURIComponent(path)}`, { cookie })).body;
    const own = join(folder, 'own.ts');
    assert.deepEqual(JSON.parse(await file(own)), { text: 'export const answer = 42;\n', path: own });
    assert.match(await file(join(folder, 'secret.txt')), /not a source file by its name/);
    assert.match(await file('/etc/passwd'), /names no such file/);
    assert.match(await file('../../etc/passwd.ts'), /not found on this machine/);
  });

  test('what cannot be served is one sentence and exit code 2', async () => {
    for (const [sources, address, expected] of [
      [['nothing.pb'], ':', /^nothing\.pb: .+\n$/],
      [['p.pb'], '8080', /^could not split http address/],
      [['own.ts'], ':', /^own\.ts: .+\n$/],
    ] as const) {
      const { io, err } = testIo(folder);
      assert.equal(await serveUi({ sources, address, noBrowser: true }, io), 2);
      assert.match(err.join(''), expected);
    }
  });

  test('says where it serves, opens the browser unless told not to, and ends on its signal', async () => {
    for (const noBrowser of [true, false]) {
      const { io, err, ran } = testIo(folder);
      const stop = new AbortController();
      const ended = serveUi({ sources: ['p.pb'], address: ':', noBrowser, signal: stop.signal }, io);
      while (err.length === 0 || (!noBrowser && ran.length === 0)) {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
      assert.match(err[0] ?? '', /^Serving web UI on http:\/\/localhost:\d+\/\?token=[\w-]{24}\n$/);
      stop.abort();
      assert.equal(await ended, 0);
      assert.equal(ran.length, noBrowser ? 0 : 1);
    }
  });

  /** Serves until `expected` was said on stderr; what was said, and what was started. */
  async function served(
    request: Partial<UiRequest>,
    env: CliIo['env'],
    expected: RegExp,
  ): Promise<{ readonly said: string; readonly ran: readonly string[]; readonly code: number }> {
    const { io, err, ran } = testIo(folder, env);
    const stop = new AbortController();
    const ended = serveUi(
      { sources: ['p.pb'], address: ':', noBrowser: true, signal: stop.signal, ...request },
      io,
    );
    while (!expected.test(err.join(''))) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    stop.abort();
    return { code: await ended, said: err.join(''), ran };
  }

  test('without a display nothing is started: it is said how to come from another machine', {
    skip: process.platform !== 'linux' && 'displays of Linux',
    timeout: 30_000,
  }, async () => {
    const here = await served({ noBrowser: false }, {}, /no display/u);
    const port = /localhost:(\d+)/u.exec(here.said)?.[1];
    assert.match(here.said, new RegExp(`ssh -N -L ${port}:localhost:${port} \\S+ `, 'u'));
    assert.deepEqual(here.ran, []);
    const beyond = await served({ noBrowser: false, address: '0.0.0.0:' }, {}, /no display/u);
    assert.match(beyond.said, /open that address on another one/u);
  });

  test('one bad source among good ones is named, the good ones open', { timeout: 30_000 }, async () => {
    const sources = ['nothing.pb', 'p.pb', 'own.ts'];
    const { said, code } = await served({ sources }, {}, /Serving/u);
    assert.equal(code, 0);
    assert.match(
      said,
      /^nothing\.pb: no such file\nown\.ts: .+\nFetched 1 source profiles out of 3\nServing web UI on .+\n$/u,
    );
  });

  test('where all sources are bad, each is named and nothing opens; a bad base opens nothing', async () => {
    const { io, err } = testIo(folder);
    const request = { address: ':', noBrowser: true };
    assert.equal(await serveUi({ ...request, sources: ['nothing.pb', 'gone.pb'] }, io), 2);
    assert.equal(err.join(''), 'nothing.pb: no such file\ngone.pb: no such file\n');
    const base = testIo(folder);
    assert.equal(await serveUi({ ...request, sources: ['p.pb'], base: 'gone.pb' }, base.io), 2);
    assert.equal(base.err.join(''), 'gone.pb: no such file\n');
  });

  test('the report is one file with the profile in it', async () => {
    const { io, err } = testIo(folder);
    assert.equal(await runReportFile(['-o', 'out.html', 'p.pb'], io), 0);
    assert.match(err.join(''), /^out\.html: \d/);
    const html = readFileSync(join(folder, 'out.html'), 'utf8');
    assert.match(html, /"mode":"report","sources":\[\{"name":"p\.pb"/);
    assert.match(html, /id="source-0">H4sI/);
    const bad = testIo(folder);
    assert.equal(await runReportFile(['-o', 'out.html'], bad.io), 2);
    assert.equal(await runReportFile(['--what'], bad.io), 2);
    assert.equal(await runReportFile(['nothing.pb'], bad.io), 2);
    assert.ok(
      bad.err.every((line) => /^stackpile report: .+\n$/.test(line)),
      bad.err.join(''),
    );
  });
});
