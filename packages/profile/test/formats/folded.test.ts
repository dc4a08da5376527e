// Folded stacks: names with anything in them, whole and decimal counts, remarks, and texts that are something else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, refused } from './support.ts';

test('names hold blanks, counts stand last', () => {
  const text =
    '# a remark\n#\n\nmain;work on it;std::map<int, int>::at 38\r\nmain;work on it 12\n#secret;x 5\nalone 1\n';
  assert.deepEqual(stackLines(read(text)), [
    'main > work on it > std::map<int, int>::at : 38',
    'main > work on it : 12',
    '#secret > x : 5',
    'alone : 1',
  ]);
});

test('decimal counts keep their digits', () => {
  const made = read('a;b 1.5\na;c 20\na -0.25\n');
  assert.deepEqual(made.sampleTypes, [{ type: 'samples', unit: 'thousandths' }]);
  assert.deepEqual(stackLines(made), ['a > b : 1500', 'a > c : 20000', 'a : -250']);
  assert.equal(read('a;b 0.0000001\n').sampleTypes[0]?.unit, 'billionths');
});

test('two counts on every line are before and after', () => {
  const made = read(
    '# difffolded.pl\nmain;work on it 31 33\r\nmain 0 \t7 \nf(1, 2);std::map<int, int> 4 0\n',
  );
  assert.deepEqual(made.sampleTypes, [
    { type: 'before', unit: 'count' },
    { type: 'after', unit: 'count' },
  ]);
  assert.equal(made.defaultSampleType, 'after');
  assert.deepEqual(stackLines(made), [
    'main > work on it : 31 33',
    'main : 0 7',
    'f(1, 2) > std::map<int, int> : 4 0',
  ]);
});

test('two counts may have decimals, each its own', () => {
  const made = read('a;b 1.5 20\na -1 0.25\n');
  assert.deepEqual(
    made.sampleTypes.map(({ unit }) => unit),
    ['thousandths', 'thousandths'],
  );
  assert.deepEqual(stackLines(made), ['a > b : 1500 20000', 'a : -1000 250']);
});

test('one line with one count: numbers before the count are names', () => {
  const made = read(`${'main;worker 1 5\n'.repeat(1000)}main;idle 2\n`);
  assert.deepEqual(made.sampleTypes, [{ type: 'samples', unit: 'count' }]);
  assert.deepEqual(stackLines(made).slice(-2), ['main > worker 1 : 5', 'main > idle : 2']);
  assert.deepEqual(stackLines(read('a;b 1 2\n3 4\n')), ['a > b 1 : 2', '3 : 4']);
});

test('bytes that are no UTF-8 stay as they are, frames without a name get one', () => {
  const bytes = Uint8Array.from([0x61, 0x3b, 0xff, 0x3b, 0x20, 0x37]);
  assert.deepEqual(stackLines(read(bytes)), ['a > \udcff > (anonymous) : 7']);
});

test('a byte order mark and a missing last newline do no harm', () => {
  assert.deepEqual(stackLines(read('\ufeffa;b 1\nb;c 2')), ['a > b : 1', 'b > c : 2']);
});

test('lines without a count and counts that are too large are refused', () => {
  const many = 'a;b 1\n'.repeat(1000);
  refused(
    `${many}no count here\n`,
    'PROFILE_MALFORMED',
    /^folded stacks: line 1001 \(byte 6000\) ends with no count$/,
  );
  refused(
    `${many}a;b 9999999999999999999\n`,
    'PROFILE_INVALID',
    /the count of stack 1000, 10000000000000000000, is too large$/,
  );
  refused(
    'a;b 1 2\na;b 9999999999999999999 1\n',
    'PROFILE_INVALID',
    /the count of stack 1, 10000000000000000000, is too large$/,
  );
  refused(
    `${many}a;b 99999999999999999999999\n`,
    'PROFILE_MALFORMED',
    /line 1001 \(byte 6000\) ends with no count$/,
  );
});

test('texts that only look a little like it are not taken', () => {
  for (const text of ['404 page not found\n', 'Error 404\n', 'hello 12\nworld 13\n', 'a; b; c\n']) {
    refused(text, 'PROFILE_UNRECOGNIZED', /^unrecognized: /);
  }
});

test('each byte is looked at a few times, however the lines are', () => {
  let looked = 0;
  class Counted extends Uint8Array {
    override indexOf(byte: number, from = 0): number {
      const found = super.indexOf(byte, from);
      looked += (found < 0 ? this.length : found) - from;
      return found;
    }
  }
  const bytes = Counted.from(new TextEncoder().encode(`a;b 1\n${'main 1\n'.repeat(2000)}`));
  assert.equal(read(bytes).samples.length, 2001);
  assert.ok(looked < bytes.length * 4, `${looked} bytes looked at in ${bytes.length}`);
});
