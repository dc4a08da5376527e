// Filters by name and by label, with their warnings.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ReportError } from '../src/index.ts';
import { draw } from './support/draw.ts';
import { report, topRows } from './support/run.ts';

const profile = draw(`samples/count
  main@m.go:1 > work@w.go:2 > alloc@rt.go:3 : 8 route=/a bytes=#512:bytes
  main@m.go:1 > work@w.go:2 > sort@s.go:4 : 4 route=/b bytes=#2048:bytes
  main@m.go:1 > idle@m.go:9 : 2
  - : 1 route=/a`);

const names = (flags: string[]): string[] =>
  topRows(profile, flags).map((row) => `${row.split(' ')[0]} ${row.split(' ').at(-1)}`);

test('focus and ignore keep and drop whole samples', () => {
  assert.deepEqual(names(['focus=alloc']), ['8 alloc', '0 main', '0 work']);
  assert.deepEqual(names(['focus=w.go', 'ignore=rt.go']), ['4 sort', '0 main', '0 work']);
});

test('hide and show move values to the callers that are left', () => {
  assert.deepEqual(names(['hide=alloc|sort']), ['12 work', '2 idle', '0 main']);
  assert.deepEqual(names(['show=main|work']), ['12 work', '2 main']);
});

test('show_from cuts callers, prune_from callees', () => {
  assert.deepEqual(names(['show_from=work']), ['8 alloc', '4 sort', '0 work']);
  assert.deepEqual(names(['prune_from=work']), ['12 work', '2 idle', '0 main']);
});

test('labels: texts, keys, ranges', () => {
  assert.deepEqual(names(['tagfocus=/a']), ['8 alloc', '0 main', '0 work']);
  assert.deepEqual(names(['tagfocus=route=/b']), ['4 sort', '0 main', '0 work']);
  assert.deepEqual(names(['tagignore=route=/a,/b']), ['2 idle', '0 main']);
  assert.deepEqual(names(['tagfocus=bytes=1kb:']), ['4 sort', '0 main', '0 work']);
  assert.deepEqual(names(['tagfocus=:512b']), ['8 alloc', '0 main', '0 work']);
  // A number without a unit never equals one with a unit.
  assert.deepEqual(names(['tagfocus=bytes=512']), []);
  assert.deepEqual(report(profile, 'top', ['tagfocus=1kb:2kb']).warnings, [
    "tagfocus:Interpreted '1kb:2kb' as range, not regexp",
  ]);
});

test('tagshow and taghide choose keys', () => {
  assert.doesNotMatch(report(profile, 'tags', ['tagshow=route']).text, /bytes:/);
  assert.doesNotMatch(report(profile, 'tags', ['taghide=route']).text, /route:/);
});

test('tagroot and tagleaf add frames', () => {
  assert.deepEqual(names(['tagleaf=bytes']), [
    '8 512B',
    '4 2kB',
    '3 <unknown>',
    '0 alloc',
    '0 idle',
    '0 main',
    '0 sort',
    '0 work',
  ]);
  assert.ok(names(['tagroot=route']).includes('1 /a'));
});

test('warnings come in a fixed order', () => {
  const flags = 'focus ignore hide show show_from tagfocus tagignore tagshow taghide'
    .split(' ')
    .map((name) => `${name}=zzz`);
  assert.deepEqual(report(profile, 'top', [...flags, 'tagroot=yyy', 'tagleaf=yyy']).warnings, [
    'TagRoot expression matched no samples',
    'TagLeaf expression matched no samples',
    'Focus expression matched no samples',
    'Ignore expression matched no samples',
    'Hide expression matched no samples',
    'Show expression matched no samples',
    'ShowFrom expression matched no samples',
    'TagFocus expression matched no samples',
    'TagIgnore expression matched no samples',
    'TagShow expression matched no samples',
    'TagHide expression matched no samples',
  ]);
});

test('errors name the option and carry the warnings before them', () => {
  const failure = (flags: string[], command: 'top' | 'peek' = 'top', pattern = ''): ReportError => {
    try {
      report(profile, command, flags, pattern);
    } catch (error) {
      assert.ok(error instanceof ReportError);
      return error;
    }
    throw new Error('no error');
  };
  assert.equal(
    failure(['focus=(']).message,
    'parsing focus regexp: error parsing regexp: missing closing ): `(`',
  );
  assert.equal(
    failure(['taghide=[']).message,
    'parsing taghide regexp: error parsing regexp: missing closing ]: `[`',
  );
  assert.equal(failure(['sample_index=9']).message, 'sample_index 9 is outside the range [0..0]');
  assert.equal(failure(['sample_index=x']).message, 'sample_index "x" must be one of: [samples]');
  assert.equal(failure(['divide_by=0']).message, 'zero divisor specified');
  assert.equal(failure([], 'peek', 'zzz').message, 'no matches found for regexp: zzz');
  const late = failure(['hide=zzz', 'taghide=('], 'top');
  assert.deepEqual(late.warnings, ['Hide expression matched no samples']);
});
