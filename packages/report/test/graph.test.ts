// Sums, recursion, inlining, trimming and orders of the graph.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { defaultOptions, setOption } from '../src/index.ts';
import { trimmedGraph } from '../src/graph/trim.ts';
import { prepareReport } from '../src/prepare.ts';
import { draw } from './support/draw.ts';
import { report, topRows } from './support/run.ts';

test('recursion counts a sample once per function and per call', () => {
  const profile = draw(`samples/count
    A > B > A : 5
    A > A > A : 3`);
  const { text } = report(profile, 'tree');
  assert.deepEqual(topRows(profile), ['8 100% 100% 8 100% A', '0 0% 100% 5 62.50% B']);
  const edges = text.split('\n').filter((line) => line.includes(' |   '));
  assert.deepEqual(
    edges.map((line) => line.trim().replace(/\s+/g, ' ')),
    ['5 62.50% | B', '5 62.50% | B', '5 100% | A', '5 100% | A'],
  );
});

test('inlined functions are marked while a caller shows that they are', () => {
  const profile = draw(`samples/count
    main > f^g : 4
    main > g : 2
    main > f^h : 1`);
  assert.deepEqual(topRows(profile), [
    '6 85.71% 85.71% 6 85.71% g (partial-inline)',
    '1 14.29% 100% 1 14.29% h (inline)',
    '0 0% 100% 5 71.43% f',
    '0 0% 100% 7 100% main',
  ]);
  assert.deepEqual(topRows(profile, ['nodecount=1']), ['6 85.71% 85.71% 6 85.71% g']);
});

test('equal flat values are ordered by name, not by cum', () => {
  const profile = draw(`samples/count
    z > b : 1
    a : 1
    b > a > z : 1`);
  assert.deepEqual(
    topRows(profile).map((row) => row.split(' ').at(-1)),
    ['a', 'b', 'z'],
  );
});

test('names are ordered by their bytes', () => {
  const profile = draw(`samples/count
    \u{1f600} : 1
    \ue000 : 1
    \udc80 : 1
    a : 1`);
  assert.deepEqual(
    topRows(profile).map((row) => row.split(' ').at(-1)),
    ['a', '\udc80', '\ue000', '\u{1f600}'],
  );
});

test('sums wrap at 2^63', () => {
  const profile = draw(`samples/count
    main > a : 9223372036854775807
    main > b : 1`);
  assert.match(
    report(profile, 'top').text,
    /Showing nodes accounting for 9223372036854775808, 100% of -9223372036854775808 total/,
  );
});

test('the least number of 64 bits has no absolute value: who has it is not among the nodes that are chosen', () => {
  const profile = draw(`samples/count
    least : -9223372036854775808
    other : 5`);
  const shown = (flags: readonly string[]): string[] =>
    report(profile, 'top', ['nodefraction=0', ...flags]).text.match(/(?:least|other)$/gm) ?? [];
  assert.deepEqual(shown([]).toSorted(), ['least', 'other']);
  assert.deepEqual(shown(['nodecount=5']), ['other']);
});

test('a picture and a tree take eighty nodes, a table takes all', () => {
  const lines = Array.from({ length: 100 }, (_, i) => `main > f${i} : ${1000 + i}`);
  const profile = draw(['samples/count', ...lines].join('\n'));
  const shown = (command: 'top' | 'tree'): number =>
    (report(profile, command).text.match(/ f\d+$/gm) ?? []).length;
  assert.equal(shown('top'), 100);
  assert.match(report(profile, 'tree').text, /Showing top 80 nodes out of 101/);
  assert.match(report(profile, 'dot').text, /Showing top 80 nodes out of 101/);
});

test('file names are trimmed anew for every graph that is built', () => {
  const profile = draw(`samples/count
    main@a/a/m.go:1 > work@/w.go:2 : 999
    main@a/a/m.go:1 > tiny@/t.go:3 : 1`);
  // main is kept as a/m.go, then sought as m.go, and is gone; so the real tool.
  const rows = topRows(profile, ['granularity=lines', 'trim_path=a']);
  assert.deepEqual(rows, ['999 99.90% 99.90% 999 99.90% work /w.go:2']);
});

test('call trees keep paths apart', () => {
  const profile = draw(`samples/count
    main > a > c : 4
    main > b > c : 3`);
  const { text } = report(profile, 'dot', ['call_tree']);
  assert.equal(text.match(/tooltip="c \(/g)?.length, 2);
  assert.equal(report(profile, 'dot').text.match(/tooltip="c \(/g)?.length, 1);
});

const stacks = fc.array(
  fc.tuple(
    fc.array(fc.constantFrom('a', 'b', 'c', 'd^e', 'a^b', 'f@x:1', 'f@y:2'), { maxLength: 6 }),
    fc.nat(1000),
  ),
  { minLength: 1, maxLength: 20 },
);

test('flat values add up to the total of all stacks, and no cum is below its flat', () => {
  fc.assert(
    fc.property(
      stacks,
      fc.constantFrom('', 'lines', 'files', 'addresses', 'filefunctions'),
      (samples, granularity) => {
        const lines = samples.map(
          ([frames, value]) => `${frames.length === 0 ? '-' : frames.join(' > ')} : ${value}`,
        );
        const profile = draw(['samples/count', ...lines].join('\n'));
        let options = setOption(defaultOptions(), 'trim', 'false');
        if (granularity !== '') options = setOption(options, 'granularity', granularity);
        const prepared = prepareReport(profile, { kind: 'tree' }, options, []);
        const { graph } = trimmedGraph(prepared, 'all');
        let sum = 0;
        for (const node of graph.nodes) {
          const flat = Number(graph.flat[node]);
          sum += flat;
          assert.ok(Number(graph.cum[node]) >= flat);
          for (const edge of [...graph.inEdges(node), ...graph.outEdges(node)]) {
            assert.ok(Number(graph.edges.weight[edge]) <= Number(graph.cum[node]));
          }
        }
        assert.equal(
          sum,
          samples.reduce((all, [frames, value]) => all + (frames.length === 0 ? 0 : value), 0),
        );
      },
    ),
  );
});

test('numbers and bigints make the same report', () => {
  // The big sample has no stack: it only widens the column.
  fc.assert(
    fc.property(stacks, fc.constantFrom('top', 'tree', 'dot', 'callgrind' as const), (samples, command) => {
      const lines = samples.map(
        ([frames, value]) => `${frames.length === 0 ? 'z' : frames.join(' > ')} : ${value}`,
      );
      const text = (extra: string[]): string => {
        const profile = draw(['samples/count', ...lines, ...extra].join('\n'));
        return report(profile, command, ['relative_percentages', 'focus=.']).text;
      };
      assert.equal(text(['- : 9223372036854775807']), text([]));
    }),
    { numRuns: 50 },
  );
});
