// Granularity: forgetting what a report does not ask for.
import { MappingFlag, type Profile } from './profile.ts';

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
  const { lineStart, lines, length } = profile.locations;
  const starts = new Uint32Array(length + 1);
  const fn = lines.function.slice();
  const line = lines.line.slice();
  const column = lines.column.slice();
  let at = 0;
  for (let row = 0; row < length; row++) {
    starts[row] = at;
    const end = lineStart[row + 1] as number;
    if (end === lineStart[row]) continue;
    fn[at] = lines.function[end - 1] as number;
    line[at] = lines.line[end - 1] as never;
    column[at] = lines.column[end - 1] as never;
    at++;
  }
  starts[length] = at;
  return {
    lineStart: starts,
    lines: { length: at, function: fn.slice(0, at), line: line.slice(0, at), column: column.slice(0, at) },
  };
}
