// What a profile is evidence of, and which of its sample types are kept, as what.
import type { Evidence } from '@stackpile/leaks';
import type { Profile } from '@stackpile/profile';
import type { SeriesKey } from './store/model.ts';

/** By sample type; those that are not in it are not kept. */
export type Kinds = Readonly<Record<string, SeriesKey['kind']>>;

export interface Kept {
  readonly evidence: Evidence | null;
  /** By sample type; where it is absent all sample types are of `kind`. */
  readonly kinds?: Kinds;
  readonly kind: SeriesKey['kind'];
}

/** Of a heap what is alive: what was ever allocated only rises. */
const HEAP = {
  inuse_space: 'gauge',
  inuse_objects: 'gauge',
  space: 'gauge',
  objects: 'gauge',
} as const;
const LEVELS: ReadonlyMap<string, Kept> = new Map<string, Kept>([
  ['goroutine', { evidence: 'tasks', kind: 'gauge' }],
  ['heap', { evidence: 'heap', kind: 'gauge', kinds: HEAP }],
  ['goroutineleak', { evidence: 'goroutineleak', kind: 'gauge' }],
  ['threadcreate', { evidence: 'threads', kind: 'gauge' }],
]);
/** What is recorded for a while says what came in that while. */
const RECORDED: Kept = { evidence: null, kind: 'delta' };

/** By the name of the profile. */
export function keptOf(name: string): Kept {
  return LEVELS.get(name) ?? RECORDED;
}

/** The kind of each sample type that is kept. */
export function kindsOf(profile: Profile, { kinds, kind }: Kept): Kinds {
  return kinds ?? Object.fromEntries(profile.sampleTypes.map(({ type }) => [type, kind]));
}

/** A profile with those columns only that are kept. */
export function keptColumns(profile: Profile, kinds: Kinds): Profile {
  const kept = profile.sampleTypes.flatMap(({ type }, at) => (Object.hasOwn(kinds, type) ? [at] : []));
  if (kept.length === profile.sampleTypes.length) return profile;
  const column = <T>(columns: readonly T[]): T[] => columns.filter((_, at) => kept.includes(at));
  const { samples, defaultSampleType } = profile;
  return {
    ...profile,
    sampleTypes: column(profile.sampleTypes),
    samples: { ...samples, values: column(samples.values) },
    defaultSampleType: Object.hasOwn(kinds, defaultSampleType) ? defaultSampleType : '',
  };
}

/** The name of a profile that came without one, by what it measures; `said` is what its sender calls it. */
export function profileName(profile: Profile, said: string): string {
  const types = new Set(profile.sampleTypes.map(({ type }) => type));
  const has = (...names: readonly string[]): boolean => names.some((name) => types.has(name));
  if (has('goroutine', 'goroutines')) return 'goroutine';
  if (has('inuse_space', 'inuse_objects') || (has('space') && has('objects'))) return 'heap';
  if (has('alloc_space', 'alloc_objects')) return 'allocs';
  if (has('cpu')) return 'profile';
  if (has('contentions', 'delay')) return said === 'block' ? 'block' : 'mutex';
  if (has('wall')) return 'wall';
  return /^[\w.-]{1,60}$/u.test(said) ? said : 'profile';
}
