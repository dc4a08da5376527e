// Filters by name: focus, ignore, hide, show, show_from and prune_from.
// Upstream: google/pprof profile/filter.go profile/prune.go, 2025-11-14
import { pickSamples, type Profile, simplifyFunctionName, type StackColumns } from '@stackpile/profile';
import type { Pattern } from '../go/regexp.ts';
import { RowList, TextTest, withLines } from './rows.ts';

/** A pattern asked of functions, lines and mappings, each at most once. */
class NameTest {
  readonly #profile: Profile;
  readonly #texts: TextTest;
  constructor(profile: Profile, pattern: Pattern) {
    this.#profile = profile;
    this.#texts = new TextTest(profile, (text) => pattern.test(text));
  }
  /** Does the function's name or file match? */
  line(row: number): boolean {
    const { functions, locations } = this.#profile;
    const fn = locations.lines.function[row] as number;
    return (
      this.#texts.test(functions.name[fn] as number) || this.#texts.test(functions.filename[fn] as number)
    );
  }
  /** Does the file name of the location's mapping match? */
  mapping(location: number): boolean {
    const mapping = this.#profile.locations.mapping[location] as number;
    return mapping >= 0 && this.#texts.test(this.#profile.mappings.filename[mapping] as number);
  }
  location(location: number): boolean {
    const { lineStart } = this.#profile.locations;
    const end = lineStart[location + 1] as number;
    for (let row = lineStart[location] as number; row < end; row++) if (this.line(row)) return true;
    return this.mapping(location);
  }
}

/** Expressions of {@link filterByName}; null where not given. */
export interface NamePatterns {
  readonly focus: Pattern | null;
  readonly ignore: Pattern | null;
  readonly hide: Pattern | null;
  readonly show: Pattern | null;
}

/** Which of the expressions matched some location. */
export interface NameMatches {
  readonly focus: boolean;
  readonly ignore: boolean;
  readonly hide: boolean;
  readonly show: boolean;
}

/**
 * Keeps samples that go through a focused location and through no ignored one, and takes hidden (or not shown) lines out
 * of their locations. A location that loses all lines leaves the stacks; a sample without locations goes.
 */
export function filterByName(
  profile: Profile,
  patterns: NamePatterns,
): { profile: Profile; matched: NameMatches } {
  const { locations, samples } = profile;
  const make = (pattern: Pattern | null): NameTest | null =>
    pattern === null ? null : new NameTest(profile, pattern);
  const focus = make(patterns.focus);
  const ignore = make(patterns.ignore);
  const hide = make(patterns.hide);
  const show = make(patterns.show);
  if (focus === null && ignore === null && hide === null && show === null) {
    return { profile, matched: { focus: true, ignore: false, hide: false, show: false } };
  }
  let focusMatched = false;
  let ignoreMatched = false;
  let hideMatched = false;
  let showMatched = false;
  const IGNORED = 2;
  const verdict = new Uint8Array(locations.length);
  const hidden = new Uint8Array(locations.length);
  let anyHidden = false;
  const start = new Uint32Array(locations.length + 1);
  const lines = new RowList();
  for (let l = 0; l < locations.length; l++) {
    if (ignore?.location(l)) {
      ignoreMatched = true;
      verdict[l] = IGNORED;
    } else if (focus === null || focus.location(l)) {
      focusMatched = true;
      verdict[l] = 1;
    }
    if (hide !== null || show !== null) {
      const before = lines.length;
      const first = locations.lineStart[l] as number;
      const end = locations.lineStart[l + 1] as number;
      const hides = hide?.location(l) === true ? hide : null;
      if (hides !== null) hideMatched = true;
      const hidesAll = hides?.mapping(l) === true;
      const showsAll = show === null || show.mapping(l);
      for (let row = first; row < end && !hidesAll; row++) {
        if (hides?.line(row) === true) continue;
        if (showsAll || show.line(row)) lines.push(row);
      }
      const left = lines.length - before;
      if (left === 0 && (hides !== null || show !== null)) {
        hidden[l] = 1;
        anyHidden = true;
      } else if (show !== null) showMatched = true;
      start[l + 1] = lines.length;
    }
  }
  const kept = new RowList();
  const stackStart = [0];
  const stack = new RowList();
  for (let s = 0; s < samples.length; s++) {
    const end = samples.stackStart[s + 1] as number;
    let focused = false;
    let ignored = false;
    for (let i = samples.stackStart[s] as number; i < end; i++) {
      const found = verdict[samples.stackLocations[i] as number];
      if (found === IGNORED) {
        ignored = true;
        break;
      }
      if (found === 1) focused = true;
    }
    if (!focused || ignored) continue;
    if (anyHidden) {
      const before = stack.length;
      for (let i = samples.stackStart[s] as number; i < end; i++) {
        const location = samples.stackLocations[i] as number;
        if (hidden[location] === 0) stack.push(location);
      }
      if (stack.length === before) continue;
      stackStart.push(stack.length);
    }
    kept.push(s);
  }
  const stacks: StackColumns | null = anyHidden
    ? { start: Uint32Array.from(stackStart), locations: stack.rows() }
    : null;
  return {
    profile: {
      ...profile,
      locations: hide === null && show === null ? locations : withLines(locations, start, lines.rows()),
      samples: pickSamples(samples, kept.rows(), stacks),
    },
    matched: { focus: focusMatched, ignore: ignoreMatched, hide: hideMatched, show: showMatched },
  };
}

