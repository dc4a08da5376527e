// Byte strings as text and back, and quoted.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readQuoted } from '../src/go-quote.ts';
import { decodeText, encodeText, quoteGo, quotePattern } from '../src/index.ts';

test('every byte string survives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      assert.deepEqual(encodeText(decodeText(bytes)), bytes),
    ),
    { numRuns: 2000 },
  );
});

/** All that UTF-8 can tell; fast-check's own text of these takes a second to be made ready. */
const codePoint = fc.oneof(fc.integer({ max: 0xd7ff, min: 0 }), fc.integer({ max: 0x10ffff, min: 0xe000 }));

test('valid UTF-8 is itself', () => {
  fc.assert(
    fc.property(fc.array(codePoint, { maxLength: 200 }), (points) => {
      const text = String.fromCodePoint(...points);
      const bytes = new TextEncoder().encode(text);
      assert.deepEqual(encodeText(text), bytes);
      assert.equal(decodeText(bytes), text);
    }),
    { numRuns: 1000 },
  );
});

test('bytes that are no UTF-8 become lone surrogates', () => {
  assert.equal(decodeText(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xc3)), 'a\udcffé\udcc3');
  assert.equal(decodeText(Uint8Array.of(0xed, 0xa0, 0x80)), '\udced\udca0\udc80');
  assert.equal(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x78)), '\ufeffx');
  assert.deepEqual([...encodeText('\ud800')], [0xef, 0xbf, 0xbd]);
});

test('quoted as Go quotes', () => {
  assert.equal(quoteGo('a"b\\c\n\x01\u200bé日\udc80'), '"a\\"b\\\\c\\n\\x01\\u200bé日\\x80"');
  assert.equal(quoteGo('\udcff\u{1f600}\u{e0001}\u007f\u2028'), '"\\xff😀\\U000e0001\\x7f\\u2028"');
});

test('what is quoted can be read again', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(codePoint, { maxLength: 60 }).map((points) => String.fromCodePoint(...points)),
      (bytes, text) => {
        for (const one of [decodeText(bytes), text]) {
          const quoted = quoteGo(one);
          assert.deepEqual(readQuoted(quoted, 0), { value: one, end: quoted.length });
        }
      },
    ),
  );
});

test('a quoted pattern matches its text, in JavaScript too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 50 }), (text) => {
      assert.match(text, new RegExp(`^${quotePattern(text)}$`));
    }),
    { numRuns: 500 },
  );
  // Go's own: what is no operator stays.
  assert.equal(
    quotePattern('main.(*T).run[go.shape.int] a/b-c'),
    String.raw`main\.\(\*T\)\.run\[go\.shape\.int\] a/b-c`,
  );
});
