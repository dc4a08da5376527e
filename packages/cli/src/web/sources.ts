// The sources of a web page: read once, handed out as bytes; a service stays there to be asked again.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { encodeProfile, heapIds, type Profile } from '@stackpile/profile';
import {
  type Capture,
  holdsDumps,
  type LoadedSource,
  parseSource,
  SourceError,
  type SourceOptions,
  type SourceSpec,
} from '@stackpile/sources';
import { asItIs, loadSpec } from '@stackpile/sources/load';
import { Body } from './encoding.ts';
import { liveService, type LiveService } from './live.ts';
import { originalsOf } from './originals.ts';

/** A source as the page gets it. */
export interface PageSource {
  readonly name: string;
  /** As it came (packed or not), or encoded and packed. */
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  readonly time: number | null;
  /** Bytes of the source as it was read, 0 where that cannot be told (a process). */
  readonly size: number;
  /** Text of an original file that only a source map holds; null where there is none. */
  text(path: string): string | null;
}

/**
 * Reads every source, in order. Throws SourceError of the first that cannot be read; where there is an `onSkipped`, that is
 * told instead, and it is thrown only where none can be read.
 */
export async function readSources(
  specs: readonly string[],
  options: SourceOptions,
  cwd: string,
  onSkipped?: (error: SourceError) => void,
): Promise<{ sources: PageSource[]; live: LiveService[] }> {
  const sources: PageSource[] = [];
  const skipped: SourceError[] = [];
  const live: LiveService[] = [];
  /** Of heap snapshots, what earlier ones saw: objects are told by their ages. */
  const looks: number[] = [];
  const read = async (text: string): Promise<void> => {
    // A bare address means the tasks here: they are there at once, and the page can capture the rest.
    const askedOf = (spec: SourceSpec): SourceOptions =>
      spec.kind === 'url' && options.profile === undefined ? { ...options, profile: 'goroutine' } : options;
    const { loaded, spec } = await asItIs(withoutIndex(parseSource(text, cwd)), async (actual) => ({
      spec: actual,
      loaded: await loadSpec(actual, { ...askedOf(actual), cwd, times: true, looks }),
    }));
    const largest = heapIds(loaded.profile)?.largest ?? 0;
    if (largest > (looks.at(-1) ?? 0)) looks.push(largest);
    sources.push(await pageSource(loaded, cwd));
    const service = liveService(spec, askedOf(spec));
    if (service !== null && !live.some(({ name }) => name === service.name)) live.push(service);
  };
  const readFolder = async (spec: SourceSpec): Promise<void> => {
    const [{ openService }, { capturesOf }] = await Promise.all([
      import('@stackpile/sources/service'),
      import('@stackpile/sources/dumps'),
    ]);
    const service = await openService(spec, { ...options, cwd, times: true });
    for await (const capture of capturesOf(service)) sources.push(await sourceOf(capture, cwd));
  };
  for (const text of specs) {
    try {
      const spec = parseSource(text, cwd);
      await (holdsDumps(spec) ? readFolder(spec) : read(text));
    } catch (error) {
      if (onSkipped === undefined || !(error instanceof SourceError) || error.code === 'SOURCE_ABORTED')
        throw error;
      skipped.push(error);
    }
  }
  const fatal = sources.length === 0 ? skipped.pop() : undefined;
  for (const error of skipped) onSkipped?.(error);
  if (fatal !== undefined) throw fatal;
  return { sources, live };
}

/** What a service gave, as a source. */
export async function sourceOf(capture: Capture, cwd: string): Promise<PageSource> {
  const { source: name, time } = capture;
  const profile = await capture.profile();
  return pageSource({ spec: name, name, profile, bytes: null, remote: false, time }, cwd);
}

/** The index of a service, which a browser shows and people copy, means the service. */
function withoutIndex(spec: SourceSpec): SourceSpec {
  if (spec.kind !== 'url' || !/\/pprof\/?$/u.test(spec.url.pathname)) return spec;
  const url = new URL(spec.url);
  url.pathname = `${url.pathname.replace(/\/$/u, '')}/goroutine`;
  return { ...spec, url };
}

/**
 * Files in JSON may be far larger than what they say, and the page reads neither the old texts that begin with `---` nor logs of
 * V8: it gets the profile that was read from them.
 */
function isForeign(bytes: Uint8Array): boolean {
  let head = bytes.subarray(0, 4096);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    try {
      head = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return false;
    }
  }
  return /^\s*(?:[{[]|---|v8-version,)/u.test(new TextDecoder('latin1').decode(head.subarray(0, 64)));
}

/** Above this size a profile stays packed: the server does not keep more than that of anybody's memory. */
const maxPlain = 256 * 2 ** 20;

/** The bytes unpacked; as they are where they are not packed, or too many. */
export function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxPlain });
  } catch {
    return bytes;
  }
}

/**
 * A profile's bytes as they travel: unpacked by whoever carries them, browsers do so faster than the page. As they came where
 * they are packed in one piece, as not every browser reads on behind the first.
 */
export function profileBody(bytes: Uint8Array): Body {
  const plain = unpacked(bytes);
  if (plain === bytes) return new Body(bytes);
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  return new Body(plain, said === plain.length ? bytes : null);
}

async function pageSource(loaded: LoadedSource, cwd: string): Promise<PageSource> {
  const originals = originalsOf(loaded.profile, cwd);
  const profile = originals?.profile ?? loaded.profile;
  const raw = originals !== null || loaded.bytes === null || isForeign(loaded.bytes) ? null : loaded.bytes;
  return {
    name: loaded.name,
    bytes: raw ?? gzipSync(encodeProfile(profile)),
    profile,
    time: loaded.time,
    size: loaded.bytes?.length ?? (loaded.spec === '-' ? 0 : await fileSize(resolve(cwd, loaded.spec))),
    text: (path) => originals?.text(path) ?? null,
  };
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
