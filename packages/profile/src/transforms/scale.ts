// Multiplying values: by one ratio, by one ratio per sample type, to the size of another profile, to common units.
// Upstream: google/pprof profile/merge.go profile/profile.go internal/measurement/measurement.go, 2025-11-14
import { ProfileError } from '../errors.ts';
import { sumInt64 } from '../columns/int64.ts';
import type { Int64Column, Profile, ValueType } from '../profile.ts';
import { pickSamples } from '../columns/rows.ts';
import { convertUnit, unitsConvert } from './units.ts';

const INT64_MIN = -(2n ** 63n);

/** Rounds half away from zero, exactly. */
function roundAway(value: number): number {
  const whole = Math.trunc(value);
  // Adding 0 turns a negative zero into zero.
  return (Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole) + 0;
}

/** Go's `int64(float64)` on amd64: what does not fit becomes -2^63. */
function toInt64(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : INT64_MIN;
}

function scaleColumn(column: Int64Column, ratio: number): Int64Column {
  // Subtracting from 0 gives no negative zero.
  if (ratio === -1 && column instanceof Float64Array) return column.map((value) => 0 - value);
  const numbers = new Float64Array(column.length);
  let total = 0;
  for (let row = 0; row < column.length; row++) {
    const value = roundAway(Number(column[row]) * ratio);
    numbers[row] = value;
    total += Math.abs(value);
  }
  if (total <= Number.MAX_SAFE_INTEGER) return numbers;
  const exact = new BigInt64Array(column.length);
  for (let row = 0; row < column.length; row++) exact[row] = toInt64(numbers[row] as number);
  return exact;
}

/**
 * Multiplies the values by `ratio`, or each sample type's by its own, as Go: through doubles, rounded half away from
 * zero. Samples whose rescaled values are all 0 are dropped; a column with the ratio 1 is not rescaled and does not
 * keep a sample.
 *
 * @throws {ProfileError} `PROFILE_INVALID` where the number of ratios is not that of the sample types
 */
export function scaleProfile(profile: Profile, ratio: number | readonly number[]): Profile {
  const types = profile.sampleTypes.length;
  const ratios = typeof ratio === 'number' ? new Array<number>(types).fill(ratio) : ratio;
  if (ratios.length !== types) {
    const message = `mismatched scale ratios, got ${ratios.length}, want ${types}`;
    throw new ProfileError('PROFILE_INVALID', message, { pprofMessage: message });
  }
  if (ratios.every((r) => r === 1)) return profile;
  const { samples } = profile;
  const values = samples.values.map((column, type) => {
    const r = ratios[type] as number;
    return r === 1 ? column : scaleColumn(column, r);
  });
  const rescaled = values.filter((_, type) => ratios[type] !== 1);
  const kept = new Uint32Array(samples.length);
  let count = 0;
  for (let row = 0; row < samples.length; row++) {
    for (const column of rescaled) {
      if (Number(column[row]) !== 0) {
        kept[count++] = row;
        break;
      }
    }
  }
  return { ...profile, samples: pickSamples({ ...samples, values }, kept.subarray(0, count)) };
}

function goValueType(type: ValueType | null): string {
  return `{${type?.type ?? ''} ${type?.unit ?? ''} 0 0}`;
}

function sameType(a: ValueType | null, b: ValueType | null): boolean {
  return (a?.type ?? '') === (b?.type ?? '') && (a?.unit ?? '') === (b?.unit ?? '');
}

function list(types: readonly ValueType[]): string {
  return types.map((type) => `${type.type}/${type.unit}`).join(' ');
}

/** Throws where two profiles cannot be merged or normalized as they are: their types must be equal, one by one. */
export function checkCompatible(a: Profile, b: Profile): void {
  if (!sameType(a.periodType, b.periodType)) {
    const message = `incompatible period types &${goValueType(a.periodType)} and &${goValueType(b.periodType)}`;
    throw new ProfileError('PROFILE_INCOMPATIBLE', message, { pprofMessage: message });
  }
  const equal =
    a.sampleTypes.length === b.sampleTypes.length &&
    a.sampleTypes.every((type, i) => sameType(type, b.sampleTypes[i] as ValueType));
  if (equal) return;
  const message = `incompatible sample types [${list(a.sampleTypes)}] and [${list(b.sampleTypes)}]`;
  throw new ProfileError('PROFILE_INCOMPATIBLE', message, { pprofMessage: message });
}

