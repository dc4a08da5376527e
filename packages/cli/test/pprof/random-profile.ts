// Random profiles as fast-check arbitraries, written by an encoder of their own so that ours is not tested with itself.
import fc from 'fast-check';

/** A profile as the messages of profile.proto say it; ids are as written. */
export interface RawProfile {
  readonly sampleTypes: readonly (readonly [type: string, unit: string])[];
  readonly samples: readonly RawSample[];
  readonly mappings: readonly RawMapping[];
  readonly locations: readonly RawLocation[];
  readonly functions: readonly RawFunction[];
  readonly dropFrames: string;
  readonly keepFrames: string;
  readonly time: bigint;
  readonly duration: bigint;
  readonly periodType: readonly [string, string] | null;
  readonly period: bigint;
  readonly comments: readonly string[];
  readonly defaultType: string;
  readonly docUrl: string;
}
export interface RawSample {
  readonly stack: readonly number[];
  readonly values: readonly bigint[];
  readonly labels: readonly RawLabel[];
}
export type RawLabel =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly number: bigint; readonly unit: string };
export interface RawMapping {
  readonly start: bigint;
  readonly limit: bigint;
  readonly offset: bigint;
  readonly file: string;
  readonly buildId: string;
  readonly flags: number;
}
export interface RawLocation {
  /** Row of the mapping, -1 for none. */
  readonly mapping: number;
  readonly address: bigint;
  readonly folded: boolean;
  readonly lines: readonly {
    readonly function: number;
    readonly line: number;
    readonly column: number;
  }[];
}
export interface RawFunction {
  readonly name: string;
  readonly systemName: string;
  readonly file: string;
  readonly startLine: number;
}

class Writer {
  readonly bytes: number[] = [];
  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest));
  }
  integer(field: number, value: bigint | number): void {
    if (BigInt(value) === 0n) return;
    this.varint(BigInt(field * 8));
    this.varint(BigInt(value));
  }
  message(field: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    this.data(field, inner.bytes);
  }
  data(field: number, bytes: readonly number[] | Uint8Array): void {
    this.varint(BigInt(field * 8 + 2));
    this.varint(BigInt(bytes.length));
    for (const byte of bytes) this.bytes.push(byte);
  }
  list(field: number, values: readonly bigint[]): void {
    if (values.length < 3) {
      for (const value of values) {
        this.varint(BigInt(field * 8));
        this.varint(value);
      }
      return;
    }
    const inner = new Writer();
    for (const value of values) inner.varint(value);
    this.data(field, inner.bytes);
  }
}

/** The profile as a plain protobuf message. */
export function encodeRaw(profile: RawProfile): Uint8Array {
  const rows = new Map<string, number>([['', 0]]);
  const text = (value: string): number => {
    let row = rows.get(value);
    if (row === undefined) {
      row = rows.size;
      rows.set(value, row);
    }
    return row;
  };
  const out = new Writer();
  const valueType = (field: number, [type, unit]: readonly [string, string]): void =>
    out.message(field, (inner) => {
      inner.integer(1, text(type));
      inner.integer(2, text(unit));
    });
  for (const type of profile.sampleTypes) valueType(1, type);
  for (const sample of profile.samples) {
    out.message(2, (inner) => {
      inner.list(
        1,
        sample.stack.map((location) => BigInt(location + 1)),
      );
      inner.list(2, sample.values);
      for (const label of sample.labels) {
        inner.message(3, (one) => {
          one.integer(1, text(label.key));
          if ('text' in label) one.integer(2, text(label.text));
          else {
            one.integer(3, label.number);
            one.integer(4, text(label.unit));
          }
        });
      }
    });
  }
  for (const [i, mapping] of profile.mappings.entries()) {
    out.message(3, (inner) => {
      inner.integer(1, i + 1);
      inner.integer(2, mapping.start);
      inner.integer(3, mapping.limit);
      inner.integer(4, mapping.offset);
      inner.integer(5, text(mapping.file));
      inner.integer(6, text(mapping.buildId));
      for (let bit = 0; bit < 4; bit++) inner.integer(7 + bit, (mapping.flags >> bit) & 1);
    });
  }
  for (const [i, location] of profile.locations.entries()) {
    out.message(4, (inner) => {
      inner.integer(1, i + 1);
      inner.integer(2, location.mapping + 1);
      inner.integer(3, location.address);
      for (const line of location.lines) {
        inner.message(4, (one) => {
          one.integer(1, line.function + 1);
          one.integer(2, line.line);
          one.integer(3, line.column);
        });
      }
      inner.integer(5, location.folded ? 1 : 0);
    });
  }
  for (const [i, fn] of profile.functions.entries()) {
    out.message(5, (inner) => {
      inner.integer(1, i + 1);
      inner.integer(2, text(fn.name));
      inner.integer(3, text(fn.systemName));
      inner.integer(4, text(fn.file));
      inner.integer(5, fn.startLine);
    });
  }
  out.integer(7, text(profile.dropFrames));
  out.integer(8, text(profile.keepFrames));
  out.integer(9, profile.time);
  out.integer(10, profile.duration);
  if (profile.periodType !== null) valueType(11, profile.periodType);
  out.integer(12, profile.period);
  for (const comment of profile.comments) out.integer(13, text(comment));
  out.integer(14, text(profile.defaultType));
  out.integer(15, text(profile.docUrl));
  // Comments are indexes: a zero would vanish, but no comment is empty.
  for (const value of rows.keys()) out.data(6, Buffer.from(value, 'utf8'));
  return Uint8Array.from(out.bytes);
}

