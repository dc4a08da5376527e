// profile.proto there and back: random profiles, hostile bytes, and a second implementation to agree with.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Profile as PeerProfile } from 'pprof-format';
import { checkValid, decodeProfile, encodeProfile, int64At, ProfileError } from '../src/index.ts';
import { profiles } from './support/arbitrary.ts';
import { rawText } from './support/raw.ts';

test('decode undoes encode, for every column', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      checkValid(profile);
      const bytes = encodeProfile(profile);
      const again = decodeProfile(bytes);
      checkValid(again);
      assert.equal(rawText(again), rawText(profile));
      assert.equal(again.dropFrames, profile.dropFrames);
      assert.equal(again.keepFrames, profile.keepFrames);
      assert.deepEqual(encodeProfile(again), bytes);
    }),
    { numRuns: 300 },
  );
});

test('a second implementation reads the same numbers', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      const peer = PeerProfile.decode(encodeProfile(profile));
      const ours = decodeProfile(encodeProfile(profile));
      assert.equal(peer.sample.length, ours.samples.length);
      for (const [row, sample] of peer.sample.entries()) {
        const values = ours.samples.values.map((column) => int64At(column, row));
        assert.deepEqual(
          sample.value.map((value) => BigInt.asIntN(64, BigInt(value))),
          values,
        );
        const from = ours.samples.stackStart[row] as number;
        const to = ours.samples.stackStart[row + 1] as number;
        const stack = Array.from(ours.samples.stackLocations.subarray(from, to), (l) => ours.locations.id[l]);
        assert.deepEqual(
          sample.locationId.map((id) => BigInt.asUintN(64, BigInt(id))),
          stack,
        );
      }
      assert.deepEqual(
        peer.location.map(({ address }) => BigInt.asUintN(64, BigInt(address))),
        [...ours.locations.address],
      );
      assert.equal(BigInt.asIntN(64, BigInt(peer.timeNanos)), ours.timeNanos);
    }),
    { numRuns: 200 },
  );
});

test('any bytes decode or fail with a ProfileError', () => {
  const attempt = (bytes: Uint8Array): void => {
    try {
      checkValid(decodeProfile(bytes));
    } catch (error) {
      if (!(error instanceof ProfileError)) throw error;
      assert.match(
        error.message,
        /byte \d+|row|sample|mapping|location|function|string|label|comment|empty|_type|_url|_frames/,
      );
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 2000 });
  fc.assert(
    fc.property(
      profiles(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(),
      (profile, flips, cut) => {
        const bytes = encodeProfile(profile);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        attempt(bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0)));
      },
    ),
    { numRuns: 1000 },
  );
});

/** A protobuf message by hand: pairs of field and number, text, bytes or fields. */
type Field = readonly [number, number | bigint | string | Uint8Array | readonly Field[]];
function message(fields: readonly Field[]): Uint8Array {
  const out: number[] = [];
  const varint = (value: bigint): void => {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      out.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    out.push(Number(rest));
  };
  for (const [field, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      varint(BigInt(field << 3));
      varint(BigInt(value));
      continue;
    }
    const bytes =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof Uint8Array
          ? value
          : message(value);
    varint(BigInt((field << 3) | 2));
    varint(BigInt(bytes.length));
    out.push(...bytes);
  }
  return Uint8Array.from(out);
}

const base: readonly Field[] = [
  [6, ''],
  [6, 'cpu'],
  [6, 'count'],
  [
    1,
    [
      [1, 1],
      [2, 2],
    ],
  ],
  [
    5,
    [
      [1, 1],
      [2, 1],
    ],
  ],
  [
    4,
    [
      [1, 1],
      [
        4,
        [
          [1, 1],
          [2, 12],
        ],
      ],
    ],
  ],
];

function fails(fields: readonly Field[] | Uint8Array, code: string, text: RegExp, pprof?: string): void {
  const bytes = fields instanceof Uint8Array ? fields : message(fields);
  assert.throws(
    () => decodeProfile(bytes),
    (error) => {
      assert.ok(error instanceof ProfileError);
      assert.equal(error.code, code);
      assert.match(error.message, text);
      assert.equal(error.pprofMessage, pprof);
      return true;
    },
  );
}

test('repeated integers may be packed, not packed, or both in one sample', () => {
  const expected = decodeProfile(
    message([
      ...base,
      [
        2,
        [
          [1, 1],
          [1, 1],
          [2, 5],
        ],
      ],
    ]),
  );
  for (const sample of [
    [
      [1, Uint8Array.of(1, 1)],
      [2, Uint8Array.of(5)],
    ],
    [
      [1, 1],
      [1, Uint8Array.of(1)],
      [2, 5],
    ],
    [
      [2, 5],
      [1, Uint8Array.of()],
      [1, Uint8Array.of(1)],
      [1, 1],
    ],
  ] as const) {
    assert.equal(rawText(decodeProfile(message([...base, [2, sample]]))), rawText(expected));
  }
});