/**
 * Scales `profile` so that every sample type sums up to what it does in `base` (0 where its own sum is 0).
 *
 * @throws {ProfileError} `PROFILE_INCOMPATIBLE` where the types differ
 */
export function normalizeProfile(profile: Profile, base: Profile): Profile {
  checkCompatible(profile, base);
  const ratios = profile.samples.values.map((column, type) => {
    const own = sumInt64(column);
    return own === 0n ? 0 : Number(sumInt64(base.samples.values[type] as Int64Column)) / Number(own);
  });
  return scaleProfile(profile, ratios);
}

/** The finest of compatible types. */
function commonType(types: readonly ValueType[], what: string): ValueType | null {
  if (types.length <= 1) return null;
  let finest = types[0] as ValueType;
  for (const type of types.slice(1)) {
    const withoutS = (text: string): string => (text.endsWith('s') ? text.slice(0, -1) : text);
    if (withoutS(finest.type) !== withoutS(type.type) || !unitsConvert(finest.unit, type.unit)) {
      const message = `${what}: incompatible types: ${goValueType(finest)} ${goValueType(type)}`;
      throw new ProfileError('PROFILE_INCOMPATIBLE', message, { pprofMessage: message });
    }
    if (convertUnit(1, type.unit, finest.unit) < 1) finest = type;
  }
  return finest;
}

/**
 * Makes profiles fit for a merge: keeps the sample types that occur in all of them, in the order of the first, and
 * converts values and period to the finest unit.
 *
 * @throws {ProfileError} `PROFILE_INCOMPATIBLE` where no type is common or the units do not convert
 */
export function alignProfiles(profiles: readonly Profile[]): Profile[] {
  const counts = new Map<string, number>();
  for (const { sampleTypes } of profiles) {
    for (const { type } of sampleTypes) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const common = (profiles[0]?.sampleTypes ?? [])
    .map((t) => t.type)
    .filter((t) => counts.get(t) === profiles.length);
  if (common.length === 0) {
    const message = 'profiles have empty common sample type list';
    throw new ProfileError('PROFILE_INCOMPATIBLE', message, { pprofMessage: message });
  }
  const narrowed = profiles.map((profile) => keepTypes(profile, common));
  if (narrowed.length === 1) return narrowed;
  const periodType = commonType(
    narrowed.map((profile) => profile.periodType ?? { type: '', unit: '' }),
    'period type',
  );
  const sampleTypes = common.map((_, i) =>
    commonType(
      narrowed.map((profile) => profile.sampleTypes[i] as ValueType),
      'sample types',
    ),
  );
  return narrowed.map((profile) => {
    let aligned = profile;
    const own = profile.periodType ?? { type: '', unit: '' };
    if (periodType !== null && own.unit !== periodType.unit) {
      const period = toInt64(convertInt64(profile.period, own.unit, periodType.unit));
      aligned = { ...aligned, period, periodType: { type: own.type, unit: periodType.unit } };
    }
    const ratios = profile.sampleTypes.map((t, i) => convertUnit(1, t.unit, sampleTypes[i]?.unit ?? t.unit));
    if (profile.sampleTypes.some((t, i) => t.unit !== sampleTypes[i]?.unit)) {
      const types = profile.sampleTypes.map((t, i) => ({
        type: t.type,
        unit: sampleTypes[i]?.unit ?? t.unit,
      }));
      aligned = { ...aligned, sampleTypes: types };
    }
    return scaleProfile(aligned, ratios);
  });
}

function convertInt64(value: bigint, from: string, to: string): number {
  return value < 0n ? -convertUnit(Number(-value), from, to) : convertUnit(Number(value), from, to);
}

function keepTypes(profile: Profile, types: readonly string[]): Profile {
  const from = types.map((type) => profile.sampleTypes.findIndex((own) => own.type === type));
  if (from.length === profile.sampleTypes.length && from.every((index, i) => index === i)) return profile;
  const defaultSampleType = types.includes(profile.defaultSampleType)
    ? profile.defaultSampleType
    : (types[0] as string);
  return {
    ...profile,
    sampleTypes: from.map((index) => profile.sampleTypes[index] as ValueType),
    samples: {
      ...profile.samples,
      values: from.map((index) => profile.samples.values[index] as Int64Column),
    },
    defaultSampleType,
  };
}
