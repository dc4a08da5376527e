// The door to the endpoints: what comes back without a token, whatever the target, the method and the carrier.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  basic,
  createHandler,
  type PprofHandler,
  type PprofServer,
  register,
  startServer,
} from '@stackpile/agent';
import { isAddress, isLoopback, isOwnName, parseHost } from '@stackpile/agent/inspector';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fc from 'fast-check';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Door } from '../src/door/door.ts';
import { hasPage, uiPage } from '../src/endpoints/page.ts';
import { redirect } from '../src/http/messages.ts';
import { route } from '../src/http/route.ts';
import { ask } from './http-client.ts';
import { exchange, exchangeOne, type RawAnswer } from './raw-client.ts';
import { serving } from './serving.ts';

const TOKEN = 'a-token-that-nobody-has';
const runs = { numRuns: 250, endOnFailure: true };

// ---- Requests that try to get in

const endpoints = ['', 'cmdline', 'heap', 'goroutine', 'counters', 'profile', 'ui', 'nosuch'] as const;

/** `text` with some of its characters escaped or in capitals. */
function written(text: string): fc.Arbitrary<string> {
  const { length } = text;
  const how = fc.array(fc.nat(39), { minLength: length, maxLength: length });
  return how.map((choices) =>
    [...text]
      .map((c, i) => {
        const hex = c.charCodeAt(0).toString(16);
        if (choices[i] === 0) return `%${hex}`;
        if (choices[i] === 1) return `%${hex.toUpperCase()}`;
        return choices[i] === 2 ? c.toUpperCase() : c;
      })
      .join(''),
  );
}

/** Mostly the first of `texts`. */
function usually(...texts: readonly [string, ...string[]]): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: fc.constant(texts[0]), weight: 5 },
    { arbitrary: fc.constantFrom(...texts), weight: 2 },
  );
}

const leads = usually(
  '',
  'http://127.0.0.1',
  'http://evil.example/ui',
  'HTTP://127.0.0.1/ui/..',
  '/',
  '/.',
  '/ui/..',
  '/x/%2e%2e',
  '/\\evil.example/..',
  '\\',
  '*',
);
const separators = usually('/', '//', '/./', '/../pprof/', '/ui/../', '%2f', '%2F', '\\', '/;/');
const tails = fc.array(
  fc.constantFrom(
    '?/ui',
    '?',
    '/ui',
    '?debug=1&a=/ui?',
    '&a=/ui',
    '?seconds=1',
    '#/ui',
    ';/ui',
    '/ui?',
    '%3f/ui',
    '%23/ui',
    '/..',
    '/../ui',
    '/%2e%2e/ui',
    '\\ui',
    '%00',
    '%',
    '/.',
    'ui',
    '=/ui/ui',
  ),
  { maxLength: 3 },
);

function targets(base: string): fc.Arbitrary<string> {
  return fc
    .tuple(leads, written(base), separators, fc.constantFrom(...endpoints).chain(written), tails)
    .map(([lead, path, separator, name, tail]) => lead + path + separator + name + tail.join(''));
}

const methods = usually('GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE', 'PUT');
const extraHeaders = usually(
  '',
  'Authorization: Bearer',
  'Authorization: Bearer undefined',
  'Authorization: Basic Og==',
  'X-Original-URL: /debug/pprof/ui',
  'X-Rewrite-URL: /debug/pprof/ui',
  'X-HTTP-Method-Override: GET',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Prefix: /ui',
  'Connection: Upgrade\r\nUpgrade: websocket',
);

// ---- What may come back

const routerTexts =
  /^(?:404 page not found|400 Bad Request|Method Not Allowed|this endpoint needs a (?:token|name and a password): [ \w:]+|There is no web page beside the agent .*|this Host header is not allowed here: .*)\n$/u;
/** Frameworks' own answers to what the handler passed on, chunks without any among them, and Node's to what is no request. */
const othersTexts =
  /^<!DOCTYPE html>[^]*<pre>(?:Cannot |Bad Request)|^400 Bad Request$|^(?:404 )?Not Found$|^0\r\n\r\n$|^\{"(?:message|statusCode|error|code)"[^]*(?:not found|not a valid url component|Bad Request)[^]*\}$|^$/u;

function isRedirect({ status, body }: RawAnswer): boolean {
  return status === 307 && /^<a href="[^"<>]*">Temporary Redirect<\/a>\.\n\n$/u.test(body.toString('latin1'));
}

