// What the old formats have in common: stacks of addresses, to which a memory map gives mappings at the end.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import { ProfileBuilder, type SampleLabel } from '../../builder.ts';
import type { Profile, ValueType } from '../../profile.ts';
import { stringTableOf } from '../../columns/strings.ts';
import type { Scanner } from './scanner.ts';
import { isMemoryMapSentinel, type MapEntry, parseMemoryMap } from './memory-map.ts';

/** A location by its address; `lines` only where the text names it. */
export interface LegacyLocation {
  address: bigint;
  mapping: MapEntry | null;
  line: { readonly name: string; readonly filename: string; readonly line: number } | null;
}

/** A sample; the stack is leaf first. */
export interface LegacySample {
  stack: LegacyLocation[];
  values: bigint[];
  /** Value of the numeric label `bytes`. */
  readonly bytes?: bigint;
}

/** A profile while it is read. */
export interface LegacyProfile {
  sampleTypes: ValueType[];
  periodType: ValueType;
  period: bigint;
  durationNanos: bigint;
  samples: LegacySample[];
  locations: LegacyLocation[];
  mappings: MapEntry[];
}

export function legacyProfile(types: ValueType[], periodType: ValueType, period: bigint): LegacyProfile {
  return {
    sampleTypes: types,
    periodType,
    period,
    durationNanos: 0n,
    samples: [],
    locations: [],
    mappings: [],
  };
}

/** Finds or adds locations by address. */
export class Addresses {
  readonly #byAddress = new Map<bigint, LegacyLocation>();
  readonly #profile: LegacyProfile;

  constructor(profile: LegacyProfile) {
    this.#profile = profile;
  }

  get(address: bigint): LegacyLocation | undefined {
    return this.#byAddress.get(address);
  }

  location(address: bigint): LegacyLocation {
    const wrapped = BigInt.asUintN(64, address);
    let location = this.#byAddress.get(wrapped);
    if (location === undefined) {
      location = { address: wrapped, mapping: null, line: null };
      this.#byAddress.set(wrapped, location);
      this.#profile.locations.push(location);
    }
    return location;
  }
}

/** Skips to the memory map, if there is one, and reads it. */
export function readAdditionalSections(scanner: Scanner, profile: LegacyProfile): void {
  while (!isMemoryMapSentinel(scanner.text) && scanner.scan());
  scanner.check();
  readMemoryMap(scanner, profile);
}

/** Reads a memory map and gives each location its mapping. */
export function readMemoryMap(scanner: Scanner, profile: LegacyProfile): void {
  // As arguments of one call too many of them are a stack that overflows.
  for (const mapping of parseMemoryMap(scanner)) profile.mappings.push(mapping);
  massageMappings(profile);
  orderLocations(profile);
  assignMappings(profile);
}

/** Keeps the locations that samples use, in order of use. */
export function orderLocations(profile: LegacyProfile): void {
  const seen = new Set<LegacyLocation>();
  for (const { stack } of profile.samples) for (const location of stack) seen.add(location);
  profile.locations = [...seen];
}

const LIBRARY = /[.]so$|[.]so[._][0-9]+/;

/** Joins adjacent mappings and moves what looks like the main binary to the front. */
function massageMappings(profile: LegacyProfile): void {
  const joined: MapEntry[] = [];
  for (const mapping of profile.mappings) {
    const last = joined[joined.length - 1];
    if (last === undefined || !adjacent(last, mapping)) {
      joined.push(mapping);
      continue;
    }
    last.limit = mapping.limit;
    if (mapping.filename !== '') last.filename = mapping.filename;
    if (mapping.buildId !== '') last.buildId = mapping.buildId;
  }
  const main = joined.findIndex(({ filename }) => {
    const file = filename.replaceAll('(deleted)', '').trim();
    return file !== '' && !LIBRARY.test(file) && !file.startsWith('[');
  });
  if (main > 0) [joined[0], joined[main]] = [joined[main] as MapEntry, joined[0] as MapEntry];
  profile.mappings = joined;
}

