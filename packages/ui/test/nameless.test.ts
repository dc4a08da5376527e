// Functions without a name: each is one function, called the same wherever it is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { exactPattern } from '../src/pattern.ts';
import { noFilters } from '../src/stack-filters.ts';

const none = (): void => undefined;

test('functions without a name are told apart by their place, in every view alike', async () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const place = (name: string, file: string, start: number, line: number, column: number): number =>
    builder.location({ lines: [{ function: builder.function(name, file, start), line, column }] });
  const main = place('main', '/srv/server.js', 1, 2, 1);
  builder.sample([place('(anonymous)', '/srv/server.js', 11, 12, 3), main], [4], []);
  builder.sample([place('(anonymous)', '/srv/server.js', 15, 16, 3), main], [2], []);
  builder.sample([place('', '/srv/other.ts', 0, 7, 0), main], [1], []);
  builder.sample([place('(anonymous)', '/srv/x.cc', 3, 4, 0), main], [1], []);
  const engine = new ProfileEngine();
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from, time: null }, none);
  const asked = { profile: id, base: null, sampleType: '', granularity: 'functions' as const, ...noFilters };
  const names = [
    'anonymous function (server.js:11)',
    'anonymous function (server.js:15)',
    // A language that gives every function a name means what it says.
    '(anonymous)',
    'anonymous function (other.ts:7)',
  ];
  const top = await engine.handlers.top(
    { ...asked, sort: 'flat', filter: '', limit: 9, unchanged: true },
    none,
  );
  assert.deepEqual(
    top.rows.filter(({ flat }) => flat > 0).map(({ name, flat }) => [name, flat]),
    [names[0], names[1], names[2], names[3]].map((name, row) => [name, [4, 2, 1, 1][row]]),
  );
  const flame = await engine.handlers.flame(
    { ...asked, mode: 'down', pivot: '', zoom: [], minShare: 0, search: '', onlyChanged: false },
    none,
  );
  for (const name of names) assert.ok(flame.frames.name.includes(name), name);
  const pivot = exactPattern(names[1] ?? '');
  const peek = await engine.handlers.peek({ ...asked, pivot }, none);
  assert.deepEqual([peek.subject?.name, peek.subject?.flat, peek.matching], [names[1], 2, 1]);
  // What a click filters by finds the same function, and nothing else.
  const focused = await engine.handlers.top(
    { ...asked, focus: pivot, sort: 'flat', filter: '', limit: 9, unchanged: true },
    none,
  );
  assert.deepEqual(
    focused.rows.map(({ name, cum }) => [name, cum]),
    [
      [names[1], 2],
      ['main', 2],
    ],
  );
  const { text } = await engine.handlers.text({ ...asked, report: 'dot', nodes: 9 }, none);
  assert.match(text, /server\.js:15/);
});
