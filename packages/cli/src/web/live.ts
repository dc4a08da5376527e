// A running service that the page may ask again: an address below /debug/pprof/, or a process through its inspector.
import { gzipSync } from 'node:zlib';
import { type Counters, encodeProfile, type Profile } from '@stackpile/profile';
import { SourceError, type SourceOptions, type SourceSpec } from '@stackpile/sources';
import { get, requireOk, shownUrl } from '@stackpile/sources/get';
import { hasCredentials, profileUrl } from '@stackpile/sources/load';
import type { InspectorCaptures } from '@stackpile/sources/process';

/** A service that can be asked again. */
export interface LiveService {
  readonly name: string;
  /** Whether looking at its tasks makes it stand still, so that nobody should do so without being told. */
  readonly heavy: boolean;
  /** Asks for a path below the service's pprof address, such as `goroutine?debug=1`. Throws SourceError. */
  ask(path: string, signal: AbortSignal): Promise<{ readonly type: string; readonly body: Uint8Array }>;
  /** Leaves the service as it was. */
  close(): Promise<void>;
}

/** The service behind an address; null for other addresses, which are files on a web server: nothing to ask again. */
export function liveAddress(
  spec: Extract<SourceSpec, { kind: 'url' }>,
  options: SourceOptions,
): LiveService | null {
  const first = profileUrl(spec.url, options);
  const base = new URL(first);
  base.search = '';
  base.hash = '';
  base.pathname = base.pathname.replace(/[^/]*$/u, '');
  if (!base.pathname.includes('pprof')) return null;
  return {
    name: shownUrl(base),
    heavy: false,
    close: () => Promise.resolve(),
    async ask(path, signal) {
      const url = new URL(base);
      const mark = path.indexOf('?');
      url.pathname += mark < 0 ? path : path.slice(0, mark);
      url.search = mark < 0 ? '' : path.slice(mark);
      const seconds = Number(url.searchParams.get('seconds') ?? 0);
      const answer = await get({
        url,
        insecure: spec.insecure,
        authorization: spec.authorization,
        options: { ...options, signal },
        timeout: (60 + (Number.isFinite(seconds) ? Math.min(600, Math.max(0, seconds)) : 0)) * 1000,
      });
      requireOk(answer, shownUrl(url), hasCredentials(spec, options));
      return {
        type: String(answer.headers['content-type'] ?? 'application/octet-stream'),
        body: answer.body,
      };
    },
  };
}

/** What a process without an agent has, as the index of a service says it. */
const processIndex = ['counters', 'goroutine', 'heap', 'profile']
  .map((name) => `<tr><td></td><td><a href='${name}'>${name}</a></td></tr>\n`)
  .join('');

/** The process behind an inspector, which is opened when it is first asked and closed with the page. */
export function liveProcess(
  spec: Extract<SourceSpec, { kind: 'inspector' }>,
  options: SourceOptions,
): LiveService {
  let opening: Promise<InspectorCaptures> | null = null;
  const captures = (): Promise<InspectorCaptures> => {
    opening ??= import('@stackpile/sources/process').then(({ openInspectorTarget }) =>
      openInspectorTarget(spec, options),
    );
    opening.catch(() => {
      opening = null;
    });
    return opening;
  };
  return {
    name: spec.spec,
    heavy: true,
    async close() {
      const open = await opening?.catch(() => null);
      opening = null;
      await open?.close();
    },
    async ask(path) {
      const url = new URL(path, 'http://process/');
      const seconds = Math.min(600, Math.max(1, Number(url.searchParams.get('seconds') ?? 5) || 5));
      const packed = (profile: Profile) => ({
        type: 'application/octet-stream',
        body: gzipSync(encodeProfile(profile), { level: 1 }),
      });
      switch (url.pathname.slice(1)) {
        case '':
          return { type: 'text/html', body: Buffer.from(`<table>${processIndex}</table>`) };
        case 'counters': {
          const counters: Counters = await (await captures()).counters();
          return { type: 'application/json', body: Buffer.from(JSON.stringify(counters)) };
        }
        case 'goroutine':
          return packed(await (await captures()).goroutine());
        case 'heap':
          return packed(await (await captures()).heap(seconds));
        case 'profile':
          return packed(await (await captures()).cpu(seconds));
        default:
          throw new SourceError(
            'SOURCE_USAGE',
            `${spec.spec}: a process without an agent has no such profile, only goroutine, profile and heap`,
          );
      }
    },
  };
}
