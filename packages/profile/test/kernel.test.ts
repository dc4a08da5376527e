// The compiled kernel against the reader in JavaScript: the same profiles, and the same errors, of whatever bytes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { KERNEL_FROM, ProfileDecoder } from '../src/proto/decode.ts';
import { checkValid, encodeProfile, type Profile, ProfileError, readProfile } from '../src/index.ts';
import { type Kernel, kernel } from '../src/proto/kernel/kernel.ts';
import { WINDOW } from '../src/proto/kernel/layout.ts';
import { profiles } from './support/arbitrary.ts';
import { rawText } from './support/raw.ts';

const compiled = kernel() as Kernel;

/** Everything that a profile says, and of which kind its columns are; or what is wrong with it. */
function outcome(read: () => Profile): unknown {
  try {
    const profile = read();
    checkValid(profile);
    const { samples, locations, functions } = profile;
    const columns = [...samples.values, samples.labels.number, functions.startLine];
    columns.push(locations.lines.line, locations.lines.column);
    const numbers = columns.map((column) => `${column.constructor.name} ${column.join(' ')}`);
    const rows = [samples.stackLocations, locations.lines.function, locations.mapping];
    return [
      rawText(profile),
      numbers,
      rows.map((column) => `${column.constructor.name} ${column.join(' ')}`),
    ];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return [error.code, error.message, error.pprofMessage];
  }
}

const slow = (bytes: Uint8Array): unknown => outcome(() => new ProfileDecoder(0).whole(bytes));
const fast = (bytes: Uint8Array): unknown => outcome(() => new ProfileDecoder(KERNEL_FROM).whole(bytes));

function inPieces(bytes: Uint8Array, cuts: readonly number[]): Profile {
  const decoder = new ProfileDecoder(KERNEL_FROM);
  let at = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    decoder.push(bytes.subarray(at, cut));
    at = cut;
  }
  return decoder.finish();
}

/** Both readers say the same; so does the kernel of a message in pieces, where that can be read. */
function agree(bytes: Uint8Array, cuts: readonly number[] = []): void {
  const expected = slow(bytes);
  assert.deepEqual(fast(bytes), expected);
  const pieced = outcome(() => inPieces(bytes, cuts));
  // In pieces, a message with types behind its samples is refused, and of two mistakes another one may be found first.
  if (Array.isArray(pieced) && pieced[0] !== 'PROFILE_MALFORMED' && Array.isArray(pieced[1]))
    assert.deepEqual(pieced, expected);
}

function varint(value: bigint, extra = 0): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  // The same number with needless bytes.
  for (let i = 0; i < extra; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(0);
  }
  return bytes;
}
const content = (field: number, bytes: readonly number[]): number[] => [
  ...varint(BigInt(field * 8 + 2)),
  ...varint(BigInt(bytes.length)),
  ...bytes,
];
const joined = (parts: fc.Arbitrary<number[]>, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(parts, { maxLength }).map((all) => all.flat());

/** Numbers of every length, and those at the bounds of what is usual. */
const anyNumber = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(0n, 5n) },
  { weight: 2, arbitrary: fc.bigInt(0n, 2n ** 22n) },
  fc.constantFrom(0x80n, 0x1_0000n, 0x1_0001n, 2n ** 28n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
const lengthened = fc.oneof({ weight: 60, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 11 }));
const anyVarint = fc.tuple(anyNumber, lengthened).map(([value, extra]) => varint(value, extra));
/** Mostly ids that there are. */
const anyId = fc
  .tuple(fc.oneof({ weight: 40, arbitrary: fc.bigInt(1n, 3n) }, anyNumber), lengthened)
  .map(([value, extra]) => varint(value, extra));
const number = (field: number): fc.Arbitrary<number[]> =>
  anyVarint.map((bytes) => [...varint(BigInt(field * 8)), ...bytes]);
/** Fields that no reader knows, and known ones of the wrong type. */
const strange = fc.oneof(
  fc.integer({ min: 1, max: 20 }).map((field) => [...varint(BigInt(field * 8 + 5)), 1, 2, 3, 4]),
  fc.integer({ min: 1, max: 7 }).map((field) => content(field, [1])),
  fc.integer({ min: 1, max: 300 }).chain(number),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
);
/** Fields of a message, seldom strange ones. */
const fields = (usual: fc.Arbitrary<number[]>, maxLength: number): fc.Arbitrary<number[]> =>
  joined(fc.oneof({ weight: 200, arbitrary: usual }, strange), maxLength);