/** Names of every kind of program, some of them mangled, empty or odd. */
export const names = [
  'main.main',
  'main.work',
  'main.(*Server).handle',
  'main.(*Server).handle.func1',
  'example.com/shop/v2/cart.(*Cart).Serve',
  'encoding/json.Marshal',
  'slices.SortFunc[...]',
  'main.(*T).Run.Map[...].func1',
  'runtime.mallocgc',
  'github.com/a/b-c.d/v3/pkg.(*X[...]).M',
  'std::vector<int>::push_back(int)',
  '(anonymous namespace)::Foo::bar(int)',
  'com.shop.Cart.addItem',
  'com.shop.Cart$Line.<init>',
  '_ZNSt6vectorIiSaIiEE9push_backERKi',
  '_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE',
  '_RNvC6_123foo3bar',
  '_start',
  '',
  '<anonymous>',
  'Array.<anonymous>',
  'get [Symbol.iterator](x)',
  '(program)',
  'node:fs.readFile',
  'ünï.cödé',
  'a "quoted" name',
  'back\\slash',
  'two\nlines',
  '日本.関数',
] as const;

const files = [
  '/src/shop/main.go',
  '/src/shop/cart/cart.go',
  'relative/a.js',
  'a//b/../c.ts',
  'file:///srv/app/b.js',
  '/proc/self/cwd/x/y.cc',
  '',
  '/go/src/runtime/malloc.go',
] as const;

const units = [
  'count',
  'nanoseconds',
  'microseconds',
  'milliseconds',
  'seconds',
  'bytes',
  'kilobytes',
  'GCU',
  'widgets',
  '',
] as const;
const typeNames = [
  'samples',
  'cpu',
  'alloc_space',
  'inuse_space',
  'inuse_objects',
  'delay',
  'space',
  '1',
] as const;

export const labelKeys = [
  'route',
  'bytes',
  'thread',
  'request',
  'alignment',
  'k:v',
  'ключ',
  'verylongkeyname',
] as const;
const labelTexts = ['/cart', '/pay', 'a', 'b c', 'x"y', 'true', '日本', 'tab\tbed'] as const;

/** One unit per numeric key: with several, pprof's own words come in random order. */
const keyUnits: Readonly<Record<string, readonly string[]>> = {
  bytes: ['', 'bytes'],
  thread: ['', ''],
  request: ['', ''],
  alignment: ['', ''],
  route: ['', 'ms'],
};

const smallValue = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2000 }).map(BigInt) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0n, 1n, 999n, 1000n, 1023n, 1024n, 1152n, 59_999n, 3_600_000n, 10_000_000n),
  },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 5_000 }).map((n) => BigInt(n) * 10_000_000n) },
  { weight: 2, arbitrary: fc.integer({ min: -500, max: -1 }).map(BigInt) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n << 50n, max: 1n << 57n }) },
);
const positiveValue = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2000 }).map(BigInt) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5_000 }).map((n) => BigInt(n) * 10_000_000n) },
);
const extremeValue = fc.constantFrom(
  (1n << 63n) - 1n,
  -(1n << 63n),
  (1n << 62n) + 12_345n,
  -(1n << 62n),
  (1n << 53n) + 1n,
);

const functionArbitrary: fc.Arbitrary<RawFunction> = fc
  .record({
    name: fc.constantFrom(...names),
    systemName: fc.constantFrom(...names),
    sameName: fc.integer({ min: 0, max: 9 }),
    file: fc.constantFrom(...files),
    startLine: fc.constantFrom(0, 0, 1, 10, 25),
  })
  .map(({ name, systemName, sameName, file, startLine }) => ({
    name: sameName === 9 ? '' : name,
    systemName: sameName === 0 ? systemName : sameName === 1 ? '' : name,
    file,
    startLine,
  }));

function locationArbitrary(functions: number, mappings: number): fc.Arbitrary<RawLocation> {
  return fc.record({
    mapping: fc
      .integer({ min: mappings > 0 ? -1 : -1, max: mappings - 1 })
      .map((m) => (mappings > 0 && m < 0 ? 0 : m)),
    address: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0x401000, max: 0x401040 }).map((a) => BigInt(a) * 16n) },
      { weight: 1, arbitrary: fc.constant(0n) },
      { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }) },
    ),
    folded: fc.integer({ min: 0, max: 15 }).map((n) => n === 0),
    lines: fc.array(
      fc.record({
        function: fc.integer({ min: 0, max: functions - 1 }),
        line: fc.constantFrom(0, 5, 12, 25, 31, 160, 2000),
        column: fc.constantFrom(0, 0, 0, 7, 80),
      }),
      { minLength: 0, maxLength: 3, size: 'max' },
    ),
  });
}