/** Makes the outermost matching frame the root of each sample; samples without one go. */
export function showFrom(profile: Profile, pattern: Pattern): { profile: Profile; matched: boolean } {
  const { locations, samples } = profile;
  const test = new NameTest(profile, pattern);
  const matching = new Uint8Array(locations.length);
  let matched = false;
  const start = new Uint32Array(locations.length + 1);
  const lines = new RowList();
  for (let l = 0; l < locations.length; l++) {
    const first = locations.lineStart[l] as number;
    let end = locations.lineStart[l + 1] as number;
    if (test.mapping(l)) matching[l] = 1;
    else {
      let row = end - 1;
      while (row >= first && !test.line(row)) row--;
      if (row >= first) {
        matching[l] = 1;
        end = row + 1;
      }
    }
    if (matching[l] === 1) matched = true;
    for (let row = first; row < end; row++) lines.push(row);
    start[l + 1] = lines.length;
  }
  const kept = new RowList();
  const stackStart = [0];
  const stack = new RowList();
  for (let s = 0; s < samples.length; s++) {
    const first = samples.stackStart[s] as number;
    let root = (samples.stackStart[s + 1] as number) - 1;
    while (root >= first && matching[samples.stackLocations[root] as number] === 0) root--;
    if (root < first) continue;
    for (let i = first; i <= root; i++) stack.push(samples.stackLocations[i] as number);
    stackStart.push(stack.length);
    kept.push(s);
  }
  const stacks = { start: Uint32Array.from(stackStart), locations: stack.rows() };
  return {
    profile: {
      ...profile,
      locations: withLines(locations, start, lines.rows()),
      samples: pickSamples(samples, kept.rows(), stacks),
    },
    matched,
  };
}

/** Decides per function by its simplified name; functions without a name never match. */
function functionTest(profile: Profile, test: (name: string) => boolean): (line: number) => boolean {
  const { functions, locations } = profile;
  const names = new TextTest(profile, (name) => name !== '' && test(simplifyFunctionName(name)));
  return (row) => names.test(functions.name[locations.lines.function[row] as number] as number);
}

/** Makes the innermost matching frame nearest to the leaf the new leaf of each sample. */
export function pruneFrom(profile: Profile, pattern: Pattern): Profile {
  const { locations, samples } = profile;
  const test = functionTest(profile, (name) => pattern.test(name));
  const matching = new Uint8Array(locations.length);
  const start = new Uint32Array(locations.length + 1);
  const lines = new RowList();
  for (let l = 0; l < locations.length; l++) {
    const end = locations.lineStart[l + 1] as number;
    let first = locations.lineStart[l] as number;
    for (let row = first; row < end; row++) {
      if (test(row)) {
        matching[l] = 1;
        first = row;
        break;
      }
    }
    for (let row = first; row < end; row++) lines.push(row);
    start[l + 1] = lines.length;
  }
  const stackStart = new Uint32Array(samples.length + 1);
  const stack = new RowList();
  for (let s = 0; s < samples.length; s++) {
    const begin = samples.stackStart[s] as number;
    const end = samples.stackStart[s + 1] as number;
    let leaf = begin;
    while (leaf < end && matching[samples.stackLocations[leaf] as number] === 0) leaf++;
    for (let i = leaf < end ? leaf : begin; i < end; i++) stack.push(samples.stackLocations[i] as number);
    stackStart[s + 1] = stack.length;
  }
  return {
    ...profile,
    locations: withLines(locations, start, lines.rows()),
    samples: { ...samples, stackStart, stackLocations: stack.rows() },
  };
}
