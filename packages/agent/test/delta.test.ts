// `seconds=` on every profile that has a difference: Go's checks in Go's order, with Go's words.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeProfile } from '@stackpile/profile';
import { endpoints } from '../src/endpoints/table.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const POSITIVE = 'invalid value for "seconds" - must be a positive integer\n';
const TOGETHER = 'seconds and debug params are incompatible\n';
const errors: readonly (readonly [query: string, body: string])[] = [
  ...['0', '-1', '1.5', 'abc', '0x1', '1e3', '%201', '99999999999999999999'].map(
    (seconds): readonly [string, string] => [`seconds=${seconds}`, POSITIVE],
  ),
  ['seconds=0&debug=1', POSITIVE],
  ['seconds=1&debug=1', TOGETHER],
  ['seconds=1&debug=-1', TOGETHER],
];
const cumulative = endpoints.filter(({ delta }) => delta).map(({ name }) => name);

test('every profile that Go adds up over time has one', () => {
  for (const name of ['allocs', 'goroutine', 'heap', 'mutex', 'threadcreate'])
    assert.ok(cumulative.includes(name), name);
});

test('its second reading is one of its own, however many have just been given the same', async () => {
  const { port } = await serving({ port: 0 });
  const answers = await Promise.all(
    [0, 1, 2, 3].map(async (i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 300));
      return ask(port, '/debug/pprof/heap?seconds=1');
    }),
  );
  for (const { body } of answers) assert.ok(decodeProfile(gunzipSync(body)).durationNanos > 0n);
});

for (const name of cumulative)
  describe(`${name}?seconds=`, () => {
    test("refuses what Go refuses, in Go's words", async () => {
      const { port } = await serving({ port: 0 });
      for (const [query, body] of errors) {
        const answer = await ask(port, `/debug/pprof/${name}?${query}`);
        assert.deepEqual([answer.status, answer.body.toString()], [400, body], query);
        assert.equal(answer.headers['x-go-pprof'], '1');
        assert.equal(answer.headers['content-disposition'], undefined);
      }
    });

    test('is a file of the name of a delta, over as long as was asked for', async () => {
      const { port } = await serving({ port: 0 });
      const answer = await ask(port, `/debug/pprof/${name}?seconds=1&debug=abc`);
      assert.equal(answer.status, 200, answer.body.toString());
      assert.equal(answer.headers['content-disposition'], `attachment; filename="${name}-delta"`);
      assert.equal(answer.headers['content-type'], 'application/octet-stream');
      assert.ok(decodeProfile(gunzipSync(answer.body)).durationNanos >= 990_000_000n);
    });
  });