function adjacent(a: MapEntry, b: MapEntry): boolean {
  if (a.filename !== '' && b.filename !== '' && a.filename !== b.filename) return false;
  if (a.buildId !== '' && b.buildId !== '' && a.buildId !== b.buildId) return false;
  if (a.limit !== b.start) return false;
  return (
    a.offset === 0n || b.offset === 0n || BigInt.asUintN(64, a.offset + (a.limit - a.start)) === b.offset
  );
}

/** Gives each location the mapping that contains it; what none contains gets one fake mapping of everything. */
export function assignMappings(profile: LegacyProfile): void {
  const [first, second] = profile.mappings;
  if (first?.filename.startsWith('/anon_hugepage') && second !== undefined && first.limit === second.start) {
    profile.mappings.shift();
  }
  const main = profile.mappings[0];
  if (main !== undefined && BigInt.asUintN(64, main.start - main.offset) === 0x400000n) {
    main.start = 0x400000n;
    main.offset = 0n;
  }
  let fake: MapEntry | null = null;
  for (const location of profile.locations) {
    const { address } = location;
    if (location.mapping !== null || address === 0n) continue;
    let found = profile.mappings.find((m) => m.start <= address && address < m.limit);
    if (found === undefined) {
      found = profile.mappings.find(
        (m) => m.offset !== 0n && BigInt.asUintN(64, m.start - m.offset) <= address && address < m.start,
      );
      if (found !== undefined) {
        found.start = BigInt.asUintN(64, found.start - found.offset);
        found.offset = 0n;
      }
    }
    if (found === undefined) {
      if (fake === null) {
        fake = { start: 0n, limit: 2n ** 64n - 1n, offset: 0n, filename: '', buildId: '' };
        profile.mappings.push(fake);
      }
      found = fake;
    }
    location.mapping = found;
  }
}

/** Removes the frame above the leaf where it is the same call: the signal handler repeats the interrupted frame. */
export function dropDuplicateLeaves(profile: LegacyProfile): void {
  for (const { stack } of profile.samples) {
    const [leaf, caller] = stack;
    if (
      leaf !== undefined &&
      caller !== undefined &&
      leaf.address === BigInt.asUintN(64, caller.address + 1n)
    ) {
      stack.splice(1, 1);
    }
  }
}

/** Scales one heap sample to what was probably allocated, as the sampler's distribution says. */
export function scaleHeapSample(count: bigint, size: bigint, rate: bigint): [bigint, bigint] {
  if (count === 0n || size === 0n) return [0n, 0n];
  if (rate <= 1n) return [count, size];
  const average = Number(size) / Number(count);
  const scale = 1 / (1 - Math.exp(-average / Number(rate)));
  return [toInt64(Number(count) * scale), toInt64(Number(size) * scale)];
}

