// register and createHandler on the real frameworks: apps, groups behind the app's own guard, several mounts at once.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { All, Controller, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  createFetchHandler,
  createHandler,
  type FetchHandler,
  type HandlerOptions,
  type PprofHandler,
  register,
} from '@stackpile/agent';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { COOKIE, express4, frameworksOf } from './frameworks.ts';
import { ask } from './http-client.ts';

const TOKEN = 'a-token-that-somebody-has';
const authorization = { authorization: `Bearer ${TOKEN}` };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const { frameworks, nest, listening, mounted, onHono } = frameworksOf(ends);

/** What every mount answers, below `base`, to whoever has `headers`. */
async function expectEndpoints(
  port: number,
  base: string,
  headers: Readonly<Record<string, string>>,
  posts = true,
): Promise<void> {
  const get = (path: string, method = 'GET') => ask(port, base + path, { headers: { ...headers }, method });
  assert.equal((await get('')).headers.location, `${base}/`);
  assert.match((await get('/')).body.toString(), /goroutine/u);
  assert.match((await get('/cmdline')).body.toString(), /node/u);
  assert.match((await get('/goroutine?debug=1')).body.toString(), /^goroutine profile: /u);
  const heap = await get('/heap');
  assert.deepEqual([heap.status, heap.body.readUInt16BE(0)], [200, 0x1f8b]);
  assert.equal(heap.headers['content-length'], String(heap.body.length));
  assert.equal((await get('/cmdline', 'HEAD')).status, 200);
  // A form, as curl and pprof call what they post, whatever the app makes of forms.
  const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
  const symbols = await ask(port, `${base}/symbol`, { headers: form, method: 'POST', body: '0x1+0x2' });
  if (posts)
    assert.deepEqual([symbols.status, symbols.body.toString().split('\n')[0]], [200, 'num_symbols: 1']);
  assert.deepEqual([(await get('/nosuch')).status, (await get('/heap', 'PUT')).status], [404, 405]);
}

describe('register puts the endpoints on', () => {
  for (const [name, framework] of Object.entries(frameworks)) {
    test(`${name}: below /debug/pprof, behind the token; other routes are as before`, async () => {
      const port = await framework.app({ auth: TOKEN });
      assert.equal((await ask(port, '/debug/pprof/heap')).status, 401);
      assert.equal((await ask(port, '/debug/pprof/')).status, 401);
      await expectEndpoints(port, '/debug/pprof', authorization);
      assert.equal((await ask(port, '/hello')).body.toString(), 'hello');
    });

    test(`${name}: in a group of the app's, which guards them`, async () => {
      const port = await framework.group({ auth: 'none', prefix: '/pprof' });
      for (const path of ['/admin/pprof/heap', '/admin/pprof/cmdline'])
        assert.equal((await ask(port, path)).status, 403, path);
      await expectEndpoints(port, '/admin/pprof', { cookie: COOKIE });
    });
  }

  for (const [name, app] of Object.entries(nest))
    test(`NestJS on ${name}`, async () => {
      const port = await app({ auth: TOKEN });
      assert.equal((await ask(port, '/debug/pprof/heap')).status, 401);
      await expectEndpoints(port, '/debug/pprof', authorization);
    });
});

