// The old binary CPU profiles of C++ and Java: machine words of either size and byte order.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import {
  Addresses,
  assignMappings,
  dropDuplicateLeaves,
  type LegacyLocation,
  type LegacyProfile,
  legacyProfile,
  readMemoryMap,
} from './assembly.ts';
import { readJavaLocations } from './java.ts';
import { Scanner } from './scanner.ts';

/** Reads words of one size and byte order; `at` is -1 once the bytes are used up. */
class Words {
  readonly #view: DataView;
  readonly #wide: boolean;
  readonly #little: boolean;
  at = 0;

  constructor(bytes: Uint8Array, wide: boolean, little: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#wide = wide;
    this.#little = little;
  }

  get left(): number {
    return this.at < 0 ? 0 : this.#view.byteLength - this.at;
  }

  next(): bigint {
    const size = this.#wide ? 8 : 4;
    if (this.left < size) {
      this.at = -1;
      return 0n;
    }
    const value = this.#wide
      ? this.#view.getBigUint64(this.at, this.#little)
      : BigInt(this.#view.getUint32(this.at, this.#little));
    this.at += size;
    return value;
  }
}

const TYPES = [
  { type: 'samples', unit: 'count' },
  { type: 'cpu', unit: 'nanoseconds' },
];

/** Reads samples up to the end marker; null where the bytes are no such profile. */
function readSamples(words: Words, profile: LegacyProfile, adjust: boolean): Addresses | null {
  const locations = new Addresses(profile);
  while (words.left > 0) {
    const count = words.next();
    const depth = words.next();
    if (words.at < 0 || depth > BigInt(Math.trunc(words.left / 4))) return null;
    const addresses: bigint[] = [];
    for (let i = 0; i < Number(depth); i++) addresses.push(words.next());
    if (count === 0n && depth === 1n && addresses[0] === 0n) return locations;
    const stack = addresses.map((address, i) => locations.location(adjust && i > 0 ? address - 1n : address));
    profile.samples.push({ stack, values: [count, count * profile.period] });
  }
  return locations;
}

/** Removes the profiler's own signal frame: the second frame, where nearly all samples share it. */
function dropSignalFrame(profile: LegacyProfile): void {
  const margin = Math.trunc(profile.samples.length / 32);
  for (let round = 0; round < 2; round++) {
    const counts = new Map<bigint, number>();
    for (const { stack } of profile.samples) {
      const second: LegacyLocation | undefined = stack[1];
      if (second !== undefined) counts.set(second.address, (counts.get(second.address) ?? 0) + 1);
    }
    for (const [address, count] of counts) {
      if (count < profile.samples.length - margin) continue;
      for (const { stack } of profile.samples) if (stack[1]?.address === address) stack.splice(1, 1);
      break;
    }
  }
}

/** Reads an old binary CPU profile; null where it is none. */
export function parseCpu(data: Uint8Array): LegacyProfile | null {
  for (const [wide, little] of [
    [false, true],
    [false, false],
    [true, true],
    [true, false],
  ] as const) {
    const words = new Words(data, wide, little);
    const header = [words.next(), words.next(), words.next(), words.next(), words.next()];
    const [zero, three, kind, period, last] = header as [bigint, bigint, bigint, bigint, bigint];
    if (words.at < 0 || zero !== 0n || three !== 3n || kind > 1n || period === 0n || last !== 0n) continue;
    const profile = legacyProfile(
      TYPES,
      { type: 'cpu', unit: 'nanoseconds' },
      BigInt.asIntN(64, period * 1000n),
    );
    const locations = readSamples(words, profile, kind === 0n);
    if (locations === null) return null;
    const rest = words.at < 0 ? data.length : words.at;
    if (kind === 1n) {
      readJavaLocations(data.subarray(rest), locations, profile);
      assignMappings(profile);
      for (const location of profile.locations) location.address = 0n;
      return profile;
    }
    dropSignalFrame(profile);
    readMemoryMap(new Scanner(data, rest), profile);
    dropDuplicateLeaves(profile);
    return profile;
  }
  return null;
}