function isHarmless(answer: RawAnswer, method: string, page: Buffer | null): boolean {
  if (answer.status === 200) {
    if (page === null) return false;
    return method === 'HEAD'
      ? answer.headers.get('content-length') === String(page.length)
      : answer.body.equals(page);
  }
  const text = answer.body.toString('latin1');
  return (
    answer.status === 0 ||
    method === 'HEAD' ||
    isRedirect(answer) ||
    routerTexts.test(text) ||
    othersTexts.test(text)
  );
}

interface Carrier {
  readonly name: string;
  /** Path of the index, without its slash. */
  readonly base: string;
  /** Whether the page's own file may come back. */
  readonly page: boolean;
  open(): Promise<{ port: number; close(): Promise<void> }>;
}

async function onNode(
  handler: { close(): Promise<void> },
  server: Server,
): Promise<{ port: number; close(): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await handler.close();
    },
  };
}

function onExpress(path: string, prefix?: string): ReturnType<typeof onNode> {
  const handler = createHandler({ auth: TOKEN, ...(prefix === undefined ? {} : { prefix }) });
  const app = express();
  // Its error page would be written to stderr too.
  app.set('env', 'test');
  app.use(path, handler);
  return onNode(handler, createServer(app));
}

function onPlainNode(handler: PprofHandler): ReturnType<typeof onNode> {
  return onNode(handler, createServer(handler));
}

/** What frameworks do with a target before a handler sees it is their own. */
const registered: readonly Carrier[] = [
  {
    name: 'Fastify, registered in a group',
    base: '/admin/ui',
    page: true,
    async open() {
      const app = Fastify();
      app.register(async (group) => void register(group, { auth: TOKEN, prefix: '/ui' }), {
        prefix: '/admin',
      });
      await app.listen({ port: 0, host: '127.0.0.1' });
      return {
        port: (app.server.address() as AddressInfo).port,
        async close() {
          app.server.closeAllConnections();
          await app.close();
        },
      };
    },
  },
  {
    name: 'Hono, registered in a group',
    base: '/admin/ui',
    page: true,
    open() {
      const app = new Hono();
      const group = new Hono();
      const mount = register(group, { auth: TOKEN, prefix: '/ui' });
      app.route('/admin', group);
      const listener = getRequestListener(app.fetch);
      return onNode(
        mount,
        createServer((...args) => void listener(...args)),
      );
    },
  },
  {
    name: 'Koa, registered',
    base: '/debug/pprof',
    page: true,
    open() {
      const app = new Koa();
      app.silent = true;
      const mount = register(app, { auth: TOKEN });
      const listener = app.callback();
      return onNode(
        mount,
        createServer((...args) => void listener(...args)),
      );
    },
  },
];

const carriers: readonly Carrier[] = [
  {
    name: 'the listener, with names and passwords',
    base: '/debug/pprof',
    page: false,
    open: () => startServer({ port: 0, auth: basic({ ops: TOKEN }) }),
  },
  ...registered,
  {
    name: 'the listener, with a token',
    base: '/debug/pprof',
    page: true,
    open: () => startServer({ port: 0, auth: TOKEN }),
  },
  {
    name: 'the listener, with a function that says no',
    base: '/debug/pprof',
    page: false,
    open: () => startServer({ port: 0, auth: () => false }),
  },
  {
    name: 'node:http',
    base: '/debug/pprof',
    page: true,
    open: () => onPlainNode(createHandler({ auth: TOKEN })),
  },
  {
    name: 'node:http, with a function that says no',
    base: '/ui/pprof',
    page: false,
    open: () => onPlainNode(createHandler({ auth: async () => false, prefix: '/ui/pprof/' })),
  },
  { name: 'Express, mounted', base: '/admin/ui', page: true, open: () => onExpress('/admin/ui') },
  { name: 'Express, by prefix', base: '/ui', page: true, open: () => onExpress('/', '/ui') },
];

