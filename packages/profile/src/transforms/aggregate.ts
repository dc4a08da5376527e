// Granularity: forgetting what a report does not ask for.
// Upstream: google/pprof profile/profile.go, 2025-11-14
import { cutLines } from './cut-lines.ts';
import { MappingFlag, type Profile } from '../profile.ts';

/** What to keep of a profile's frames. */
export interface Granularity {
  /** Inlined frames; without them a location keeps only its outermost line. */
  readonly inlines: boolean;
  readonly functions: boolean;
  readonly filenames: boolean;
  /** Line numbers; without them columns go too. */
  readonly lines: boolean;
  readonly columns: boolean;
  readonly addresses: boolean;
}

/** Clears what `keep` does not name, in place of the profile's own; locations are not merged. */
export function aggregateProfile(profile: Profile, keep: Granularity): Profile {
  const { mappings, functions, locations } = profile;
  let bits = 0;
  if (keep.inlines) bits |= MappingFlag.hasInlineFrames;
  if (keep.functions) bits |= MappingFlag.hasFunctions;
  if (keep.filenames) bits |= MappingFlag.hasFilenames;
  if (keep.lines) bits |= MappingFlag.hasLineNumbers;
  const empty = new Uint32Array(functions.length);
  let { lineStart, lines } = locations;
  if (!keep.inlines) ({ lineStart, lines } = outermostLines(profile));
  const zeros = new Float64Array(lines.length);
  return {
    ...profile,
    mappings: { ...mappings, flags: mappings.flags.map((flags) => flags & bits) },
    functions: {
      ...functions,
      name: keep.functions ? functions.name : empty,
      systemName: keep.functions ? functions.systemName : empty,
      filename: keep.filenames ? functions.filename : empty,
    },
    locations: {
      ...locations,
      address: keep.addresses ? locations.address : new BigUint64Array(locations.length),
      lineStart,
      lines: {
        ...lines,
        line: keep.lines ? lines.line : zeros,
        column: keep.lines && keep.columns ? lines.column : zeros,
      },
    },
  };
}

function outermostLines(profile: Profile): Pick<Profile['locations'], 'lineStart' | 'lines'> {
  const { lineStart, length } = profile.locations;
  const outermost = new Uint32Array(length);
  for (let row = 0; row < length; row++)
    outermost[row] = Math.max(lineStart[row] as number, (lineStart[row + 1] as number) - 1);
  return cutLines(profile, outermost);
}
