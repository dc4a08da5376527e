// A heap profile without the columns that would be added up over time: V8 knows of no object that is gone, so what it calls allocated is what is
// alive, in every profile again.
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeProfile, encodeProfile, type Profile } from '@stackpile/profile';

const GROWS = /^alloc_/u;

/** The columns that are levels. */
export function levelsOf(profile: Profile): Profile {
  const kept = profile.sampleTypes.flatMap(({ type }, at) => (GROWS.test(type) ? [] : [at]));
  if (kept.length === profile.sampleTypes.length) return profile;
  const column = <T>(columns: readonly T[]): T[] => columns.filter((_, at) => kept.includes(at));
  const { samples } = profile;
  return {
    ...profile,
    sampleTypes: column(profile.sampleTypes),
    samples: { ...samples, values: column(samples.values) },
    defaultSampleType: GROWS.test(profile.defaultSampleType) ? '' : profile.defaultSampleType,
  };
}

/** @param body gzipped protobuf */
export function levelsOnly(body: Uint8Array): Uint8Array {
  const profile = decodeProfile(gunzipSync(body));
  const levels = levelsOf(profile);
  return levels === profile ? body : gzipSync(encodeProfile(levels), { level: 1 });
}
