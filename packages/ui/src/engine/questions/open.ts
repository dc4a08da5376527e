// Opening a profile: it is read, or decoded while it comes, and the page is told what it is.
import {
  hasNamesToRead,
  languageOf,
  type Profile,
  ProfileError,
  readProfile,
  readProfilePieces,
  safeText,
} from '@stackpile/profile';
import { formatSize, formatValue } from '../../format.ts';
import { download } from '../download.ts';
import { withPlaces } from '../nameless.ts';
import type { Profiles, ProfileSummary } from '../profiles.ts';

/** Where a profile's bytes are: in hand, or to be asked for, and then decoded while they come. */
export type ProfileBytes =
  | Uint8Array<ArrayBuffer>
  | Blob
  | {
      /** Absolute, as a worker has no address of its own. */
      readonly address: string;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface OpenQuery {
  readonly name: string;
  readonly from: ProfileBytes;
  readonly time?: number | null;
  /** Bytes of the source where they are not those of `from`; 0 where unknown. */
  readonly size?: number;
}

/** What the worker does meanwhile; `share` (0 … 1) of it is done, null where that is unknown. */
export interface Progress {
  readonly text: string;
  readonly share: number | null;
}

/** Opens one profile. */
export async function open(
  profiles: Profiles,
  { name, from, time = null, size }: OpenQuery,
  progress: (progress: Progress) => void,
): Promise<ProfileSummary> {
  const started = performance.now();
  const { profile: asRead, bytes } = await read(profiles, name, from, progress);
  const readable = hasNamesToRead(asRead)
    ? (await import('./readable.ts')).withReadableNames(asRead)
    : asRead;
  const profile = withPlaces(readable);
  const summary = {
    ...summarize(profile, name, time),
    id: profiles.next,
    size: size ?? bytes,
    readMs: performance.now() - started,
  };
  profiles.add(profile, summary);
  return summary;
}

/** The profile, and how many bytes of it came. */
async function read(
  profiles: Profiles,
  name: string,
  from: ProfileBytes,
  progress: (progress: Progress) => void,
): Promise<{ readonly profile: Profile; readonly bytes: number }> {
  if (from instanceof Uint8Array || from instanceof Blob) {
    const file = from instanceof Blob ? from : new Blob([from]);
    const title = `Reading ${name}, ${formatSize(file.size)}`;
    progress({ text: title, share: null });
    const snapshot = await snapshotIn(file);
    if (snapshot !== null) {
      const { readSnapshot } = await import('./snapshot.ts');
      const told = seldom(progress, () => title);
      return {
        profile: await readSnapshot(profiles, piecesOf(snapshot, told, file.size), file.size),
        bytes: file.size,
      };
    }
    const bytes = from instanceof Blob ? new Uint8Array(await from.arrayBuffer()) : from;
    const onProgress = seldom(progress, () => title);
    return { profile: await readProfile(bytes, { times: true, onProgress }), bytes: bytes.length };
  }
  let bytes = 0;
  const { address, headers } = from;
  const { size: coming, pieces } = await download(name, address, headers);
  const onProgress = seldom(
    progress,
    (done, total) => `Loading ${name}, ${formatSize(done)}${total > 0 ? ` of ${formatSize(total)}` : ''}`,
  );
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      yield piece;
      bytes += piece.length;
      onProgress(bytes, coming);
    }
  };
  // What cannot be decoded while it comes is read when all of it is there.
  const reading = seldom(progress, () => `Reading ${name}, ${formatSize(bytes)}`);
  const profile = await readProfilePieces(counted(), coming, { times: true, onProgress: reading });
  return { profile, bytes };
}

