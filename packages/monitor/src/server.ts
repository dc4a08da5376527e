// The monitor's own HTTP: how its targets are for people and for programs, profiles of any range for pprof, metrics, health.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { carries, isAllowedHost, isCrossSite, isLoopback } from '@stackpile/agent/inspector';
import { encodeProfile } from '@stackpile/profile';
import type { Alert } from './alerts.ts';
import { MonitorError, StoreError } from './errors.ts';
import type { Grower } from './growers.ts';
import { growersOf } from './growers.ts';
import { metricsText } from './metrics.ts';
import { targetsPage } from './page.ts';
import type { Pushed } from './push/pushed.ts';
import { answerPush, refusal, takesPushes } from './push/routes.ts';
import { profileOfRange } from './range.ts';
import type { ProfileStore, Range } from './store/index.ts';
import type { TargetState } from './target.ts';

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
/** By the names of Kubernetes, and by those of Prometheus. */
const HEALTHY: ReadonlySet<string> = new Set(['/healthz', '/-/healthy']);
const READY: ReadonlySet<string> = new Set(['/readyz', '/-/ready']);
const TEXT = 'text/plain; charset=utf-8';
const MOST_GROWERS = 100;
const METRIC_GROWERS = 20;
/** The page has no script, and its styles stand in it. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
} as const;

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body: `${body}\n` };
}

/** Starts to listen; resolves when it does. */
export async function serve(shown: Shown, options: ServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(shown, options, request)
      .catch((error: unknown) => text(500, error instanceof Error ? error.message : 'it failed'))
      .then((said) => write(request, response, said));
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
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
  if (isCrossSite(request.headers, false)) return text(403, 'requests from other sites are not answered');
  if (request.method === 'POST' && url.pathname === '/-/reload') return reload(shown);
  if ((request.method === 'POST' || request.method === 'PUT') && takesPushes(url.pathname))
    return taken(shown, request, url);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text(405, 'only GET and HEAD are answered');
  return routed(shown, url);
}

/** What was sent, kept or refused. A sender that nobody has let in did not come this far. */
async function taken(shown: Shown, request: IncomingMessage, url: URL): Promise<Answer> {
  try {
    return await answerPush(request, url, (pushed) => shown.take(pushed));
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
      return {
        status: 200,
        type: 'text/html; charset=utf-8',
        body: targetsPage(shown.targets(), shown.alerts(), shown.now()),
        headers: PAGE_HEADERS,
      };
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
        `${url.pathname.slice(0, 200)}: no such page; there are /, /profile, /metrics, /api/targets, /api/growers`,
      );
  }
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

async function profile(shown: Shown, url: URL): Promise<Answer> {
  const name = url.searchParams.get('target') ?? '';
  const target = shown.targets().find((one) => one.name === name || one.labels['instance'] === name);
  if (target === undefined) return text(404, `target=${name.slice(0, 200)}: no such target`);
  const range = rangeOf(url, shown.now(), HOUR_MS);
  if (typeof range === 'string') return text(400, range);
  const wanted = url.searchParams.get('name') ?? 'goroutine';
  const found = await profileOfRange(shown.store, target.labels, wanted, range);
  if (found === null) return text(404, `name=${wanted.slice(0, 200)}: nothing of it was kept in that range`);
  return { status: 200, type: 'application/octet-stream', body: gzipSync(encodeProfile(found)) };
}
