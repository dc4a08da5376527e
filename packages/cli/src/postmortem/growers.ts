// What has grown between the first and the last profile of a bundle, by stack; of the last one alone, what there is most of.
import { classifyFunction, numberAt, type Profile, safeText, tellingFrame } from '@stackpile/profile';

/** A frame, safe to show. */
export interface GrownFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A stack, or a class with its holders, and what it has grown by. */
export interface Grower {
  /** Innermost first; of objects the class, then its holders. */
  readonly stack: readonly GrownFrame[];
  /** The frame to look at. */
  readonly guilty: GrownFrame | null;
  readonly first: number;
  readonly last: number;
  /** Its part of all that has grown, 0 … 1. */
  readonly share: number;
}

/** What a profile of a kind is judged by. */
export interface Grown {
  readonly kind: string;
  readonly type: string;
  readonly unit: string;
  readonly first: number;
  readonly last: number;
  /** Whether there was an earlier profile to compare with. */
  readonly isCompared: boolean;
  readonly growers: readonly Grower[];
}

const MOST_GROWERS = 3;
/** Frames of a stack that are told apart, innermost first. */
const MOST_FRAMES = 256;

/** Sample types by kind of profile, the first that is there. */
const types: ReadonlyMap<string, readonly string[]> = new Map([
  ['goroutine', ['goroutine', 'handles']],
  ['heap', ['inuse_space']],
  // Bytes first: what is off-heap belongs to few objects.
  ['heapclasses', ['shallow', 'objects']],
  ['profile', ['cpu']],
]);

interface Counted {
  readonly stack: readonly GrownFrame[];
  readonly value: number;
}

function countedBy(profile: Profile, column: number): Map<string, Counted> {
  const { samples, locations, functions, strings } = profile;
  const values = samples.values[column];
  const found = new Map<string, Counted>();
  if (values === undefined) return found;
  for (let i = 0; i < samples.length; i++) {
    const value = numberAt(values, i);
    if (value <= 0) continue;
    const stack: GrownFrame[] = [];
    const start = samples.stackStart[i] ?? 0;
    const end = Math.min(samples.stackStart[i + 1] ?? 0, start + MOST_FRAMES);
    for (let at = start; at < end; at++) {
      const row = locations.lineStart[samples.stackLocations[at] ?? 0] ?? 0;
      const fn = locations.lines.function[row] ?? 0;
      stack.push({
        name: safeText(strings.get(functions.name[fn] ?? 0), 300),
        file: safeText(strings.get(functions.filename[fn] ?? 0), 300),
        line: numberAt(locations.lines.line, row),
      });
    }
    const key = JSON.stringify(stack);
    found.set(key, { stack, value: (found.get(key)?.value ?? 0) + value });
  }
  return found;
}

function guiltyOf(stack: readonly GrownFrame[]): GrownFrame | null {
  const frames = stack.map((frame) => ({ ...frame, origin: classifyFunction(frame.name, frame.file) }));
  const telling = tellingFrame(frames);
  return telling === undefined ? null : { name: telling.name, file: telling.file, line: telling.line };
}

function total(counted: ReadonlyMap<string, Counted>): number {
  let sum = 0;
  for (const { value } of counted.values()) sum += value;
  return sum;
}

/** Below this share of what there is, growth says less than what there is. */
const LEAST_GROWN = 0.02;

/** The stacks of `now`, each beside what it was; the share is of all that grew, or of all where nothing is compared. */
function growersOf(now: ReadonlyMap<string, Counted>, before: ReadonlyMap<string, Counted>): Grower[] {
  return [...now].map(([key, { stack, value }]) => ({
    stack,
    guilty: guiltyOf(stack),
    first: before.get(key)?.value ?? 0,
    last: value,
    share: 0,
  }));
}

function grownBy(growers: readonly Grower[]): number {
  return growers.reduce((sum, { first, last }) => sum + Math.max(0, last - first), 0);
}

/** Memory that is nobody's by its stack, such as `(native)`: it grows with what somebody does, and is told after that. */
function isNobodys(kind: string, { stack }: Grower): boolean {
  return kind === 'heap' && stack.every(({ name, file }) => file === '' && name.startsWith('('));
}

/** Of a connection within one process both ends grow: whoever connects is told before the end that was accepted, where they grow alike. */
const ACCEPTED_PART = 0.8;

function rankOf({ stack, share }: Grower): number {
  return stack[0]?.name === '(incoming connection)' ? share * ACCEPTED_PART : share;
}

/**
 * What has grown from the first profile to the last one, for each sample type that the kind is judged by. Where it was full at the first
 * already, it is told by what there is.
 */
export function grownIn(kind: string, profiles: readonly Profile[]): Grown[] {
  const [first] = profiles;
  const last = profiles.at(-1);
  if (first === undefined || last === undefined) return [];
  return (types.get(kind) ?? []).flatMap((type): Grown[] => {
    const columnOf = (profile: Profile): number => profile.sampleTypes.findIndex((one) => one.type === type);
    const at = columnOf(last);
    if (at < 0) return [];
    const now = countedBy(last, at);
    const before =
      profiles.length > 1 && kind !== 'profile'
        ? countedBy(first, columnOf(first))
        : new Map<string, Counted>();
    const compared = growersOf(now, before);
    const isCompared = before.size > 0 && grownBy(compared) > total(now) * LEAST_GROWN;
    const growers = isCompared ? compared : growersOf(now, new Map());
    const all = grownBy(growers);
    if (all === 0) return [];
    const ranked = growers
      .map((one) => ({ ...one, share: Math.max(0, one.last - one.first) / all }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => Number(isNobodys(kind, a)) - Number(isNobodys(kind, b)) || rankOf(b) - rankOf(a))
      .slice(0, MOST_GROWERS);
    const unit = safeText(last.sampleTypes[at]?.unit ?? '', 40);
    return [{ kind, type, unit, first: total(before), last: total(now), isCompared, growers: ranked }];
  });
}
