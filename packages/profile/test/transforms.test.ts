// Merge, diff, scale, normalize, aggregate, prune: laws on random profiles, and the odd rules one by one.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  aggregateProfile,
  checkValid,
  compactProfile,
  diffProfiles,
  int64At,
  int64Column,
  mergeProfiles,
  normalizeProfile,
  type Profile,
  ProfileBuilder,
  ProfileError,
  pruneFrames,
  scaleProfile,
  setTextLabel,
  simplifyFunctionName,
  sumInt64,
} from '../src/index.ts';
import { profiles } from './support/arbitrary.ts';
import { rawText } from './support/raw.ts';

const sums = (profile: Profile): bigint[] => profile.samples.values.map(sumInt64);
const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
/** The same header, so that profiles merge whatever their types are called. */
const alike = (profile: Profile): Profile => ({
  ...profile,
  sampleTypes: profile.sampleTypes.map((_, i) => ({ type: `type${i}`, unit: 'count' })),
  periodType: { type: 'p', unit: 'count' },
});

test('a merge is valid, keeps the sums and is its own compaction', () => {
  fc.assert(
    fc.property(profiles(2).map(alike), profiles(2).map(alike), (a, b) => {
      const merged = mergeProfiles([a, b]);
      checkValid(merged);
      const expected = sums(a).map((sum, i) => wrap(sum + (sums(b)[i] as bigint)));
      assert.deepEqual(sums(merged), expected);
      assert.equal(rawText(compactProfile(merged)), rawText(merged));
      assert.ok(merged.samples.length <= a.samples.length + b.samples.length);
    }),
    { numRuns: 300 },
  );
});

/** Values without signs and extremes: sums that cancel out drop a sample, and then the order of merging shows. */
const positive = (profile: Profile): Profile => ({
  ...alike(profile),
  period: 1n,
  samples: {
    ...profile.samples,
    values: profile.samples.values.map((column) =>
      int64Column(
        Array.from({ length: column.length }, (_, row) => BigInt.asUintN(40, int64At(column, row))),
      ),
    ),
  },
});

test('merging is associative', () => {
  const one = profiles(1).map(positive);
  fc.assert(
    fc.property(one, one, one, (a, b, c) => {
      // Time, and what depends on it, is the one thing that is not.
      const plain = (p: Profile): string => rawText({ ...p, timeNanos: 0n });
      assert.equal(
        plain(mergeProfiles([mergeProfiles([a, b]), c])),
        plain(mergeProfiles([a, mergeProfiles([b, c])])),
      );
    }),
    { numRuns: 200 },
  );
});

test('a profile minus itself is nothing', () => {
  fc.assert(
    fc.property(profiles(2).map(alike), (profile) => {
      // Beyond 2^53 the base goes through doubles and something may stay.
      const small = profile.samples.values.map((column) =>
        int64Column(
          Array.from({ length: column.length }, (_, row) => BigInt.asIntN(40, int64At(column, row))),
        ),
      );
      const exact = { ...profile, samples: { ...profile.samples, values: small } };
      const difference = diffProfiles(exact, exact);
      assert.equal(difference.samples.length, 0);
      assert.deepEqual(sums(difference), [0n, 0n]);
      checkValid(diffProfiles(exact, exact, { labelBase: true, normalize: true }));
    }),
    { numRuns: 200 },
  );
});

test('samples of a difference that stay apart add up to the same, as do their absolute values', () => {
  const sizes = ({ samples }: Profile): bigint[] =>
    samples.values.map((column) =>
      Array.from({ length: samples.length }, (_, row) => int64At(column, row)).reduce(
        (sum, value) => sum + (value < 0n ? -value : value),
        0n,
      ),
    );
  const some = fc.oneof(profiles(2).map(positive), profiles(2).map(alike));
  fc.assert(
    fc.property(some, some, fc.boolean(), (a, b, labelBase) => {
      // Each sample twice, so that there is always something to add up.
      const twice = (profile: Profile): Profile =>
        mergeProfiles([profile, setTextLabel(profile, 'second', 'yes')]);
      const next = setTextLabel(twice(b), 'second', 'yes');
      const added = diffProfiles(a, next, { labelBase });
      const apart = diffProfiles(a, next, { labelBase, sumsOnly: true });
      checkValid(apart);
      assert.equal(rawText(compactProfile(apart)), rawText(added));
      assert.deepEqual(sizes(apart), sizes(added));
    }),
    { numRuns: 200 },
  );
});

