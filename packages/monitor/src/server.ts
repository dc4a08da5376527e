// The monitor's own HTTP: how its targets are for people and for programs, profiles of any range for pprof, metrics, health.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { carries, isAllowedHost, isCrossSite, isLoopback } from '@stackpile/agent/inspector';
import { encodeProfile, type Profile } from '@stackpile/profile';
import type { Alert } from './alerts.ts';
import { MonitorError, StoreError } from './errors.ts';
import type { Grower } from './growers.ts';
import { growersOf } from './growers.ts';
import { metricsText } from './metrics.ts';
import { anew } from './page/anew.ts';
import { brush } from './page/brush.ts';
import { growersPage } from './page/growers.ts';
import { refusedPage } from './page/shell.ts';
import { targetsPage } from './page/targets.ts';
import { timelinePage } from './page/timeline.ts';
import { answerGrpc } from './push/grpc.ts';
import type { Pushed } from './push/pushed.ts';
import { answerPush, refusal, takesPushes } from './push/routes.ts';
import { Querier } from './querier/querier.ts';
import { answerQuery, queryMethod } from './querier/routes.ts';
import { profileOfRange } from './range.ts';
import type { ProfileStore, Range, Series } from './store/index.ts';
import type { TargetState } from './target.ts';
import { besideHttp1 } from './wire/two-protocols.ts';

/** A profile of a range, and what it is called. */
export interface RangeProfile {
  readonly name: string;
  readonly profile: Profile;
  /** The end of the range, in milliseconds since 1970. */
  readonly time: number;
}

/** Makes a page with every view of profiles, the oldest first. */
export type Viewer = (
  profiles: readonly RangeProfile[],
) => Promise<{ readonly body: string; readonly policy: string }>;

/** What the server shows. */
export interface Shown {
  readonly store: ProfileStore;
  now(): number;
  targets(): readonly TargetState[];
  alerts(): readonly Alert[];
  /** Whether every target was looked at once, or is known to be gone. */
  ready(): boolean;
  /** Reads the configuration anew. @throws MonitorError */
  reload(): Promise<void>;
  readonly viewer: Viewer | null;
  /** Keeps a profile that was sent. @throws MonitorError, StoreError */
  take(pushed: Pushed): Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** Whoever has one of these may ask; none on loopback only. */
  readonly tokens: readonly string[];
  /** Names under which it may be asked, beside addresses and this machine's own. */
  readonly allowedHosts: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;
/** For a request to have come whole, in milliseconds. */
const REQUEST_MS = 10_000;
/** By the names of Kubernetes, and by those of Prometheus. */
const HEALTHY: ReadonlySet<string> = new Set(['/healthz', '/-/healthy']);
const READY: ReadonlySet<string> = new Set(['/readyz', '/-/ready']);
const TEXT = 'text/plain; charset=utf-8';
const MOST_GROWERS = 100;
const METRIC_GROWERS = 20;
/** The pages have two scripts of their own, and their styles stand in them. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
} as const;

function html(body: string): Answer {
  return { status: 200, type: 'text/html; charset=utf-8', body, headers: PAGE_HEADERS };
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body: `${body}\n` };
}

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Ends it with all its conversations. */
  stop(): Promise<void>;
}