function labelsArbitrary(): fc.Arbitrary<RawLabel[]> {
  const textLabel = fc.record({ key: fc.constantFrom(...labelKeys), text: fc.constantFrom(...labelTexts) });
  const numberLabel = fc
    .record({
      key: fc.constantFrom(...Object.keys(keyUnits)),
      number: fc.constantFrom(1n, 16n, 64n, 1024n, 4096n, 65_536n, 1_048_576n, -8n),
      unit: fc.integer({ min: 0, max: 1 }),
    })
    .map(({ key, number, unit }) => ({ key, number, unit: keyUnits[key]?.[unit] ?? '' }));
  return fc.array(fc.oneof(textLabel, numberLabel), { maxLength: 4 });
}

const mappingArbitrary: fc.Arbitrary<RawMapping> = fc.record({
  start: fc.constantFrom(0x400000n, 0x4000000n, 0x7f0000000000n),
  limit: fc.constantFrom(0x500000n, 0x8000000n, 0x7f0000100000n),
  offset: fc.constantFrom(0n, 0x1000n),
  file: fc.constantFrom('/srv/app/bin/shop', '/usr/lib/nothing/libx.so', '', '[vdso]', '/opt/a b'),
  buildId: fc.constantFrom('', 'abc123', 'deadbeef00'),
  flags: fc.constantFrom(0, 1, 7, 15, 15, 15, 15),
});

/** A profile with the given sample types; without them, of any. */
export function profileArbitrary(
  sampleTypes?: readonly (readonly [string, string])[],
  kind: 'any' | 'positive' = 'any',
): fc.Arbitrary<RawProfile> {
  const types =
    sampleTypes === undefined
      ? fc.uniqueArray(fc.tuple(fc.constantFrom(...typeNames), fc.constantFrom(...units)), {
          minLength: 1,
          maxLength: 4,
          selector: ([name]) => name,
        })
      : fc.constant(sampleTypes.map(([type, unit]) => [type, unit] as [string, string]));
  const sizes = fc.record({
    functions: fc.integer({ min: 1, max: 12 }),
    mappings: fc.constantFrom(0, 1, 1, 1, 2, 3),
    locations: fc.integer({ min: 1, max: 24 }),
    samples: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }) },
      { weight: 6, arbitrary: fc.integer({ min: 3, max: 40 }) },
    ),
    extreme: fc.integer({ min: 0, max: 25 }).map((n) => n === 0),
  });
  return fc.tuple(types, sizes).chain(([sampleTypesChosen, size]) => {
    const value =
      kind === 'positive' ? positiveValue : size.extreme ? fc.oneof(smallValue, extremeValue) : smallValue;
    return fc.record({
      sampleTypes: fc.constant(sampleTypesChosen),
      functions: fc.array(functionArbitrary, {
        minLength: size.functions,
        maxLength: size.functions,
      }),
      mappings: fc.array(mappingArbitrary, { minLength: size.mappings, maxLength: size.mappings }),
      locations: fc.array(locationArbitrary(size.functions, size.mappings), {
        minLength: size.locations,
        maxLength: size.locations,
      }),
      samples: fc.array(
        fc.record({
          stack: fc.array(fc.integer({ min: 0, max: size.locations - 1 }), { maxLength: 7, size: 'max' }),
          values: fc.array(value, {
            minLength: sampleTypesChosen.length,
            maxLength: sampleTypesChosen.length,
          }),
          labels: labelsArbitrary(),
        }),
        { minLength: size.samples, maxLength: size.samples },
      ),
      dropFrames: fc.constantFrom('', '', '', '', 'runtime\\..*', 'main\\.work|.*json.*', '('),
      keepFrames: fc.constantFrom('', '', '', 'runtime\\.mallocgc'),
      time: fc.constantFrom(0n, 1_767_225_600_123_456_789n, 1_700_000_000_000_000_000n),
      duration: fc.constantFrom(0n, 10_040_000_000n, 2_500_000_000n, 61_000_000_000n),
      periodType: fc.constantFrom(null, null, ['cpu', 'nanoseconds'] as const),
      period: fc.constantFrom(0n, 1n, 10_000_000n),
      comments: fc.array(fc.constantFrom('#hidden', 'release 7', 'two\nlines'), { maxLength: 2 }),
      defaultType: fc.constantFrom('', '', sampleTypesChosen[0]?.[0] ?? '', 'nosuch'),
      docUrl: fc.constantFrom('', '', '', 'https://example.com/doc'),
    });
  });
}