const stack = fc.oneof(
  joined(anyId, 5).map((bytes) => content(1, bytes)),
  anyId.map((bytes) => [8, ...bytes]),
);
const label = fields(fc.integer({ min: 1, max: 4 }).chain(number), 4).map((bytes) => content(3, bytes));
const twoValues = fc.oneof(
  fc.tuple(anyVarint, anyVarint).map(([a, b]) => content(2, [...a, ...b])),
  fc.tuple(number(2), number(2)).map((both) => both.flat()),
);
const sample = fc
  .tuple(fields(fc.oneof(stack, label), 4), twoValues, fields(fc.oneof(stack, label), 2))
  .map((parts) => content(2, parts.flat()));
const line = fields(fc.integer({ min: 1, max: 3 }).chain(number), 3).map((bytes) => content(4, bytes));
const location = fields(fc.oneof(fc.constantFrom(1, 2, 3, 5).chain(number), line), 5);
const fn = fields(fc.integer({ min: 1, max: 5 }).chain(number), 5);
const text = fc.uint8Array({ maxLength: 5 }).map((bytes) => content(6, [...bytes]));
const message = fc
  .tuple(
    fc.constantFrom<number[]>([...content(1, []), ...content(1, [])], content(1, [])),
    fields(
      fc.oneof(
        { weight: 8, arbitrary: sample },
        fn.map((bytes) => content(5, [...bytes, 8, 9])),
        location.map((bytes) => content(4, [...bytes, 8, 9])),
      ),
      12,
    ),
    fc
      .subarray([1, 2, 3], { minLength: 2 })
      .map((ids) =>
        ids.flatMap((id) => [...content(4, [8, id, ...content(4, [8, id])]), ...content(5, [8, id, 16, 1])]),
      ),
    joined(text, 4),
    fc.constantFrom<number[]>([], content(1, []), [...content(3, [8, 1])]),
  )
  .map(([types, tables, ids, texts, last]) =>
    Uint8Array.from([...types, ...tables, ...ids, ...content(6, []), ...texts, ...last]),
  );

test('the kernel reads what the reader in JavaScript reads, whole and in pieces', () => {
  fc.assert(
    fc.property(profiles(), fc.array(fc.nat(), { maxLength: 6 }), (profile, cuts) => {
      const bytes = encodeProfile(profile);
      agree(bytes, cuts);
      const pieced = outcome(() => inPieces(bytes, cuts)) as unknown[];
      if (!String(pieced[1]).endsWith('whole message at hand')) assert.deepEqual(pieced, slow(bytes));
    }),
    { numRuns: 300 },
  );
});

test('both say the same of a damaged message', () => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.constantFrom(0, 0, 0, 1, 2) });
  fc.assert(
    fc.property(profiles(), fc.array(damage, { minLength: 1, maxLength: 4 }), (profile, damages) => {
      const bytes = [...encodeProfile(profile)];
      for (const { at, byte, cut } of damages) bytes.splice(at % (bytes.length + 1), 1 + cut, byte);
      agree(Uint8Array.from(bytes), [damages[0]?.at ?? 0]);
    }),
    { numRuns: 600 },
  );
});

test('both say the same of messages that are unusual in every way', () => {
  let good = 0;
  fc.assert(
    fc.property(message, fc.array(fc.nat(), { maxLength: 4 }), (bytes, cuts) => {
      agree(bytes, cuts);
      if (!String((slow(bytes) as unknown[])[0]).startsWith('PROFILE_')) good++;
    }),
    { numRuns: 1000 },
  );
  assert.ok(good > 30, `only ${good} of the messages can be read`);
});

/** A usual message of at least `size` bytes: samples, then tables; `odd` of every so many samples has an unknown field. */
function usual(size: number, odd = 0): Uint8Array<ArrayBuffer> {
  const parts: number[] = [...content(1, [8, 1]), ...content(1, [8, 2])];
  for (let i = 0; parts.length < size; i++) {
    const stack = Array.from({ length: 1 + (i % 30) }, (_, k) => BigInt(1 + ((i * 7 + k * 13) % 300)));
    const values = [...varint(BigInt(i % 3)), ...varint(2n ** 64n - BigInt(1 + (i % 1000)))];
    const labels = content(3, [8, 1, 24, ...varint(BigInt(i % 5000))]);
    const extra = odd > 0 && i % odd === 0 ? content(9, [1]) : [];
    parts.push(
      ...content(2, [
        ...content(
          1,
          stack.flatMap((id) => varint(id)),
        ),
        ...content(2, values),
        ...labels,
        ...extra,
      ]),
    );
  }
  for (let id = 1; id <= 300; id++) {
    const own = varint(BigInt(id));
    parts.push(...content(4, [8, ...own, 16, 1, 24, ...own, ...content(4, [8, ...own, 16, ...own])]));
  }
  for (let id = 1; id <= 300; id++)
    parts.push(...content(5, [8, ...varint(BigInt(id)), 16, 1, 24, 1, 32, 2]));
  parts.push(...content(3, [8, 1]), ...content(6, []), ...content(6, [0x61]), ...content(6, [0x62]));
  return Uint8Array.from(parts);
}

