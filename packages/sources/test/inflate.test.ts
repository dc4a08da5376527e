// Gzip with something behind its data, small and large: refused in the words of Go, whose reader takes further members only.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder, ProfileError, readProfile } from '@stackpile/profile';
import { inflate } from '../src/inflate.ts';

function packed(commentBytes: number): Buffer {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  builder.comment(randomBytes(commentBytes / 2).toString('hex'));
  return gzipSync(encodeProfile(builder.build()));
}

for (const [size, commentBytes] of [
  ['small', 100],
  ['large', 1_000_000],
] as const) {
  const gz = packed(commentBytes);
  const cases = [
    ['zeros that are no member', Buffer.alloc(20), 'gzip: invalid header'],
    ['a single zero', Buffer.alloc(1), 'unexpected EOF'],
    ['letters', Buffer.from('nothing that gzip knows'), 'gzip: invalid header'],
    ['the beginning of a member', gz.subarray(0, 5), 'unexpected EOF'],
  ] as const;
  for (const [what, behind, message] of cases) {
    test(`a ${size} profile with ${what} behind it is refused`, async () => {
      await assert.rejects(readProfile(Buffer.concat([gz, behind]), { inflate }), (error) => {
        assert.ok(error instanceof ProfileError, String(error));
        assert.equal(error.pprofMessage, `decompressing profile: ${message}`);
        return true;
      });
    });
  }

  test(`a ${size} profile in several members is read`, async () => {
    const both = Buffer.concat([gz, gzipSync('')]);
    const profile = await readProfile(both, { inflate });
    assert.equal(profile.comments[0]?.length, commentBytes);
  });
}
