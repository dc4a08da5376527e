// Files that were profiles before something happened to them, and binary profiles of the oldest kind.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { profileArbitrary } from './random-profile.ts';
import { encodeRaw } from './raw-profile.ts';

/** What can happen to a file, at a place given as a share of its length. */
type Damage =
  | { readonly kind: 'set' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'remove' | 'cut' | 'repeat'; readonly at: number; readonly length: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constantFrom('set' as const, 'insert' as const), at: place, byte: fc.nat(255) }),
  fc.record({
    kind: fc.constantFrom('remove' as const, 'cut' as const, 'repeat' as const),
    at: place,
    length: fc.integer({ min: 1, max: 12 }),
  }),
);

function apply(bytes: Buffer, one: Damage): Buffer {
  const at = Math.floor(one.at * bytes.length);
  switch (one.kind) {
    case 'set': {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = one.byte;
      return changed;
    }
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(one.byte), bytes.subarray(at)]);
    case 'remove':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.length)]);
    case 'cut':
      return bytes.subarray(0, at);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + one.length), bytes.subarray(at)]);
  }
}

/** Words of 4 or 8 bytes in either order: header, records, end, text. */
const binary = fc
  .record({
    wide: fc.boolean(),
    big: fc.boolean(),
    kind: fc.constantFrom(0, 0, 0, 1, 2),
    period: fc.constantFrom(10_000, 1, 0),
    records: fc.array(
      fc.record({
        count: fc.integer({ min: 0, max: 9 }),
        stack: fc.array(fc.integer({ min: 0x400000, max: 0x400080 }), { maxLength: 4 }),
      }),
      { maxLength: 6 },
    ),
    end: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
    maps: fc.constantFrom('', '00400000-00500000 r-xp 00000000 08:01 1 /srv/app/bin/shop\n'),
  })
  .map(({ wide, big, kind, period, records, end, maps }) => {
    const words = [0, 3, kind, period, 0];
    for (const { count, stack } of records) words.push(count, stack.length, ...stack);
    if (end) words.push(0, 1, 0);
    const size = wide ? 8 : 4;
    const bytes = Buffer.alloc(words.length * size);
    for (const [i, word] of words.entries()) {
      if (big) bytes.writeUInt32BE(word, i * size + size - 4);
      else bytes.writeUInt32LE(word, i * size);
    }
    return Buffer.concat([bytes, Buffer.from(maps)]);
  });

/** Bytes that pprof reads in part or not at all. */
export const damagedArbitrary: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: profileArbitrary().map((profile) => Buffer.from(encodeRaw(profile))) },
      { weight: 1, arbitrary: binary },
    ),
    fc.array(damage, { maxLength: 3 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([bytes, damages, packed]) => {
    // One in four is packed, then damaged no more: what a checksum says is Go's own affair.
    const damaged = damages.reduce(apply, bytes);
    return packed === 0 ? gzipSync(damaged, { level: 1 }) : damaged;
  });
