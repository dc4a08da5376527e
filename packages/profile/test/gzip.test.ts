// Gunzip: every way in which it can go wrong, with and without an inflater of the caller's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from '../src/bytes/gunzip.ts';
import { ProfileError, type ReadOptions, readProfile } from '../src/index.ts';
import { inflateGzip } from '../src/bytes/inflate.ts';

const zlib: NonNullable<ReadOptions['inflate']> = (gz, limit) => gunzipSync(gz, { maxOutputLength: limit });

test('our own inflater agrees with zlib', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 5000 }),
      fc.nat(200),
      fc.integer({ min: 0, max: 9 }),
      (seed, repeat, level) => {
        const plain = Buffer.concat(Array.from({ length: repeat + 1 }, () => seed));
        const gz = gzipSync(plain, { level });
        assert.deepEqual(Buffer.from(inflateGzip(gz, plain.length)), plain);
        const two = Buffer.concat([gz, gzipSync('tail')]);
        assert.deepEqual(Buffer.from(inflateGzip(two, 1e9)), Buffer.concat([plain, Buffer.from('tail')]));
      },
    ),
    { numRuns: 60 },
  );
});

test('damaged gzip is told apart in the words of Go', async () => {
  const plain = Buffer.from('goroutine profile: total 0\n'.repeat(50));
  const gz = gzipSync(plain);
  const flipped = (at: number, value: number): Buffer => {
    const copy = Buffer.from(gz);
    copy[at] = value;
    return copy;
  };
  const cases: [Buffer, string, RegExp][] = [
    [gz.subarray(0, 5), 'unexpected EOF', /end at byte 5/],
    [gz.subarray(0, gz.length - 9), 'unexpected EOF', /the gzip data end at byte/],
    [gz.subarray(0, gz.length - 3), 'unexpected EOF', /the gzip data end at byte/],
    [flipped(2, 7), 'gzip: invalid header', /the gzip header is invalid at byte 0/],
    [flipped(gz.length - 1, 1), 'gzip: invalid checksum', /checksum does not match at byte/],
    [Buffer.concat([gz, Buffer.from('trailing bytes')]), 'gzip: invalid header', /header is invalid at byte/],
    [
      Buffer.concat([gz.subarray(0, 10), Buffer.from([0xff, 0xff, 0xff])]),
      'flate: corrupt input before offset 1',
      /corrupt at byte 11/,
    ],
  ];
  for (const inflate of [undefined, zlib]) {
    for (const [bytes, pprof, text] of cases) {
      await assert.rejects(readProfile(bytes, inflate === undefined ? {} : { inflate }), (error) => {
        assert.ok(error instanceof ProfileError);
        assert.equal(error.pprofMessage, `decompressing profile: ${pprof}`);
        assert.match(error.message, text);
        return true;
      });
    }
    const both = Buffer.concat([gz, gz]);
    assert.deepEqual(Buffer.from(await gunzip(both, 1e6, inflate)), Buffer.concat([plain, plain]));
  }
});

test('a gzip bomb is cut at the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(30_000_000));
  for (const inflate of [undefined, zlib]) {
    const options = { maxBytes: 1_000_000, ...(inflate === undefined ? {} : { inflate }) };
    await assert.rejects(readProfile(bomb, options), (error) => {
      assert.ok(error instanceof ProfileError);
      assert.equal(error.code, 'PROFILE_TOO_LARGE');
      assert.equal(error.message, 'too large: the profile is more than 1000000 bytes uncompressed');
      return true;
    });
  }
  assert.throws(() => inflateGzip(bomb, 1_000_000), /too large/);
  await assert.rejects(readProfile(new Uint8Array(100), { maxBytes: 99 }), /too large/);
});
