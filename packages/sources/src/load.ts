// Reads a SOURCE into a profile.
import {
  passedOver,
  ProfileError,
  type Profile,
  readProfile,
  RegularFileError,
  truncation,
} from '@stackpile/profile';
import process from 'node:process';
import { systemReason } from './system-reason.ts';
import { get, requireOk, shownUrl } from './get.ts';
import { inflate } from './inflate.ts';
import { SourceError, type SourceErrorCode } from './errors.ts';
import type { LoadedSource, SourceOptions, SourceSpec } from './options.ts';
import { asItIs } from './mistaken.ts';
import { type Pieces, readPieces } from './pieces.ts';
import { readSnapshotFile } from './snapshot-file.ts';
import { parseSource } from './spec.ts';
import { readTypedFile, typedChunks } from './typed-file.ts';

export { asItIs } from './mistaken.ts';

const defaultMaxBytes = 2 ** 30;
const defaultTimeout = 60;
/** A process that writes all of its heap takes its time. */
const snapshotTimeout = 600;

/**
 * Reads bytes as a profile; whatever is wrong with them is said with the source's name in front, and so is
 * what was passed over.
 */
export async function profileOf(
  bytes: Uint8Array,
  name: string,
  {
    times = false,
    maxUnpacked,
    onProgress,
  }: Pick<SourceOptions, 'times' | 'maxUnpacked' | 'onProgress'> = {},
): Promise<Profile> {
  try {
    const profile = await readProfile(bytes, {
      times,
      inflate,
      ...(maxUnpacked === undefined ? {} : { maxBytes: maxUnpacked }),
    });
    for (const sentence of passedOver(profile)) onProgress?.(`${name}: ${sentence}`);
    return profile;
  } catch (error) {
    if (error instanceof ProfileError)
      throw new SourceError('SOURCE_MALFORMED', `${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

function timeOf(profile: Profile): number | null {
  return profile.timeNanos > 0n ? Number(profile.timeNanos / 1_000_000n) : null;
}

function fileReason(error: unknown): string {
  if (error instanceof RegularFileError) return `it ${error.reason}`;
  switch ((error as { code?: unknown } | null)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return systemReason(error);
  }
}

/** The bytes of a file, at most `maxBytes` of them. */
async function fileBytes(
  spec: Extract<SourceSpec, { kind: 'file' }>,
  options: SourceOptions,
): Promise<Uint8Array> {
  try {
    return await readTypedFile(spec.path, options.maxBytes ?? defaultMaxBytes);
  } catch (error) {
    throw new SourceError(fileErrorCode(error), `${spec.spec}: ${fileReason(error)}`, { cause: error });
  }
}

/** What a file, a pipe with a name or a device gives. */
async function fileOf(
  spec: Extract<SourceSpec, { kind: 'file' }>,
  options: SourceOptions,
  name: string,
): Promise<Pieces> {
  const snapshot = await asSource(name, () => readSnapshotFile(spec.path, options.looks));
  if (snapshot !== null) return { kind: 'snapshot', profile: snapshot };
  const pipe = await typedChunks(spec.path);
  if (pipe !== null) return piecesOf(pipe, options, name);
  return { kind: 'bytes', bytes: await fileBytes(spec, options) };
}

function fileErrorCode(error: unknown): SourceErrorCode {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'SOURCE_NOT_FOUND';
    case 'FILE_TOO_LARGE':
      return 'SOURCE_TOO_LARGE';
    default:
      return 'SOURCE_UNREADABLE';
  }
}

/** What a pipe gives. */
async function piecesOf(
  chunks: AsyncIterable<Uint8Array | string>,
  options: SourceOptions,
  name: string,
): Promise<Pieces> {
  const mostBytes = options.maxBytes ?? defaultMaxBytes;
  const tooMany = (): SourceError => {
    const most = Math.round(mostBytes / 2 ** 20);
    return new SourceError('SOURCE_TOO_LARGE', `${name}: longer than ${most} MB, the most that is read`);
  };
  return asSource(name, () => readPieces(chunks, { mostBytes, tooMany, looks: options.looks }));
}

/** What is wrong with a profile is said with the source's name in front. */
async function asSource<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProfileError)
      throw new SourceError('SOURCE_MALFORMED', `${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The address that is asked: pprof's rules for an address without a path, `seconds` added or replaced. */
export function profileUrl(url: URL, options: SourceOptions): URL {
  const asked = new URL(url);
  if (asked.pathname === '/' || asked.pathname === '')
    asked.pathname = `/debug/pprof/${options.profile ?? 'profile'}`;
  if (options.seconds !== undefined) asked.searchParams.set('seconds', String(options.seconds));
  return asked;
}

/** Milliseconds that the answer of a profile address may take. */
export function profileTimeout(url: URL, options: SourceOptions): number {
  const asked = Number(url.searchParams.get('seconds') ?? (url.pathname.endsWith('/profile') ? '30' : '0'));
  const seconds = Number.isFinite(asked) && asked > 0 ? asked : 0;
  const usual = /\/heap(?:snapshot|classes)$/u.test(url.pathname) ? snapshotTimeout : defaultTimeout;
  return ((options.timeout ?? Math.max(usual, seconds * 1.5)) + seconds) * 1000;
}

async function loadUrl(
  spec: Extract<SourceSpec, { kind: 'url' }>,
  options: SourceOptions,
): Promise<LoadedSource> {
  const url = profileUrl(spec.url, options);
  const name = shownUrl(url);
  const before = Date.now();
  const answer = await asSource(name, () =>
    get({
      url,
      insecure: spec.insecure,
      authorization: spec.authorization,
      options,
      timeout: profileTimeout(url, options),
      snapshots: true,
    }),
  );
  requireOk(answer, name, hasCredentials(spec, options));
  if (answer.snapshot !== null)
    return { spec: spec.spec, name, profile: answer.snapshot, bytes: null, remote: true, time: before };
  if (answer.body.length === 0) throw new SourceError('SOURCE_MALFORMED', `${name}: the answer is empty`);
  const profile = await profileOf(answer.body, name, options);
  return {
    spec: spec.spec,
    name,
    profile,
    bytes: answer.body,
    remote: true,
    time: timeOf(profile) ?? before,
  };
}

/** Whether a request carries any credentials: a 401 then means something else. */
export function hasCredentials(spec: Extract<SourceSpec, { kind: 'url' }>, options: SourceOptions): boolean {
  return (
    spec.authorization !== undefined ||
    options.token !== undefined ||
    (options.headers ?? []).some((header) => /^\s*(?:authorization|cookie|x-api-key)\s*:/iu.test(header))
  );
}

/**
 * Reads one SOURCE.
 *
 * @throws SourceError whose message is one sentence that begins with the source's name.
 */
export async function loadSource(
  source: string | SourceSpec,
  options: SourceOptions = {},
): Promise<LoadedSource> {
  const spec = typeof source === 'string' ? parseSource(source, options.cwd ?? process.cwd()) : source;
  return asItIs(spec, (actual) => loadSpec(actual, options));
}

/**
 * Reads a source as what it was parsed to, and as nothing else.
 *
 * @throws SourceError
 */
export async function loadSpec(spec: SourceSpec, options: SourceOptions): Promise<LoadedSource> {
  switch (spec.kind) {
    case 'file':
    case 'stdin': {
      const name = spec.kind === 'stdin' ? 'standard input' : spec.spec;
      const taken =
        spec.kind === 'stdin'
          ? await piecesOf(options.stdin ?? process.stdin, options, name)
          : await fileOf(spec, options, name);
      if (taken.kind === 'snapshot') {
        const cut = truncation(taken.profile);
        if (cut !== null) options.onProgress?.(`${name}: ${cut}`);
        return { spec: spec.spec, name, profile: taken.profile, bytes: null, remote: false, time: null };
      }
      const { bytes } = taken;
      const profile = await profileOf(bytes, name, options);
      return { spec: spec.spec, name, profile, bytes, remote: false, time: timeOf(profile) };
    }
    case 'folder':
      throw new SourceError('SOURCE_UNREADABLE', `${spec.spec}: it is a folder, not a file`);
    case 'url':
      return loadUrl(spec, options);
    case 'inspector': {
      // Loaded when it is needed: it brings a WebSocket client and the reader of heap snapshots.
      const { loadInspector } = await import('./process/captures.ts');
      return loadInspector(spec, options);
    }
  }
}
