// Merging profiles, by pprof's rules: equal samples are added up, everything unused goes, ids count from 1.
// Upstream: google/pprof profile/merge.go, 2025-11-14
import { ProfileError } from '../errors.ts';
import { Merger, samplesWithValue } from './merger.ts';
import type { Profile } from '../profile.ts';
import { alignProfiles, checkCompatible } from './scale.ts';

/** How many profiles pprof merges at once; more are merged in groups, in order. */
const GROUP = 128;

/** Whether some sample's values are all 0. */
function hasZeroSample({ samples }: Profile): boolean {
  return samplesWithValue(samples).includes(0);
}

/** Merges profiles of equal types. */
function mergeAligned(profiles: readonly Profile[]): Profile {
  const first = profiles[0];
  if (first === undefined) {
    throw new ProfileError('PROFILE_INCOMPATIBLE', 'no profiles to merge', {
      pprofMessage: 'no profiles to merge',
    });
  }
  for (const profile of profiles.slice(1)) checkCompatible(first, profile);
  const merged = new Merger(profiles).run();
  return hasZeroSample(merged) ? new Merger([merged]).run() : merged;
}

/**
 * Merges profiles: samples of the same stack and labels are added up, sample types are cut down to the common ones and
 * brought to common units. A single profile comes back as it is.
 *
 * @throws {ProfileError} `PROFILE_INCOMPATIBLE` where the profiles measure different things
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  let merged: Profile | null = null;
  for (let i = 0; i < profiles.length || i === 0; i += GROUP) {
    const group = combine(profiles.slice(i, i + GROUP));
    merged = merged === null ? group : combine([merged, group]);
  }
  return merged as Profile;
}

/** Merges at most {@link GROUP} profiles at once. */
function combine(profiles: readonly Profile[]): Profile {
  const aligned = alignProfiles(profiles);
  return aligned.length === 1 ? (aligned[0] as Profile) : mergeAligned(aligned);
}

/** Drops everything that no sample needs, adds up equal samples and counts ids from 1: a merge of one. */
export function compactProfile(profile: Profile): Profile {
  return mergeAligned([profile]);
}
