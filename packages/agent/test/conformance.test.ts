// The answers of a real Go service, request by request: as they were recorded, and of one that runs beside each of our carriers and frameworks.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createFetchHandler,
  createHandler,
  createKoaMiddleware,
  type PprofServer,
  startServer,
} from '@stackpile/agent';
import express from 'express';
import Koa from 'koa';
import { unlessCi } from '../../../testing/ci.ts';
import { type GoService, startGo, withoutGo } from './conformance/go-service.ts';
import { assertGrammar } from './conformance/grammar.ts';
import { type Asked, requests } from './conformance/requests.ts';
import { type Frameworks, frameworksOf, type StartApp } from './frameworks.ts';
import { type Answer, ask } from './http-client.ts';

interface Recorded {
  readonly id: string;
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly requestHeaders?: Record<string, string>;
  readonly requestBody?: string;
  readonly during?: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly bodyText?: string;
}

const file = new URL('../../../../shared/fixtures/go/http/requests.json', import.meta.url);
const missing = !existsSync(file);

/** Profiles that we do not have; what happens under load is another test's. */
const otherProfiles = /\/(?:block|trace|goroutineleak|example\.com)/u;
/**
 * A second capture shares the first one's profiler; two need endpoints that we do not have; `symbol` takes a POST, as gin-contrib/pprof
 * has it and `go tool pprof` wants it; `goroutineleak` is there without an experiment.
 */
const different: ReadonlySet<string> = new Set([
  'n.profile.busy',
  'n.trace.busy',
  'n.custom.delta',
  'n.symbol.post',
  'n.goroutineleak',
]);

function applies(one: Recorded): boolean {
  if (one.server !== 'nethttp' || one.status === 0 || different.has(one.id)) return false;
  return one.status >= 300 || !otherProfiles.test(one.path);
}

const compared = [
  'content-type',
  'content-disposition',
  'x-go-pprof',
  'x-content-type-options',
  'allow',
  'location',
];

describe('answers as Go gives them', () => {
  if (missing) {
    const without = `${file.pathname} is missing`;
    test('recorded requests', { skip: unlessCi(without) }, () => assert.fail(without));
    return;
  }
  let server: PprofServer;
  before(async () => {
    server = await startServer({ port: 0, maxSeconds: 1 });
  });
  after(() => server.close());
  const recorded = (JSON.parse(readFileSync(file, 'utf8')) as Recorded[]).filter(applies);
  test('there is something to compare', () => assert.ok(recorded.length >= 50, String(recorded.length)));
  for (const one of recorded) {
    test(`${one.id}: ${one.method} ${one.path}`, async () => {
      const answer = await ask(server.port, one.path, {
        method: one.method,
        ...(one.requestHeaders === undefined ? {} : { headers: one.requestHeaders }),
        ...(one.requestBody === undefined ? {} : { body: one.requestBody }),
      });
      assert.equal(answer.status, one.status, answer.body.toString('latin1').slice(0, 200));
      const wanted = new Map(Object.entries(one.headers).map(([name, value]) => [name.toLowerCase(), value]));
      for (const name of compared) assert.equal(answer.headers[name], wanted.get(name), name);
      if (one.status >= 300 && one.bodyText !== undefined && one.method !== 'HEAD') {
        assert.equal(answer.body.toString(), one.bodyText);
      }
      if (one.method === 'HEAD') assert.equal(answer.body.length, 0);
    });
  }
});

/** A Node service with the endpoints below `/debug/pprof`. */
interface NodeService {
  readonly port: number;
  close(): Promise<void>;
}

const options = { auth: 'none', maxSeconds: 1, mutex: true } as const;

async function mounted(listener: RequestListener, end: () => Promise<void>): Promise<NodeService> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await end();
    },
  };
}

