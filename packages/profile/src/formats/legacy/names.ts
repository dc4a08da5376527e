// Heap and contention texts of Go with the names of their `#` lines, which pprof itself does not look at.
import { ProfileBuilder, type SampleLabel } from '../../builder.ts';
import type { Profile } from '../../profile.ts';
import { FrameLines } from '../go-frames.ts';
import type { LegacyProfile, LegacySample } from './assembly.ts';
import { parseContention } from './contention.ts';
import { parseHeap } from './heap.ts';

/** Collects the `#` lines below each record. */
export class RecordNames {
  readonly #lines = new Map<LegacySample, string[]>();
  #current: string[] | null = null;

  record(sample: LegacySample): void {
    this.#current = [];
    this.#lines.set(sample, this.#current);
  }

  comment(line: string): void {
    this.#current?.push(line);
  }

  of(sample: LegacySample): readonly string[] {
    return this.#lines.get(sample) ?? [];
  }
}

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