/** Go's `int64(float64)` on amd64. */
export function toInt64(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

const ALLOCATORS = [
  // C's entry points and their wrappers
  'calloc|cfree|malloc|free|memalign|do_memalign|(__)?posix_memalign|pvalloc|valloc|realloc',
  'tcmalloc::.*|tc_calloc|tc_cfree|tc_malloc|tc_free|tc_memalign|tc_posix_memalign|tc_pvalloc|tc_valloc|tc_realloc',
  'tc_new|tc_delete|tc_newarray|tc_deletearray|tc_new_nothrow|tc_newarray_nothrow',
  'malloc_zone_malloc|malloc_zone_calloc|malloc_zone_valloc|malloc_zone_realloc|malloc_zone_memalign|malloc_zone_free',
  'runtime\\..*',
  'BaseArena::.*|(::)?do_malloc_no_errno|(::)?do_malloc_pages|(::)?do_malloc|DoSampledAllocation',
  'MallocedMemBlock::MallocedMemBlock|_M_allocate|__builtin_(vec_)?delete|__builtin_(vec_)?new',
  '__gnu_cxx::new_allocator::allocate|__libc_malloc|__malloc_alloc_template::allocate|allocate|cpp_alloc',
  'operator new(\\[\\])?|simple_alloc::allocate',
].join('|');
const ALLOCATORS_KEPT = 'runtime\\.panic|runtime\\.reflectcall|runtime\\.call[0-9]*';
const SIGNAL_FRAMES =
  'ProfileData::Add|ProfileData::prof_handler|CpuProfiler::prof_handler|__pthread_sighandler|__restore';
const LOCKS = [
  'RecordLockProfileData|(base::)?RecordLockProfileData.*',
  '(base::)?SubmitMutexProfileData.*|(base::)?SubmitSpinLockProfileData.*',
  ...['base::Mutex', 'Mutex'].flatMap((mutex) => [
    `(${mutex}::)?AwaitCommon.*|(${mutex}::)?Unlock.*|(${mutex}::)?UnlockSlow.*|(${mutex}::)?ReaderUnlock.*`,
    `(${mutex}Lock::)?~MutexLock.*`,
  ]),
  '(SpinLock::)?Unlock.*|(SpinLock::)?SlowUnlock.*|(SpinLockHolder::)?~SpinLockHolder.*',
].join('|');

const HEAP_TYPES = [
  'allocations size',
  'objects space',
  'inuse_objects inuse_space',
  'alloc_objects alloc_space',
  'alloc_objects alloc_space inuse_objects inuse_space',
];

/** The frames that nobody wants to see in a profile of these types. */
function frameExpressions(types: readonly ValueType[]): { dropFrames: string; keepFrames: string } {
  const names = types.map(({ type }) => type).join(' ');
  if (HEAP_TYPES.includes(names)) return { dropFrames: ALLOCATORS, keepFrames: ALLOCATORS_KEPT };
  return { dropFrames: names === 'contentions delay' ? LOCKS : SIGNAL_FRAMES, keepFrames: '' };
}

/** The finished tables. */
export function finishLegacy(profile: LegacyProfile): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: profile.sampleTypes,
    periodType: profile.periodType,
    period: profile.period,
    durationNanos: profile.durationNanos,
    ...frameExpressions(profile.sampleTypes),
  });
  const rows = new Map<LegacyLocation, number>();
  const mappingRows = new Map(profile.mappings.map((mapping, row) => [mapping, row]));
  const functions = new Map<string, number>();
  for (const location of profile.locations) {
    const { line } = location;
    const lines: { function: number; line: number }[] = [];
    if (line !== null) {
      // One function per name, whatever file comes with it later.
      let fn = functions.get(line.name);
      if (fn === undefined) {
        fn = builder.function(line.name, line.filename);
        functions.set(line.name, fn);
      }
      lines.push({ function: fn, line: line.line });
    }
    // Equal locations stay apart, as in the text: the index stands in for the address until the end.
    const address = BigInt(rows.size);
    rows.set(
      location,
      builder.location({ address, lines, mapping: mappingRows.get(location.mapping as MapEntry) ?? -1 }),
    );
  }
  for (const { stack, values, bytes } of profile.samples) {
    const labels: SampleLabel[] = bytes === undefined ? [] : [{ key: 'bytes', number: bytes }];
    builder.sample(
      stack.map((location) => rows.get(location) as number),
      values.map((value) => BigInt.asIntN(64, value)),
      labels,
    );
  }
  return withMappings(builder.build(), profile);
}

/** Mappings are not interned: two equal lines of a map are two mappings. */
function withMappings(built: Profile, profile: LegacyProfile): Profile {
  const { mappings } = profile;
  const texts: string[] = [];
  const row = (text: string): number => {
    if (text === '') return 0;
    texts.push(text);
    return built.strings.length + texts.length - 1;
  };
  const filename = Uint32Array.from(mappings, (m) => row(m.filename));
  const buildId = Uint32Array.from(mappings, (m) => row(m.buildId));
  const all = Array.from({ length: built.strings.length }, (_, i) => built.strings.get(i));
  return {
    ...built,
    strings: texts.length === 0 ? built.strings : stringTableOf([...all, ...texts]),
    locations: {
      ...built.locations,
      address: BigUint64Array.from(profile.locations, ({ address }) => address),
    },
    mappings: {
      length: mappings.length,
      id: BigUint64Array.from(mappings, (_, i) => BigInt(i + 1)),
      start: BigUint64Array.from(mappings, (m) => m.start),
      limit: BigUint64Array.from(mappings, (m) => m.limit),
      offset: BigUint64Array.from(mappings, (m) => m.offset),
      filename,
      buildId,
      flags: new Uint8Array(mappings.length),
    },
  };
}
