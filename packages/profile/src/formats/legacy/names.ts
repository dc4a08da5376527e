// Heap and contention texts of Go with the names of their `#` lines, which pprof itself does not look at.
import { ProfileBuilder, type SampleLabel } from '../../builder.ts';
import type { Profile } from '../../profile.ts';
import { FrameLines } from '../go-frames.ts';
import type { LegacyProfile } from './assembly.ts';
import { parseContention } from './contention.ts';
import { parseHeap } from './heap.ts';
import { RecordNames } from './record-names.ts';

/** Reads a Go heap, mutex or block text with names; null where it has none. */
export function readGoNamedRecords(data: Uint8Array): Profile | null {
  const names = new RecordNames();
  const profile: LegacyProfile | null = parseHeap(data, names) ?? parseContention(data, names);
  if (profile === null) return null;
  const builder = new ProfileBuilder({
    sampleTypes: profile.sampleTypes,
    periodType: profile.periodType,
    period: profile.period,
    durationNanos: profile.durationNanos,
  });
  const frames = new FrameLines();
  let named = false;
  for (const sample of profile.samples) {
    for (const line of names.of(sample)) frames.add(line);
    named ||= frames.length > 0;
    const stack =
      frames.length > 0
        ? frames.take(builder)
        : sample.stack.map(({ address }) => builder.location({ address, lines: [] }));
    const labels: SampleLabel[] = sample.bytes === undefined ? [] : [{ key: 'bytes', number: sample.bytes }];
    builder.sample(
      stack,
      sample.values.map((value) => BigInt.asIntN(64, value)),
      labels,
    );
  }
  return named ? builder.build() : null;
}
