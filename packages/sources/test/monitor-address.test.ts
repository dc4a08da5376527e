// `monitor://…`: which address is asked for a range, and what is no such source.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../src/errors.ts';
import { parseSource } from '../src/spec.ts';

const urlOf = (source: string): string => {
  const spec = parseSource(source, '/');
  assert.equal(spec.kind, 'url');
  return spec.kind === 'url' ? spec.url.href : '';
};

test('a range that a monitor keeps is a source, and what makes no sense is one sentence', () => {
  assert.equal(
    urlOf('monitor://127.0.0.1:7070/10.0.0.7:6060/heap?from=-1h&to=now'),
    'http://127.0.0.1:7070/profile?target=10.0.0.7%3A6060&name=heap&from=-1h&to=now',
  );
  assert.equal(
    urlOf('monitor://[::1]:7070/shop%2Fa%20b'),
    'http://[::1]:7070/profile?target=shop%2Fa+b&name=goroutine',
  );
  const spec = parseSource('monitor://me:secret@h:1/t', '/');
  assert.ok(spec.kind === 'url' && spec.authorization !== undefined);
  for (const wrong of [
    'monitor://',
    'monitor://h:1',
    'monitor://h:1/',
    'monitor://h:1/a/b/c',
    'monitor://h:1/%zz',
    'monitor://h:1/t?seconds=3',
  ])
    assert.throws(
      () => parseSource(wrong, '/'),
      (error) =>
        error instanceof SourceError && error.code === 'SOURCE_USAGE' && !error.message.includes('\n'),
      wrong,
    );
});
