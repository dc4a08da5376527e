// Carriers: the same requests get the same answers, whatever hands them over: the listener, node:http, Express, Koa, the Fetch API.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  createFetchHandler,
  createHandler,
  createKoaMiddleware,
  type FetchHandler,
  type HandlerOptions,
  startServer,
} from '@stackpile/agent';
import { readOffers, readProfile } from '@stackpile/profile';
import express from 'express';
import Koa from 'koa';
import { pieces } from '../src/door/pieces.ts';
import { ask } from './http-client.ts';

const TOKEN = 'a-token-that-somebody-has';

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Open {
  /** `path` is what follows the path of the index. */
  ask(path: string, sent: Sent): Promise<Answered>;
  close(): Promise<void>;
}

const handlers: FetchHandler[] = [];
/** The agent keeps no process alive, and a request of the Fetch API has no socket that does. */
let alive: NodeJS.Timeout;

before(() => {
  alive = setInterval(() => undefined, 1000);
});

after(() => clearInterval(alive));

afterEach(async () => {
  for (const handler of handlers.splice(0)) await handler.close();
});

/** A handler that ends with the test. */
function fetching(options: HandlerOptions): FetchHandler {
  const handler = createFetchHandler(options);
  handlers.push(handler);
  return handler;
}

/** What carriers and HTTP itself add, and what tells the moment. */
const notCompared = new Set([
  'date',
  'connection',
  'keep-alive',
  'x-powered-by',
  'transfer-encoding',
  'vary',
]);

