// State and URL: round trips, pprof's addresses, and whatever somebody may have typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCounters } from '@stackpile/profile';
import fc from 'fast-check';
import { formatDelta, formatPercent, formatValue, forNumber, noun } from '../src/format.ts';
import { compileIndex, outlook, readingsOf } from '../src/live-index.ts';
import { compilePattern, exactPattern } from '../src/filters/pattern.ts';
import {
  flameModes,
  formatFragment,
  granularities,
  initialState,
  libraryModes,
  parseFragment,
  parseState,
  topSorts,
} from '../src/state.ts';
import { views } from '../src/views/registry.ts';

const texts = fc.string({ maxLength: 40 });
const anyState = fc.record(
  {
    view: fc.constantFrom(...views),
    source: fc.integer({ min: -1, max: 999 }),
    base: fc.integer({ min: -1, max: 999 }),
    sampleType: texts,
    granularity: fc.constantFrom(...granularities),
    focus: texts,
    ignore: texts,
    hide: texts,
    show: texts,
    showFrom: texts,
    libraries: fc.constantFrom(...libraryModes),
    search: texts,
    zoom: texts,
    mode: fc.constantFrom(...flameModes),
    pivot: texts,
    flip: fc.boolean(),
    onlyChanged: fc.boolean(),
    sort: fc.constantFrom(...topSorts),
    file: texts,
  },
  { noNullPrototype: true },
);

test('every state survives its way through the URL', () => {
  fc.assert(fc.property(anyState, (state) => assert.deepEqual(parseFragment(formatFragment(state)), state)));
});

test('any fragment gives some state and never throws', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const state = parseFragment(text);
      assert.ok(views.includes(state.view));
    }),
  );
});

test('defaults are left out of the URL', () => {
  assert.equal(formatFragment(initialState), '#/flame');
});

test("pprof's addresses mean the same here", () => {
  const state = parseState(
    'top',
    new URLSearchParams('f=Serve&i=idle&h=a&s=b&sf=main&g=filefunctions&si=cpu&sort=cum'),
  );
  assert.equal(state.view, 'top');
  assert.deepEqual(
    [
      state.focus,
      state.ignore,
      state.hide,
      state.show,
      state.showFrom,
      state.granularity,
      state.sampleType,
      state.sort,
    ],
    ['Serve', 'idle', 'a', 'b', 'main', 'functions', 'cpu', 'cum'],
  );
  assert.equal(parseState('flamegraph', new URLSearchParams('p=main')).view, 'flame');
  assert.equal(parseState('disasm', new URLSearchParams()).view, 'source');
  assert.equal(parseState('', new URLSearchParams(), 'verdict').view, 'verdict');
});

test('an exact pattern matches its name and nothing else', () => {
  for (const name of [
    'task.(*Runner).Work',
    'a|b',
    'Object.<anonymous>',
    'f[go.shape.int]',
    'x/y.z-1',
    '$1^',
  ]) {
    const { expression } = compilePattern(exactPattern(name));
    assert.ok(expression?.test(name), name);
    assert.ok(expression?.test(`${name}x`) === false, name);
  }
});

test('patterns ignore case unless they have an upper-case letter; broken ones say why', () => {
  assert.ok(compilePattern('serve').expression?.test('Serve'));
  assert.ok(compilePattern('Serve').expression?.test('serve') === false);
  assert.ok(compilePattern('(?i)SERVE').expression?.test('serve'));
  assert.match(compilePattern('(').error, /group/i);
});

test('values read as people write them', () => {
  assert.deepEqual(
    [
      formatValue(274, 'count'),
      formatValue(12_345_678, 'count'),
      formatValue(1_536_000, 'bytes'),
      formatValue(2_410_000_000, 'nanoseconds'),
      formatValue(0, 'nanoseconds'),
      formatValue(90, 'seconds'),
      formatDelta(-3, 'count'),
      formatDelta(0, 'bytes'),
    ],
    ['274', '12\u202f345\u202f678', '1.46\u00a0MB', '2.41\u00a0s', '0\u00a0s', '1.5\u00a0min', '−3', '±0'],
  );
  assert.deepEqual(
    [
      formatPercent(1, 3),
      formatPercent(1, 1),
      formatPercent(1, 200),
      formatPercent(1, 1e6),
      formatPercent(1, 0),
    ],
    ['33.3%', '100%', '0.50%', '<0.01%', '0%'],
  );
});

test("a service's index is read as names and counts", () => {
  const html =
    "<table><thead><td>Count</td><td>Profile</td></thead><tr><td>60</td><td><a href='allocs?debug=1'>allocs</a></td></tr>" +
    "\n<tr><td>49</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr><tr><td></td><td><a href='x'>x</a></td></tr></table>";
  assert.deepEqual(compileIndex(html), [
    { name: 'allocs', count: 60 },
    { name: 'goroutine', count: 49 },
    { name: 'x', count: null },
  ]);
  assert.deepEqual(compileIndex('<p>nothing</p>'), []);
});

test('the counters of a service become tracks; what is not known does not', () => {
  const rows = compileIndex(
    "<tr><td>7</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr><tr><td>0</td><td><a href='heap'>heap</a></td></tr>",
  );
  const counters = {
    schema: 'stackpile.counters/1',
    time: 1,
    tasks: 7,
    heapUsed: 5e6,
    heapLimit: 4e9,
    rss: null,
  };
  const tracks = readingsOf(rows, readCounters(counters));
  assert.deepEqual(
    [...tracks],
    [
      ['tasks', { unit: 'count', value: 7, limit: null }],
      ['heap', { unit: 'bytes', value: 5e6, limit: 4e9 }],
    ],
  );
  // Go's index has counts and no counters.
  assert.deepEqual([...readingsOf(rows, null).keys()], ['goroutine', 'heap']);
  assert.equal(readingsOf([], null).size, 0);
});

test('the outlook says when memory runs out, only where it grows and a limit is known', () => {
  const times = Array.from({ length: 31 }, (_, i) => i * 2000);
  const growing = times.map((time) => 100e6 + time * 100);
  const found = outlook(times, growing, 200e6);
  assert.equal(Math.round(found?.perMinute ?? 0), 6_000_000);
  assert.equal(Math.round((found?.untilLimit ?? 0) / 1000), 940);
  assert.equal(outlook(times, growing, null)?.untilLimit, null);
  assert.equal(
    outlook(
      times,
      times.map(() => 100e6),
      200e6,
    )?.untilLimit,
    null,
  );
  assert.equal(outlook(times, growing.toReversed(), 200e6)?.untilLimit, null);
  assert.equal(outlook(times.slice(0, 10), growing.slice(0, 10), 200e6), null, 'too short to tell');
  assert.equal(outlook([], [], 1), null);
});

test('what there is one of is named in the singular', () => {
  const types = ['samples', 'goroutine', 'inuse_objects', 'contentions', 'cpu', 'inuse_space', 'odd_class'];
  assert.deepEqual(
    types.map((type) => forNumber(1, noun(type))),
    ['sample', 'goroutine', 'object in use', 'contention', 'CPU time', 'memory in use', 'odd class'],
  );
  assert.deepEqual(
    [0, 2, 1.5].map((count) => forNumber(count, 'samples')),
    ['samples', 'samples', 'samples'],
  );
});
