// profile.proto that comes in pieces: cut anywhere, with ids of every size, and tables in every order.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ProfileDecoder } from '../src/proto/decode.ts';
import {
  checkValid,
  decodeProfile,
  encodeProfile,
  type Profile,
  ProfileError,
  readProfile,
  type ReadOptions,
  readProfilePieces,
} from '../src/index.ts';
import { profiles } from './support/arbitrary.ts';
import { rawText } from './support/raw.ts';

function inPieces(bytes: Uint8Array, cuts: readonly number[]): Profile {
  const decoder = new ProfileDecoder(bytes.length);
  let at = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    decoder.push(bytes.subarray(at, cut));
    at = cut;
  }
  return decoder.finish();
}

test('a message cut anywhere is the same profile', () => {
  fc.assert(
    fc.property(profiles(), fc.array(fc.nat(), { maxLength: 12 }), (profile, cuts) => {
      const bytes = encodeProfile(profile);
      const pieced = inPieces(bytes, cuts);
      checkValid(pieced);
      assert.equal(rawText(pieced), rawText(decodeProfile(bytes)));
    }),
    { numRuns: 300 },
  );
});

test('a message that comes byte by byte is the same profile, and a cut one is refused', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      const bytes = encodeProfile(profile);
      const every = Array.from(bytes, (_, i) => i);
      assert.equal(rawText(inPieces(bytes, every)), rawText(profile));
    }),
    { numRuns: 30 },
  );
  // A sample of 100 bytes of which 3 come.
  const cut = Uint8Array.of(0x12, 100, 0x0a, 1, 1);
  assert.throws(() => inPieces(cut, [1, 2]), { code: 'PROFILE_TRUNCATED' });
  assert.throws(() => decodeProfile(cut), { code: 'PROFILE_TRUNCATED' });
});

/** A field with a number, and one with content. */
const number = (field: number, value: bigint): number[] => [field << 3, ...varint(value)];
const content = (field: number, bytes: readonly number[]): number[] => [
  (field << 3) | 2,
  ...varint(BigInt(bytes.length)),
  ...bytes,
];
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return [...bytes, Number(value)];
}
const type = content(1, [...number(1, 1n), ...number(2, 1n)]);
const strings = [...content(6, []), ...content(6, [0x78])];
const sample = (ids: readonly bigint[], value = 1n): number[] =>
  content(2, [...content(1, ids.flatMap(varint)), ...number(2, value)]);
const location = (id: bigint): number[] => content(4, number(1, id));

test('locations are found by ids of every size, named before the locations or behind', () => {
  const ids = [5n, 1n, 65_536n, 65_537n, 300_000n, 1n << 21n, 1n << 28n, 1n << 32n, 2n ** 64n - 1n];
  for (let count = 1; count <= ids.length; count++) {
    const some = ids.slice(0, count);
    const samples = some.flatMap((_, i) => sample([...some.slice(i), ...some.slice(0, i)]));
    const table = some.flatMap(location);
    for (const order of [
      [samples, table],
      [table, samples],
    ]) {
      const bytes = Uint8Array.from([...type, ...order.flat(), ...strings]);
      for (const profile of [decodeProfile(bytes), inPieces(bytes, [bytes.length >> 1, 40])]) {
        checkValid(profile);
        const stacks = Array.from(profile.samples.stackLocations);
        const expected = some.flatMap((_, i) => some.map((_, k) => (i + k) % count));
        assert.deepEqual(stacks, expected);
      }
    }
  }
});

test('unknown locations are told with sample and frame, whatever the ids are', () => {
  for (const [ids, unknown] of [
    [[1n, 2n], 3n],
    [[1n, 2n], 0n],
    [[7n, 9n], 8n],
    [[1n << 40n, 2n], 1n << 41n],
    [[1n, 2n], 1n << 63n],
  ] as const) {
    const bytes = Uint8Array.from([
      ...type,
      ...sample(ids),
      ...sample([...ids, unknown]),
      ...sample([unknown]),
      ...ids.flatMap(location),
      ...strings,
    ]);
    assert.throws(
      () => decodeProfile(bytes),
      /^Error: sample 1 names an unknown location as frame 2$|frame 2$/,
    );
    assert.throws(() => inPieces(bytes, [9]), /sample 1 names an unknown location as frame 2$/);
  }
});

test('sample types behind the samples count too, packed or not', async () => {
  const bytes = Uint8Array.from([...sample([1n]), ...location(1n), ...type, ...strings]);
  const profile = decodeProfile(bytes);
  assert.deepEqual(profile.samples.values, [Float64Array.of(1)]);
  assert.equal(rawText(await readProfile(gzipSync(bytes))), rawText(profile));
});

