// Whose code is shown: hides libraries and the runtime, or keeps only what goes through the user's own functions.
import { functionOrigins, type OriginOptions, pickSamples, type Profile } from '@stackpile/profile';
import { RowList, withLines } from './rows.ts';

/** 1 for each function that is the user's own. */
function ownFunctions(profile: Profile, origin?: OriginOptions): Uint8Array {
  const own = new Uint8Array(profile.functions.length);
  const originOf = functionOrigins(profile, origin);
  for (let f = 0; f < own.length; f++) if (originOf(f) === 'user') own[f] = 1;
  return own;
}

/** 1 for each location with a line of the user's own. */
function ownLocations(profile: Profile, origin?: OriginOptions): Uint8Array {
  const own = ownFunctions(profile, origin);
  const { lineStart, lines, length } = profile.locations;
  const result = new Uint8Array(length);
  for (let l = 0; l < length; l++) {
    const end = lineStart[l + 1] as number;
    for (let row = lineStart[l] as number; row < end; row++) {
      if (own[lines.function[row] as number] === 1) result[l] = 1;
    }
  }
  return result;
}

/** Keeps the samples that go through the user's own code. */
export function throughOwnCode(profile: Profile, warnings: string[], origin?: OriginOptions): Profile {
  const own = ownLocations(profile, origin);
  const { stackStart, stackLocations, length } = profile.samples;
  const kept = new RowList();
  for (let s = 0; s < length; s++) {
    const end = stackStart[s + 1] as number;
    for (let i = stackStart[s] as number; i < end; i++) {
      if (own[stackLocations[i] as number] === 1) {
        kept.push(s);
        break;
      }
    }
  }
  if (kept.length === 0) warnings.push('mine: no sample goes through code of your own');
  return { ...profile, samples: pickSamples(profile.samples, kept.rows(), null) };
}

/**
 * Takes the lines of libraries and of the runtime out; what they cost goes to the nearest caller that is left. Samples
 * without any other frame go, as with `hide`.
 */
export function withoutLibraries(profile: Profile, origin?: OriginOptions): Profile {
  const { locations, samples } = profile;
  const { lineStart, lines } = locations;
  const own = ownFunctions(profile, origin);
  const start = new Uint32Array(locations.length + 1);
  const rows = new RowList();
  for (let l = 0; l < locations.length; l++) {
    const end = lineStart[l + 1] as number;
    for (let row = lineStart[l] as number; row < end; row++) {
      if (own[lines.function[row] as number] === 1) rows.push(row);
    }
    start[l + 1] = rows.length;
  }
  const kept = new RowList();
  const stackStart = [0];
  const stack = new RowList();
  for (let s = 0; s < samples.length; s++) {
    const before = stack.length;
    const end = samples.stackStart[s + 1] as number;
    for (let i = samples.stackStart[s] as number; i < end; i++) {
      const location = samples.stackLocations[i] as number;
      if (start[location] !== start[location + 1]) stack.push(location);
    }
    if (stack.length === before) continue;
    stackStart.push(stack.length);
    kept.push(s);
  }
  return {
    ...profile,
    locations: withLines(locations, start, rows.rows()),
    samples: pickSamples(samples, kept.rows(), {
      start: Uint32Array.from(stackStart),
      locations: stack.rows(),
    }),
  };
}
