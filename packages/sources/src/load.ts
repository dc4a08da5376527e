// Reads a SOURCE into a profile.
import { passedOver, ProfileError, type Profile, readProfile, RegularFileError } from '@stackpile/profile';
import process from 'node:process';
import { systemReason } from './system-reason.ts';
import { get, requireOk, shownUrl } from './get.ts';
import { inflate } from './inflate.ts';
import { SourceError, type SourceErrorCode } from './errors.ts';
import type { LoadedSource, SourceOptions, SourceSpec } from './options.ts';
import { asItIs } from './mistaken.ts';
import { readSnapshotFile } from './snapshot-file.ts';
import { parseSource } from './spec.ts';
import { collect, readTypedFile } from './typed-file.ts';

export { asItIs } from './mistaken.ts';

const defaultMaxBytes = 2 ** 30;
const defaultTimeout = 60;

/**
 * Reads bytes as a profile; whatever is wrong with them is said with the source's name in front, and so is
 * what was passed over.
 */
export async function profileOf(
  bytes: Uint8Array,
  name: string,
  { times = false, onProgress }: Pick<SourceOptions, 'times' | 'onProgress'> = {},
): Promise<Profile> {
  try {
    const profile = await readProfile(bytes, { times, inflate });
    for (const sentence of passedOver(profile)) onProgress?.(`${name}: ${sentence}`);
    return profile;
  } catch (error) {
    if (error instanceof ProfileError)
      throw new SourceError('SOURCE_MALFORMED', `${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A heap snapshot, which may be larger than any buffer; null for every other file. */
async function snapshotOf(path: string, name: string, options: SourceOptions): Promise<Profile | null> {
  try {
    return await readSnapshotFile(path, options.looks);
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

async function standardInput(options: SourceOptions, name: string): Promise<Uint8Array> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  return collect(options.stdin ?? process.stdin, maxBytes, () => {
    const most = Math.round(maxBytes / 2 ** 20);
    return new SourceError('SOURCE_TOO_LARGE', `${name}: longer than ${most} MB, the most that is read`);
  });
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
  return ((options.timeout ?? Math.max(defaultTimeout, seconds * 1.5)) + seconds) * 1000;
}

async function loadUrl(
  spec: Extract<SourceSpec, { kind: 'url' }>,
  options: SourceOptions,
): Promise<LoadedSource> {
  const url = profileUrl(spec.url, options);
  const name = shownUrl(url);
  const before = Date.now();
  const answer = await get({
    url,
    insecure: spec.insecure,
    authorization: spec.authorization,
    options,
    timeout: profileTimeout(url, options),
  });
  requireOk(answer, name, hasCredentials(spec, options));
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
      const snapshot = spec.kind === 'stdin' ? null : await snapshotOf(spec.path, name, options);
      if (snapshot !== null)
        return { spec: spec.spec, name, profile: snapshot, bytes: null, remote: false, time: null };
      const bytes =
        spec.kind === 'stdin' ? await standardInput(options, name) : await fileBytes(spec, options);
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