describe('createHandler is called by', () => {
  const handling = (options: HandlerOptions): PprofHandler => {
    const handler = createHandler(options);
    ends.push(handler.close);
    return handler;
  };

  const fetching = (options: HandlerOptions): FetchHandler => {
    const handler = createFetchHandler(options);
    ends.push(handler.close);
    return handler;
  };

  test('node:http, which passes on what lies outside', async () => {
    const pprof = handling({ auth: TOKEN });
    const port = await listening((request, response) => pprof(request, response, () => response.end('app')));
    await expectEndpoints(port, '/debug/pprof', authorization);
    assert.equal((await ask(port, '/other')).body.toString(), 'app');
  });

  test('routes with a wildcard, wherever they are: Express, Fastify, Hono', async () => {
    const pprof = handling({ auth: 'none' });
    const five = express();
    const router = express.Router();
    router.all('/profiles{/*path}', pprof);
    five.use('/admin', router);
    await expectEndpoints(await listening(five), '/admin/profiles', {});
    const four = express4();
    four.all(['/debug/pprof', '/debug/pprof/:name?'], pprof);
    await expectEndpoints(await listening(four), '/debug/pprof', {});
    // Its own routes have its own parsers, which know no forms.
    const fastify = Fastify();
    for (const path of ['/t/:tenant/profiles/*', '/t/:tenant/profiles']) fastify.all(path, pprof);
    await fastify.listen({ port: 0, host: '127.0.0.1' });
    ends.push(() => fastify.close());
    await expectEndpoints((fastify.server.address() as AddressInfo).port, '/t/7/profiles', {}, false);
    const hono = new Hono();
    hono.all('/t/:tenant{[0-9]+}/profiles/*', fetching({ auth: 'none' }));
    await expectEndpoints(await onHono(hono), '/t/7/profiles', {});
  });

  for (const [name, adapter, wildcard] of [
    ['Express', () => new ExpressAdapter(), '*path'],
    ['Fastify', () => new FastifyAdapter(), '*'],
  ] as const)
    test(`a controller of NestJS on ${name}, below a global prefix`, async () => {
      const pprof = handling({ auth: 'none' });
      class Profiles {
        all(request: never, response: never): void {
          pprof(request, response);
        }
      }
      class App {}
      const property = Object.getOwnPropertyDescriptor(Profiles.prototype, 'all');
      assert.ok(property);
      Req()(Profiles.prototype, 'all', 0);
      Res()(Profiles.prototype, 'all', 1);
      All(['', wildcard])(Profiles.prototype, 'all', property);
      Controller('profiles')(Profiles);
      Module({ controllers: [Profiles] })(App);
      const app = await NestFactory.create(App, adapter(), { logger: false });
      app.setGlobalPrefix('api');
      ends.push(() => app.close());
      await app.listen(0, '127.0.0.1');
      const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
      await expectEndpoints(port, '/api/profiles', {});
    });

  test('a framework that another handler was made for', async () => {
    const app = new Koa();
    app.use(handling({ auth: 'none' }) as unknown as Koa.Middleware);
    const listener = app.callback();
    await expectEndpoints(await listening((...args) => void listener(...args)), '/debug/pprof', {});
    const fetched = fetching({ auth: 'none' }) as unknown as RequestListener;
    await expectEndpoints(await listening(fetched), '/debug/pprof', {});
  });

  test('Request → Response, with what runtimes and Next.js pass beside it', async () => {
    const served = fetching({ auth: TOKEN }) as (request: Request, context: object) => Promise<Response>;
    const get = (headers: Record<string, string>): Promise<Response> =>
      served(new Request('http://127.0.0.1/debug/pprof/cmdline', { headers }), { params: {} });
    const alive = setInterval(() => undefined, 1000);
    ends.push(() => clearInterval(alive));
    assert.deepEqual([(await get({})).status, (await get(authorization)).status], [401, 200]);
  });
});

describe('what is no framework is told what to import, as a typed error', () => {
  test('register', () => {
    for (const app of [null, undefined, 7, {}, createServer(), () => undefined])
      assert.throws(
        () => register(app as never, { auth: 'none' }),
        { name: 'AgentError', code: 'AGENT_CARRIER', message: /createHandler/u },
        typeof app,
      );
  });

  test('a handler that is given an app, or nothing that it knows', () => {
    const pprof = createHandler({ auth: 'none', heap: false, tasks: false });
    ends.push(pprof.close);
    const called = pprof as unknown as (...args: readonly unknown[]) => unknown;
    for (const [given, message] of [
      [[Fastify(), {}, () => undefined], /for Fastify write register\(app, \{ auth \}\)/u],
      [[new Hono()], /for Hono write register/u],
      [[{ any: 'context' }, () => undefined], /it answers Request → Response/u],
      [[], /it answers/u],
    ] as const)
      assert.throws(() => called(...given), { name: 'AgentError', code: 'AGENT_CARRIER', message });
  });

  test('nothing is started for it', () => {
    assert.throws(() => register({} as never, { auth: undefined }), { code: 'AGENT_CARRIER' });
    assert.throws(() => register(express(), { auth: undefined }), { code: 'AGENT_AUTH_REQUIRED' });
  });
});

