// What a merged profile says of itself: times, period and comments of all that it was made of, by pprof's rules.
// Upstream: google/pprof profile/merge.go, 2025-11-14
import type { Profile } from '../profile.ts';

/** Everything of a profile but its tables. */
export type Header = Omit<Profile, 'samples' | 'mappings' | 'locations' | 'functions' | 'strings'>;

/** The header of a merge of `profiles`; types are those of the first. */
export function mergedHeader(profiles: readonly Profile[]): Header {
  const first = profiles[0] as Profile;
  let timeNanos = 0n;
  let durationNanos = 0n;
  let period = 0n;
  let defaultSampleType = '';
  let docUrl = '';
  const comments = new Set<string>();
  for (const profile of profiles) {
    if (timeNanos === 0n || profile.timeNanos < timeNanos) timeNanos = profile.timeNanos;
    durationNanos = BigInt.asIntN(64, durationNanos + profile.durationNanos);
    if (period === 0n || period < profile.period) period = profile.period;
    for (const comment of profile.comments) comments.add(comment);
    if (defaultSampleType === '') defaultSampleType = profile.defaultSampleType;
    if (docUrl === '') docUrl = profile.docUrl;
  }
  return {
    sampleTypes: first.sampleTypes,
    dropFrames: first.dropFrames,
    keepFrames: first.keepFrames,
    timeNanos,
    durationNanos,
    periodType: first.periodType,
    period,
    comments: [...comments],
    defaultSampleType,
    docUrl,
  };
}