describe('authorization on text: without a token nothing but the page comes back, however the target is written', () => {
  for (const carrier of carriers) {
    test(carrier.name, async () => {
      const { port, close } = await carrier.open();
      const page = carrier.page && (await hasPage()) ? gunzipSync((await uiPage()).body) : null;
      const seen = new Map<number, number>();
      try {
        await fc.assert(
          fc.asyncProperty(targets(carrier.base), methods, extraHeaders, async (target, method, extra) => {
            const lines = [`${method} ${target} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close'];
            if (extra !== '') lines.push(extra);
            const answer = await exchangeOne(port, `${lines.join('\r\n')}\r\n\r\n`);
            seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
            assert.ok(
              isHarmless(answer, method, page),
              `${answer.status} ${answer.body.toString('latin1').slice(0, 200)}`,
            );
          }),
          {
            ...runs,
            examples: [
              [`${carrier.base}/cmdline?/ui`, 'GET', ''],
              [`${carrier.base}/heap?debug=1&a=/ui?`, 'GET', ''],
              [`${carrier.base}/counters?/ui`, 'HEAD', ''],
              [`${carrier.base}/%75i`, 'GET', ''],
              [`${carrier.base}/ui/../cmdline`, 'GET', ''],
              [`${carrier.base}/cmdline%2f..%2fui`, 'GET', ''],
            ],
          },
        );
        // The requests do reach what they must not get.
        assert.ok((seen.get(401) ?? 0) >= runs.numRuns / 25, JSON.stringify([...seen]));
        if (page !== null) assert.ok((seen.get(200) ?? 0) >= 1, JSON.stringify([...seen]));
      } finally {
        await close();
      }
    });
  }

  test('and with it everything does', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const carrier of carriers.filter((one) => one.page)) {
      const { port, close } = await carrier.open();
      try {
        for (const path of ['/', '/cmdline?/ui', '/h%65ap', '/counters', '/goroutine?debug=1'])
          assert.equal((await ask(port, carrier.base + path, { headers })).status, 200, carrier.name + path);
        const unknown = await ask(port, `${carrier.base}/nosuch`, { headers });
        assert.equal(unknown.body.toString(), 'Unknown profile\n');
      } finally {
        await close();
      }
    }
  });
});

describe('an open redirect: a Location never leaves the host', () => {
  const base = 'http://127.0.0.1:6060/debug/pprof/';
  const pieces = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '\t',
    '\n',
    '\r',
    '%5c',
    '%2f',
    '@',
    ':',
    'evil.example',
    '\u0080',
    '?',
    '#',
    ' ',
    '\u{1f600}',
    '\ud800',
  );

  test('whatever the target', () => {
    let redirects = 0;
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }),
        fc.constantFrom('', '/debug/pprof'),
        (parts, prefix) => {
          const found = route('GET', `//${parts.join('')}`, prefix);
          if (!('response' in found)) return;
          const { Location } = found.response.headers;
          if (Location === undefined) return;
          redirects++;
          assert.equal(new URL(Location, base).origin, new URL(base).origin);
          assert.match(Location, /^\/(?![/\\])[!-~]*$/u);
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(redirects > 300, String(redirects));
  });

  test('over the wire, backslashes, slashes and tabs', async () => {
    const server = await serving({ port: 0 });
    for (const target of [
      '//\\evil.example',
      '//evil.example/',
      '///evil.example/%2e%2e',
      '/.//\\\\evil.example',
      '//\t/evil.example',
    ]) {
      const { status, headers } = await exchangeOne(
        server.port,
        `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      if (status === 400) continue; // Node's parser has refused it
      assert.equal(status, 307, target);
      assert.equal(new URL(headers.get('location') ?? '', base).host, '127.0.0.1:6060', target);
    }
    assert.equal(redirect('/\\host').headers['Location'], '/%5Chost');
  });
});

describe('DNS rebinding: names, and texts that look like addresses', () => {
  const addresses = [
    '127.0.0.1',
    '10.0.0.1',
    '255.255.255.255',
    '::1',
    '[::1]',
    'fe80::1',
    '::ffff:127.0.0.1',
    '0:0:0:0:0:0:0:1',
  ];
  const none = [
    '999.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '127.1',
    '0x7f.0.0.1',
    '[::::]',
    '::::',
    '[::1',
    '::1]',
    '[127.0.0.1]',
    'fe80::1%eth0',
    '1.2.3.4:',
    '',
    'cafe',
    'a.b.c.d',
    '127.0.0.1.evil.example',
  ];

  test('what is an address, and what is this machine', () => {
    for (const text of addresses) assert.ok(isAddress(text), text);
    for (const text of none) assert.ok(!isAddress(text), text);
    const own = [
      'localhost',
      'LOCALHOST',
      'localhost.',
      '127.0.0.1',
      '127.8.9.10',
      '::1',
      '[::1]',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
      '::FFFF:7F00:1',
    ];
    for (const text of own) assert.ok(isLoopback(text), text);
    for (const text of [
      '10.0.0.1',
      '127.0.0.999',
      '0.0.0.0',
      '::',
      '::ffff:10.0.0.1',
      'localhost.evil.example',
      'a.localhost',
      '',
    ])
      assert.ok(!isLoopback(text), text);
    assert.ok(isOwnName('a.localhost') && !isOwnName('alocalhost'));
  });

  test('what a Host header says', () => {
    assert.deepEqual(parseHost('LocalHost.:6060'), { name: 'localhost', port: 6060 });
    assert.deepEqual(parseHost('[::1]:80'), { name: '::1', port: 80 });
    assert.deepEqual(parseHost('127.0.0.1'), { name: '127.0.0.1', port: null });
    for (const text of [
      '',
      ':80',
      'a:b',
      'a:1:2',
      '::1',
      'user@127.0.0.1',
      '[::1]x',
      '[evil.example]',
      '127.0.0.1/',
      'a b',
      'a:999999',
    ])
      assert.equal(parseHost(text), null, text);
  });

  test('only addresses, localhost and allowed names pass', async () => {
    const server = await serving({ port: 0, allowedHosts: ['Profiles.internal', 'tunnel.example:8443'] });
    const status = async (host: string): Promise<number> =>
      (await ask(server.port, '/debug/pprof/cmdline', { headers: { host } })).status;
    const passing = [
      'localhost',
      'LOCALHOST:1',
      'localhost.:6060',
      'app.localhost:6060',
      '10.1.2.3:80',
      '[::1]:6060',
      '[::ffff:127.0.0.1]',
      'profiles.INTERNAL.:99',
      'tunnel.example:8443',
    ];
    for (const host of passing) assert.equal(await status(host), 200, host);
    const refused = [
      'evil.example',
      'evil.example:6060',
      '999.1.1.1',
      '999.1.1.1:6060',
      '[::::]',
      '[::1%25lo]',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'xlocalhost',
      '127.0.0.1:6060:80',
      'evil@127.0.0.1',
      '[127.0.0.1]',
      'tunnel.example',
      'tunnel.example:8444',
    ];
    for (const host of refused) assert.equal(await status(host), 403, host);
    const empty = 'GET /debug/pprof/cmdline HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n';
    assert.equal((await exchangeOne(server.port, empty)).status, 403);
  });
});

describe('a page of another site starts nothing, through no door', () => {
  for (const carrier of carriers.filter((one) => one.page)) {
    test(carrier.name, async () => {
      const { port, close } = await carrier.open();
      const status = async (mode: string, dest: string, user = '', name = 'cmdline'): Promise<number> => {
        const headers = {
          authorization: `Bearer ${TOKEN}`,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': mode,
          'sec-fetch-dest': dest,
          ...(user === '' ? {} : { 'sec-fetch-user': user }),
        };
        return (await ask(port, `${carrier.base}/${name}`, { headers })).status;
      };
      try {
        assert.equal(await status('no-cors', 'image'), 403);
        assert.equal(await status('navigate', 'iframe'), 403);
        // A script that goes there, and somebody who follows a link.
        assert.equal(await status('navigate', 'document'), 403);
        assert.equal(await status('navigate', 'document', '?0'), 403);
        assert.equal(await status('navigate', 'document', '?1'), 200);
        assert.equal(await status('navigate', 'document', '', ''), 200);
      } finally {
        await close();
      }
    });
  }
});

describe('requests that no client sends', () => {
  let server: PprofServer;
  before(async () => {
    server = await startServer({ port: 0 });
  });
  after(() => server.close());

  const host = 'Host: 127.0.0.1\r\n';
  const close = 'Connection: close\r\n';
  const index = '/debug/pprof/cmdline';
  const cases: readonly (readonly [name: string, bytes: string, status: number])[] = [
    ['CONNECT', `CONNECT 127.0.0.1:80 HTTP/1.1\r\n${host}\r\n`, 404],
    ['CONNECT to an endpoint', `CONNECT ${index} HTTP/1.1\r\n${host}\r\n`, 405],
    ['a proxy', `GET http://127.0.0.1${index} HTTP/1.1\r\n${host}${close}\r\n`, 200],
    ['a proxy to another host', `GET http://evil.example${index} HTTP/1.1\r\n${host}${close}\r\n`, 403],
    ['TRACE', `TRACE ${index} HTTP/1.1\r\n${host}${close}\r\n`, 405],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`, 200],
    ['GET *', `GET * HTTP/1.1\r\n${host}${close}\r\n`, 400],
    [
      'an upgrade',
      `GET ${index} HTTP/1.1\r\n${host}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
      200,
    ],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000', 400],
    ['HTTP/1.0 without Host', `GET ${index} HTTP/1.0\r\n\r\n`, 200],
    ['HTTP/1.1 without Host', `GET ${index} HTTP/1.1\r\n${close}\r\n`, 400],
    ['two Hosts', `GET ${index} HTTP/1.1\r\n${host}Host: evil.example\r\n${close}\r\n`, 400],
    [
      'a length and chunks',
      `POST ${index} HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `POST ${index} HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      400,
    ],
    [
      'chunks under another name',
      `POST ${index} HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n${close}\r\n`,
      400,
    ],
    ['a blank before the colon', `GET ${index} HTTP/1.1\r\n${host}X-A : b\r\n${close}\r\n`, 400],
    [
      'a line break without return',
      `GET ${index} HTTP/1.1\n${host}X-A: b\n\nGET /evil HTTP/1.1\r\n\r\n`,
      400,
    ],
    ['a zero in a header', `GET ${index} HTTP/1.1\r\n${host}X-A: a\u0000b\r\n${close}\r\n`, 400],
    ['one long header', `GET ${index} HTTP/1.1\r\n${host}X-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
    ['many headers', `GET ${index} HTTP/1.1\r\n${host}${'aaaa: bbbb\r\n'.repeat(4000)}\r\n`, 431],
    ['a long target', `GET ${index}?${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
    ['an expectation', `GET ${index} HTTP/1.1\r\n${host}Expect: a-miracle\r\n${close}\r\n`, 417],
    [
      'a body that GET does not have',
      `GET ${index} HTTP/1.1\r\n${host}Content-Length: 5\r\n${close}\r\nhello`,
      200,
    ],
    [
      'a body that is never read',
      `POST ${index} HTTP/1.1\r\n${host}Content-Length: 100000\r\n${close}\r\n${'x'.repeat(100_000)}`,
      405,
    ],
    ['HEAD', `HEAD ${index} HTTP/1.1\r\n${host}${close}\r\n`, 200],
    ['a method in small letters', `get ${index} HTTP/1.1\r\n${host}\r\n`, 400],
  ];
  for (const [name, bytes, status] of cases) {
    test(name, async () => {
      const answer = await exchangeOne(server.port, bytes);
      assert.equal(answer.status, status, answer.body.toString('latin1').slice(0, 200));
      if (name === 'HEAD') {
        assert.equal(answer.body.length, 0);
        assert.ok(Number(answer.headers.get('content-length')) > 0);
      }
    });
  }
});

test('who asks whether to send a body is told to where it is read, and else has the answer at once', async () => {
  const open = await serving({ port: 0, tasks: false, heap: false });
  const guarded = await serving({ port: 0, tasks: false, heap: false, auth: TOKEN });
  const bytes = (target: string): string =>
    `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n0x1`;
  const first = async (port: number, target: string): Promise<string> =>
    (await exchange(port, bytes(target))).toString('latin1').split('\r\n', 1)[0] ?? '';
  assert.equal(await first(open.port, '/debug/pprof/symbol'), 'HTTP/1.1 100 Continue');
  assert.match(
    (await exchange(open.port, bytes('/debug/pprof/symbol'))).toString('latin1'),
    /num_symbols: 1\n/u,
  );
  assert.equal(await first(open.port, '/debug/pprof/heap'), 'HTTP/1.1 405 Method Not Allowed');
  assert.equal(await first(guarded.port, '/debug/pprof/symbol'), 'HTTP/1.1 401 Unauthorized');
});

test('an auth function that never answers is a no, through no door for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const door = new Door({
    gate: { kind: 'ask', scheme: null, ask: () => new Promise(() => undefined) },
    hosts: null,
    endpoints: () => assert.fail('nobody was let in'),
  });
  const request = { method: 'GET', url: '/debug/pprof/heap', headers: {}, remoteAddress: '' };
  const found = route('GET', request.url, '/debug/pprof');
  const answer = door.answer(found, request, new AbortController().signal);
  t.mock.timers.tick(5000);
  assert.equal((await answer).status, 503);
});

test('so many requests at a time, and no more', async () => {
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const door = new Door({
    gate: { kind: 'none' },
    hosts: null,
    async endpoints() {
      await held;
      return { status: 200, headers: {}, body: '' };
    },
  });
  const request = { method: 'GET', url: '/debug/pprof/heap', headers: {}, remoteAddress: '' };
  const answer = (): ReturnType<Door['answer']> =>
    door.answer(route('GET', request.url, '/debug/pprof'), request, new AbortController().signal);
  const first = Array.from({ length: 128 }, answer);
  const { status, headers } = await answer();
  assert.equal(status, 503);
  assert.equal(headers['Retry-After'], '1');
  finish();
  for (const one of await Promise.all(first)) assert.equal(one.status, 200);
  assert.equal((await answer()).status, 200);
});
