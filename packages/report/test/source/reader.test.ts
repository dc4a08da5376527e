// Where source files are looked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeText } from '@stackpile/profile';
import { SourceReader } from '../../src/source/reader.ts';

/** What a reader tried to open, and what it found on `disk`; undefined there is a folder. */
function reader(searchPath: string, disk: Readonly<Record<string, string | undefined>>) {
  const tried: string[] = [];
  const files = {
    workingDirectory: '/srv/app',
    binaryProblem: () => undefined,
    read: (path: string) => {
      tried.push(path);
      if (!(path in disk)) return { error: 'no such file or directory' };
      return { bytes: encodeText(disk[path] ?? '') };
    },
  };
  return { source: new SourceReader(files, searchPath, ''), tried };
}

test('a relative name is tried below each folder and its parents', () => {
  const { source, tried } = reader('/a/b::c', { '/x.js': 'found' });
  assert.deepEqual(source.text('x.js'), { lines: ['found'], problem: undefined });
  assert.deepEqual(tried, ['/a/b/x.js', '/a/x.js', '/x.js']);
  const missing = reader(':c/d', {});
  assert.equal(missing.source.text('y/../x.js').problem, 'could not find file y/../x.js on path :c/d');
  assert.deepEqual(missing.tried, ['x.js', 'x.js', 'c/d/x.js', 'c/x.js', 'x.js']);
});

test('a folder is a file without lines, and ends the search', () => {
  const { source, tried } = reader('', { '/srv/app/src': undefined, '/srv/src': 'a file' });
  assert.deepEqual(source.text('src'), { lines: [], problem: undefined });
  assert.deepEqual(tried, ['/srv/app/src']);
});
