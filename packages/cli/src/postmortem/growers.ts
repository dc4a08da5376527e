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

/** Sample types by kind of profile, the first that is there. */
const types: Readonly<Record<string, readonly string[]>> = {
  goroutine: ['goroutine', 'handles'],
  heap: ['inuse_space'],
  // Bytes first: what is off-heap belongs to few objects.
  heapclasses: ['shallow', 'objects'],
  profile: ['cpu'],
};

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
    for (let at = samples.stackStart[i] ?? 0; at < (samples.stackStart[i + 1] ?? 0); at++) {
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

/** What has grown from the first profile to the last one, for each sample type that the kind is judged by. */
export function grownIn(kind: string, profiles: readonly Profile[]): Grown[] {
  const [first] = profiles;
  const last = profiles.at(-1);
  if (first === undefined || last === undefined) return [];
  const isCompared = profiles.length > 1 && kind !== 'profile';
  return (types[kind] ?? []).flatMap((type): Grown[] => {
    const at = last.sampleTypes.findIndex((one) => one.type === type);
    if (at < 0) return [];
    const now = countedBy(last, at);
    const before = isCompared
      ? countedBy(
          first,
          first.sampleTypes.findIndex((one) => one.type === type),
        )
      : new Map<string, Counted>();
    const growers = [...now].map(([key, { stack, value }]) => {
      const earlier = before.get(key)?.value ?? 0;
      return { stack, guilty: guiltyOf(stack), first: earlier, last: value, share: 0 };
    });
    const all = growers.reduce((sum, one) => sum + Math.max(0, one.last - one.first), 0);
    if (all === 0) return [];
    const ranked = growers
      .map((one) => ({ ...one, share: Math.max(0, one.last - one.first) / all }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share)
      .slice(0, MOST_GROWERS);
    const unit = safeText(last.sampleTypes[at]?.unit ?? '', 40);
    return [{ kind, type, unit, first: total(before), last: total(now), isCompared, growers: ranked }];
  });
}