/** Starts to listen, by HTTP/1.1 for everything, by HTTP/2 for gRPC; resolves when it does. */
export async function serve(shown: Shown, options: ServerOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    void answer(shown, options, request)
      .catch((error: unknown) => text(500, error instanceof Error ? error.message : 'it failed'))
      .then((said) => write(request, response, forWhom(request, said)));
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  const beside = besideHttp1(server);
  beside.http2.on('request', (request, response) => {
    // What nobody sends to its end holds nothing.
    const late = setTimeout(() => response.stream.close(), REQUEST_MS);
    response.once('close', () => clearTimeout(late));
    void answerGrpc(
      request,
      response,
      ({ headers }) => (isLetIn(headers, headers[':authority'], options) ? null : 'unauthenticated'),
      (pushed) => shown.take(pushed),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async stop() {
      server.closeAllConnections();
      beside.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether whoever sends by gRPC may. */
function isLetIn(headers: IncomingHttpHeaders, host: string | undefined, options: ServerOptions): boolean {
  if (isLoopback(options.host) && !isAllowedHost(host, options.allowedHosts)) return false;
  return options.tokens.length === 0 || carries(headers, 'bearer', options.tokens);
}

/** Somebody with a browser is told in a page why there is nothing, programs in a line. */
function forWhom({ method, headers }: IncomingMessage, said: Answer): Answer {
  if (said.status < 400 || said.type !== TEXT || method !== 'GET') return said;
  if (headers.accept?.includes('text/html') !== true || typeof said.body !== 'string') return said;
  return {
    ...said,
    ...html(refusedPage(said.body.trim())),
    status: said.status,
    headers: { ...PAGE_HEADERS, ...said.headers },
  };
}

function write(request: IncomingMessage, response: ServerResponse, said: Answer): void {
  response.writeHead(said.status, {
    'Content-Type': said.type,
    'Content-Length': Buffer.byteLength(said.body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    ...said.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : said.body);
}

async function answer(shown: Shown, options: ServerOptions, request: IncomingMessage): Promise<Answer> {
  const url = URL.parse(request.url ?? '/', 'http://monitor');
  if (url === null) return text(400, 'the address makes no sense');
  if (isLoopback(options.host) && !isAllowedHost(request.headers.host, options.allowedHosts))
    return text(421, 'this monitor does not answer to that name');
  // Probes of an orchestrator have no token.
  if (HEALTHY.has(url.pathname)) return text(200, 'ok');
  if (READY.has(url.pathname))
    return shown.ready() ? text(200, 'ok') : text(503, 'not every target was looked at yet');
  if (options.tokens.length > 0 && !carries(request.headers, 'bearer', options.tokens))
    return { ...text(401, 'a token is needed'), headers: { 'WWW-Authenticate': 'Basic realm="stackpile"' } };
  if (isCrossSite(request.headers, false) || isOfOtherPage(request))
    return text(403, 'requests from other sites are not answered');
  if (request.method === 'POST' && url.pathname === '/-/reload') return reload(shown);
  if ((request.method === 'POST' || request.method === 'PUT') && takesPushes(url.pathname))
    return taken(shown, request, url);
  if (request.method === 'POST' && url.pathname.startsWith('/querier.'))
    return refusable(url, async () => {
      const method = queryMethod(url.pathname);
      if (method === null) return text(404, 'only version 1 is answered');
      return answerQuery(request, method, new Querier(shown.store, () => shown.now()));
    });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text(405, 'only GET and HEAD are answered');
  return routed(shown, url);
}

/**
 * Whether a page that is not ours sends something: its form goes there as if somebody had clicked a link. Programs say neither where they
 * come from nor which site they are of.
 */
function isOfOtherPage({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  return headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host;
}

/** What was sent, kept or refused. A sender that nobody has let in did not come this far. */
function taken(shown: Shown, request: IncomingMessage, url: URL): Promise<Answer> {
  return refusable(url, () => answerPush(request, url, (pushed) => shown.take(pushed)));
}

/** An answer, or how the system that asks is told that there is none. */
async function refusable(url: URL, make: () => Promise<Answer>): Promise<Answer> {
  try {
    return await make();
  } catch (error) {
    const refused = refusal(error, url.pathname);
    if (refused !== null)
      return refused.status === 429 ? { ...refused, headers: { 'Retry-After': '5' } } : refused;
    if (error instanceof StoreError) return text(503, error.message);
    throw error;
  }
}

async function reload(shown: Shown): Promise<Answer> {
  try {
    await shown.reload();
    return text(200, 'ok');
  } catch (error) {
    if (!(error instanceof MonitorError)) throw error;
    return text(500, error.message);
  }
}

async function routed(shown: Shown, url: URL): Promise<Answer> {
  switch (url.pathname) {
    case '/':
      return html(
        targetsPage(shown.targets(), shown.alerts(), shown.now(), {
          name: (url.searchParams.get('name') ?? '').slice(0, 200),
          state: url.searchParams.get('state') ?? '',
        }),
      );
    case '/brush.js':
      return script(brush);
    case '/anew.js':
      return script(anew);
    case '/timeline':
      return timeline(shown, url);
    case '/view':
      return view(shown, url);
    case '/growers': {
      const range = rangeOf(url, shown.now(), HOUR_MS);
      if (typeof range === 'string') return text(400, range);
      const growers = await growersOf(shown.store, range.to, range.to - range.from, MOST_GROWERS);
      const states = shown.targets();
      const nameOf = ({ labels }: Series): string =>
        states.find((one) => Object.entries(one.labels).every(([name, value]) => labels[name] === value))
          ?.name ??
        labels['instance'] ??
        '';
      return html(growersPage(growers, range, nameOf));
    }
    case '/metrics': {
      const growers = await growersOf(shown.store, shown.now(), HOUR_MS, METRIC_GROWERS);
      const body = metricsText(shown.targets(), shown.alerts(), growers);
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
    }
    case '/api/targets':
      return json({ schema: 'stackpile.targets/1', targets: shown.targets(), alerts: shown.alerts() });
    case '/api/growers': {
      const span = rangeOf(url, shown.now(), HOUR_MS);
      if (typeof span === 'string') return text(400, span);
      const growers = await growersOf(shown.store, span.to, span.to - span.from, MOST_GROWERS);
      return json({ schema: 'stackpile.growers/1', growers: growers.map(plain) });
    }
    case '/profile':
      return profile(shown, url);
    default:
      return text(
        404,
        `${url.pathname.slice(0, 200)}: no such page; there are /, /timeline, /growers, /view, /profile, /metrics, /api/targets, /api/growers`,
      );
  }
}

/** A function that stands by itself, as a script. */
function script(run: () => void): Answer {
  return { status: 200, type: 'text/javascript; charset=utf-8', body: `(${String(run)})();\n` };
}

function json(value: unknown): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function plain({ stack, ...grower }: Grower): unknown {
  return { ...grower, stack: BigInt.asUintN(64, stack).toString(16).padStart(16, '0') };
}

/** `from` and `to`: milliseconds since 1970, a date, or so long ago as `-30m`. A sentence where they make no sense. */
function rangeOf(url: URL, now: number, span: number): Range | string {
  const to = timeOf(url.searchParams.get('to'), now, now);
  const from = timeOf(url.searchParams.get('from'), now, to - span);
  if (Number.isNaN(from) || Number.isNaN(to))
    return 'from and to: write milliseconds since 1970, a date such as 2026-01-31T12:00:00Z, or -30m';
  return from <= to ? { from, to } : 'from is later than to';
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

function timeOf(given: string | null, now: number, otherwise: number): number {
  if (given === null || given === '') return otherwise;
  const ago = /^-(\d{1,6})([smhd])$/u.exec(given);
  if (ago !== null) return now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? Number.NaN);
  if (given === 'now') return now;
  return /^\d{1,15}$/u.test(given) ? Number(given) : Date.parse(given);
}

/** The target that an address names; a sentence where there is none. */
function targetOf(shown: Shown, url: URL): TargetState | Answer {
  const name = url.searchParams.get('target') ?? '';
  const found = shown.targets().find((one) => one.name === name || one.labels['instance'] === name);
  return found ?? text(404, `target=${name.slice(0, 200)}: no such target`);
}

async function timeline(shown: Shown, url: URL): Promise<Answer> {
  const target = targetOf(shown, url);
  if ('status' in target) return target;
  const range = rangeOf(url, shown.now(), HOUR_MS);
  if (typeof range === 'string') return text(400, range);
  const stack = url.searchParams.get('stack') ?? '';
  if (!/^[\da-f]{0,16}$/u.test(stack)) return text(400, 'stack is a number of 16 hexadecimal digits');
  return html(
    await timelinePage(shown.store, {
      target: target.name,
      labels: target.labels,
      name: url.searchParams.get('name') ?? 'goroutine',
      type: url.searchParams.get('type') ?? '',
      stack,
      by: url.searchParams.get('by') === 'function' ? 'function' : 'total',
      alerts: shown.alerts().filter((one) => one.target === target.name),
      now: shown.now(),
      range: range.to - range.from < 1000 ? { from: range.to - 1000, to: range.to } : range,
    }),
  );
}

/** A profile of a range under `from` and `to`, or under `base_from` and `base_to`. */
async function rangeProfile(shown: Shown, url: URL, base: boolean): Promise<RangeProfile | Answer> {
  const target = targetOf(shown, url);
  if ('status' in target) return target;
  const asked = new URL(url);
  if (base)
    for (const key of ['from', 'to']) asked.searchParams.set(key, url.searchParams.get(`base_${key}`) ?? '');
  const range = rangeOf(asked, shown.now(), HOUR_MS);
  if (typeof range === 'string') return text(400, range);
  const name = url.searchParams.get('name') ?? 'goroutine';
  const profile = await profileOfRange(shown.store, target.labels, name, range);
  if (profile === null) return text(404, `name=${name.slice(0, 200)}: nothing of it was kept in that range`);
  const [from, to] = [range.from, range.to].map((time) => new Date(time).toISOString().slice(0, 19));
  return { name: `${target.name} ${name} ${from ?? ''} – ${to ?? ''}`, profile, time: range.to };
}

async function profile(shown: Shown, url: URL): Promise<Answer> {
  const found = await rangeProfile(shown, url, false);
  if ('status' in found) return found;
  const body = gzipSync(encodeProfile(found.profile));
  return { status: 200, type: 'application/octet-stream', body };
}

/** Every view of the profiles of a range, or of two to compare. */
async function view(shown: Shown, url: URL): Promise<Answer> {
  if (shown.viewer === null) return text(404, 'this monitor has no page of views: ask /profile');
  const all: RangeProfile[] = [];
  for (const base of url.searchParams.has('base_from') ? [true, false] : [false]) {
    const found = await rangeProfile(shown, url, base);
    if ('status' in found) return found;
    all.push(found);
  }
  const { body, policy } = await shown.viewer(all);
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body,
    headers: { 'Content-Security-Policy': policy },
  };
}
