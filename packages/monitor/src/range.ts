// What a target had in a range of time, as one profile that every pprof opens.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import type { Frame, ProfileStore, Range } from './store/index.ts';

/** What a profile is opened with, where it has it. */
const FIRST: ReadonlySet<string> = new Set(['goroutine', 'inuse_space']);

/** The mean of a target's profiles of one name over a range, all sample types beside one another; null where there is none. */
export async function profileOfRange(
  store: ProfileStore,
  target: Readonly<Record<string, string>>,
  name: string,
  range: Range,
): Promise<Profile | null> {
  const series = await store.series([['profile', name], ...Object.entries(target)], range);
  if (series.length === 0) return null;
  const merged = await Promise.all(series.map((one) => store.merge([one.id], range, 'avg')));
  const stacks = [...new Set(merged.flatMap((values) => [...values.keys()]))];
  const frames = await store.frames(stacks);
  const builder = new ProfileBuilder({
    sampleTypes: series.map(({ sampleType, unit }) => ({ type: sampleType, unit })),
    defaultSampleType: series.find(({ sampleType }) => FIRST.has(sampleType))?.sampleType ?? '',
    timeNanos: BigInt(Math.round(range.from)) * 1_000_000n,
    durationNanos: BigInt(Math.round(range.to - range.from)) * 1_000_000n,
  });
  const locationOf = ({ function: name, file, line }: Frame): number =>
    builder.location({ lines: [{ function: builder.function(name, file), line }] });
  for (const stack of stacks) {
    const values = merged.map((one) => Math.round(one.get(stack) ?? 0));
    if (values.some((value) => value !== 0))
      builder.sample((frames.get(stack) ?? []).map(locationOf), values);
  }
  return builder.build();
}
