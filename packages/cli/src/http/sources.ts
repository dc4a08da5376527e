// The sources of a web page: read once, handed out as bytes; a service stays there to be asked again.
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { encodeProfile, type Profile } from '@stackpile/profile';
import { get, requireOk, shownUrl } from '../sources/http.ts';
import { hasCredentials, loadSource, profileUrl } from '../sources/load.ts';
import type { LoadedSource, SourceOptions, SourceSpec } from '../sources/source.ts';
import { parseSource } from '../sources/spec.ts';

/** A source as the page gets it. */
export interface PageSource {
  readonly name: string;
  /** As it came (packed or not), or encoded and packed. */
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  readonly time: number | null;
}

/** A service that can be asked again. */
export interface LiveService {
  readonly name: string;
  /** Asks for a path below the service's pprof address, such as `goroutine?debug=1`. Throws SourceError. */
  ask(path: string, signal: AbortSignal): Promise<{ readonly type: string; readonly body: Uint8Array }>;
}

/** Reads every source, in order. Throws SourceError of the first that cannot be read. */
export async function readSources(
  specs: readonly string[],
  options: SourceOptions,
  cwd: string,
): Promise<{ sources: PageSource[]; live: LiveService | null }> {
  const sources: PageSource[] = [];
  let live: LiveService | null = null;
  for (const text of specs) {
    const spec = parseSource(text, cwd);
    // A bare address means the tasks here: they are there at once, and the page can capture the rest.
    const asked =
      spec.kind === 'url' && options.profile === undefined ? { ...options, profile: 'goroutine' } : options;
    const loaded = await loadSource(spec, { ...asked, cwd });
    sources.push(pageSource(loaded));
    if (spec.kind === 'url') live ??= liveService(spec, asked);
  }
  return { sources, live };
}

/** V8's files are JSON and may be far larger than what they say: the page gets the profile that was read from them. */
function isJson(bytes: Uint8Array): boolean {
  let head = bytes.subarray(0, 4096);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    try {
      head = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return false;
    }
  }
  return /^\s*[{[]/u.test(new TextDecoder('latin1').decode(head.subarray(0, 64)));
}

function pageSource(loaded: LoadedSource): PageSource {
  const raw = loaded.bytes === null || isJson(loaded.bytes) ? null : loaded.bytes;
  return {
    name: loaded.name,
    bytes: raw ?? gzipSync(encodeProfile(loaded.profile)),
    profile: loaded.profile,
    time: loaded.time,
  };
}

function liveService(spec: Extract<SourceSpec, { kind: 'url' }>, options: SourceOptions): LiveService | null {
  const first = profileUrl(spec.url, options);
  const base = new URL(first);
  base.search = '';
  base.hash = '';
  base.pathname = base.pathname.replace(/[^/]*$/u, '');
  // Other addresses are files on a web server: there is nothing to ask again.
  if (!base.pathname.includes('pprof')) return null;
  return {
    name: shownUrl(base),
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
