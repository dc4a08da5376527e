// What a target had in a range of time, as one profile that every pprof opens.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import type { Frame, ProfileStore, Range, Series } from './store/index.ts';

/** What a profile is opened with, where it has it. */
const FIRST: ReadonlySet<string> = new Set(['goroutine', 'inuse_space', 'cpu']);

/** The profiles of one name of a target over a range, all sample types beside one another; null where there is none. */
export async function profileOfRange(
  store: ProfileStore,
  target: Readonly<Record<string, string>>,
  name: string,
  range: Range,
): Promise<Profile | null> {
  const series = await store.series([['profile', name], ...Object.entries(target)], range);
  return series.length === 0
    ? null
    : profileOfSeries(
        store,
        series.map((one) => [one]),
        range,
      );
}

/** Series added up, each list of one sample type: the mean of a gauge over the range, the sum of what came in it. */
export async function profileOfSeries(
  store: ProfileStore,
  columns: readonly (readonly Series[])[],
  range: Range,
): Promise<Profile> {
  const firsts = columns.flatMap(([one]) => (one === undefined ? [] : [one]));
  const merged = await Promise.all(
    columns.map((all) =>
      store.merge(
        all.map(({ id }) => id),
        range,
        all[0]?.kind === 'delta' ? 'sum' : 'avg',
      ),
    ),
  );
  const stacks = [...new Set(merged.flatMap((values) => [...values.keys()]))];
  const frames = await store.frames(stacks);
  const builder = new ProfileBuilder({
    sampleTypes: firsts.map(({ sampleType, unit }) => ({ type: sampleType, unit })),
    defaultSampleType: firsts.find(({ sampleType }) => FIRST.has(sampleType))?.sampleType ?? '',
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
