// Heap snapshots from pipes and servers: read as they come, whatever the most is that is read of anything else.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { SourceError } from '@stackpile/sources';
import { loadSource } from '@stackpile/sources/load';
import { sumInt64 } from '@stackpile/profile';
import { snapshotText } from '../../profile/test/heapsnapshot/snapshot-text.ts';

const text = Buffer.from(
  snapshotText([
    { type: 'synthetic', name: '', edges: [{ type: 'element', name: 1, to: 1 }] },
    ...Array.from({ length: 400 }, (_, i) => ({
      type: 'object',
      name: 'Session',
      size: 10,
      edges: i < 399 ? [{ type: 'property', name: 'next', to: i + 2 }] : [],
    })),
  ]),
);
/** Far fewer bytes than the snapshot has. */
const least = { maxBytes: 1000 };

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function objectsOf(source: string, stdin?: AsyncIterable<Uint8Array>): Promise<number> {
  const { profile, bytes } = await loadSource(source, {
    ...least,
    ...(stdin === undefined ? {} : { stdin }),
  });
  assert.equal(bytes, null);
  const column = profile.sampleTypes.findIndex(({ type }) => type === 'objects');
  return Number(sumInt64(profile.samples.values[column] ?? new Float64Array(0)));
}

const answers: Readonly<Record<string, Uint8Array>> = {
  plain: text,
  packed: gzipSync(text),
  other: Buffer.alloc(5000, 'x'),
  broken: Buffer.concat([text, Buffer.from('x')]),
};
const server = createServer(({ url = '' }, response) => {
  Readable.from(cut(answers[url.slice(1)] ?? new Uint8Array(0), 777)).pipe(response);
});
server.listen(0, '127.0.0.1');
after(() => server.close());

function addressOf(name: string): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
}

describe('a heap snapshot', () => {
  for (const [what, bytes] of [['plain', text] as const, ['packed', gzipSync(text)] as const])
    for (const size of [1, 100, 1_000_000])
      test(`on standard input, ${what}, in pieces of ${size} bytes, is read as it comes`, async () => {
        assert.equal(await objectsOf('-', Readable.from(cut(bytes, size))), 400);
      });

  for (const what of ['plain', 'packed'])
    test(`out of a server, ${what}, is read as it comes`, async () => {
      assert.equal(await objectsOf(addressOf(what)), 400);
    });

  test('that was cut off is read as far as it goes, which is said', async () => {
    const said: string[] = [];
    const stdin = Readable.from(cut(text.subarray(0, -20), 100));
    await loadSource('-', { ...least, stdin, onProgress: (line) => said.push(line) });
    assert.match(
      said.join('\n'),
      /^standard input: this heap snapshot is truncated at byte \d+: 401 of 401 nodes read, 400 of 400 edges, \d+ names$/u,
    );
  });

  test('that is malformed is said with the name of its source', async () => {
    await assert.rejects(loadSource(addressOf('broken'), least), (error) => {
      assert.ok(error instanceof SourceError && error.code === 'SOURCE_MALFORMED', String(error));
      assert.match(
        error.message,
        /^http:\/\/127\.0\.0\.1:\d+\/broken: heap snapshot: unexpected byte at \d+/u,
      );
      return true;
    });
  });
});

test('anything else has its bound', async () => {
  const wanted = { name: 'SourceError', code: 'SOURCE_TOO_LARGE' };
  await assert.rejects(loadSource(addressOf('other'), least), wanted);
  const stdin = Readable.from(cut(answers['other'] ?? new Uint8Array(0), 100));
  await assert.rejects(loadSource('-', { ...least, stdin }), wanted);
});
