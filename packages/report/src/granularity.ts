// Granularity: what a report tells apart (names, files, lines, addresses, inlined frames).
// Upstream: google/pprof internal/driver/driver.go profile/profile.go, 2025-11-14
import { aggregateProfile, type Profile } from '@stackpile/profile';
import type { ReportOptions } from './options.ts';

/** The profile at the granularity of `options`. Samples are shared with `profile`. */
export function applyGranularity(profile: Profile, options: ReportOptions): Profile {
  const inlines = !options.noinlines;
  const { granularity } = options;
  // Addresses with inlined frames leave nothing to forget, columns included.
  if (granularity === 'addresses' && inlines) return profile;
  const fine = granularity === 'addresses' || granularity === 'lines';
  return aggregateProfile(profile, {
    inlines,
    functions: granularity !== 'files',
    filenames: fine || granularity === 'files' || granularity === 'filefunctions',
    lines: fine,
    columns: options.showcolumns,
    addresses: granularity === 'addresses',
  });
}
