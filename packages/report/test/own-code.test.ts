// What pprof has not: the user's own code, profiles side by side, noise of differences, terminals.
import assert from 'node:assert/strict';
import test from 'node:test';
import { diffProfiles, ProfileBuilder, type Profile } from '@stackpile/profile';
import {
  compareProfiles,
  defaultOptions,
  isWithinNoise,
  prepareReport,
  printComparison,
  ReportError,
  runReport,
  setOption,
  textItems,
} from '../src/index.ts';
import { draw } from './support/draw.ts';
import { report, topRows } from './support/run.ts';

const service = draw(`samples/count
  listOnTimeout@node:internal/timers:5 > tick@/app/src/cron.ts:3 > query@/app/node_modules/pg/lib/client.js:9 : 6
  listOnTimeout@node:internal/timers:5 > tick@/app/src/cron.ts:3 > handle@/app/node_modules/x/i.js:1 > onRow@/app/src/row.ts:7 : 3
  listOnTimeout@node:internal/timers:5 > flush@/app/node_modules/log/index.js:2 : 1`);

test('hide_libs charges libraries to their callers', () => {
  assert.deepEqual(topRows(service, ['hide_libs']), [
    '6 60.00% 60.00% 9 90.00% tick',
    '3 30.00% 90.00% 3 30.00% onRow',
  ]);
  assert.match(report(service, 'tree', ['hide_libs']).text, /Active filters:\n {3}hide_libs\n/);
});

test('mine leaves out what never goes through own code, of the percentages too', () => {
  assert.deepEqual(topRows(service, ['mine']), [
    '6 66.67% 66.67% 9 100% tick',
    '3 33.33% 100% 3 33.33% onRow',
  ]);
  const foreign = draw(`samples/count
    listOnTimeout@node:internal/timers:5 : 1`);
  assert.deepEqual(report(foreign, 'top', ['mine']).warnings, [
    'mine: no sample goes through code of your own',
  ]);
});

test("code of formats without files is the reader's own", () => {
  const folded = draw(`samples/count
    main > work > mix : 3
    main > (garbage collector) : 1`);
  assert.deepEqual(report(folded, 'top', ['mine']).warnings, []);
  assert.deepEqual(topRows(folded, ['mine']), [
    '3 75.00% 75.00% 3 75.00% mix',
    '1 25.00% 100% 4 100% main',
    '0 0% 100% 3 75.00% work',
  ]);
});

test('the caller may say whose code it is', () => {
  const output = runReport(service, { kind: 'top' }, setOption(defaultOptions(), 'mine', '1'), {
    origin: { user: [/node_modules\/log\//] },
  });
  assert.equal(output.type, 'text');
  assert.match(output.type === 'text' ? [...output.chunks].join('') : '', / flush\n/);
});

test('a focus may name a library that is hidden', () => {
  assert.deepEqual(topRows(service, ['hide_libs', 'focus=pg']), ['6 60.00% 60.00% 6 60.00% tick']);
});

test('several profiles side by side', () => {
  const first = draw(`cpu/milliseconds
    main > a : 300
    main > b : 100`);
  const second = draw(`cpu/milliseconds
    main > a : 100
    main > c : 400
    main : 2`);
  const comparison = compareProfiles(
    [
      { name: 'before', profile: first },
      { name: 'after', profile: second },
    ],
    defaultOptions(),
  );
  assert.deepEqual(
    comparison.rows.map(({ name, flat, cum }) => [name, flat, cum]),
    [
      ['c', [0, 400], [0, 400]],
      ['a', [300, 100], [300, 100]],
      ['b', [100, 0], [100, 0]],
      ['main', [0, 2], [400, 502]],
    ],
  );
  assert.equal(
    [...printComparison(comparison)].join(''),
    [
      'Type: cpu',
      '  1: before, 400ms total',
      '  2: after, 502ms total',
      '     1: flat  flat%      2: flat  flat%',
      '           0     0%        400ms 79.68%  c',
      '       300ms 75.00%        100ms 19.92%  a',
      '       100ms 25.00%            0     0%  b',
      '           0     0%          2ms   0.4%  main',
      '',
    ].join('\n'),
  );
  const other = draw(`cpu/seconds
    main : 1`);
  assert.throws(
    () =>
      compareProfiles(
        [
          { name: 'a', profile: first },
          { name: 'b', profile: other },
        ],
        defaultOptions(),
      ),
    (error) => error instanceof ReportError && error.message === 'b: cpu is in seconds, not in milliseconds',
  );
});

function cpu(counts: Readonly<Record<string, number>>): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: 10_000_000,
  });
  for (const [name, count] of Object.entries(counts)) {
    const location = builder.location({
      lines: [{ function: builder.function(name, '', 0, name), line: 1 }],
    });
    builder.sample([location], [count, count * 1e7]);
  }
  return builder.build();
}

test('a difference knows what of it is chance', () => {
  const difference = diffProfiles(cpu({ steady: 100, grown: 100 }), cpu({ steady: 110, grown: 200 }), {
    labelBase: true,
  });
  const prepared = prepareReport(difference, { kind: 'top' }, defaultOptions(), []);
  const { items } = textItems(prepared, undefined, true);
  const noise = new Map(items.map((item) => [item.name, isWithinNoise(item.flat, item.noise?.flat ?? 0)]));
  assert.deepEqual(
    [...noise],
    [
      ['grown', false],
      ['steady', true],
    ],
  );
  // 210 events of 10 ms each.
  assert.equal(items[1]?.noise?.flat, Math.sqrt(210) * 1e7);
});

/** Enough for the names below. */
const width = (text: string): number => [...text].length;

test('a terminal gets lines that fit, no control characters, and grey for chance', () => {
  const name = `example.com/${'very/'.repeat(30)}long.Name`;
  const profile = draw(`samples/count
    ${name} : 3
    \u001b[2Jevil : 1`);
  const print = (command: 'top' | 'tree'): string => {
    const options = setOption(defaultOptions(), 'compact_labels', 'true');
    const output = runReport(profile, { kind: command }, options, {
      terminal: { columns: 80, width, color: false },
    });
    assert.equal(output.type, 'text');
    return output.type === 'text' ? [...output.chunks].join('') : '';
  };
  for (const command of ['top', 'tree'] as const) {
    const text = print(command);
    assert.match(text, /….*long\.Name/);
    assert.doesNotMatch(text, /\u001b/);
    assert.match(text, /\\x1b\[2Jevil/);
    for (const line of text.split('\n').slice(1)) assert.ok([...line].length <= 80, line);
  }
  const difference = diffProfiles(cpu({ steady: 100, grown: 100 }), cpu({ steady: 110, grown: 200 }), {
    labelBase: true,
  });
  const output = runReport(difference, { kind: 'top' }, defaultOptions(), {
    terminal: { columns: 0, width, color: true },
  });
  assert.equal(output.type, 'text');
  const lines = output.type === 'text' ? [...output.chunks].join('').split('\n') : [];
  assert.deepEqual(
    lines.filter((line) => line.startsWith('\u001b[90m')).map((line) => line.includes('steady')),
    [true],
  );
});
