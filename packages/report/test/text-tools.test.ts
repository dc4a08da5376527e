// Paths, columns, times, short names.
import assert from 'node:assert/strict';
import test from 'node:test';
import { compareBytes } from '../src/go/bytewise.ts';
import { baseName, cleanPath, trimFileName } from '../src/names/paths.ts';
import { shortenFunctionName } from '../src/names/short-name.ts';
import { alignRight } from '../src/go/tabwriter.ts';
import { formatDuration, formatFullTime, formatTime } from '../src/go/time.ts';

test('paths', () => {
  assert.deepEqual(['', '/', 'a/b/', '/x'].map(baseName), ['.', '/', 'b', 'x']);
  assert.deepEqual(
    ['', 'a//b/../c', 'file:///a/b.js', '/../x', '../a/./b/..', 'a/..', '/a/'].map(cleanPath),
    ['.', 'a/c', 'file:/a/b.js', '/x', '../a', '.', '/a'],
  );
  assert.equal(trimFileName('/some/remote/proj/foo/bar.c', '', '/local/proj'), 'foo/bar.c');
  assert.equal(trimFileName('/some/remote/bar.c', '/other:/some', ''), 'remote/bar.c');
  assert.equal(trimFileName('/proc/self/cwd/./x.cc', '', ''), 'x.cc');
});

test('columns are aligned to the right, block by block', () => {
  assert.equal(
    alignRight('key:\t Total\n \t3s:\t /cart\n \t1.20s:\t 日本\n\nk:\t x\n', 1),
    ' key: Total\n         3s: /cart\n      1.20s: 日本\n\n k: x\n',
  );
  assert.equal(alignRight('', 1), '');
});

test('times', () => {
  const zone = () => ({ offsetSeconds: -5400, abbreviation: '-0130' });
  const utc = () => ({ offsetSeconds: 0, abbreviation: 'UTC' });
  assert.equal(formatTime(1767225600123456789n, utc), '2026-01-01 00:00:00 UTC');
  assert.equal(formatFullTime(1767225600123456700n, utc), '2026-01-01 00:00:00.1234567 +0000 UTC');
  assert.equal(formatFullTime(1767225600000000000n, zone), '2025-12-31 22:30:00 -0130 -0130');
  assert.equal(formatTime(-1n, utc), '1969-12-31 23:59:59 UTC');
  const durations = [0n, 1n, 1500n, 2_000_000n, 10_040_000_000n, 100_000_000_000n, -3_600_000_000_000n];
  assert.deepEqual(durations.map(formatDuration), [
    '0s',
    '1ns',
    '1.5µs',
    '2ms',
    '10.04s',
    '1m40s',
    '-1h0m0s',
  ]);
});

test('short names', () => {
  const cases: [string, string][] = [
    ['github.com/a/b-c.d/v3/pkg.(*X[...]).M', 'pkg.(*X[...]).M'],
    ['com.foo.Bar.baz', 'Bar.baz'],
    ['(anonymous namespace)::Foo::bar', 'Foo::bar'],
    ['node:fs.readFile', 'node:fs.readFile'],
    ['a/b/file.js:fn', 'file.js:fn'],
  ];
  for (const [name, short] of cases) assert.equal(shortenFunctionName(name), short);
});

test('texts are ordered by bytes', () => {
  assert.ok(compareBytes('\ue000', '\u{1f600}') < 0);
  assert.ok(compareBytes('\udcff', '\u{1f600}') > 0);
  assert.equal(compareBytes('a', 'a'), 0);
});