test('several mounts of one agent share a worker, and each ends by itself', async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on('worker', onWorker);
  ends.push(() => process.off('worker', onWorker));
  const app = express();
  const first = register(app, { auth: 'none', prefix: '/one', tasks: false, heap: false });
  const second = register(app, { auth: TOKEN, prefix: '/two', tasks: false, heap: false });
  ends.push(first.close, second.close);
  const port = await listening(app);
  const status = async (path: string, headers = {}): Promise<number> =>
    (await ask(port, path, { headers })).status;
  assert.deepEqual(
    await Promise.all([
      status('/one/cmdline'),
      status('/two/cmdline', authorization),
      status('/two/cmdline'),
    ]),
    [200, 200, 401],
  );
  assert.equal(workers.length, 1);
  await first.close();
  assert.equal(await status('/one/cmdline'), 503);
  assert.equal(await status('/two/cmdline', authorization), 200);
  await second.close();
  assert.equal(workers[0]?.threadId, -1);
});

describe("a path that is written in another way gets past no guard of the app's", () => {
  const GUARDED = ['/admin/pprof/cmdline', '/%61dmin/pprof/cmdline', '/admin/%70prof/cmdline'];
  const options = { auth: 'none', prefix: '/admin/pprof', tasks: false, heap: false } as const;
  const pprofOf = (): PprofHandler => {
    const handler = createHandler(options);
    ends.push(handler.close);
    return handler;
  };
  const apps: Readonly<Record<string, () => RequestListener>> = {
    Koa() {
      const app = new Koa();
      app.use(async (context, next) => {
        if (context.path.startsWith('/admin/pprof')) context.status = 403;
        else await next();
      });
      mounted(app, options);
      const listener = app.callback();
      return (...args) => void listener(...args);
    },
    Express() {
      const app = express();
      app.use('/admin/pprof', (_request, response) => void response.sendStatus(403));
      app.use(pprofOf());
      return app;
    },
    'node:http'() {
      const pprof = pprofOf();
      return (request, response) => {
        if (request.url?.startsWith('/admin/pprof') === true) response.writeHead(403).end();
        else pprof(request, response, () => response.writeHead(404).end());
      };
    },
  };
  for (const [name, app] of Object.entries(apps))
    test(name, async () => {
      const port = await listening(app());
      const statuses = await Promise.all(GUARDED.map(async (path) => (await ask(port, path)).status));
      assert.deepEqual(statuses, [403, 404, 404]);
    });
});

describe('nor past one in front of an app on which it was registered', () => {
  const options = { auth: 'none', tasks: false, heap: false } as const;
  const isGuarded = (path: string): boolean => path.startsWith('/debug/pprof');
  const apps: Readonly<Record<string, () => Promise<number>>> = {
    async Fastify() {
      const app = Fastify({ routerOptions: { caseSensitive: false } });
      app.addHook('onRequest', async (request, reply) => {
        if (isGuarded(request.url)) await reply.code(403).send();
      });
      mounted(app, options);
      await app.listen({ port: 0, host: '127.0.0.1' });
      ends.push(() => app.close());
      return (app.server.address() as AddressInfo).port;
    },
    Hono() {
      const app = new Hono();
      app.use(async (context, next) => {
        if (isGuarded(new URL(context.req.url).pathname)) return context.text('', 403);
        await next();
        return undefined;
      });
      mounted(app, options);
      return onHono(app);
    },
    Express() {
      const app = express();
      app.use((request, response, next) => (isGuarded(request.path) ? response.sendStatus(403) : next()));
      mounted(app, options);
      return listening(app);
    },
    'Express, a router'() {
      const [app, router] = [express(), express.Router()];
      app.use((request, response, next) =>
        request.path.startsWith('/internal/debug/pprof') ? response.sendStatus(403) : next(),
      );
      mounted(router, options);
      app.use('/internal', router);
      return listening(app);
    },
  };
  for (const [name, app] of Object.entries(apps))
    test(name, async () => {
      const port = await app();
      const below = name.endsWith('router') ? '/internal' : '';
      const paths = [
        '/debug/pprof/cmdline',
        '/%64ebug/pprof/cmdline',
        '/DEBUG/pprof/cmdline',
        '/debug/%70prof/cmdline',
        '/DEBUG/pprof/debug/pprof/cmdline',
      ];
      const statuses = await Promise.all(paths.map(async (path) => (await ask(port, below + path)).status));
      assert.deepEqual(statuses, [403, 404, 404, 404, 404]);
    });
});