/** Bytes that the kernel has read while `read` ran. */
function readByKernel(read: () => void): number {
  const { run } = compiled;
  let bytes = 0;
  const counting = compiled as { run: Kernel['run'] };
  counting.run = (at, end) => {
    const done = run(at, end);
    bytes += done - at;
    return done;
  };
  try {
    read();
  } finally {
    counting.run = run;
  }
  return bytes;
}

test('the kernel reads nearly all of a usual message, across its windows and those of its pieces', () => {
  const bytes = usual(3 * WINDOW);
  agree(bytes);
  assert.ok(readByKernel(() => fast(bytes)) > bytes.length - 100);
  const cuts = Array.from({ length: 40 }, (_, i) => (i * bytes.length) / 40 + i).map(Math.trunc);
  let pieced: unknown;
  assert.ok(readByKernel(() => (pieced = outcome(() => inPieces(bytes, cuts)))) > bytes.length - 100);
  assert.deepEqual(pieced, slow(bytes));
});

test('unusual samples among usual ones end no run for good, and cost no window each', () => {
  for (const odd of [1, 2, 50, 1000]) {
    const bytes = usual(WINDOW, odd);
    agree(bytes);
    let copied = 0;
    const { window } = compiled;
    const { set } = window;
    window.set = (from: ArrayLike<number>, at?: number) => {
      copied += from.length;
      set.call(window, from, at);
    };
    try {
      fast(bytes);
    } finally {
      Reflect.deleteProperty(window, 'set');
    }
    assert.ok(copied < 12 * bytes.length, `${copied} bytes were copied for ${bytes.length}`);
  }
});

test('a packed message whose tables are unusual is read again as a whole', async () => {
  const bytes = Uint8Array.from([
    ...usual(WINDOW),
    // Two lines whose columns together are no safe integer.
    ...content(4, [8, ...varint(301n), ...content(4, [8, 1, 24, ...varint(2n ** 53n)])]),
    ...content(4, [8, ...varint(302n), ...content(4, [8, 1, 24, ...varint(2n ** 53n)])]),
  ]);
  const refused = outcome(() => inPieces(bytes, [1000])) as unknown[];
  assert.match(String(refused[1]), /: an unusual field has to be read with the whole message at hand$/);
  let used = 0;
  const profile = await readProfile(gzipSync(bytes), { inflate: (gz) => ((used += 1), gunzipSync(gz)) });
  assert.deepEqual(
    outcome(() => profile),
    slow(bytes),
  );
  assert.equal(used, 2);
});

test('fields with numbers beyond 29 bits are skipped by their wire type, in every message', () => {
  /** A key of 40 bits with wire type 5, and its four bytes, which would be no field by themselves. */
  const far = [...varint((2n ** 40n) | 5n), 0x28, 0x04, 0x30, 0x02];
  const written = (extra: readonly number[]): Uint8Array =>
    Uint8Array.from(
      [
        content(1, [8, 1, 16, 1, ...extra]),
        content(2, [10, 1, 1, 18, 1, 7, ...extra, ...content(3, [8, 1, 16, 1, ...extra])]),
        content(3, [8, 1, ...extra, 24, 9]),
        content(4, [8, 1, 16, 1, ...extra, ...content(4, [8, 1, ...extra, 16, 5]), 24, 3]),
        content(5, [8, 1, ...extra, 16, 1]),
        content(6, []),
        content(6, [0x61]),
        content(11, [8, 1, ...extra, 16, 1]),
        [...extra],
      ].flat(),
    );
  const plain = slow(written([]));
  assert.match(String((plain as unknown[])[0]), /Samples:/);
  assert.deepEqual(slow(written(far)), plain);
  agree(written(far));
});

test('without WebAssembly nothing is missing', () => {
  const bytes = usual(1000);
  assert.equal(
    readByKernel(() => slow(bytes)),
    0,
  );
});
