// Heap texts of Go (`heap?debug=1`) and of C++ allocators: heap, heap_v2, heapprofile, growth, fragmentation.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import type { ValueType } from '../../profile.ts';
import {
  Addresses,
  type LegacyProfile,
  legacyProfile,
  type LegacySample,
  readAdditionalSections,
  scaleHeapSample,
} from './assembly.ts';
import type { RecordNames } from './record-names.ts';
import { isMemoryMapSentinel } from './memory-map.ts';
import { isSpaceOrComment, parseHexAddresses, parseInt10, Scanner, trimSpace } from './scanner.ts';

const HEADER = /heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] *@ *(heap[_a-z0-9]*)\/?(\d*)/;
const GROWTH = /heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] @ growthz?/;
const FRAGMENTATION = /heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] @ fragmentationz?/;
const SAMPLE = /(?<!\d)(-?\d+): *(-?\d+) *\[ *(\d+): *(\d+) *\] @([ x0-9a-f]*)/;

interface Header {
  readonly sampled: boolean;
  readonly period: bigint;
  readonly hasAllocations: boolean;
}

function readHeader(line: string): Header | null {
  const match = HEADER.exec(line);
  if (match === null) {
    const other = GROWTH.test(line) || FRAGMENTATION.test(line);
    return other ? { sampled: false, period: 1n, hasAllocations: false } : null;
  }
  const [, inuseCount, inuseSize, allocCount, allocSize, kind, rate] = match as unknown as string[];
  const period = rate === '' ? 0n : parseInt10(rate as string);
  if (typeof period === 'string') return null;
  const hasAllocations =
    (allocCount !== inuseCount && allocCount !== '0') || (allocSize !== inuseSize && allocSize !== '0');
  switch (kind) {
    case 'heapz_v2':
    case 'heap_v2':
      return { sampled: true, period, hasAllocations };
    case 'heapprofile':
      return { sampled: false, period: 1n, hasAllocations };
    case 'heap':
      // Go prints twice its rate.
      return { sampled: true, period: period / 2n, hasAllocations };
    default:
      return null;
  }
}

const INUSE: ValueType[] = [
  { type: 'objects', unit: 'count' },
  { type: 'space', unit: 'bytes' },
];
const ALL: ValueType[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

/** Reads one sample line; throws in pprof's words. */
function readSample(line: string, header: Header, scanner: Scanner, addresses: Addresses): LegacySample {
  const match = SAMPLE.exec(line);
  if (match === null) throw scanner.error('unexpected number of sample values: got 0, want 6');
  const [, inuseCount, inuseSize, allocCount, allocSize, hex] = match as unknown as string[];
  const values: bigint[] = [];
  let bytes = 0n;
  const add = (countText: string, sizeText: string, label: string): void => {
    let count = parseInt10(countText);
    if (typeof count === 'string') throw scanner.error(`malformed sample: ${line}: ${count}`);
    let size = parseInt10(sizeText);
    if (typeof size === 'string') throw scanner.error(`malformed sample: ${line}: ${size}`);
    if (count === 0n && size !== 0n)
      throw scanner.error(`${label} count was 0 but ${label} bytes was ${size}`);
    if (count !== 0n) {
      bytes = BigInt.asIntN(64, size / count);
      if (header.sampled) [count, size] = scaleHeapSample(count, size, header.period);
    }
    values.push(count, size);
  };
  if (header.hasAllocations) add(allocCount as string, allocSize as string, 'allocation');
  add(inuseCount as string, inuseSize as string, 'inuse');
  const parsed = parseHexAddresses(hex as string);
  if (typeof parsed === 'string') {
    throw scanner.error(`malformed sample: ${line}: failed to parse as hex 64-bit number: ${parsed}`);
  }
  // Return addresses: the call is before them.
  return { stack: parsed.map((address) => addresses.location(address - 1n)), values, bytes };
}

/** Reads a heap text; null where it is none. */
export function parseHeap(data: Uint8Array, names: RecordNames | null = null): LegacyProfile | null {
  const scanner = new Scanner(data);
  if (!scanner.scan()) {
    scanner.check();
    return null;
  }
  const header = readHeader(scanner.text);
  if (header === null) return null;
  const types = header.hasAllocations ? ALL : INUSE;
  const profile = legacyProfile(types, { type: 'space', unit: 'bytes' }, header.period);
  const addresses = new Addresses(profile);
  while (scanner.scan()) {
    const line = trimSpace(scanner.text);
    if (isSpaceOrComment(line)) {
      names?.comment(scanner.text);
      continue;
    }
    if (isMemoryMapSentinel(line)) break;
    const sample = readSample(line, header, scanner, addresses);
    names?.record(sample);
    profile.samples.push(sample);
  }
  scanner.check();
  readAdditionalSections(scanner, profile);
  return profile;
}