test('values beyond the safe integers become exact ones, at any row', () => {
  const values = [1n, 2n ** 53n - 2n, 3n, 2n ** 63n - 1n, 2n ** 64n - 1n];
  for (let count = 1; count <= values.length; count++) {
    const samples = values.slice(0, count).flatMap((value) => sample([1n], value));
    const profile = decodeProfile(Uint8Array.from([...type, ...samples, ...location(1n), ...strings]));
    checkValid(profile);
    const column = Array.from(profile.samples.values[0] as Float64Array | BigInt64Array, BigInt);
    assert.deepEqual(
      column,
      values.slice(0, count).map((value) => BigInt.asIntN(64, value)),
    );
  }
});

test('a large column grows without losing rows', () => {
  const rows = Array.from({ length: 5000 }, (_, i) => sample([BigInt((i % 3) + 1), 2n], BigInt(i)));
  const bytes = Uint8Array.from([...type, ...rows.flat(), ...[1n, 2n, 3n].flatMap(location), ...strings]);
  for (const profile of [decodeProfile(bytes), inPieces(bytes, [1000, 2000, 30_000])]) {
    checkValid(profile);
    assert.deepEqual(
      Array.from(profile.samples.values[0] as Float64Array),
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.deepEqual(Array.from(profile.samples.stackLocations.subarray(0, 4)), [0, 1, 1, 1]);
  }
});

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    await Promise.resolve();
  }
}

test('a file that arrives in pieces is read as the whole file is, whatever it is', async () => {
  const text = new TextEncoder();
  const [profile] = fc.sample(profiles(), { numRuns: 1, seed: 7 });
  const message = encodeProfile(profile as Profile);
  const files: readonly Uint8Array[] = [
    message,
    gzipSync(message),
    text.encode('main;work 3\nmain;rest 4\n'),
    text.encode('[{"name":"a","ph":"X"}]'),
    text.encode('<html>no profile</html>'),
    message.subarray(0, message.length - 3),
    gzipSync(message).subarray(0, 40),
    new Uint8Array(0),
  ];
  const told = async (read: () => Promise<Profile>): Promise<string> => {
    try {
      return rawText(await read());
    } catch (error) {
      assert.ok(error instanceof ProfileError);
      return `${error.code} ${error.message}`;
    }
  };
  for (const file of files) {
    const expected = await told(() => readProfile(file));
    for (const size of [1, 20, 1000])
      assert.equal(await told(() => readProfilePieces(pieces(file, size), file.length)), expected);
    assert.equal(await told(() => readProfile(file, { onProgress: () => undefined })), expected);
  }
  await assert.rejects(readProfilePieces(pieces(message, 50), 0, { maxBytes: 100 }), {
    code: 'PROFILE_TOO_LARGE',
  });
});

test('what brings the pieces may fail, and says so itself', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.from(type);
    throw new TypeError('the line is dead');
  }
  await assert.rejects(readProfilePieces(broken()), { name: 'TypeError', message: 'the line is dead' });
});

test('whoever wants to know hears how far a large message is', async () => {
  const samples = Array.from({ length: 400_000 }, () => sample([1n])).flat();
  const bytes = Uint8Array.from([...type, ...samples, ...location(1n), ...strings]);
  for (const file of [bytes, gzipSync(bytes)]) {
    const heard: number[] = [];
    await readProfile(file, {
      onProgress: (done, total) => {
        assert.ok(done <= total);
        heard.push(done);
      },
    });
    assert.ok(heard.length > 2);
    assert.equal(heard.at(-1), bytes.length);
    assert.deepEqual(
      heard,
      [...heard].sort((a, b) => a - b),
    );
  }
});

test('and how far a large text in JSON is, in hand or in pieces', async () => {
  const text = JSON.stringify({
    nodes: [{ id: 1, callFrame: { functionName: 'main', url: '/srv/a.js', lineNumber: 1, columnNumber: 1 } }],
    samples: Array.from({ length: 800_000 }, () => 1),
    timeDeltas: Array.from({ length: 800_000 }, () => 10),
  });
  const bytes = new TextEncoder().encode(text);
  const reads = [
    readProfile,
    (file: Uint8Array, options: ReadOptions) => readProfilePieces(pieces(file, 1 << 20), 0, options),
  ];
  for (const read of reads) {
    for (const times of [false, true]) {
      const heard: number[] = [];
      const profile = await read(bytes, {
        times,
        onProgress: (done, total) => {
          assert.equal(total, bytes.length);
          heard.push(done);
        },
      });
      assert.equal(profile.samples.values[0]?.[0], 800_000);
      // A word per MiB.
      assert.equal(heard.length, Math.floor(bytes.length / 2 ** 20));
      assert.deepEqual(
        heard.map((done) => Math.floor(done / 2 ** 20)),
        heard.map((_, i) => i + 1),
      );
    }
  }
});
