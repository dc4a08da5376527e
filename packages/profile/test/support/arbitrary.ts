// Random profiles for property tests: every column, extremes included.
import fc from 'fast-check';
import type { Profile } from '../../src/index.ts';
import { int64Column, packedStrings } from '../../src/index.ts';

const INT64 = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: -1000n, max: 100000n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n),
  },
);
const UINT64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 0xffffffn }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 63n),
);
const BYTES = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
);

function distinctIds(count: number, dense: boolean, seed: readonly bigint[]): BigUint64Array {
  const ids = new BigUint64Array(count);
  const used = new Set<bigint>([0n]);
  for (let i = 0; i < count; i++) {
    let id = dense ? BigInt(i + 1) : (seed[i % seed.length] as bigint);
    while (used.has(id)) id = BigInt.asUintN(64, id + 1n);
    used.add(id);
    ids[i] = id;
  }
  return ids;
}

interface Recipe {
  readonly strings: readonly Uint8Array[];
  readonly dense: boolean;
  readonly ids: readonly bigint[];
  readonly types: number;
  readonly mappings: readonly {
    start: bigint;
    limit: bigint;
    offset: bigint;
    file: number;
    build: number;
    flags: number;
  }[];
  readonly functions: readonly { name: number; system: number; file: number; start: bigint }[];
  readonly locations: readonly {
    mapping: number;
    address: bigint;
    folded: boolean;
    lines: readonly { fn: number; line: bigint; column: bigint }[];
  }[];
  readonly samples: readonly {
    stack: readonly number[];
    values: readonly bigint[];
    labels: readonly { key: number; text: number; number: bigint; unit: number }[];
  }[];
  readonly scalars: readonly bigint[];
  readonly texts: readonly number[];
}

