// Demangled names are those of the real pprof, and hostile names neither crash nor hang.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { demangle, type DemangleMode, readableName } from '../../src/names/demangle/demangle.ts';

/** Rows of a name and what pprof 20251114 makes of it with `-symbolize=local`, `demangle=templates` and `demangle=full`. */
const rows = JSON.parse(readFileSync(new URL('names.json', import.meta.url), 'utf8')) as [
  string,
  ...string[],
][];
const modes: readonly DemangleMode[] = ['default', 'templates', 'full'];

describe('readableName', () => {
  for (const [i, mode] of modes.entries()) {
    test(`${rows.length} names, ${mode}`, () => {
      for (const row of rows) assert.equal(readableName(row[0], mode), row[i + 1], row[0]);
    });
  }
});

describe('demangle', () => {
  // Halves of pairs too: names are whatever somebody wrote.
  const character = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0xffff }));

  test('gives back what is no mangled name', () => {
    fc.assert(
      fc.property(fc.array(character), fc.constantFrom(...modes), (characters, mode) => {
        const name = String.fromCharCode(...characters);
        fc.pre(!/^_[RZ_G]/.test(name));
        assert.equal(demangle(name, mode), name);
      }),
    );
  });

  test('takes any text behind a prefix without an exception', () => {
    const letters = 'NSTZ0123456789_EIJKLPRabcdefilmnstvwxyzDUOFXGHWQC$.'.split('');
    const body = fc.string({ unit: fc.constantFrom(...letters), maxLength: 60 });
    fc.assert(
      fc.property(
        fc.constantFrom('_Z', '_ZN', '_R', '___Z', '_GLOBAL__I_', '_RINvC3foo3barK'),
        body,
        (prefix, rest) => {
          for (const mode of modes) assert.equal(typeof demangle(prefix + rest, mode), 'string');
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('leaves a name alone that nests deeper than any stack', () => {
    const name = `_Z1f${'P'.repeat(200_000)}i`;
    assert.equal(demangle(name, 'full'), name);
    const rust = `_RINvC3foo3bar${'R'.repeat(200_000)}hE`;
    assert.equal(demangle(rust, 'full'), rust);
  });

  test('leaves a name alone that expands without end', () => {
    // Each step mentions the one before twice.
    let types = 'St4pairIiiE';
    for (let i = 0; i < 60; i++)
      types += `St4pairIS${i === 0 ? '_' : `${(i - 1).toString(36).toUpperCase()}_`}S${i === 0 ? '_' : `${(i - 1).toString(36).toUpperCase()}_`}E`;
    const name = `_Z1f${types}`;
    const text = demangle(name, 'full');
    assert.ok(text === name || text.length <= 1 << 20);
  });
});
