// Objects by class, and by the chain that holds them: what a class profile of a heap says, largest first.
import type { Profile } from '@stackpile/profile';
import type { Pattern } from '@stackpile/report';

/** Objects of one class on one chain. */
export interface HeldObjects {
  readonly objects: number;
  /** Their own bytes. */
  readonly bytes: number;
  /** The class, then its holders from the nearest to the root. */
  readonly chain: readonly string[];
}

function column(profile: Profile, type: string): number {
  return profile.sampleTypes.findIndex((one) => one.type === type);
}

/** Whether a profile counts objects by class. */
export function hasClasses(profile: Profile): boolean {
  return column(profile, 'objects') >= 0;
}

function* framesOf({ samples, locations, functions, strings }: Profile, sample: number): Generator<string> {
  const end = samples.stackStart[sample + 1] ?? 0;
  for (let i = samples.stackStart[sample] ?? 0; i < end; i++) {
    const location = samples.stackLocations[i] ?? 0;
    for (let l = locations.lineStart[location] ?? 0; l < (locations.lineStart[location + 1] ?? 0); l++)
      yield strings.get(functions.name[locations.lines.function[l] ?? 0] ?? 0);
  }
}

/**
 * Classes with all their holders, by their bytes.
 *
 * @param wanted only classes whose name matches; null: all, and of each class one row without its holders
 */
export function heldObjects(profile: Profile, wanted: Pattern | null): HeldObjects[] {
  const objects = profile.samples.values[column(profile, 'objects')];
  const shallow = profile.samples.values[column(profile, 'shallow')];
  const sums = new Map<string, { objects: number; bytes: number; chain: readonly string[] }>();
  for (let sample = 0; sample < profile.samples.length; sample++) {
    const count = Number(objects?.[sample] ?? 0);
    if (count === 0) continue;
    const chain = [...framesOf(profile, sample)];
    const [name = ''] = chain;
    if (wanted !== null && !wanted.test(name)) continue;
    const told = wanted === null ? [name] : chain;
    const key = told.join('\n');
    const sum = sums.get(key) ?? { objects: 0, bytes: 0, chain: told };
    sum.objects += count;
    sum.bytes += Number(shallow?.[sample] ?? 0);
    sums.set(key, sum);
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}