test('samples stay apart only where they have one sign and none is marked as a base', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'n', unit: 'count' }] });
  const location = builder.location({ lines: [] });
  for (const value of [5, 5]) builder.sample([location], [value]);
  const profile = builder.build();
  const left = (base: Profile, next: Profile, labelBase = true): number =>
    diffProfiles(base, next, { labelBase, sumsOnly: true }).samples.length;
  assert.equal(left(profile, profile), 4);
  assert.equal(left(profile, profile, false), 0);
  assert.equal(left(profile, scaleProfile(profile, -1)), 2);
  assert.equal(left(profile, setTextLabel(profile, 'pprof::base', 'true')), 0);
});

test('scaling rounds half away from zero and drops what becomes nothing', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'n', unit: 'count' }] });
  const location = builder.location({ lines: [] });
  for (const value of [5n, -5n, 1n, 3n, 0n, 2n ** 62n]) builder.sample([location], [value]);
  const scaled = scaleProfile(builder.build(), 0.5);
  assert.deepEqual(Array.from(scaled.samples.values[0] as BigInt64Array, BigInt), [
    3n,
    -3n,
    1n,
    2n,
    2n ** 61n,
  ]);
  const beyond = scaleProfile(builder.build(), 4);
  assert.equal(BigInt((beyond.samples.values[0] as BigInt64Array).at(-1) as bigint), -(2n ** 63n));
  const profile = builder.build();
  assert.equal(scaleProfile(profile, 1), profile);
  assert.equal(Object.is((scaleProfile(profile, -1).samples.values[0] as Float64Array)[0], -0), false);
});

test('columns with the ratio 1 do not keep a sample', () => {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'a', unit: 'count' },
      { type: 'b', unit: 'count' },
    ],
  });
  builder.sample([], [7, 0]);
  builder.sample([], [0, 4]);
  const scaled = scaleProfile(builder.build(), [1, 2]);
  assert.deepEqual(
    scaled.samples.values.map((column) => [...column]),
    [[0], [8]],
  );
  assert.throws(() => scaleProfile(builder.build(), [1]), /mismatched scale ratios, got 1, want 2/);
});

test('normalizing brings sums together', () => {
  const make = (values: number[]): Profile => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
    for (const value of values)
      builder.sample([builder.location({ address: BigInt(value), lines: [] })], [value]);
    return builder.build();
  };
  assert.deepEqual(sums(normalizeProfile(make([100, 300]), make([10, 30]))), [40n]);
  assert.equal(normalizeProfile(make([5, -5]), make([10])).samples.length, 0);
});

test('units of one family are brought to the finest, other differences are refused', () => {
  const make = (type: string, unit: string, value: number, period = 'nanoseconds'): Profile => {
    const builder = new ProfileBuilder({
      sampleTypes: [
        { type: 'only', unit: 'count' },
        { type, unit },
      ],
      periodType: { type: 'cpu', unit: period },
      period: 3,
    });
    builder.sample([], [1, value]);
    return builder.build();
  };
  const merged = mergeProfiles([make('time', 'milliseconds', 2), make('time', 'us', 5, 'ms')]);
  assert.deepEqual(merged.sampleTypes[1], { type: 'time', unit: 'us' });
  assert.deepEqual(sums(merged), [2n, 2005n]);
  assert.equal(merged.period, 3000000n);
  const fails = (a: Profile, b: Profile, text: string): void =>
    assert.throws(
      () => mergeProfiles([a, b]),
      (error) => error instanceof ProfileError && error.pprofMessage === text,
    );
  fails(
    make('time', 'ms', 1),
    make('time', 'bytes', 1),
    'sample types: incompatible types: {time ms 0 0} {time bytes 0 0}',
  );
  fails(
    make('x', 'ms', 1),
    make('x', 'ms', 1, 'kb'),
    'period type: incompatible types: {cpu nanoseconds 0 0} {cpu kb 0 0}',
  );
  assert.deepEqual(mergeProfiles([make('a', 'ms', 1), make('b', 'ms', 1)]).sampleTypes, [
    { type: 'only', unit: 'count' },
  ]);
  assert.throws(() => mergeProfiles([]), /profiles have empty common sample type list/);
});

