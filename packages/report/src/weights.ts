// What a report adds up, and what 100 % of it is.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import type { Int64Column, Profile } from '@stackpile/profile';
import { abs64, add64, div64, type Int64, isZero, toBigColumn } from './int64.ts';

/** What is added up: the value of each sample and, for means, the divisor. Both columns are of one kind. */
export interface Weights {
  readonly value: Int64Column;
  readonly divisor: Int64Column | null;
}

/** Columns of one kind. */
export function sameKind(value: Int64Column, divisor: Int64Column | null): Weights {
  if (divisor === null || value instanceof Float64Array === divisor instanceof Float64Array)
    return { value, divisor };
  return { value: toBigColumn(value), divisor: toBigColumn(divisor) };
}

/** The column of a sample type; of means also that of the first one. */
export function weightsOf(profile: Profile, index: number, mean: boolean): Weights {
  const { values } = profile.samples;
  return sameKind(values[index] as Int64Column, mean ? (values[0] as Int64Column) : null);
}

/** Sum of all absolute values (of the base only, if there is one), divided for means. */
export function totalOf(profile: Profile, weights: Weights): Int64 {
  const { value, divisor } = weights;
  const zero: Int64 = value instanceof Float64Array ? 0 : 0n;
  const base = baseSamples(profile);
  if (base === null && divisor === null && value instanceof Float64Array) {
    let total = 0;
    for (let s = 0; s < value.length; s++) total += Math.abs(value[s] as number);
    return total;
  }
  const sum = (only: Uint8Array | null): [Int64, Int64] => {
    let total = zero;
    let divs = zero;
    for (let s = 0; s < profile.samples.length; s++) {
      if (only !== null && only[s] === 0) continue;
      total = add64(total, abs64(value[s] as Int64));
      if (divisor !== null) divs = add64(divs, divisor[s] as Int64);
    }
    return [total, divs];
  };
  let [total, divs] = sum(null);
  if (base !== null) {
    const [baseTotal, baseDivs] = sum(base);
    if (baseTotal > 0) [total, divs] = [baseTotal, baseDivs];
  }
  return isZero(divs) ? total : div64(total, divs);
}

/** 1 for each sample that is labelled as the base of a difference; null where there is none. */
function baseSamples(profile: Profile): Uint8Array | null {
  const { labels, labelStart, length } = profile.samples;
  if (labels.length === 0) return null;
  const isKey = new Map<number, boolean>();
  let base: Uint8Array | null = null;
  for (let s = 0; s < length; s++) {
    const end = labelStart[s + 1] as number;
    for (let i = labelStart[s] as number; i < end; i++) {
      const text = labels.text[i] as number;
      if (text === 0) continue;
      const key = labels.key[i] as number;
      let wanted = isKey.get(key);
      if (wanted === undefined) {
        wanted = profile.strings.get(key) === 'pprof::base';
        isKey.set(key, wanted);
      }
      if (wanted && profile.strings.get(text) === 'true') (base ??= new Uint8Array(length))[s] = 1;
    }
  }
  return base;
}
