// The difference of two readings, as Go's `?seconds=` on named profiles makes it.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { int64At, type Profile, ProfileBuilder, type SampleLabel, taskLabel } from '@stackpile/profile';
import { framesOf } from '../text/read.ts';

interface DeltaSample {
  readonly profile: Profile;
  readonly row: number;
  readonly values: bigint[];
}

function labelsAt(profile: Profile, row: number): SampleLabel[] {
  const { labelStart, labels } = profile.samples;
  const out: SampleLabel[] = [];
  for (let i = labelStart[row] as number; i < (labelStart[row + 1] as number); i++) {
    const key = profile.strings.get(labels.key[i] as number);
    const text = labels.text[i] as number;
    if (text !== 0) out.push({ key, text: profile.strings.get(text) });
    else if (key !== taskLabel.waited && key !== taskLabel.error) {
      // How long the oldest waited, and how sure a count is, differs between the readings and is no identity.
      out.push({
        key,
        number: int64At(labels.number, i),
        unit: profile.strings.get(labels.unit[i] as number),
      });
    }
  }
  return out;
}

function keyOf(profile: Profile, row: number): string {
  const frames = framesOf(profile, row).map((frame) => [frame.name, frame.file, frame.line]);
  const labels = labelsAt(profile, row).map((label) =>
    'text' in label ? [label.key, label.text] : [label.key, String(label.number), label.unit ?? ''],
  );
  return JSON.stringify([frames, labels]);
}

/**
 * `after` − `before`: samples of the same stack and labels are subtracted, what comes to zero is dropped, values may be
 * negative. Unlike in Go the default sample type is kept: ours is not always the last one.
 */
export function deltaProfile(before: Profile, after: Profile): Profile {
  const sums = new Map<string, DeltaSample>();
  const add = (profile: Profile, sign: bigint): void => {
    for (let row = 0; row < profile.samples.length; row++) {
      const key = keyOf(profile, row);
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
  const { mappings, strings } = after;
  const mapping =
    mappings.length === 0
      ? -1
      : builder.mapping({
          start: mappings.start[0] as bigint,
          limit: mappings.limit[0] as bigint,
          filename: strings.get(mappings.filename[0] as number),
          flags: mappings.flags[0] as number,
        });
  for (const { profile, row, values } of sums.values()) {
    if (values.every((value) => value === 0n)) continue;
    const stack = framesOf(profile, row).map((frame) =>
      builder.location({
        ...(mapping < 0 ? {} : { mapping }),
        address: frame.address,
        lines: [{ function: builder.function(frame.name, frame.file, frame.startLine), line: frame.line }],
      }),
    );
    builder.sample(stack, values, labelsAt(profile, row));
  }
  return builder.build();
}