/** A request of the Fetch API, as servers that speak it hand it over. */
function fetchRequest(method: string, url: string, chunks: readonly Buffer[]): Request {
  const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {};
  // A `Request` cleans its path; a server hands over the target as it came.
  return new Proxy(new Request('http://127.0.0.1/', { method, ...body }), {
    get: (target, key) => {
      if (key === 'url') return `http://127.0.0.1${url}`;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function overFetch(handle: (request: Request) => Promise<Response>): RequestListener {
  return (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    const answer = async (): Promise<void> => {
      const { method = 'GET', url = '/' } = incoming;
      const response = await handle(fetchRequest(method, url, chunks));
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    };
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => void answer());
  };
}

const carriers: Record<string, () => Promise<NodeService>> = {
  startServer: () => startServer({ port: 0, ...options }),
  'node:http': () => {
    const handler = createHandler(options);
    return mounted(handler, () => handler.close());
  },
  Express: () => {
    const handler = createHandler(options);
    return mounted(express().use(handler), () => handler.close());
  },
  Koa: () => {
    const middleware = createKoaMiddleware(options);
    const listener = new Koa().use(middleware).callback();
    return mounted(
      (...args) => void listener(...args),
      () => middleware.close(),
    );
  },
  'the Fetch API': () => {
    const handler = createFetchHandler(options);
    return mounted(overFetch(handler), () => handler.close());
  },
};

/** The same by `register`, on every framework. */
function registered(start: (all: Frameworks) => StartApp): () => Promise<NodeService> {
  return async () => {
    const ends: (() => unknown)[] = [];
    const port = await start(frameworksOf(ends))(options);
    return {
      port,
      async close() {
        for (const end of ends.reverse()) await end();
      },
    };
  };
}

const { frameworks, nest } = frameworksOf([]);
for (const name of Object.keys(frameworks))
  carriers[`register on ${name}`] = registered((all) => all.frameworks[name]?.app ?? assert.fail(name));
for (const name of Object.keys(nest))
  carriers[`register on NestJS on ${name}`] = registered((all) => all.nest[name] ?? assert.fail(name));

function asked(port: number, { target, method = 'GET', body, headers }: Asked): Promise<Answer> {
  return ask(port, target, {
    method,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
}

async function waits(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** Spellings that a framework's router reads in its own way, before we see them: dots, doubled slashes, what is no UTF-8. */
const routed = /\/\.|\/\/|%(?![\da-f]{2})|%ff/iu;

const nameOf = ({ method = 'GET', target }: Asked): string => `${method} ${target.slice(0, 60)}`;

describe('a Go service that runs', { skip: unlessCi(withoutGo()) }, () => {
  let go: GoService;
  const wanted = new Map<Asked, Answer>();
  before(async () => {
    go = await startGo();
    // All at once, as many of them wait for a second; but Go's one profiler refuses who comes second.
    const profiles = requests.filter(({ target }) => target.includes('/profile?'));
    const others = requests.filter((one) => !profiles.includes(one));
    await Promise.all(others.map(async (one) => wanted.set(one, await asked(go.port, one))));
    for (const one of profiles) wanted.set(one, await asked(go.port, one));
  });
  after(() => go.close());

  test('there is something to compare', () => assert.ok(requests.length >= 60, String(requests.length)));

  for (const [carrier, open] of Object.entries(carriers))
    test(`answers as a Node service does, by ${carrier}`, async (t) => {
      const service = await open();
      t.after(() => service.close());
      // A Go service has a goroutine at any time; tasks that nobody waits for are none.
      const end = new AbortController();
      const waiting = Array.from({ length: 20 }, () => waits(end.signal));
      t.after(() => end.abort());
      t.after(() => Promise.all(waiting));
      const answers = new Map<Asked, Answer>();
      const own = requests.filter((one) => one.isAbsolute === undefined || carrier === 'startServer');
      for (const one of own.filter(({ target }) => !target.includes('seconds=1')))
        answers.set(one, await asked(service.port, one));
      await Promise.all(
        own
          .filter((one) => !answers.has(one))
          .map(async (one) => answers.set(one, await asked(service.port, one))),
      );
      for (const one of own)
        await t.test(nameOf(one), () => {
          const [ours, theirs] = [answers.get(one), wanted.get(one)];
          assert.ok(ours !== undefined && theirs !== undefined);
          // As with gin's: a path that the router does not take for ours is the app's.
          if (carrier.startsWith('register') && routed.test(one.target)) {
            // Hono hands over what it has cleaned, which is ours.
            const cleaned = carrier.endsWith('Hono') ? [200, 405] : [];
            return assert.ok(
              [theirs.status, 400, 404, ...cleaned].includes(ours.status),
              String(ours.status),
            );
          }
          assert.equal(ours.status, theirs.status, ours.body.toString('latin1').slice(0, 200));
          // Who takes a POST says so.
          for (const name of compared)
            if (name !== 'allow' || !one.target.includes('symbol'))
              assert.equal(ours.headers[name], theirs.headers[name], name);
          if (one.method === 'HEAD') assert.equal(ours.body.length, 0);
          else if (one.grammar === undefined) assert.equal(ours.body.toString(), theirs.body.toString());
          else assertGrammar(one.grammar, ours.body, theirs.body);
        });
    });
});
