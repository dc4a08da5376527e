// `stackpile -http=[host]:[port] SOURCE…`: the web pages of the profiles, for this machine's user and nobody else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { hostname } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { isLoopback } from '@stackpile/agent/inspector';
import { defaultOptions, type ReportOptions, urlParameters } from '@stackpile/report';
import { SourceError, type SourceOptions } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { AddressError, hostPort, parseAddress } from './address.ts';
import { acceptedEncoding, Body } from './encoding.ts';
import { FileError, fileNames, readSourceFile, type SourceFile } from './files.ts';
import { Guard } from './guard.ts';
import { fillPage, PageError, pagePolicy, readGraphviz, readPage } from './page.ts';
import type { LiveService } from './live.ts';
import { mark, refusalPolicy, tokenPage } from './refusal.ts';
import { warnOfAge } from './page-age.ts';
import { type PageSource, profileBody, readSources } from './sources.ts';
import { answerViews, type SavedViews } from './views.ts';

/** What to serve. */
export interface UiRequest {
  readonly sources: readonly string[];
  /** A source to compare with (`-base`, `-diff_base`), or ''. */
  readonly base?: string;
  /** `[host]:[port]` as typed after `-http`. */
  readonly address: string;
  readonly noBrowser: boolean;
  /** Options of the command line: the view that opens first has them. */
  readonly options?: ReportOptions;
  /** Told of each source that cannot be read while others can; without it the first one is thrown. */
  readonly onSkipped?: (error: SourceError) => void;
  /** How sources are read. */
  readonly source?: SourceOptions;
  /** pprof's saved views. */
  readonly views?: SavedViews;
  /** Ends the server. */
  readonly signal?: AbortSignal;
}