/** How a snapshot begins; their reader, which knows as well, is not here before one is met. */
const snapshotHead = /^\s*\{\s*"snapshot"\s*:\s*\{/;

/** The text of a heap snapshot, unpacked; null where the file is something else. */
async function snapshotIn(file: Blob): Promise<ReadableStream<Uint8Array> | null> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const text = (): ReadableStream<Uint8Array> =>
    head[0] === 0x1f && head[1] === 0x8b
      ? file.stream().pipeThrough(new DecompressionStream('gzip'))
      : file.stream();
  const reader = text().getReader();
  try {
    const { value } = await reader.read();
    return snapshotHead.test(new TextDecoder('latin1').decode(value?.subarray(0, 256))) ? text() : null;
  } catch {
    // What is wrong with it is said by who reads it.
    return null;
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** The pieces of a stream, as not every browser can be asked for them one by one. */
async function* piecesOf(
  stream: ReadableStream<Uint8Array>,
  onProgress: (done: number, total: number) => void,
  total: number,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (let done = 0; ; ) {
    const { value } = await reader.read();
    if (value === undefined) return;
    yield value;
    done += value.length;
    onProgress(Math.min(done, total), total);
  }
}

/** What the page is told of a profile. */
function summarize(
  profile: Profile,
  name: string,
  time: number | null,
): Omit<ProfileSummary, 'id' | 'size' | 'readMs'> {
  const values = profile.sampleTypes;
  let defaultType = values.length - 1;
  for (const [row, value] of values.entries())
    if (value.type === profile.defaultSampleType) defaultType = row;
  const isHeap = heapTypes.every((type) => values.some((value) => value.type === type));
  // Of a heap one asks first what holds its bytes: each counts once, below its nearest holder.
  if (isHeap) defaultType = values.findIndex(({ type }) => type === 'shallow');
  if (defaultType < 0) {
    throw new ProfileError('PROFILE_INVALID', 'the profile has no sample type, so there is nothing to show');
  }
  const nanos = Number(profile.timeNanos / 1_000_000n);
  return {
    name,
    noun: tasksNoun(profile),
    sampleTypes: values.map(({ type, unit }) => ({
      type: safeText(type, 100),
      unit: safeText(unit, 100),
    })),
    defaultType,
    samples: profile.samples.length,
    functions: profile.functions.length,
    time: nanos > 0 ? nanos : time,
    durationMs: Number(profile.durationNanos) / 1e6,
    period:
      profile.periodType === null || profile.period <= 1n
        ? ''
        : `1 sample per ${formatValue(Number(profile.period), safeText(profile.periodType.unit, 50))}`,
    comments: profile.comments.slice(0, 100).map((comment) => safeText(comment)),
    docUrl: /^https?:\/\//.test(profile.docUrl) ? profile.docUrl.slice(0, 2000) : '',
    hasTimes: hasNumericTime(profile),
    isHeap,
    hasTasks: values.some(({ type }) => /^(?:goroutine|tasks?)$/.test(type)),
  };
}

/** What the profile of a heap snapshot counts. */
const heapTypes = ['objects', 'shallow', 'retained'];

/** A listener that is told of at most ten steps a second. */
function seldom(
  progress: (progress: Progress) => void,
  text: (done: number, total: number) => string,
): (done: number, total: number) => void {
  let last = performance.now();
  return (done, total) => {
    const now = performance.now();
    if (now - last < 100) return;
    last = now;
    progress({ text: text(done, total), share: total > 0 ? Math.min(1, done / total) : null });
  };
}

function hasNumericTime(profile: Profile): boolean {
  // The first samples tell: either all carry their time or none does.
  const { samples, strings } = profile;
  const end = samples.labelStart[Math.min(samples.length, 16)] ?? 0;
  for (let row = 0; row < end; row++) {
    if (samples.labels.text[row] !== 0) continue;
    if (
      /^(?:(?:end_)?timestamp(?:_ns)?|time(?:_ns)?|ts)$/.test(strings.get(samples.labels.key[row] as number))
    )
      return true;
  }
  return false;
}

/** Node's profiles of tasks have Go's sample type, so that Go's tools read them: the files tell them apart. */
function tasksNoun(profile: Profile): ProfileSummary['noun'] {
  if (!profile.sampleTypes.some(({ type }) => /^(?:goroutine|tasks?)$/.test(type))) return '';
  const { functions, strings } = profile;
  for (let row = 0; row < Math.min(functions.length, 2000); row++) {
    const file = strings.get(functions.filename[row] as number);
    const language = languageOf(file);
    if (language !== null) return language === 'go' ? 'goroutines' : 'tasks';
  }
  return profile.sampleTypes.some(({ type }) => type === 'goroutine') ? 'goroutines' : 'tasks';
}
