// V8 sampling heap profiles: objects and bytes, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { guessedInterval, samplingScale, unscaledSize } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readWithNotes, refused } from './support.ts';

const frame = (functionName: string, lineNumber = -1): object => ({
  callFrame: {
    functionName,
    scriptId: '0',
    url: lineNumber < 0 ? '' : 'file:///srv/a.js',
    lineNumber,
    columnNumber: 0,
  },
});
const profile = {
  head: {
    ...frame('(root)'),
    selfSize: 0,
    id: 1,
    children: [
      {
        ...frame('main', 4),
        selfSize: 100,
        id: 2,
        children: [{ ...frame('', 9), selfSize: 70_000, id: 7, children: [] }],
      },
      { ...frame('(V8 API)'), selfSize: 10, id: 3, children: [] },
    ],
  },
  samples: [
    { size: 524_288 + 16, nodeId: 7, ordinal: 2 },
    { size: 524_288 + 16, nodeId: 7, ordinal: 3 },
    { size: 9_000_000, nodeId: 2, ordinal: 1 },
    { size: 600_000, nodeId: 99, ordinal: 9 },
  ],
};

test('equal objects of a node are one sample, with their number', () => {
  const made = read(profile);
  const [small, large] = stackLines(made);
  const size = unscaledSize(524_304, 524_288);
  const objects = 2 * Math.floor(samplingScale(size, 524_288) + 0.5);
  assert.equal(objects * size, 2 * 524_304);
  assert.equal(
    small,
    `main /srv/a.js:5:1 > anonymous function (a.js:10:1) /srv/a.js:10:1 : ${objects} 1048608 ${objects} 1048608 bytes=#${size}`,
  );
  assert.equal(large, 'main /srv/a.js:5:1 : 1 9000000 1 9000000 bytes=#9000000');
  assert.equal(made.samples.length, 2);
  assert.equal(made.period, 524_288n);
  assert.match(made.comments[0] ?? '', /^1 sample names a node that is not in the file/);
});

test('a file without samples tells its bytes', () => {
  assert.deepEqual(stackLines(read({ head: profile.head })), [
    'main /srv/a.js:5:1 : 0 100 0 100',
    'main /srv/a.js:5:1 > anonymous function (a.js:10:1) /srv/a.js:10:1 : 0 70000 0 70000',
    '(V8 API) : 0 10 0 10',
  ]);
});

test('the size of one object is the smallest that gives the scaled bytes', () => {
  const slow = (scaled: number, interval: number): number => {
    const excess = Math.max(8, (scaled - interval) / 2);
    let found = scaled;
    for (let n = 1; n <= Math.ceil(Math.min(scaled / excess, interval / 8 + 2)); n++) {
      const size = scaled / n;
      if (size % 8 === 0 && Math.floor(samplingScale(size, interval) + 0.5) === n) found = size;
    }
    return found;
  };
  const interval = fc.constantFrom(1, 1024, 16_384, 32_768, 524_288, 100_000);
  const size = fc.oneof(
    fc.integer({ min: 0, max: 4_000_000 }),
    fc.integer({ min: 1, max: 200_000 }).map((n) => n * 8),
  );
  fc.assert(
    fc.property(size, interval, (scaled, every) => unscaledSize(scaled, every) === slow(scaled, every)),
    { numRuns: 400 },
  );
});

test('the interval is the largest power of two that the smallest sample allows', () => {
  assert.deepEqual(
    [1, 40, 1024, 33_000, 524_287, 524_288, 9e6].map(guessedInterval),
    [1, 1, 1024, 32_768, 262_144, 524_288, 524_288],
  );
});

test('any depth is read, and what contradicts itself is refused', () => {
  let head: { children: object[] } = { ...frame('leaf'), id: 999_999, children: [] } as never;
  for (let depth = 0; depth < 1500; depth++)
    head = { ...frame(`f${depth}`), id: depth, children: [head] } as never;
  const text = JSON.stringify(head);
  const made = read(`{"head":${text},"samples":[{"size":800,"nodeId":999999}]}`);
  assert.equal(made.samples.stackLocations.length, 1501);
  refused(
    `{"head":${'{"callFrame":{},"children":['.repeat(100_000)}`,
    'PROFILE_TRUNCATED',
    /ends too early at byte/,
  );
  const json = JSON.stringify(profile);
  const notes = (text: string): string => readWithNotes(text).notes.join('\n');
  assert.match(
    notes(json.replace('"id":7', '"id":2')),
    /^passed over 1 number of a node: nodes row 2 has the id 2 of an earlier row$/,
  );
  const sized = json.replace('"size":9000000', '"size":-5');
  assert.match(notes(sized), /^passed over 1 sample: the one at byte \d+ has no "size" or no "nodeId"$/);
  assert.match(
    notes(json.replace('"children":[]', '"children":[null,5]')),
    /^passed over 2 nodes, the first: what stands at byte \d+ is no object$/,
  );
  assert.equal(
    read(json.replace('"children":[]', '"children":null')).samples.length,
    read(json).samples.length,
  );
  assert.equal(read({ profile }).samples.length, read(json).samples.length);
  assert.equal(read({ id: 1, result: { profile } }).samples.length, read(json).samples.length);
  refused(
    json.replace('"size":9000000', '"size":9007199254740991'),
    'PROFILE_INVALID',
    /samples row 2 brings the bytes beyond/,
  );
  assert.match(
    notes(json.replace('"callFrame"', '"frame"')),
    /^passed over 1 name of a node: nodes row 0, which ends at byte \d+, has no "callFrame"$/,
  );
  refused('{"head":null}', 'PROFILE_UNRECOGNIZED', /^unrecognized: JSON of no known profile format/);
  const real = fixtureText('shop.heapprofile').trimEnd();
  for (let end = 60; end < real.length; end += 11) {
    refused(real.slice(0, end), 'PROFILE_TRUNCATED', new RegExp(`ends too early at byte ${end}$`));
  }
});
