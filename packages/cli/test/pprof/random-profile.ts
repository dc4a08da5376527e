// Random profiles as fast-check arbitraries.
import fc from 'fast-check';
import type { RawFunction, RawLabel, RawLocation, RawMapping, RawProfile } from './raw-profile.ts';

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
  // Bytes that are no characters, an emoji, an escape sequence, a zero.
  'latin\udce9.f',
  '\udcff\udc80',
  '🚀.fly',
  'red\u001b[31m.f',
  'nul\0.f',
  // C++ as compilers print it, and mangled.
  'void std::sort<int*, std::less<int> >(int*, int*, std::less<int>)',
  'foo(int, char)::{lambda(int)#1}::operator()(int) const',
  'operator new(unsigned long)',
  'operator<<',
  'Foo::operator()(int)',
  '_ZN3foo3barEv.isra.0',
  '_ZZN4main3runEvENKUlvE_clEv',
  '_ZN5boost6detail8functionC1IiEERKT_',
  '_ZTV3Foo',
  '_ZGVZ3fooE1x',
  '_ZNKSt8functionIFvvEEclEv',
  '_RNvMs_NtC5alloc3vecINtB4_3VecpE4push',
  '__ZN3foo3barEi',
  '_ZN',
  '___Z3foov_block_invoke',
  '.plt.sec',
  'java.util.HashMap.get(Object)',
  'Foo$$Lambda$12.run',
  '@plt',
  'f [clone .cold]',
  'main.f[go.shape.int]',
  'a<b>c(d)[e]',
  'x.(y).z',
  'pkg/v2.F',
  'github.com/x/y/v10/z.init.0',
] as const;

const files = [
  'sources/shop/main.go',
  'shop/cart/cart.go',
  '/src/shop/gone.go',
  'C:\\src\\a.cc',
  './x/../y.go',
  '/',
  '\udcff.go',
  'a b.go',
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
  'milligcu',
  'widgets',
  '',
  'ms',
  'sec',
  'hrs',
  'MB',
  'B',
  'μs',
  'Bytes',
  'counts',
] as const;
const typeNames = [
  'samples',
  'cpu',
  'alloc_space',
  'inuse_space',
  'inuse_objects',
  'delay',
  'space',
  'objects',
  'alloc_objects',
  'contentions',
  '1',
  'wait time',
  '',
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
  'mixed',
  'ms',
  '',
] as const;
const labelTexts = [
  '/cart',
  '/pay',
  'a',
  'b c',
  'x"y',
  'true',
  '日本',
  'tab\tbed',
  '',
  'two\nlines',
  '\udcfe',
] as const;

const keyUnits: Readonly<Record<string, readonly string[]>> = {
  mixed: ['kb', 'ms', 'bytes', 'widgets'],
  ms: ['', ''],
  '': ['', 'seconds'],
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
    startLine: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(0, 0, 1, 10, 25) },
      { weight: 1, arbitrary: fc.constantFrom(-3, 100_000, 2_147_483_648) },
    ),
  })
  .map(({ name, systemName, sameName, file, startLine }) => ({
    name: sameName === 9 ? '' : name,
    systemName: sameName === 0 ? systemName : sameName === 1 ? '' : name,
    file,
    startLine,
  }));

/** Of many functions most have a name of their own. */
function numbered(row: RawFunction, index: number): RawFunction {
  if (index % 3 === 0) return row;
  const name = `shop.f${index}`;
  return { ...row, name, systemName: name };
}

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
        line: fc.oneof(
          { weight: 20, arbitrary: fc.constantFrom(0, 5, 12, 25, 31, 160, 2000) },
          { weight: 1, arbitrary: fc.constantFrom(-1, -5, 4_294_967_296, 2_147_483_647) },
        ),
        column: fc.constantFrom(0, 0, 0, 0, 7, 80, 7, 80, -2),
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
      number: fc.oneof(
        { weight: 7, arbitrary: fc.constantFrom(1n, 16n, 64n, 1024n, 4096n, 65_536n, 1_048_576n, -8n) },
        { weight: 1, arbitrary: fc.constantFrom(0n, -1_048_576n, 1n << 40n, (1n << 63n) - 1n, -(1n << 63n)) },
      ),
      unit: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ key, number, unit }) => {
      const units = keyUnits[key] ?? [''];
      return { key, number, unit: units[unit % units.length] as string };
    });
  return fc.array(fc.oneof(textLabel, numberLabel), { maxLength: 4 });
}

