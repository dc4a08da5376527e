// Exports: what they hold is the profile, after the same filters as reports.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeText, type Profile, ProfileBuilder, readPlainProfile } from '@stackpile/profile';
import fc from 'fast-check';
import { defaultOptions, type ReportOptions } from '../../src/options.ts';
import { type ExportKind, runExport } from '../../src/export/export.ts';
import type { JsonReport } from '../../src/export/json.ts';

/** A profile of stacks written as `root;mid;leaf`. */
function profileOf(
  stacks: readonly (readonly [stack: string, value: number])[],
  unit = 'nanoseconds',
): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'cpu', unit }],
    timeNanos: 1_767_225_600_000_000_000n,
  });
  for (const [stack, value] of stacks) {
    const rows = stack.split(';').map((name, depth) => {
      const fn = builder.function(name, `/src/${name}.ts`, 1, name);
      return builder.location({ lines: [{ function: fn, line: depth + 1 }] });
    });
    builder.sample(rows.reverse(), [value]);
  }
  return builder.build();
}

function exported(profile: Profile, kind: ExportKind, options: Partial<ReportOptions> = {}): string {
  const output = runExport(profile, kind, { ...defaultOptions(), ...options });
  assert.ok(output.type === 'text');
  return [...output.chunks].join('');
}

const demo = profileOf([
  ['main;work;mix', 30],
  ['main;work', 12],
  ['main;work;mix', 8],
  ['main;idle', 0],
]);

test('folded: equal stacks joined, sorted, filtered', () => {
  assert.equal(exported(demo, 'folded'), 'main;work 12\nmain;work;mix 38\n');
  assert.equal(exported(demo, 'folded', { focus: 'mix' }), 'main;work;mix 38\n');
  assert.equal(exported(demo, 'folded', { hide: 'work' }), 'main 12\nmain;mix 38\n');
  assert.equal(exported(profileOf([['a b;c\nd', 1]]), 'folded'), 'a b;c_d 1\n');
});

describe('speedscope', () => {
  interface File {
    shared: { frames: { name: string; file?: string; line?: number }[] };
    profiles: [{ type: string; unit: string; endValue: number; samples: number[][]; weights: number[] }];
  }
  test('stacks with files and lines', () => {
    const file = JSON.parse(exported(demo, 'speedscope')) as File;
    const [only] = file.profiles;
    assert.equal(only.type, 'sampled');
    assert.equal(only.unit, 'nanoseconds');
    assert.equal(only.endValue, 50);
    assert.deepEqual(file.shared.frames[0], { name: 'main', file: '/src/main.ts', line: 1 });
    assert.deepEqual(
      only.samples.map((stack) => stack.map((row) => file.shared.frames[row]?.name).join(';')),
      ['main;work;mix', 'main;work'],
    );
    assert.deepEqual(only.weights, [38, 12]);
  });

  test('a unit that it does not know is none, whatever its name', () => {
    for (const unit of ['count', 'constructor', '__proto__']) {
      const file = JSON.parse(exported(profileOf([['main', 1]], unit), 'speedscope')) as File;
      assert.equal(file.profiles[0].unit, 'none');
    }
  });
});

test('what has a value and no stack counts in speedscope, and is no line of folded stacks', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const main = builder.location({ lines: [{ function: builder.function('main', ''), line: 1 }] });
  builder.sample([main], [4]);
  builder.sample([], [1]);
  const file = JSON.parse(exported(builder.build(), 'speedscope')) as {
    profiles: [{ endValue: number; samples: number[][] }];
  };
  assert.deepEqual([file.profiles[0].endValue, file.profiles[0].samples], [5, [[0], []]]);
  assert.equal(exported(builder.build(), 'folded'), 'main 4\n');
});

test('speedscope: a function is one frame, at the line where it begins, unless lines are asked for', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const move = builder.function('memmove', '/go/memmove.s', 35);
  const plain = builder.function('plain', '', 0);
  for (const [fn, line, value] of [
    [move, 40, 30],
    [move, 41, 20],
    [plain, 7, -5],
  ] as const)
    builder.sample([builder.location({ lines: [{ function: fn, line }] })], [value]);
  const file = (options: Partial<ReportOptions>) =>
    JSON.parse(exported(builder.build(), 'speedscope', options)) as {
      shared: { frames: object[] };
      profiles: [{ weights: number[] }];
    };
  const whole = file({});
  assert.deepEqual(whole.shared.frames, [
    { name: 'memmove', file: '/go/memmove.s', line: 35 },
    { name: 'plain' },
  ]);
  assert.deepEqual(whole.profiles[0].weights, [50, -5]);
  assert.deepEqual(
    file({ granularity: 'lines' }).shared.frames.map((frame) => ('line' in frame ? frame.line : 0)),
    [40, 41, 7],
  );
});

