// State and URL: round trips, pprof's addresses, and whatever somebody may have typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goOffer, maxShownLength, readCounters, safeText } from '@stackpile/profile';
import fc from 'fast-check';
import { formatDelta, formatPercent, formatValue, forNumber, noun } from '../src/format.ts';
import { indexOf, outlook, readingsOf } from '../src/live-index.ts';
import { compile, compileSearch } from '../src/engine/compile.ts';
import { boxPattern, exactPattern, searchFilter } from '../src/pattern.ts';
import {
  flameModes,
  formatFragment,
  granularities,
  initialState,
  parseFragment,
  parseState,
  topSorts,
} from '../src/state.ts';
import { libraryModes } from '../src/stack-filters.ts';
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
    pruneFrom: texts,
    tagFocus: texts,
    tagIgnore: texts,
    tagRoot: texts,
    tagLeaf: texts,
    libraries: fc.constantFrom(...libraryModes),
    search: texts,
    zoom: texts,
    mode: fc.constantFrom(...flameModes),
    pivot: texts,
    flip: fc.boolean(),
    onlyChanged: fc.boolean(),
    sort: fc.constantFrom(...topSorts),
    file: texts,
    heapClass: texts,
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
  const labels = parseState('top', new URLSearchParams('tf=route:/pay&ti=x&prunefrom=y&hidelibs=t'));
  assert.deepEqual(
    [labels.tagFocus, labels.tagIgnore, labels.pruneFrom, labels.libraries],
    ['route:/pay', 'x', 'y', 'hide'],
  );
  assert.equal(parseState('top', new URLSearchParams('mine=t')).libraries, 'mine');
  assert.equal(parseState('flamegraph', new URLSearchParams('p=main')).view, 'flame');
  assert.equal(parseState('disasm', new URLSearchParams()).view, 'source');
  assert.equal(parseState('', new URLSearchParams(), 'verdict').view, 'verdict');
});

/** Does the filter `source` match `text`? */
function finds(source: string, text: string): boolean {
  const { pattern, error } = compile(source);
  assert.ok(pattern !== null, `${source}: ${error}`);
  return pattern.test(text);
}

test('an exact pattern matches its name, as it is shown and as it is, and nothing else', () => {
  const anyName = fc.oneof(
    fc.constantFrom('task.(*Runner).Work', 'a|b', 'Object.<anonymous>', 'f[go.shape.int]', 'x/y.z-1', '$1^'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  );
  fc.assert(
    fc.property(anyName, (name) => {
      const shown = safeText(name);
      const exact = exactPattern(shown);
      assert.ok(finds(exact, name), name);
      assert.ok(finds(exact, shown), shown);
      assert.ok(!finds(exact, `${name}x`), name);
    }),
  );
  for (const raw of ['\u202eevil\u0007', 'not \udcff UTF-8', '\\u{202e}'])
    assert.ok(finds(exactPattern(safeText(raw)), raw));
  const long = 'x'.repeat(maxShownLength + 5);
  assert.ok(finds(exactPattern(safeText(long)), long));
});

test('a box says which functions it stands for, or that no filter can', () => {
  const filter = (name: string, granularity: (typeof granularities)[number]): string =>
    boxPattern(name, granularity) ?? '(none)';
  assert.equal(filter('main.work:12', 'lines'), '^main\\.work$');
  assert.equal(filter('shop+0x4af0', 'functions'), '(none)');
  assert.equal(filter('[runtime]', 'functions'), '(none)');
  assert.equal(filter('(no package)', 'packages'), '(none)');
  assert.ok(finds(filter('runtime', 'packages'), 'runtime.gopark'));
  const inPackage: [label: string, name: string, file: string][] = [
    ['express', 'next', '/srv/node_modules/express/lib/router.js'],
    ['@scope/name', 'f', 'C:\\app\\node_modules\\@scope\\name\\a.js'],
    ['node:net', 'connect', 'node:net'],
    ['task', 'task.Run', '/src/task/run.go'],
    ['node:internal', 'x', 'node:internal/timers'],
    ['net/http', 'net/http.(*conn).serve', '/usr/go/src/net/http/server.go'],
    ['/srv/app/src', 'serve', '/srv/app/src/server.ts'],
  ];
  for (const [label, name, file] of inPackage) {
    const patterns = [filter(label, 'packages'), filter(`[${label}]`, 'functions')];
    for (const pattern of patterns)
      assert.ok(finds(pattern, name) || finds(pattern, file), `${label} ${pattern}`);
  }
  assert.ok(!finds(filter('express', 'packages'), '/srv/node_modules/express-session/index.js'));
  assert.ok(!finds(filter('/srv/app', 'packages'), '/srv/app/src/server.ts'));
});

test('a search ignores case unless it has an upper-case letter, and becomes a filter that finds the same', () => {
  const search = (source: string, text: string): boolean =>
    compileSearch(source).pattern?.test(text) === true;
  assert.ok(search('serve', 'Serve') && !search('Serve', 'serve') && search('(?i)SERVE', 'serve'));
  assert.ok(search('serve\\S', 'Server') && search('\\p{Lu}x', 'ax'), 'escapes are no letters');
  assert.equal(
    compileSearch('a(').error,
    'no regular expression, as a ( has no ); a \\ before a sign means the sign itself',
  );
  assert.deepEqual(compileSearch(''), { pattern: null, error: '' });
  assert.deepEqual(['serve', 'Serve', '\\d+', '(?i)x'].map(searchFilter), [
    '(?i)serve',
    'Serve',
    '\\d+',
    '(?i)x',
  ]);
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
      formatValue(7, 'constructor'),
      formatDelta(-3, 'count'),
      formatDelta(0, 'bytes'),
    ],
    [
      '274',
      '12,345,678',
      '1.46\u00a0MB',
      '2.41\u00a0s',
      '0\u00a0s',
      '1.5\u00a0min',
      '7\u00a0constructor',
      '−3',
      '±0',
    ],
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

test('what a service offers is names and counts, never more than can be shown', () => {
  const offer = { ...goOffer('goroutine', 49), description: '' };
  assert.deepEqual(indexOf({ schema: 'stackpile.offers/1', offers: [offer, goOffer('cmdline', 0)] }), [
    { name: 'goroutine', count: 49 },
    { name: 'cmdline', count: null },
  ]);
  assert.equal(indexOf({ schema: 'stackpile.offers/1', offers: Array(150).fill(offer) }).length, 100);
});

test('the counters of a service become tracks; what is not known does not', () => {
  const rows = [
    { name: 'goroutine', count: 7 },
    { name: 'heap', count: 0 },
  ];
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
