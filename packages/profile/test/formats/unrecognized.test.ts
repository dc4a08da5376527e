// Files that are no profile: each kind has a sentence of its own.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeProfile, ProfileError, readPlainProfile } from '../../src/index.ts';
import { read, refused } from './support.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('pages, messages, programs and archives', () => {
  const login = '<!DOCTYPE html>\n<html><head><title> Sign\n in </title></head></html>';
  refused(
    login,
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: a web page stands there, "Sign in", not a profile: a login or an error, perhaps$/,
  );
  refused('<html></html>', 'PROFILE_UNRECOGNIZED', /^unrecognized: a web page stands there, not a profile/);
  refused(
    { code: 401, error: 'log in first' },
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: JSON that says "log in first" stands there, not a profile$/,
  );
  refused(
    { status: 'ok', data: [] },
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: JSON of no known profile format stands there, with "status", "data"$/,
  );
  refused(
    '404 page not found\n',
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: an error message stands there, "404 page not found", not a profile$/,
  );
  refused(
    text('\x7fELF\x02\x01\x01'),
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the file is a program \(ELF\), not a profile of it/,
  );
  refused(
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2),
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the file is packed with zstd: unpack it first$/,
  );
  refused(
    text('PERFILE2\0\0'),
    'PROFILE_UNRECOGNIZED',
    /a recording of perf: give what perf script prints of it$/,
  );
  refused(
    'dear diary\n',
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the text that starts at byte 0 with "dear diary" is in no known profile format$/,
  );
  refused(new Uint8Array(0), 'PROFILE_EMPTY', /^empty: the profile has no bytes$/);
});

test('two profiles in one file are told apart from a broken one', () => {
  const one = encodeProfile(read('main;work 1\nmain 2\n'));
  const two = new Uint8Array(one.length * 2);
  two.set(one);
  two.set(one, one.length);
  refused(
    two,
    'PROFILE_CONCATENATED',
    /^concatenated profiles: a second profile begins before byte \d+; give each as a file of its own$/,
  );
  assert.throws(
    () => readPlainProfile(two),
    (error) => error instanceof ProfileError && (error.pprofMessage ?? '').startsWith('malformed profile:'),
  );
});

test('a message stays a sentence, however long the word that is wrong', () => {
  const long = `heap profile: 1: 1 [1: 1] @ heapprofile\n${'9'.repeat(30_000)}: 1 [1: 1] @ 0x1\n`;
  assert.throws(
    () => readPlainProfile(text(long)),
    (error) => {
      assert.ok(error instanceof ProfileError, String(error));
      assert.ok(error.message.length < 1000, `${error.message.length}`);
      assert.ok((error.pprofMessage ?? '').length > 30_000, 'word for word');
      return true;
    },
  );
});