describe('cpuprofile', () => {
  interface File {
    nodes: { id: number; callFrame: { functionName: string; lineNumber: number }; children: number[] }[];
    startTime: number;
    endTime: number;
    samples: number[];
    timeDeltas: number[];
  }
  /** Time of every stack, as Chrome reads it: a sample lasts until the next one. */
  function times(file: File): Map<string, number> {
    const parent = new Map<number, number>();
    for (const node of file.nodes) for (const child of node.children) parent.set(child, node.id);
    const nameOf = new Map(file.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
    const sums = new Map<string, number>();
    for (const [i, id] of file.samples.slice(0, -1).entries()) {
      const stack: string[] = [];
      for (let node: number | undefined = id; node !== undefined && node !== 1; node = parent.get(node)) {
        stack.unshift(nameOf.get(node) ?? '');
      }
      const key = stack.join(';');
      sums.set(key, (sums.get(key) ?? 0) + (file.timeDeltas[i + 1] ?? 0));
    }
    return sums;
  }

  test('any profile gives its stacks and times back', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const stack = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join(';'));
    const stacks = fc.array(fc.tuple(stack, fc.integer({ min: 1, max: 1000 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(stacks, (rows) => {
        const expected = new Map<string, number>();
        for (const [key, value] of rows) expected.set(key, (expected.get(key) ?? 0) + value);
        const file = JSON.parse(exported(profileOf(rows, 'microseconds'), 'cpuprofile')) as File;
        assert.deepEqual(Object.fromEntries(times(file)), Object.fromEntries(expected));
        assert.equal(
          file.endTime - file.startTime,
          [...expected.values()].reduce((a, b) => a + b, 0),
        );
      }),
    );
  });
  test('a function stands where it begins, and its samples where they were', () => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'microseconds' }] });
    const work = builder.function('work', '/app/a.ts', 10);
    for (const line of [12, 14])
      builder.sample([builder.location({ lines: [{ function: work, line }] })], [line]);
    const file = JSON.parse(exported(builder.build(), 'cpuprofile')) as {
      nodes: { callFrame: { lineNumber: number }; positionTicks?: object[] }[];
    };
    assert.deepEqual(
      file.nodes.slice(1).map(({ callFrame, positionTicks }) => [callFrame.lineNumber, positionTicks]),
      [
        [9, [{ line: 12, ticks: 1 }]],
        [9, [{ line: 14, ticks: 1 }]],
      ],
    );
  });
  test('lines count from 0', () => {
    const file = JSON.parse(exported(demo, 'cpuprofile')) as File;
    assert.equal(
      file.nodes.find(({ callFrame }) => callFrame.functionName === 'work')?.callFrame.lineNumber,
      0,
    );
    assert.equal(file.nodes[0]?.callFrame.lineNumber, -1);
  });
});

describe('json', () => {
  const json = (profile: Profile, options: Partial<ReportOptions> = {}): JsonReport =>
    JSON.parse(exported(profile, 'json', options)) as JsonReport;
  test('entries of top with exact values and shares', () => {
    const { schema, total, entries, profile } = json(demo);
    assert.equal(schema, 'stackpile.top/1');
    assert.equal(total, 50);
    assert.equal(profile.type, 'cpu');
    assert.deepEqual(entries[0], {
      name: 'mix',
      inline: null,
      flat: 38,
      flatShare: 0.76,
      cum: 38,
      cumShare: 0.76,
    });
    assert.equal(entries.length, 3);
    assert.equal(json(demo, { nodecount: 1 }).entries.length, 1);
  });
  test('integers that no JSON number holds are texts; bytes that are no text become U+FFFD', () => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'n', unit: 'count' }] });
    const fn = builder.function('bad\udcff', '', 0);
    builder.sample([builder.location({ lines: [{ function: fn, line: 0 }] })], [(1n << 60n) + 1n]);
    const [entry] = json(builder.build()).entries;
    assert.equal(entry?.flat, '1152921504606846977');
    assert.equal(entry?.name, 'bad\ufffd');
  });
});

test('markdown: one row per entry, cells that cannot break the table', () => {
  const text = exported(
    profileOf([
      ['a|b', 60],
      ['tick`s', 40],
    ]),
    'markdown',
  );
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  assert.deepEqual(rows, [
    '| flat | flat% | sum% | cum | cum% | function |',
    '| ---: | ---: | ---: | ---: | ---: | :--- |',
    '| 60ns | 60.00% | 60.00% | 60ns | 60.00% | `a\\|b` |',
    '| 40ns | 40.00% | 100% | 40ns | 40.00% | `` tick`s `` |',
  ]);
  assert.match(text, /^- Type: cpu$/m);
});

test('otlp: every sample type, with the filters in force', () => {
  const otlp = (options: Partial<ReportOptions>): Profile => {
    const output = runExport(demo, 'otlp', { ...defaultOptions(), ...options });
    assert.ok(output.type === 'bytes');
    return readPlainProfile(output.bytes);
  };
  const sum = ({ samples }: Profile): number =>
    [...(samples.values[0] ?? [])].map(Number).reduce((a, b) => a + b, 0);
  assert.equal(sum(otlp({})), 50);
  assert.equal(sum(otlp({ focus: 'mix' })), 38);
  assert.equal(sum(otlp({ divide_by: 2 })), 25);
  assert.deepEqual(otlp({}).sampleTypes, demo.sampleTypes);
});

test('no export throws on a profile without samples, and all are text', () => {
  for (const kind of ['folded', 'speedscope', 'cpuprofile', 'json', 'markdown'] as const) {
    assert.ok(encodeText(exported(profileOf([]), kind)).length >= 0);
  }
});

test('a wrong option is pprof’s sentence', () => {
  assert.throws(() => exported(demo, 'folded', { focus: '(' }), {
    name: 'ReportError',
    message: /^parsing focus regexp/,
  });
});
