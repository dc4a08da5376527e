// What the exports write is read back: the same stacks with the same values, whatever their names are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkValid, type Profile, ProfileBuilder, readPlainProfile } from '@stackpile/profile';
import { defaultOptions, type ExportKind, runExport } from '@stackpile/report';
import fc from 'fast-check';

interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}
interface Stack {
  /** Root first. */
  readonly frames: readonly Frame[];
  readonly value: number;
}

function profileOf(stacks: readonly Stack[], unit: string): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'cpu', unit }],
    timeNanos: 1_767_225_600_123_456_000n,
  });
  for (const { frames, value } of stacks) {
    const rows = frames.map(({ name, file, line }) =>
      builder.location({ lines: [{ function: builder.function(name, file, line), line }] }),
    );
    builder.sample(rows.reverse(), [value]);
  }
  return builder.build();
}

/** Values by stack; `places` adds files and lines to names. */
function sums(profile: Profile, column: number, places: boolean): Map<string, number> {
  const { samples, locations, functions, strings } = profile;
  const found = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const frames: string[] = [];
    for (let i = samples.stackStart[row] as number; i < (samples.stackStart[row + 1] as number); i++) {
      const line = locations.lineStart[samples.stackLocations[i] as number] as number;
      const fn = locations.lines.function[line] as number;
      const name = strings.get(functions.name[fn] as number);
      const place = `${strings.get(functions.filename[fn] as number)}:${locations.lines.line[line]}`;
      frames.push(places ? `${name} ${place}` : name);
    }
    const key = frames.reverse().join('\n');
    const sum = (found.get(key) ?? 0) + Number(samples.values[column]?.[row]);
    found.set(key, sum);
  }
  for (const [key, sum] of found) if (sum === 0) found.delete(key);
  return found;
}

function exported(profile: Profile, kind: ExportKind): string {
  const output = runExport(profile, kind, defaultOptions());
  assert.ok(output.type === 'text');
  return [...output.chunks].join('');
}

function readText(text: string): Profile {
  const read = readPlainProfile(new TextEncoder().encode(text));
  checkValid(read);
  return read;
}

function exportedBack(profile: Profile, kind: ExportKind): Profile {
  return readText(exported(profile, kind));
}

const word = fc.oneof(
  fc.constantFrom(
    'main',
    '(anonymous)',
    'std::map<int, int>::at',
    '#secret',
    'a b',
    'f [as g]',
    'naïve',
    '日本',
    '"\\\n',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9 }),
);
const name = word.filter((text) => text.trim() !== '' && !/[\0-\x08\x0e-\x1f]/.test(text));
const stacks = (values: fc.Arbitrary<number>, names: fc.Arbitrary<string>): fc.Arbitrary<Stack[]> =>
  fc
    .uniqueArray(
      fc.record({
        name: names,
        file: fc.constantFrom('', '/srv/a.ts', '/srv/b c.ts'),
        line: fc.integer({ min: 1, max: 50 }),
      }),
      { minLength: 2, maxLength: 8 },
    )
    .chain((frames) =>
      fc.array(
        fc.record({
          frames: fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 6 }),
          value: values,
        }),
        { minLength: 1, maxLength: 12 },
      ),
    );
const positive = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 46 }));
const signed = fc.oneof(
  positive,
  positive.map((value) => -value),
);

// Semicolons and line ends are replaced on the way out; a remark begins with "# ", and a line may be indented.
const plain = name
  .map((text) => text.replace(/[;\r\n]/g, '_'))
  .filter((text) => !/^#[ !#\t]|^#$|^[ \t]/.test(text));
const twoFrames: Stack = {
  frames: ['two', 'frames'].map((one) => ({ name: one, file: '', line: 1 })),
  value: 1,
};

test('folded: names and counts, negative ones too', () => {
  fc.assert(
    fc.property(stacks(signed, plain), (made) => {
      const profile = profileOf([...made, twoFrames], 'count');
      assert.deepEqual(sums(exportedBack(profile, 'folded'), 0, false), sums(profile, 0, false));
    }),
  );
});

test('folded, two counts a line: each is what its own export was', () => {
  const lines = (text: string): Map<string, string> =>
    new Map(
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
    );
  fc.assert(
    fc.property(stacks(signed, plain), stacks(signed, plain), (before, after) => {
      const both = [...before, ...after, twoFrames];
      // What difffolded.pl makes of two files: every stack of either, with 0 where it is not.
      const folded = [before, both].map((made) => lines(exported(profileOf(made, 'count'), 'folded')));
      const all = new Set(folded.flatMap((one) => [...one.keys()]));
      const text = [...all]
        .map((stack) => [stack, ...folded.map((one) => one.get(stack) ?? '0')].join(' '))
        .join('\n');
      const read = readText(text);
      for (const [column, made] of [before, both].entries())
        assert.deepEqual(sums(read, column, false), sums(profileOf(made, 'count'), 0, false));
    }),
  );
});

test('speedscope: names, files, lines, counts, bytes and times', () => {
  const unit = fc.constantFrom('nanoseconds', 'bytes', 'count');
  fc.assert(
    fc.property(stacks(signed, name), unit, (made, in_) => {
      const profile = profileOf(made, in_);
      const read = exportedBack(profile, 'speedscope');
      assert.equal(read.sampleTypes[0]?.unit, in_);
      assert.deepEqual(sums(read, 0, true), sums(profile, 0, true));
    }),
  );
});

test('cpuprofile: names, files, lines and times', () => {
  // V8's own words for what is nobody's code are left out on reading.
  const named = name.filter((text) => text !== '(root)' && text !== '(idle)');
  fc.assert(
    fc.property(stacks(positive, named), (made) => {
      const profile = profileOf(made, 'nanoseconds');
      const read = exportedBack(profile, 'cpuprofile');
      assert.deepEqual(sums(read, 1, true), sums(profile, 0, true));
      assert.equal(read.timeNanos, profile.timeNanos);
    }),
  );
});
