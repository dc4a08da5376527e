// Names of profiles in pickers.
import { shortPath } from '@stackpile/profile';
import type { ProfileSummary } from '../engine/profiles.ts';

/** Name of a source in a picker: short, but different from its neighbours'. */
export function sourceLabel(profile: ProfileSummary, all: readonly ProfileSummary[]): string {
  for (const parts of [1, 2, 3, 4]) {
    const label = shortPath(profile.name, parts);
    if (all.every((other) => other === profile || shortPath(other.name, parts) !== label)) return label;
  }
  return `${shortPath(profile.name, 2)} (${profile.id + 1})`;
}