function compared(entries: Iterable<readonly [string, unknown]>): Record<string, string> {
  return Object.fromEntries(
    [...entries]
      .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
      .filter(([name]) => !notCompared.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function overHttp(port: number, base: string, close: () => Promise<void>): Open {
  return {
    close,
    async ask(path, sent) {
      const { status, headers, body } = await ask(port, base + path, sent);
      return { status, headers: compared(Object.entries(headers)), body: body.toString('latin1') };
    },
  };
}

async function listening(listener: RequestListener, base: string, end: () => Promise<void>): Promise<Open> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return overHttp((server.address() as AddressInfo).port, base, async () => {
    server.closeAllConnections();
    server.close();
    await end();
  });
}

const carriers: Readonly<Record<string, (options: HandlerOptions) => Promise<Open>>> = {
  'the listener': async (options) => {
    const server = await startServer({ port: 0, ...options });
    return overHttp(server.port, '/debug/pprof', () => server.close());
  },
  'node:http': (options) => {
    const handler = createHandler(options);
    return listening(handler, '/debug/pprof', () => handler.close());
  },
  'Express, mounted': (options) => {
    const handler = createHandler(options);
    const app = express();
    app.use('/debug/pprof', handler);
    return listening(app, '/debug/pprof', () => handler.close());
  },
  Koa: (options) => {
    const middleware = createKoaMiddleware(options);
    const app = new Koa();
    app.silent = true;
    app.use(middleware);
    const listener = app.callback();
    return listening(
      (...args) => void listener(...args),
      '/debug/pprof',
      () => middleware.close(),
    );
  },
  'the Fetch API': async (options) => {
    const handler = createFetchHandler(options);
    return {
      close: () => handler.close(),
      async ask(path, { method = 'GET', headers = {}, signal = null }) {
        const url = `http://127.0.0.1/debug/pprof${path}`;
        const response = await handler(new Request(url, { method, headers, signal }));
        return {
          status: response.status,
          headers: compared(response.headers),
          body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
        };
      },
    };
  },
};

const authorization = { authorization: `Bearer ${TOKEN}` };

/** Requests, and whether their bodies are the same at any moment. */
const requests: readonly (Sent & { readonly path: string; readonly varies?: true })[] = [
  '/',
  '/?debug=1',
  '/offers',
  '/cmdline',
  '/counters',
  '/heap',
  '/heap?debug=1',
  '/goroutine',
  '/goroutine?debug=1',
  '/goroutine?source=nowhere',
  '/heap?seconds=x',
  '/heap?seconds=1&debug=1',
  '/nosuch',
  '/ui',
  '',
  '/%zz',
].flatMap((path) => [
  { path },
  {
    path,
    headers: authorization,
    ...(/^\/(?:counters|heap|goroutine|offers|$|\?)/u.test(path) ? { varies: true as const } : {}),
  },
  { path, method: 'HEAD', headers: authorization, varies: true as const },
  { path, method: 'HEAD' },
  { path, method: 'POST', headers: authorization },
  { path, headers: { ...authorization, 'sec-fetch-site': 'cross-site' } },
  {
    path,
    headers: { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}` },
    varies: true as const,
  },
  { path, headers: { authorization: 'Bearer another-token-than-it' } },
]);

describe('every carrier gives the same status and headers for', () => {
  test(`${requests.length} requests, with and without the token`, async () => {
    const given = new Map<string, Answered[]>();
    for (const [name, open] of Object.entries(carriers)) {
      const carrier = await open({ auth: TOKEN });
      try {
        const answers: Answered[] = [];
        for (const { path, ...sent } of requests) answers.push(await carrier.ask(path, sent));
        given.set(name, answers);
      } finally {
        await carrier.close();
      }
    }
    const [[, expected = []] = [], ...others] = given;
    // The requests do meet every kind of answer. (404 too, where the page was not built.)
    const statuses = new Set(expected.map(({ status }) => status));
    for (const status of [200, 307, 400, 401, 403, 404, 405]) assert.ok(statuses.has(status), String(status));
    for (const [name, answers] of others)
      for (const [i, { status, headers, body }] of answers.entries()) {
        const { path, varies, ...sent } = requests[i] ?? { path: '' };
        const what = `${name}: ${JSON.stringify(sent)} ${path}`;
        const wanted = expected[i];
        assert.equal(status, wanted?.status, what);
        const { 'content-length': length, ...rest } = headers;
        const { 'content-length': wantedLength, ...wantedRest } = wanted?.headers ?? {};
        assert.deepEqual(rest, wantedRest, what);
        // Of what changes from moment to moment it only matters whether there is a length.
        if (varies === true && status === 200)
          assert.equal(length === undefined, wantedLength === undefined, what);
        else assert.deepEqual([length, body], [wantedLength, wanted?.body], what);
      }
  });

  test('whoever comes after gets what lies outside', async () => {
    const middleware = createKoaMiddleware({ auth: TOKEN, prefix: '/admin/pprof' });
    const app = new Koa();
    app.use(middleware);
    app.use((context) => {
      context.body = `after ${context.path}`;
    });
    const listener = app.callback();
    const carrier = await listening(
      (...args) => void listener(...args),
      '',
      () => middleware.close(),
    );
    try {
      assert.equal((await carrier.ask('/other', {})).body, 'after /other');
      assert.equal((await carrier.ask('/admin/pprof/cmdline', {})).status, 401);
      assert.equal((await carrier.ask('/debug/pprof/', {})).body, 'after /debug/pprof/');
    } finally {
      await carrier.close();
    }
    const handler = fetching({ auth: TOKEN });
    const outside = await handler(new Request('http://127.0.0.1/other', { headers: authorization }));
    assert.deepEqual([outside.status, await outside.text()], [404, '404 page not found\n']);
  });
});

describe('the Fetch API', () => {
  test('gives profiles and offers that are whole', async () => {
    const handler = fetching({ auth: 'none' });
    const get = (path: string): Promise<Response> => handler(new Request(`http://h/debug/pprof/${path}`));
    assert.ok(readOffers(await (await get('offers')).json()).offers.some(({ name }) => name === 'goroutine'));
    const bytes = new Uint8Array(await (await get('goroutine')).arrayBuffer());
    assert.equal((await readProfile(bytes)).sampleTypes[0]?.type, 'goroutine');
  });

  for (const [when, ms] of [
    ['before the worker has started', 0],
    ['meanwhile', 1500],
  ] as const)
    test(`a capture ends when the request is aborted ${when}`, async () => {
      const handler = fetching({ auth: 'none' });
      const gone = new AbortController();
      const url = 'http://h/debug/pprof/profile?seconds=200';
      const asked = handler(new Request(url, { signal: gone.signal }));
      setTimeout(() => gone.abort(), ms);
      assert.equal((await asked).status, 503);
    });

  test('a body is made as it is read, and given up where it is cancelled or nobody reads', async () => {
    const body = new Uint8Array(300_000).map((_, i) => i % 251);
    const done = new AbortController();
    const whole = new Uint8Array(await new Response(pieces(body, done)).arrayBuffer());
    assert.deepEqual(whole, body);
    assert.ok(done.signal.aborted);

    const left = new AbortController();
    const reader = pieces(body, left).getReader();
    assert.equal((await reader.read()).value?.length, 65_536);
    assert.ok(!left.signal.aborted);
    await reader.cancel();
    assert.ok(left.signal.aborted);

    const stalled = new AbortController();
    const unread = pieces(body, stalled, 20);
    await once(stalled.signal, 'abort');
    await assert.rejects(unread.getReader().read(), /the client went away/u);
  });
});
