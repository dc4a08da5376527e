// What changed from one profile to another, by pprof's rules: a merge with one of the two times −1.
// Upstream: google/pprof internal/driver/fetch.go profile/merge.go, 2025-11-14
import { concatenateProfiles } from './append.ts';
import { mergeProfiles } from './merge.ts';
import type { Profile } from '../profile.ts';
import { pickSamples } from '../columns/rows.ts';
import { alignProfiles, checkCompatible, normalizeProfile, scaleProfile } from './scale.ts';
import { extendStrings } from '../columns/strings.ts';

/** Options of {@link diffProfiles}. */
export interface DiffOptions {
  /** Marks the samples of the base with the text label `pprof::base` = `true`, as `-diff_base` does. */
  readonly labelBase?: boolean;
  /** Scales `next` to the sums of `base` first, as `-normalize` does. */
  readonly normalize?: boolean;
  /**
   * Only sums over samples are wanted, and sums of their absolute values: equal samples, locations and functions may then stay
   * several rows, and those that no sample needs may stay too. It takes a third of the time of a difference to look for them.
   */
  readonly sumsOnly?: boolean;
}

const MARK = { key: 'pprof::base', text: 'true' };

/**
 * What changed from `base` to `next`: a merge of `next` and of `base` times −1 (through doubles, as Go).
 *
 * @throws {ProfileError} `PROFILE_INCOMPATIBLE` where the profiles measure different things
 */
export function diffProfiles(base: Profile, next: Profile, options: DiffOptions = {}): Profile {
  const labelBase = options.labelBase === true;
  const normalized = options.normalize === true ? normalizeProfile(next, base) : next;
  // The mark keeps the samples of both sides from being equal; on one side, those that are equal have one sign.
  if (options.sumsOnly === true && labelBase && !hasLabel(next, MARK.key) && !hasLabel(base, MARK.key)) {
    const [alignedNext, alignedBase] = alignProfiles([normalized, base]) as [Profile, Profile];
    checkCompatible(alignedNext, alignedBase);
    const ofNext = withoutZeros(alignedNext);
    const ofBase = withoutZeros(alignedBase);
    if (ofNext !== null && ofBase !== null)
      return concatenateProfiles([
        { profile: ofNext, sign: 1, mark: null },
        { profile: ofBase, sign: -1, mark: MARK },
      ]);
  }
  const labelled = labelBase ? setTextLabel(base, MARK.key, MARK.text) : base;
  return mergeProfiles([normalized, scaleProfile(labelled, -1)]);
}

/** Is a label of this key on any sample? */
function hasLabel({ samples, strings }: Profile, key: string): boolean {
  const { key: keys, length } = samples.labels;
  const others = new Set<number>();
  let last = -1;
  for (let i = 0; i < length; i++) {
    const row = keys[i] as number;
    if (row === last || others.has(row)) continue;
    if (strings.get(row) === key) return true;
    others.add((last = row));
  }
  return false;
}

/** The samples that have a value other than 0; null where one is below 0, or does not fit a double. */
function withoutZeros(profile: Profile): Profile | null {
  const { length, values } = profile.samples;
  const present = new Uint8Array(length);
  for (const column of values) {
    if (!(column instanceof Float64Array)) return null;
    for (let row = 0; row < length; row++) {
      const value = column[row] as number;
      if (value < 0) return null;
      if (value !== 0) present[row] = 1;
    }
  }
  const rows = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) if (present[row] === 1) rows[count++] = row;
  return count === length
    ? profile
    : { ...profile, samples: pickSamples(profile.samples, rows.subarray(0, count)) };
}

/** Gives every sample the text label `key` = `text`, in place of other text labels of that key. */
export function setTextLabel(profile: Profile, key: string, text: string): Profile {
  const { samples, strings } = profile;
  const { labels, labelStart } = samples;
  const extended = extendStrings(strings, [key, text]);
  const keyRow = strings.length;
  const most = labels.length + samples.length;
  const columns = { key: new Uint32Array(most), text: new Uint32Array(most), unit: new Uint32Array(most) };
  // Some of the old numbers and zeros: what held for their sum still holds.
  const number = labels.number instanceof Float64Array ? new Float64Array(most) : new BigInt64Array(most);
  const starts = new Uint32Array(samples.length + 1);
  let at = 0;
  for (let row = 0; row < samples.length; row++) {
    starts[row] = at;
    const end = labelStart[row + 1] as number;
    for (let i = labelStart[row] as number; i < end; i++) {
      if (labels.text[i] !== 0 && strings.get(labels.key[i] as number) === key) continue;
      columns.key[at] = labels.key[i] as number;
      columns.text[at] = labels.text[i] as number;
      columns.unit[at] = labels.unit[i] as number;
      number[at++] = labels.number[i] as never;
    }
    columns.key[at] = keyRow;
    columns.text[at++] = keyRow + 1;
  }
  starts[samples.length] = at;
  const table = {
    length: at,
    key: columns.key.subarray(0, at),
    text: columns.text.subarray(0, at),
    unit: columns.unit.subarray(0, at),
    number: number.subarray(0, at),
  };
  return { ...profile, samples: { ...samples, labelStart: starts, labels: table }, strings: extended };
}
