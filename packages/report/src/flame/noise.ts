// What of a difference could be chance: sampling error of counted events.
import type { Profile } from '@stackpile/profile';

/**
 * Value of one sampled event of a profile's sample type, so that value / weight is about the number of events behind it;
 * 0 where values are exact counts and nothing is chance (goroutines, tasks, handles).
 */
export function eventWeight(profile: Profile, valueIndex: number): number {
  const type = profile.sampleTypes[valueIndex];
  if (type === undefined) return 0;
  const period = Number(profile.period);
  if (profile.periodType !== null && profile.periodType.unit === type.unit && period > 1) return period;
  if (type.type === 'samples') return 1;
  if (type.unit === 'nanoseconds' && period > 1 && type.type === 'cpu') return period;
  // Heap and contention profiles: one event may stand for many objects, and the period is in bytes.
  if (type.type.endsWith('space') && type.unit === 'bytes') return period > 1 ? period : 524_288;
  return 0;
}

/** True where before → after lies within `sigmas` standard deviations of no change (Poisson: variance = number of events). */
export function isNoise(before: number, after: number, weight: number, sigmas = 2): boolean {
  if (before === after) return true;
  if (weight <= 0) return false;
  const difference = Math.abs(after - before);
  return difference <= sigmas * Math.sqrt((Math.abs(before) + Math.abs(after)) * weight);
}
