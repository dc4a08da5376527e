// drop_frames and keep_frames: cutting uninteresting frames off the leaf side of stacks.
// Upstream: google/pprof profile/prune.go, 2025-11-14
import { cutLines } from './cut-lines.ts';
import type { Profile } from '../profile.ts';

/** Says whether a name matches. */
export type NameTest = (name: string) => boolean;

const RESERVED = ['(anonymous namespace)', 'operator()'];
const BRACKETS = /\(anonymous namespace\)|operator\(\)|\(/g;

/** The name that frame expressions see: without a leading dot and without an argument list. */
export function simplifyFunctionName(name: string): string {
  const plain = name.startsWith('.') ? name.slice(1) : name;
  for (const match of plain.matchAll(BRACKETS))
    if (!RESERVED.includes(match[0])) return plain.slice(0, match.index);
  return plain;
}

/**
 * Removes frames below the outermost one that `drop` matches and `keep` does not, unless nothing of the user's would be
 * left above it (P24 of the reference).
 */
export function pruneFrames(profile: Profile, drop: NameTest, keep: NameTest | null): Profile {
  const { locations, functions, strings, samples } = profile;
  const { lines, lineStart } = locations;
  const verdicts = new Int8Array(strings.length).fill(-1);
  const pruned = (fn: number): boolean => {
    const name = functions.name[fn] as number;
    const text = verdicts[name] === -1 ? strings.get(name) : '';
    if (verdicts[name] === -1) {
      const simple = text === '' ? '' : simplifyFunctionName(text);
      verdicts[name] = text !== '' && drop(simple) && !(keep?.(simple) ?? false) ? 1 : 0;
    }
    return verdicts[name] === 1;
  };

  /** 0: keep, 1: the whole location goes, 2: the lines below the outermost match go. */
  const kind = new Uint8Array(locations.length);
  const firstLine = new Uint32Array(locations.length);
  let any = false;
  for (let row = 0; row < locations.length; row++) {
    const from = lineStart[row] as number;
    const to = lineStart[row + 1] as number;
    firstLine[row] = from;
    for (let line = to - 1; line >= from; line--) {
      if (!pruned(lines.function[line] as number)) continue;
      any = true;
      kind[row] = line === to - 1 ? 1 : 2;
      if (kind[row] === 2) firstLine[row] = line + 1;
      break;
    }
  }
  if (!any) return profile;

  const starts = new Uint32Array(samples.length + 1);
  const stack = samples.stackLocations.slice();
  let at = 0;
  for (let row = 0; row < samples.length; row++) {
    starts[row] = at;
    const leaf = samples.stackStart[row] as number;
    const end = samples.stackStart[row + 1] as number;
    let from = leaf;
    let user = false;
    for (let i = end - 1; i >= leaf; i--) {
      const verdict = kind[samples.stackLocations[i] as number];
      if (verdict === 0) {
        user = true;
        continue;
      }
      if (!user) continue;
      from = verdict === 1 ? i + 1 : i;
      break;
    }
    for (let i = from; i < end; i++) stack[at++] = samples.stackLocations[i] as number;
  }
  starts[samples.length] = at;

  return {
    ...profile,
    samples: { ...samples, stackStart: starts, stackLocations: stack.slice(0, at) },
    locations: { ...locations, ...cutLines(profile, firstLine) },
  };
}

/**
 * Applies the profile's own `drop_frames` and `keep_frames`.
 *
 * @param compile makes a test of an anchored expression in RE2's syntax, or null where it is not valid: then nothing
 * is dropped, as in pprof
 */
export function dropFrames(profile: Profile, compile: (expression: string) => NameTest | null): Profile {
  if (profile.dropFrames === '') return profile;
  const drop = compile(`^(${profile.dropFrames})$`);
  if (drop === null) return profile;
  const keep = profile.keepFrames === '' ? null : compile(`^(${profile.keepFrames})$`);
  if (profile.keepFrames !== '' && keep === null) return profile;
  return pruneFrames(profile, drop, keep);
}