function build(r: Recipe): Profile {
  // Distinct strings, so that an index says as much as its text.
  const unique = new Map<string, Uint8Array>([['', new Uint8Array(0)]]);
  for (const bytes of r.strings) unique.set(Buffer.from(bytes).toString('hex'), bytes);
  const all = [...unique.values()];
  const ends = new Uint32Array(all.length);
  let size = 0;
  for (const [i, bytes] of all.entries()) ends[i] = size += bytes.length;
  const strings = packedStrings(new Uint8Array(Buffer.concat(all)), ends);
  const row = (n: number): number => n % strings.length;
  const someText = (n: number): number => 1 + (n % (strings.length - 1));
  const text = (n: number): string => strings.get(row(n));
  const functions = r.functions;
  const locations = functions.length === 0 ? r.locations.map((l) => ({ ...l, lines: [] })) : r.locations;
  const samples = locations.length === 0 ? r.samples.map((s) => ({ ...s, stack: [] })) : r.samples;
  const lines = locations.flatMap((l) => l.lines);
  const labels = samples.flatMap((s) => s.labels);
  const stack = samples.flatMap((s) => s.stack.map((n) => n % locations.length));
  const starts = (lengths: readonly number[]): Uint32Array => {
    const offsets = new Uint32Array(lengths.length + 1);
    for (const [i, length] of lengths.entries()) offsets[i + 1] = (offsets[i] as number) + length;
    return offsets;
  };
  const isText = (l: { text: number }): boolean => l.text % 2 === 1;
  const types = Array.from({ length: r.types }, (_, i) => ({ type: `t${i}${text(i)}`, unit: text(i + 3) }));
  return {
    sampleTypes: types,
    samples: {
      length: samples.length,
      stackStart: starts(samples.map((s) => s.stack.length)),
      stackLocations: Uint16Array.from(stack),
      values: types.map((_, t) => int64Column(samples.map((s) => s.values[t] as bigint))),
      labelStart: starts(samples.map((s) => s.labels.length)),
      labels: {
        length: labels.length,
        key: Uint32Array.from(labels, (l) => row(l.key)),
        text: Uint32Array.from(labels, (l) => (isText(l) ? someText(l.text) : 0)),
        number: int64Column(labels.map((l) => (isText(l) ? 0n : l.number === 0n ? 7n : l.number))),
        unit: Uint32Array.from(labels, (l) => (isText(l) ? 0 : row(l.unit))),
      },
    },
    mappings: {
      length: r.mappings.length,
      id: distinctIds(r.mappings.length, r.dense, r.ids),
      start: BigUint64Array.from(r.mappings, (m) => m.start),
      limit: BigUint64Array.from(r.mappings, (m) => m.limit),
      offset: BigUint64Array.from(r.mappings, (m) => m.offset),
      filename: Uint32Array.from(r.mappings, (m) => row(m.file)),
      buildId: Uint32Array.from(r.mappings, (m) => row(m.build)),
      flags: Uint8Array.from(r.mappings, (m) => m.flags),
    },
    locations: {
      length: locations.length,
      id: distinctIds(locations.length, r.dense, r.ids),
      mapping: Int32Array.from(locations, (l) =>
        r.mappings.length === 0 ? -1 : (l.mapping % (r.mappings.length + 1)) - 1,
      ),
      address: BigUint64Array.from(locations, (l) => l.address),
      isFolded: Uint8Array.from(locations, (l) => (l.folded ? 1 : 0)),
      lineStart: starts(locations.map((l) => l.lines.length)),
      lines: {
        length: lines.length,
        function: Uint32Array.from(lines, (l) => l.fn % functions.length),
        line: int64Column(lines.map((l) => l.line)),
        column: int64Column(lines.map((l) => l.column)),
      },
    },
    functions: {
      length: functions.length,
      id: distinctIds(functions.length, r.dense, r.ids),
      name: Uint32Array.from(functions, (f) => row(f.name)),
      systemName: Uint32Array.from(functions, (f) => row(f.system)),
      filename: Uint32Array.from(functions, (f) => row(f.file)),
      startLine: int64Column(functions.map((f) => f.start)),
    },
    strings,
    dropFrames: text(r.texts[0] as number),
    keepFrames: text(r.texts[1] as number),
    timeNanos: r.scalars[0] as bigint,
    durationNanos: r.scalars[1] as bigint,
    periodType: { type: text(r.texts[2] as number), unit: text(r.texts[3] as number) },
    period: r.scalars[2] as bigint,
    comments: r.texts.slice(6).map(text),
    defaultSampleType: text(r.texts[4] as number),
    docUrl: text(r.texts[5] as number),
  };
}

const N = fc.nat(1000);

/** A valid profile with the given number of sample types, or one to four. */
export function profiles(types?: number): fc.Arbitrary<Profile> {
  return (types === undefined ? fc.integer({ min: 1, max: 4 }) : fc.constant(types)).chain((count) =>
    fc
      .record<Recipe>({
        strings: fc.array(BYTES, { minLength: 1, maxLength: 12 }),
        dense: fc.boolean(),
        ids: fc.array(UINT64, { minLength: 1, maxLength: 5 }),
        types: fc.constant(count),
        mappings: fc.array(
          fc.record({ start: UINT64, limit: UINT64, offset: UINT64, file: N, build: N, flags: fc.nat(15) }),
          { maxLength: 3 },
        ),
        functions: fc.array(fc.record({ name: N, system: N, file: N, start: INT64 }), { maxLength: 8 }),
        locations: fc.array(
          fc.record({
            mapping: N,
            address: UINT64,
            folded: fc.boolean(),
            lines: fc.array(fc.record({ fn: N, line: INT64, column: INT64 }), { maxLength: 3 }),
          }),
          { maxLength: 8 },
        ),
        samples: fc.array(
          fc.record({
            stack: fc.array(N, { maxLength: 6 }),
            values: fc.array(INT64, { minLength: count, maxLength: count }),
            labels: fc.array(fc.record({ key: N, text: N, number: INT64, unit: N }), { maxLength: 3 }),
          }),
          { maxLength: 12 },
        ),
        scalars: fc.array(INT64, { minLength: 3, maxLength: 3 }),
        texts: fc.array(N, { minLength: 6, maxLength: 10 }),
      })
      .map(build),
  );
}