test('the header of a merge: earliest time with its quirk, sums, unions, first that is set', () => {
  const make = (time: bigint, comments: string[], docUrl: string): Profile => ({
    ...new ProfileBuilder({
      sampleTypes: [{ type: 'a', unit: 'count' }],
      durationNanos: 2n,
      timeNanos: time,
      docUrl,
    }).build(),
    comments,
  });
  const merged = mergeProfiles([make(5n, ['x', 'y'], ''), make(0n, ['y', 'z'], 'u'), make(9n, [], 'v')]);
  assert.equal(merged.timeNanos, 9n);
  assert.equal(merged.durationNanos, 6n);
  assert.deepEqual(merged.comments, ['x', 'y', 'z']);
  assert.equal(merged.docUrl, 'u');
});

test('an inner column does not keep two inlined locations apart, the last one does', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
  const inner = builder.function('inner');
  const outer = builder.function('outer');
  const at = (innerColumn: number, outerColumn: number): number =>
    builder.location({
      lines: [
        { function: inner, line: 1, column: innerColumn },
        { function: outer, line: 2, column: outerColumn },
      ],
    });
  for (const location of [at(1, 1), at(2, 1), at(1, 2)]) builder.sample([location], [1]);
  const compact = compactProfile(builder.build());
  assert.deepEqual(
    compact.samples.values.map((column) => [...column]),
    [[2, 1]],
  );
});

test('mappings of one build are one, and addresses move with them', () => {
  const make = (start: bigint): Profile => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
    const mapping = builder.mapping({ start, limit: start + 0x1234n, buildId: 'b', filename: `f${start}` });
    builder.sample([builder.location({ mapping, address: start + 0x10n, lines: [] })], [1]);
    return builder.build();
  };
  const merged = mergeProfiles([make(0x1000n), make(0x7000n)]);
  assert.equal(merged.mappings.length, 1);
  assert.deepEqual([...merged.locations.address], [0x1010n]);
  assert.deepEqual(sums(merged), [2n]);
});

test('labels are part of a sample, their order is not', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
  builder.sample(
    [],
    [1],
    [
      { key: 'x', text: '1' },
      { key: 'n', number: 5, unit: 'bytes' },
    ],
  );
  builder.sample(
    [],
    [2],
    [
      { key: 'n', number: 5, unit: 'bytes' },
      { key: 'x', text: '1' },
    ],
  );
  builder.sample(
    [],
    [4],
    [
      { key: 'n', number: 5 },
      { key: 'x', text: '1' },
    ],
  );
  assert.deepEqual(
    compactProfile(builder.build()).samples.values.map((column) => [...column]),
    [[3, 4]],
  );
  const labelled = setTextLabel(builder.build(), 'x', 'new');
  checkValid(labelled);
  assert.match(rawText(labelled), /x:\[new\]/);
  assert.doesNotMatch(rawText(labelled), /x:\[1/);
});

test('aggregation forgets exactly what is not asked for', () => {
  fc.assert(
    fc.property(profiles(), fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (profile, keep) => {
      const [inlines, functions, filenames, lines, columns, addresses] = keep;
      const granularity = { inlines, functions, filenames, lines, columns, addresses } as Parameters<
        typeof aggregateProfile
      >[1];
      const cut = aggregateProfile(profile, granularity);
      checkValid(cut);
      if (keep.every(Boolean)) assert.equal(rawText(cut), rawText(profile));
      if (!granularity.addresses) assert.ok(cut.locations.address.every((address) => address === 0n));
      if (!granularity.lines)
        assert.ok(cut.locations.lines.line.every((line: number | bigint) => Number(line) === 0));
      if (!granularity.inlines) {
        const { lineStart } = cut.locations;
        assert.ok(lineStart.every((start, row) => row === 0 || start - (lineStart[row - 1] as number) <= 1));
      }
      assert.deepEqual(sums(cut), sums(profile));
    }),
    { numRuns: 200 },
  );
});