/** A running server. */
export interface UiServer {
  /** With the token: what the browser opens. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/** Serves until Ctrl-C or `signal`. @returns the exit code: 0, or 2 with one sentence on stderr */
export async function serveUi(request: UiRequest, io: CliIo): Promise<number> {
  let server: UiServer;
  // What a source will do to a process is said before it is done.
  const onProgress = (line: string): void => {
    io.stderr.write(`${line}\n`);
  };
  let skipped = 0;
  const onSkipped = ({ message }: SourceError): void => {
    skipped++;
    onProgress(message);
  };
  try {
    await warnOfAge(io);
    server = await startUi({ onSkipped, ...request, source: { onProgress, ...request.source } }, io);
    const { length } = request.sources;
    // pprof's own words.
    if (skipped > 0) onProgress(`Fetched ${length - skipped} source profiles out of ${length}`);
  } catch (error) {
    if (
      !(
        error instanceof AddressError ||
        error instanceof SourceError ||
        error instanceof PageError ||
        isListenError(error)
      )
    )
      throw error;
    io.stderr.write(`${isListenError(error) ? listenProblem(error, request.address) : error.message}\n`);
    return 2;
  }
  io.stderr.write(`Serving web UI on ${server.url}\n`);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  request.signal?.addEventListener('abort', end);
  if (!request.noBrowser && (!io.isTTY.stdin || io.isTTY.stdout)) await openBrowser(server, io);
  if (!stop.signal.aborted && request.signal?.aborted !== true) await once(stop.signal, 'abort');
  process.off('SIGINT', end);
  process.off('SIGTERM', end);
  await server.close();
  return 0;
}

/** Why nothing can listen at an address, in the words of Go. */
const listenProblems = {
  EADDRINUSE: 'bind: address already in use',
  EACCES: 'bind: permission denied',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  ENOTFOUND: 'no such host',
} as const;

type ListenError = Error & { readonly code: keyof typeof listenProblems };

function isListenError(error: unknown): error is ListenError {
  return error instanceof Error && 'code' in error && Object.hasOwn(listenProblems, String(error.code));
}

function listenProblem({ code }: ListenError, address: string): string {
  if (code === 'ENOTFOUND')
    return `listen tcp: lookup ${parseAddress(address).host}: ${listenProblems[code]}`;
  return `listen tcp ${address}: ${listenProblems[code]}`;
}

/** How to reach the page of a machine without a display; null where there is one, or a browser was named. */
function fromElsewhere({ url, port }: UiServer, { env }: Pick<CliIo, 'env'>): string | null {
  const given = ['BROWSER', 'DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (env[name] ?? '') !== '');
  if (given || process.platform === 'win32' || process.platform === 'darwin') return null;
  const { hostname: host } = new URL(url);
  if (!isLoopback(host)) return 'This machine has no display: open that address on another one.';
  return `This machine has no display. On yours, run  ssh -N -L ${port}:${host}:${port} ${hostname()}  and open that address there.`;
}

/** Opens the page in the user's browser; where there is none, says on stderr what to do. */
export async function openBrowser(
  server: UiServer,
  io: Pick<CliIo, 'env' | 'run' | 'stderr'>,
): Promise<void> {
  const { url } = server;
  const elsewhere = fromElsewhere(server, io);
  if (elsewhere !== null) {
    io.stderr.write(`${elsewhere}\n`);
    return;
  }
  const custom = io.env['BROWSER'];
  const commands: readonly (readonly [string, ...string[]])[] =
    process.platform === 'darwin'
      ? [['/usr/bin/open', url]]
      : process.platform === 'win32'
        ? [['cmd', '/c', 'start', '', url]]
        : [...(custom === undefined || custom === '' ? [] : [[custom, url] as const]), ['xdg-open', url]];
  for (const [command, ...args] of commands) {
    const result = await io.run(command, args, { detach: true });
    if (result.kind === 'exit') return;
  }
  io.stderr.write(`No browser could be started: open ${url}\n`);
}

/** Reads the sources and starts to listen. Throws AddressError, SourceError, PageError, or the system's listen error. */
export async function startUi(request: UiRequest, io: Pick<CliIo, 'cwd'>): Promise<UiServer> {
  const address = parseAddress(request.address);
  const page = await readPage();
  const base = request.base ?? '';
  const options = request.source ?? {};
  // What is compared with must be there: nothing is shown in its place.
  const compared = base === '' ? null : await readSources([base], options, io.cwd);
  const main = await readSources(request.sources, options, io.cwd, request.onSkipped);
  const read = [...(compared?.sources ?? []), ...main.sources];
  const live = [...(compared?.live ?? []), ...main.live];
  const guard = new Guard(address.host);
  const site = new Site({
    page,
    sources: read,
    live,
    guard,
    near: isLoopback(address.host),
    cwd: io.cwd,
    entry: entryPath(request.options, base !== ''),
    views: request.views,
  });
  const server = createServer({ maxHeaderSize: 16_384 }, (incoming, outgoing) => {
    site.answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const { port } = await listen(server, address.host, address.port);
  guard.listening(port);
  return {
    url: `http://${hostPort(address.host, port)}/?token=${guard.token}`,
    port,
    token: guard.token,
    async close() {
      server.closeAllConnections();
      server.close();
      await Promise.race([once(server, 'close'), delay(1000, undefined, { ref: false })]);
      await Promise.all(live.map((service) => service.close()));
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** Path of the first page: the command line's options as pprof's URL parameters. */
function entryPath(options: ReportOptions | undefined, comparing: boolean): string {
  if (comparing) return '/ui/#/compare?src=1&base=0';
  const query = new URLSearchParams(
    urlParameters(options ?? defaultOptions()).filter(([, value]) => value !== ''),
  );
  const sample = options?.sample_index ?? '';
  if (sample !== '') query.set('si', sample);
  // pprof's page has no such parameters; ours has.
  for (const name of ['tagroot', 'tagleaf'] as const) {
    const keys = options?.[name] ?? '';
    if (keys !== '') query.set(name, keys);
  }
  return query.size === 0 ? '/ui/' : `/ui/flamegraph?${query.toString()}`;
}

interface SiteParts {
  readonly page: string;
  readonly sources: readonly PageSource[];
  readonly live: readonly LiveService[];
  readonly guard: Guard;
  /** Whether only this machine can ask: its network costs less than packing. */
  readonly near: boolean;
  readonly cwd: string;
  readonly entry: string;
  readonly views: SavedViews | undefined;
}

class Site {
  readonly #parts: SiteParts;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #page: Body;
  readonly #bodies: readonly Body[];
  #graphviz: Body | null = null;

  constructor(parts: SiteParts) {
    this.#parts = parts;
    this.#bodies = parts.sources.map(({ bytes }) => profileBody(bytes));
    this.#page = new Body(
      fillPage(parts.page, {
        mode: 'server',
        sources: parts.sources.map(({ name, time, size }, index) => ({
          name,
          time,
          size,
          address: `api/source/${index}`,
        })),
        live: parts.live.map(({ name, heavy }, index) => ({ name, base: `live/${index}/`, heavy })),
        files: true,
        views: parts.views !== undefined,
        graphviz: 'graphviz.js',
      }),
    );
    this.#headers = {
      'content-security-policy': pagePolicy(parts.page),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const send = (
      status: number,
      type: string,
      body: string | Uint8Array,
      more: Record<string, string> = {},
    ): void => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      response.writeHead(status, {
        ...this.#headers,
        ...more,
        'content-type': type,
        'content-length': String(bytes.length),
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    };
    const accepted = acceptedEncoding(request.headers['accept-encoding']);
    const pack = (type: string, body: Body, encoding = accepted): void => {
      const packed = body.as(encoding);
      send(200, type, packed.bytes, {
        vary: 'accept-encoding',
        ...(packed.encoding === 'identity' ? {} : { 'content-encoding': packed.encoding }),
      });
    };
    const text = (status: number, message: string, more: Record<string, string> = {}): void =>
      send(status, 'text/plain; charset=utf-8', `${message}\n`, more);
    const redirect = (status: number, location: string, more: Record<string, string> = {}): void => {
      response.writeHead(status, { ...this.#headers, ...more, location });
      response.end();
    };
    let url: URL;
    try {
      url = new URL(request.url ?? '/', 'http://host');
    } catch {
      text(400, 'This address cannot be read.');
      return;
    }
    const decision = this.#parts.guard.decide(request);
    // What every browser asks for by itself holds nothing of anybody's.
    const known = decision.kind === 'pass' || (decision.kind === 'refuse' && decision.status === 401);
    if (known && /^\/favicon\.(?:svg|ico)$/u.test(url.pathname))
      return send(200, 'image/svg+xml', mark, { 'cache-control': 'max-age=3600' });
    switch (decision.kind) {
      case 'refuse':
        if (decision.status === 401 && (request.headers.accept ?? '').includes('text/html')) {
          send(401, 'text/html; charset=utf-8', tokenPage(), { 'content-security-policy': refusalPolicy });
          return;
        }
        text(decision.status, decision.message, decision.status === 405 ? { allow: 'GET, HEAD' } : {});
        return;
      case 'enter':
        redirect(303, decision.location === '/' ? this.#parts.entry : decision.location, {
          'set-cookie': decision.cookie,
        });
        return;
      case 'pass':
        break;
    }
    const path = url.pathname;
    if (path === '/') return redirect(307, this.#parts.entry);
    if (!path.startsWith('/ui/'))
      return redirect(307, path === '/ui' ? `/ui/${url.search}` : `/ui${url.search}`);
    const rest = path.slice(4);
    const view = request.method === 'GET' ? answerViews(this.#parts.views, rest, url) : null;
    if (view?.location !== undefined) return redirect(303, view.location);
    if (view !== null) return send(view.status, view.type, view.text);
    if (/^[\w-]*$/u.test(rest) && rest !== 'download') return pack('text/html; charset=utf-8', this.#page);
    if (rest === 'graphviz.js') {
      this.#graphviz ??= new Body(await readGraphviz());
      return pack('text/javascript; charset=utf-8', this.#graphviz);
    }
    if (rest === 'download') {
      const last = this.#parts.sources.at(-1);
      if (last === undefined) return text(404, 'There is no profile.');
      const packed = last.bytes[0] === 0x1f && last.bytes[1] === 0x8b ? last.bytes : gzipSync(last.bytes);
      return send(200, 'application/vnd.google.protobuf+gzip', packed, {
        'content-disposition': 'attachment; filename="profile.pb.gz"',
      });
    }
    const source = /^api\/source\/(\d{1,4})$/u.exec(rest);
    if (source !== null) {
      const found = this.#bodies[Number(source[1])];
      if (found === undefined) return text(404, 'There is no such profile.');
      // Packing anew pays only where the network is slow; a profile is packed well enough by gzip.
      const way = accepted === 'br' ? 'gzip' : accepted;
      return pack('application/octet-stream', found, this.#parts.near && !found.has(way) ? 'identity' : way);
    }
    if (rest === 'api/file') {
      return pack('application/json; charset=utf-8', new Body(JSON.stringify(await this.#file(url))));
    }
    const [, service, asked] = /^live\/(\d{1,4})\/(.*)$/u.exec(rest) ?? [];
    if (service !== undefined && asked !== undefined)
      return this.#live(this.#parts.live[Number(service)], asked, url, response, send, text);
    text(404, '404 page not found');
  }

  /** `{ text, path }`, or `{ reason }` where there is none: a file that is not here is an answer, not a failure. */
  async #file(url: URL): Promise<Partial<SourceFile> & { readonly reason?: string }> {
    const index = Number(url.searchParams.get('profile') ?? Number.NaN);
    const source = this.#parts.sources[index] ?? this.#parts.sources.at(-1);
    if (source === undefined) return { reason: 'There is no such profile.' };
    try {
      const path = url.searchParams.get('path') ?? '';
      const carried = source.text(path);
      if (carried !== null && fileNames(source.profile).has(path)) return { text: carried };
      return await readSourceFile(source.profile, path, this.#parts.cwd);
    } catch (error) {
      return { reason: error instanceof FileError ? error.message : 'The file could not be read.' };
    }
  }

  async #live(
    live: LiveService | undefined,
    name: string,
    url: URL,
    response: ServerResponse,
    send: (status: number, type: string, body: Uint8Array) => void,
    text: (status: number, message: string) => void,
  ): Promise<void> {
    if (live === undefined) return text(404, 'There is no such running service.');
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const answer = await live.ask(name, url.searchParams, gone.signal);
      // Never as HTML of our own origin: the page parses it as data.
      send(
        200,
        answer.type.startsWith('text/') ? 'text/plain; charset=utf-8' : 'application/octet-stream',
        answer.body,
      );
    } catch (error) {
      if (gone.signal.aborted) return;
      const usage = error instanceof SourceError && error.code === 'SOURCE_USAGE';
      text(usage ? 400 : 502, error instanceof Error ? error.message : String(error));
    }
  }
}
