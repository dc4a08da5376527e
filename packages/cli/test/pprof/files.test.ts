// What the system says of files, in Go's words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileHead } from '../../src/pprof/files.ts';
import { systemReason } from '../../../sources/src/system-reason.ts';

function reason(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return systemReason(error);
  }
  return '';
}

test('a file that is not there, a folder, a name with a zero byte', () => {
  assert.equal(
    reason(() => fileHead('/no/such/file', 8)),
    'no such file or directory',
  );
  assert.equal(
    reason(() => readFileSync('/')),
    'is a directory',
  );
  assert.equal(
    reason(() => fileHead('/srv/\0app', 8)),
    'invalid argument',
  );
});