test('frames below the outermost match are dropped, but not all of a stack', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
  const at = (...names: string[]): number =>
    builder.location({ lines: names.map((name) => ({ function: builder.function(name), line: 1 })) });
  builder.sample([at('leaf'), at('malloc'), at('user'), at('malloc'), at('main')], [1]);
  builder.sample([at('leaf'), at('malloc')], [1]);
  builder.sample([at('x'), at('malloc', 'wrapper'), at('main')], [1]);
  builder.sample([at('x'), at('operator new(unsigned)')], [1]);
  const pruned = pruneFrames(builder.build(), (name) => name === 'malloc', null);
  checkValid(pruned);
  const { samples, locations, functions, strings } = pruned;
  const stacks = Array.from({ length: 4 }, (_, row) =>
    Array.from(
      samples.stackLocations.subarray(samples.stackStart[row], samples.stackStart[row + 1]),
      (location) => {
        const line = locations.lineStart[location] as number;
        return strings.get(functions.name[locations.lines.function[line] as number] as number);
      },
    ),
  );
  assert.deepEqual(stacks, [
    ['main'],
    ['leaf', 'malloc'],
    ['wrapper', 'main'],
    ['x', 'operator new(unsigned)'],
  ]);
  assert.equal(simplifyFunctionName('.foo(int)'), 'foo');
  assert.equal(
    simplifyFunctionName('(anonymous namespace)::a::operator()(int)'),
    '(anonymous namespace)::a::operator()',
  );
});

test('checkValid names the table and the row', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'a', unit: 'count' }] });
  builder.sample(
    [builder.location({ lines: [{ function: builder.function('f'), line: 1 }] })],
    [1],
    [{ key: 'k', text: 't' }],
  );
  const good = builder.build();
  checkValid(good);
  const { samples, locations, functions } = good;
  const bad: [Partial<Profile>, RegExp][] = [
    [
      { samples: { ...samples, stackLocations: Uint16Array.of(3) } },
      /^sample 0 names an unknown location as frame 0$/,
    ],
    [
      { samples: { ...samples, stackStart: Uint32Array.of(0, 5) } },
      /^stackStart of sample ends at 5, not at 1$/,
    ],
    [
      { samples: { ...samples, values: [Float64Array.of(0.5)] } },
      /^sample 0 has the value 0 0.5, which is no integer$/,
    ],
    [
      { samples: { ...samples, values: [Float64Array.of(2 ** 53)] } },
      /^sample 0 brings the sum of value 0 beyond/,
    ],
    [{ samples: { ...samples, values: [] } }, /^sample 0 has 0 values/],
    [
      { samples: { ...samples, labels: { ...samples.labels, key: Uint32Array.of(99) } } },
      /^label 0 has key 99, but there are/,
    ],
    [
      { samples: { ...samples, labels: { ...samples.labels, unit: Uint32Array.of(1) } } },
      /^label 0 is a text label and/,
    ],
    [
      { locations: { ...locations, mapping: Int32Array.of(0) } },
      /^location 0 has the mapping 0, but there are 0$/,
    ],
    [{ locations: { ...locations, id: BigUint64Array.of(0n) } }, /^location 0 has the id 0$/],
    [
      { locations: { ...locations, lineStart: Uint32Array.of(0, 0) } },
      /^lineStart of location ends at 0, not at 1$/,
    ],
    [{ functions: { ...functions, name: Uint32Array.of(77) } }, /^function 0 has name 77/],
    [
      { functions: { ...functions, filename: new Uint32Array(2) } },
      /^column filename of functions has 2 rows, not 1$/,
    ],
  ];
  for (const [change, text] of bad) {
    assert.throws(
      () => checkValid({ ...good, ...change }),
      (error) =>
        error instanceof ProfileError && error.code === 'PROFILE_INVALID' && text.test(error.message),
    );
  }
});