describe('a mount whose path another layer has changed is found', () => {
  const options = { auth: TOKEN } as const;

  test('Koa in Koa, which takes a path off', async () => {
    const [app, inner] = [new Koa(), new Koa()];
    mounted(inner, { ...options, prefix: '/pp' });
    const [inside] = inner.middleware;
    assert.ok(inside);
    // As koa-mount does it.
    app.use(async (context, next) => {
      if (context.path.startsWith('/m/')) {
        context.path = context.path.slice(2);
        await inside(context, next);
      } else await next();
    });
    const listener = app.callback();
    const port = await listening((...args) => void listener(...args));
    await expectEndpoints(port, '/m/pp', authorization, false);
  });

  test('Fastify with rewriteUrl', async () => {
    const app = Fastify({ rewriteUrl: ({ url = '' }) => url.replace(/^\/api/u, '') });
    mounted(app, options);
    await app.listen({ port: 0, host: '127.0.0.1' });
    ends.push(() => app.close());
    const { port } = app.server.address() as AddressInfo;
    await expectEndpoints(port, '/debug/pprof', authorization);
    assert.equal((await ask(port, '/api/debug/pprof/cmdline', { headers: authorization })).status, 200);
  });
});

test('a client that goes before its body has come gives its place back', async () => {
  const pprof = createHandler({ auth: 'none', tasks: false, heap: false });
  ends.push(pprof.close);
  const port = await listening((request, response) => void setTimeout(() => pprof(request, response), 200));
  const head = 'POST /debug/pprof/symbol HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n';
  for (let i = 0; i < 140; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(head);
    setTimeout(() => socket.destroy(), 100);
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal((await ask(port, '/debug/pprof/cmdline')).status, 200);
});

test('an auth function that never answers is asked so many questions and no more', async () => {
  let asked = 0;
  const auth = (): Promise<boolean> => {
    asked++;
    return new Promise(() => undefined);
  };
  const pprof = createHandler({ auth, tasks: false, heap: false });
  ends.push(pprof.close);
  const port = await listening((request, response) => pprof(request, response));
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async () => (await ask(port, '/debug/pprof/cmdline')).status),
  );
  assert.ok(asked <= 128, `${asked}`);
  assert.ok(statuses.every((status) => status === 503));
});

describe('a client that has gone before the handler is called holds nothing', () => {
  const options = { auth: 'none', tasks: false, heap: false } as const;
  const slowGuard = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
  const apps: Readonly<Record<string, () => RequestListener>> = {
    Koa() {
      const app = new Koa();
      app.use(async (_context, next) => {
        await slowGuard();
        await next();
      });
      mounted(app, options);
      const listener = app.callback();
      return (...args) => void listener(...args);
    },
    'node:http'() {
      const pprof = createHandler(options);
      ends.push(pprof.close);
      return (request, response) => void slowGuard().then(() => pprof(request, response));
    },
  };
  for (const [name, app] of Object.entries(apps))
    test(name, async () => {
      const port = await listening(app());
      const path = '/debug/pprof/profile?seconds=60';
      const gone = Array.from({ length: 70 }, () =>
        ask(port, path, { signal: AbortSignal.timeout(100) }).catch(() => null),
      );
      await Promise.all(gone);
      await slowGuard();
      // More than 64 that wait would leave no room for it.
      assert.equal((await ask(port, '/debug/pprof/profile?seconds=1')).status, 200);
    });
});

test('a mount that is closed ends its own captures, and not those of the one that it shares a worker with', async () => {
  const app = express();
  const options = { auth: 'none', tasks: false, heap: false } as const;
  const first = register(app, { ...options, prefix: '/one' });
  const second = register(app, { ...options, prefix: '/two' });
  ends.push(first.close, second.close);
  const port = await listening(app);
  const mine = ask(port, '/one/profile?seconds=20');
  const others = ask(port, '/two/profile?seconds=3');
  await ask(port, '/one/cmdline');
  await first.close();
  assert.equal((await mine).status, 503);
  assert.equal((await others).status, 200);
});

test('a mount that is closed at once leaves no worker', async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on('worker', onWorker);
  ends.push(() => process.off('worker', onWorker));
  await createHandler({ auth: 'none', block: true, tasks: false, heap: false }).close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual(
    workers.map(({ threadId }) => threadId),
    workers.map(() => -1),
  );
});
