// The `#` lines of Go's heap and contention texts, by the record that they stand below.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import type { LegacySample } from './assembly.ts';

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