test('unknown fields are skipped, the last scalar wins, numbers may be longer than they need', () => {
  const profile = decodeProfile(
    message([
      ...base,
      [99, 'unknown'],
      [17, 5n],
      [12, 3],
      [12, 4],
      [2, Uint8Array.of(0x08, 0x81, 0x80, 0x80, 0x00, 0x10, 0x87, 0x00)],
      [11, [[1, 1]]],
      [11, [[2, 2]]],
    ]),
  );
  assert.equal(profile.period, 4n);
  assert.deepEqual(profile.periodType, { type: '', unit: 'count' });
  assert.equal(int64At(profile.samples.values[0] as Float64Array, 0), 7n);
});

test('a text label wins over a number, and a label of nothing is dropped', () => {
  const profile = decodeProfile(
    message([
      ...base,
      [
        2,
        [
          [1, 1],
          [2, 5],
          [
            3,
            [
              [1, 1],
              [2, 2],
              [3, 9],
              [4, 1],
            ],
          ],
          [3, [[1, 1]]],
          [
            3,
            [
              [1, 1],
              [4, 2],
            ],
          ],
        ],
      ],
    ]),
  );
  assert.match(rawText(profile), /cpu:\[count\]\n +cpu:\[0 count\]\n/);
  assert.equal(profile.samples.labels.length, 2);
});

test('each broken message is one sentence that names the byte or the row', () => {
  fails(new Uint8Array(0), 'PROFILE_EMPTY', /^empty/, 'parsing profile: empty input file');
  fails([[1, [[1, 1]]]], 'PROFILE_MALFORMED', /no string table/);
  fails([[6, 'x']], 'PROFILE_MALFORMED', /^malformed at byte 2: the first string is not empty$/);
  fails(
    message(base).subarray(0, -1),
    'PROFILE_TRUNCATED',
    /^truncated at byte \d+: a field claims \d+ bytes, \d+ are left$/,
  );
  fails(Uint8Array.of(0x0b), 'PROFILE_MALFORMED', /^malformed at byte 1: unknown wire type 3$/);
  fails(
    Uint8Array.of(0x12, ...Array<number>(9).fill(0xff), 0x7f),
    'PROFILE_TRUNCATED',
    /^truncated at byte 1: a field claims 184467/,
  );
  fails(Uint8Array.of(0x12, ...Array<number>(11).fill(0xff)), 'PROFILE_MALFORMED', /more than ten bytes/);
  fails(
    [
      ...base,
      [
        2,
        [
          [2, 'abc'],
          [1, 1],
          [3, 5],
        ],
      ],
    ],
    'PROFILE_MALFORMED',
    /^malformed at byte \d+: field 3 of Sample has the wire type 0$/,
  );
  fails([...base, [14, 77]], 'PROFILE_MALFORMED', /names string 77, the string table has 3 rows/);
  fails([...base, [14, -1]], 'PROFILE_MALFORMED', /names a string out of range/);
  fails(
    [...base, [9, 5], [9, 6]],
    'PROFILE_CONCATENATED',
    /before byte \d+$/,
    'parsing profile: concatenated profiles detected',
  );
  fails(
    [
      ...base,
      [
        2,
        [
          [1, 9],
          [2, 5],
        ],
      ],
    ],
    'PROFILE_INVALID',
    /^sample 0 names an unknown location as frame 0$/,
    'malformed profile: sample has nil location',
  );
  fails(
    [
      ...base,
      [
        2,
        [
          [1, 1],
          [2, 5],
          [2, 6],
        ],
      ],
    ],
    'PROFILE_INVALID',
    /^sample 0 has 2 values/,
    'malformed profile: mismatch: sample has 2 values vs. 1 types',
  );
  fails(
    [
      [6, ''],
      [2, [[2, 5]]],
    ],
    'PROFILE_INVALID',
    /^sample 0 has no sample types/,
    'malformed profile: missing sample type information',
  );
  fails(
    [...base, [3, [[2, 5]]]],
    'PROFILE_INVALID',
    /^mapping 0 has the id 0$/,
    'malformed profile: found mapping with reserved ID=0',
  );
  fails(
    [...base, [5, [[1, 1]]]],
    'PROFILE_INVALID',
    /^function 1 has the id 1 of an earlier row$/,
    'malformed profile: multiple functions with same id: 1',
  );
  fails(
    [...base, [4, [[3, 1]]]],
    'PROFILE_INVALID',
    /^location 1 has the id 0$/,
    'malformed profile: found location with reserved id=0',
  );
  fails(
    [
      ...base,
      [
        4,
        [
          [1, 2],
          [4, [[2, 3]]],
        ],
      ],
    ],
    'PROFILE_INVALID',
    /^location 1 \(id 2\) has a line/,
    'malformed profile: location id: 2 has a line with nil function',
  );
});

test('a claim of many samples and types costs no memory before it is found wrong', () => {
  const types: Field[] = Array.from({ length: 20000 }, () => [1, []]);
  const samples: Field[] = Array.from({ length: 20000 }, () => [2, []]);
  const before = process.memoryUsage().arrayBuffers;
  fails(
    [[6, ''], ...types, ...samples],
    'PROFILE_INVALID',
    /^sample 0 has 0 values/,
    'malformed profile: mismatch: sample has 0 values vs. 20000 types',
  );
  assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000);
});
