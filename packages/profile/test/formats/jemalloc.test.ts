// jemalloc's heap profiles: what pprof makes of the same in gperftools' words, and what is passed over or refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeProfile } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureBytes, fixtureText, read, readWithNotes, refused } from './support.ts';

const maps = 'MAPPED_LIBRARIES:\n400000-500000 r-xp 00000000 08:01 1 /srv/shop\n';
const text = `heap_v2/524288
  t*: 3: 82920 [5: 91112]
  t0: 1: 40960 [1: 40960]
  t3: 2: 41960 [4: 50152]
@ 0x401000 0x402000
  t*: 1: 40960 [1: 40960]
  t0: 1: 40960 [1: 40960]
@ 0x401010 0x402000
  t*: 2: 41960 [4: 50152]
  t3: 2: 41960 [4: 50152]

${maps}`;

test('it is what gperftools would have written', () => {
  const other = `heap profile: 3: 82920 [5: 91112] @ heap_v2/524288
1: 40960 [1: 40960] @ 0x401000 0x402000
2: 41960 [4: 50152] @ 0x401010 0x402000

${maps}`;
  assert.deepEqual(encodeProfile(read(text)), encodeProfile(read(other)));
  const inUse = text.replace(/\[\d+: \d+\]/g, '[0: 0]').replaceAll('\n', '\r\n');
  assert.deepEqual(
    read(inUse).sampleTypes.map(({ type }) => type),
    ['objects', 'space'],
  );
});

test('the fixture, made by hand after jemalloc’s sources: every stack of its text', () => {
  const made = read(fixtureBytes('shop.jemalloc.heap'));
  const stacks = new Set(fixtureText('shop.jemalloc.heap').match(/^@.*$/gm));
  assert.equal(made.samples.length, stacks.size);
  assert.ok(stackLines(made).length > 0);
});

test('lines of no kind are passed over; what is not there is a sentence', () => {
  const { made, notes } = readWithNotes(text.replace('  t3: 2: 41960 [4: 50152]\n\n', 'what\n\n'));
  assert.equal(made.samples.length, 2);
  assert.deepEqual(notes, ['passed over 1 line: line 10: "what"']);
  refused(
    text.replace('  t*: 1: 40960 [1: 40960]', '  t*: 0: 40960 [1: 40960]'),
    'PROFILE_MALFORMED',
    /^jemalloc's heap profile: .*/,
  );
});
