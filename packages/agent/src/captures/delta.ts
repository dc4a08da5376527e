// The difference of two readings, as Go's `?seconds=` on named profiles makes it.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { int64At, type Profile, ProfileBuilder } from '@stackpile/profile';
import { keyOf, labelsAt, RowCopier } from './rows.ts';

interface DeltaSample {
  readonly profile: Profile;
  readonly row: number;
  readonly values: bigint[];
}

/**
 * `after` − `before`: samples of the same stack and labels are subtracted, what comes to zero is dropped, values may be
 * negative. Unlike in Go the default sample type is kept: ours is not always the last one.
 */
export function deltaProfile(before: Profile, after: Profile): Profile {
  const sums = new Map<string, DeltaSample>();
  const add = (profile: Profile, sign: bigint): void => {
    for (let row = 0; row < profile.samples.length; row++) {
      const key = keyOf(profile, row, labelsAt(profile, row));
      let sum = sums.get(key);
      if (sum === undefined)
        sums.set(key, (sum = { profile, row, values: profile.sampleTypes.map(() => 0n) }));
      profile.samples.values.forEach((column, t) => {
        (sum.values[t] as bigint) += sign * int64At(column, row);
      });
    }
  };
  add(before, -1n);
  add(after, 1n);
  const builder = new ProfileBuilder({
    sampleTypes: after.sampleTypes,
    ...(after.periodType === null ? {} : { periodType: after.periodType }),
    period: after.period,
    defaultSampleType: after.defaultSampleType,
    timeNanos: after.timeNanos,
    durationNanos: after.timeNanos - before.timeNanos,
  });
  const copier = new RowCopier(builder, after);
  for (const { profile, row, values } of sums.values())
    if (values.some((value) => value !== 0n)) copier.add(profile, row, values, labelsAt(profile, row));
  return builder.build();
}