const mappingArbitrary: fc.Arbitrary<RawMapping> = fc.record({
  start: fc.constantFrom(0x400000n, 0x4000000n, 0x7f0000000000n),
  limit: fc.constantFrom(0x500000n, 0x8000000n, 0x7f0000100000n),
  offset: fc.constantFrom(0n, 0x1000n),
  file: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom('/srv/app/bin/shop', '/usr/lib/nothing/libx.so', '', '[vdso]', '/opt/a b'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...[
          '[kernel.kallsyms]_stext',
          '[kernel.kallsyms]',
          '//anon',
          'linux-vdso.so.1',
          '/memfd:jit (deleted)',
        ],
        ...[
          '/dev/dri/card0',
          'file:///srv/app/main.js',
          'http://host/app.js',
          'a:b',
          'bin/shop',
          '/',
          '/usr/',
        ],
        ...['C:\\bin\\shop.exe', 'x"y', '/srv/\udcff', 'node:internal/fs', 'sources/shop/main.go', '.'],
      ),
    },
  ),
  buildId: fc.constantFrom('', 'abc123', 'deadbeef00', '', 'a/b c'),
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
          selector: ([name, unit]) => `${name} ${name.length % 4 === 0 ? unit : ''}`,
        })
      : fc.constant(sampleTypes.map(([type, unit]) => [type, unit] as [string, string]));
  const small = fc.record({
    functions: fc.integer({ min: 1, max: 12 }),
    mappings: fc.constantFrom(0, 1, 1, 1, 2, 3),
    locations: fc.integer({ min: 1, max: 24 }),
    samples: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }) },
      { weight: 6, arbitrary: fc.integer({ min: 3, max: 40 }) },
    ),
    depth: fc.constant(7),
    extreme: fc.integer({ min: 0, max: 25 }).map((n) => n === 0),
  });
  /** More nodes than a picture shows. */
  const large = fc.record({
    functions: fc.integer({ min: 60, max: 150 }),
    mappings: fc.constantFrom(1, 2),
    locations: fc.integer({ min: 100, max: 250 }),
    samples: fc.integer({ min: 60, max: 160 }),
    depth: fc.constantFrom(4, 20),
    extreme: fc.constant(false),
  });
  const sizes = fc.oneof({ weight: 12, arbitrary: small }, { weight: 1, arbitrary: large });
  return fc.tuple(types, sizes).chain(([sampleTypesChosen, size]) => {
    const value =
      kind === 'positive' ? positiveValue : size.extreme ? fc.oneof(smallValue, extremeValue) : smallValue;
    return fc.record({
      sampleTypes: fc.constant(sampleTypesChosen),
      idStep: fc.constantFrom(1, 1, 1, 7, 1_000_003),
      functions: fc
        .array(functionArbitrary, { minLength: size.functions, maxLength: size.functions })
        .map((rows) => (size.functions < 60 ? rows : rows.map(numbered))),
      mappings: fc.array(mappingArbitrary, { minLength: size.mappings, maxLength: size.mappings }),
      locations: fc.array(locationArbitrary(size.functions, size.mappings), {
        minLength: size.locations,
        maxLength: size.locations,
      }),
      samples: fc.array(
        fc.record({
          stack: fc.array(fc.integer({ min: 0, max: size.locations - 1 }), {
            maxLength: size.depth,
            size: 'max',
          }),
          values: fc.array(value, {
            minLength: sampleTypesChosen.length,
            maxLength: sampleTypesChosen.length,
          }),
          labels: labelsArbitrary(),
        }),
        { minLength: size.samples, maxLength: size.samples },
      ),
      dropFrames: fc.constantFrom(
        '',
        '',
        '',
        '',
        'runtime\\..*',
        'main\\.work|.*json.*',
        '(',
        '.*',
        'std::.*',
      ),
      keepFrames: fc.constantFrom('', '', '', 'runtime\\.mallocgc'),
      time: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(0n, 1_767_225_600_123_456_789n, 1_700_000_000_000_000_000n) },
        { weight: 1, arbitrary: fc.constantFrom(1n, -1n, -1_000_000_000n, (1n << 63n) - 1n, -(1n << 63n)) },
      ),
      duration: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(0n, 10_040_000_000n, 2_500_000_000n, 61_000_000_000n) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(1n, 999n, 1_500_000n, -5n, 86_400_000_000_000n, (1n << 63n) - 1n),
        },
      ),
      periodType: fc.constantFrom(
        null,
        null,
        ['cpu', 'nanoseconds'] as const,
        ['space', 'bytes'] as const,
        ['', ''] as const,
      ),
      period: fc.constantFrom(0n, 1n, 10_000_000n, 524_288n, -1n),
      comments: fc.array(
        fc.constantFrom('#hidden', 'release 7', 'two\nlines', '  # not hidden', '"quoted" \\', '\udcfa'),
        { maxLength: 2 },
      ),
      defaultType: fc.constantFrom('', '', sampleTypesChosen[0]?.[0] ?? '', 'nosuch'),
      docUrl: fc.constantFrom('', '', '', 'https://example.com/doc', 'doc "x"'),
    });
  });
}
