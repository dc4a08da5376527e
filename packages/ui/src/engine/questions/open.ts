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
  const { profile: asRead, bytes } = await read(name, from, progress);
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
  name: string,
  from: ProfileBytes,
  progress: (progress: Progress) => void,
): Promise<{ readonly profile: Profile; readonly bytes: number }> {
  if (from instanceof Uint8Array) {
    const title = `Reading ${name}, ${formatSize(from.length)}`;
    progress({ text: title, share: null });
    const onProgress = seldom(progress, () => title);
    return { profile: await readProfile(from, { times: true, onProgress }), bytes: from.length };
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
    hasTasks: values.some(({ type }) => /^(?:goroutine|tasks?)$/.test(type)),
  };
}

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
