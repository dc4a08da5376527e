// The mappings of several profiles as one table: the same binary on two machines is one mapping, and addresses move with it.
// Upstream: google/pprof profile/merge.go, 2025-11-14
import { countedIds } from '../builder.ts';
import { ByteInterner } from '../columns/byte-interner.ts';
import type { MappingTable, Profile } from '../profile.ts';
import { TupleSet } from '../columns/tuples.ts';

const PAGE = 0x1000n;

const uint64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const lowOf = (value: bigint): number => Number(BigInt.asUintN(32, value));
const highOf = (value: bigint): number => Number(value >> 32n);

/** What became of one profile's mappings; 64-bit integers are two halves each. */
export interface MappingsOf {
  readonly profile: Profile;
  /** Rows in the merged table, -1 where they were not needed yet. */
  readonly rows: Int32Array;
  /** Start of the kept mapping minus the start of this one. */
  readonly shifts: Uint32Array;
  /** Start of the kept mapping. */
  readonly starts: Uint32Array;
}

/** Merges mappings by pprof's rules, in the order in which they are needed. */
export class MergedMappings {
  readonly #set = new TupleSet();
  readonly #names = new ByteInterner();
  readonly #kept: { readonly profile: Profile; readonly row: number }[] = [];

  /** Begins with another profile. */
  of(profile: Profile): MappingsOf {
    const { length } = profile.mappings;
    const mappings = {
      profile,
      rows: new Int32Array(length).fill(-1),
      shifts: new Uint32Array(length * 2),
      starts: new Uint32Array(length * 2),
    };
    // The first mapping stands for the main binary, whatever the samples use first.
    if (this.#kept.length === 0 && length > 0) this.row(mappings, 0);
    return mappings;
  }

  /** The merged row of a mapping; of none, -1, that is -1. */
  row(of: MappingsOf, row: number): number {
    if (row < 0) return -1;
    const known = of.rows[row] as number;
    if (known >= 0) return known;
    const { mappings, strings } = of.profile;
    const start = mappings.start[row] as bigint;
    const offset = mappings.offset[row] as bigint;
    // Rounded up to whole pages: the same binary need not end at the same byte.
    const size = uint64(uint64((mappings.limit[row] as bigint) - start) + PAGE - 1n);
    const pages = size - (size % PAGE);
    const buildId = this.#names.add(strings.bytes(mappings.buildId[row] as number));
    // A build id and a file name of the same text are the same key, as in Go.
    const name = buildId !== 0 ? buildId : this.#names.add(strings.bytes(mappings.filename[row] as number));
    const merged = this.#set.add([lowOf(pages), highOf(pages), lowOf(offset), highOf(offset), name]);
    if (merged === this.#kept.length) this.#kept.push({ profile: of.profile, row });
    const kept = this.#kept[merged] as { profile: Profile; row: number };
    const keptStart = kept.profile.mappings.start[kept.row] as bigint;
    const shift = uint64(keptStart - start);
    of.shifts[2 * row] = lowOf(shift);
    of.shifts[2 * row + 1] = highOf(shift);
    of.starts[2 * row] = lowOf(keptStart);
    of.starts[2 * row + 1] = highOf(keptStart);
    of.rows[row] = merged;
    return merged;
  }

  /** The merged table; `string` gives the row of a profile's string in the merged strings. */
  build(string: (profile: Profile, row: number) => number): MappingTable {
    const kept = this.#kept;
    return {
      length: kept.length,
      id: countedIds(kept.length),
      start: BigUint64Array.from(kept, ({ profile, row }) => profile.mappings.start[row] as bigint),
      limit: BigUint64Array.from(kept, ({ profile, row }) => profile.mappings.limit[row] as bigint),
      offset: BigUint64Array.from(kept, ({ profile, row }) => profile.mappings.offset[row] as bigint),
      filename: Uint32Array.from(kept, ({ profile, row }) =>
        string(profile, profile.mappings.filename[row] as number),
      ),
      buildId: Uint32Array.from(kept, ({ profile, row }) =>
        string(profile, profile.mappings.buildId[row] as number),
      ),
      flags: Uint8Array.from(kept, ({ profile, row }) => profile.mappings.flags[row] as number),
    };
  }
}
