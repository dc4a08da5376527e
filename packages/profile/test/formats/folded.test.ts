// Folded stacks: names with anything in them, whole and decimal counts, remarks, and texts that are something else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readWithNotes, refused } from './support.ts';

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

test('lines without a count, or with one that is none, are passed over and counted', () => {
  const many = 'a;b 1\n'.repeat(1000);
  for (const odd of [
    'main;foo',
    'no count here',
    'a;b 9999999999999999999',
    'a;b 99999999999999999999999',
    'a;b NaN',
    'a;b 1,5',
  ]) {
    const { made, notes } = readWithNotes(`${many}${odd}\n`);
    assert.equal(made.samples.length, 1000);
    const why = /\d{19}$/.test(odd) ? 'a count that is beyond all bounds' : 'no count';
    assert.deepEqual(notes, [`passed over 1 line: line 1001: ${JSON.stringify(odd)} has ${why}`]);
  }
  const first = readWithNotes('Warning: lost 3 events\nmain;foo\na;b 1\nb;c 2\na;c 5\n');
  assert.deepEqual(stackLines(first.made), ['a > b : 1', 'b > c : 2', 'a > c : 5']);
  assert.deepEqual(first.notes, [
    'passed over 2 lines, the first: line 1: "Warning: lost 3 events" has no count',
  ]);
  const two = readWithNotes('a;b 1 2\nodd line\na;b 9999999999999999999 1\nc 3 4\n');
  assert.equal(two.made.sampleTypes.length, 1, 'one line with one count');
  assert.equal(readWithNotes('a;b 1 2\nodd line\nc 3 4\n').made.sampleTypes.length, 2);
});

test('texts in UTF-16, with and without a mark, in both orders, and with CR LF', () => {
  const text = 'main;caf\u00e9;\ud83d\ude00 38\r\nmain;work 12\r\nodd\r\n';
  const expected = ['main > caf\u00e9 > \ud83d\ude00 : 38', 'main > work : 12'];
  const little = (from: string): Uint8Array => new Uint8Array(Buffer.from(from, 'utf16le'));
  const big = (from: string): Uint8Array => new Uint8Array(Buffer.from(from, 'utf16le').swap16());
  for (const bytes of [little(`\ufeff${text}`), big(`\ufeff${text}`), little(`${text}${text}`), big(text)]) {
    const { made, notes } = readWithNotes(bytes);
    assert.deepEqual(stackLines(made).slice(0, 2), expected);
    assert.match(notes[0] ?? '', /line 3: "odd" has no count$/);
  }
  const json = JSON.stringify({
    head: { callFrame: { functionName: 'f' }, selfSize: 5, id: 1, children: [] },
  });
  assert.deepEqual(stackLines(read(little(`\ufeff${json}`))), ['f : 0 5 0 5']);
  const long = `${'main;work 1\n'.repeat(3000)}a;\ud83d\ude00 2\n`;
  assert.equal(read(little(`\ufeff${long}`)).samples.length, 3001);
});

test('counts with an exponent, counts that do not fit the finest unit', () => {
  const made = read('a;b 1.5e+06\na;c 25e-1\n');
  assert.deepEqual(made.sampleTypes, [{ type: 'samples', unit: 'thousandths' }]);
  assert.deepEqual(stackLines(made), ['a > b : 1500000000', 'a > c : 2500']);
  const wide = read('a;b 9000000000000000000\na;c 0.25\na;c 2\n');
  assert.deepEqual(wide.sampleTypes, [{ type: 'samples', unit: 'count' }]);
});

test('names are final, the kernel’s annotation too, but for mangled ones', () => {
  const made = read(
    '<module> (a.py:8);_ZN3foo3barEv;do_sys_open_[k];java/lang/Thread.run_[j];<u8 as Debug>::fmt;x_[q] 1\n',
  );
  assert.deepEqual(stackLines(made), [
    '<module> (a.py:8) > _ZN3foo3barEv > do_sys_open_[k] > java/lang/Thread.run > <u8 as Debug>::fmt > x_[q] : 1',
  ]);
  const { functions, strings } = made;
  assert.deepEqual(
    Array.from(functions.systemName, (row) => strings.get(row)),
    ['', '_ZN3foo3barEv', '', '', '', ''],
  );
});

test('a function is one however its code was compiled: a real file of async-profiler, by its own numbers', () => {
  const text = fixtureText('shop-java.folded');
  const own = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    const at = line.lastIndexOf(' ');
    const name = (line.slice(0, at).split(';').at(-1) ?? '').replace(/_\[[ij01]\]$/, '');
    own.set(name, (own.get(name) ?? 0) + Number(line.slice(at + 1)));
  }
  const made = new Map<string, number>();
  for (const line of stackLines(read(text))) {
    const [stack = '', count = ''] = line.split(' : ');
    const name = stack.split(' > ').at(-1) ?? '';
    made.set(name, (made.get(name) ?? 0) + Number(count));
  }
  assert.deepEqual(made, own);
  assert.ok(own.size > 5 && [...own.keys()].every((name) => !name.includes('_[')));
  assert.deepEqual(stackLines(read('_[j];a_[x];b_[1] 1\n')), ['_[j] > a_[x] > b : 1']);
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

test('a text of stacks that begins with what a program said, or has counts in odd shapes', () => {
  const noise = 'INFO: sampling\nPress Ctrl-C to stop\nready\n';
  const { made, notes } = readWithNotes(`${noise}main;work 3\nmain;wait 4\n`);
  assert.deepEqual(stackLines(made), ['main > work : 3', 'main > wait : 4']);
  assert.deepEqual(notes, ['passed over 3 lines, the first: line 1: "INFO: sampling" has no count']);
  const odd = readWithNotes('a;b +10\na;c NaN\na;d 0x10\n');
  assert.deepEqual(stackLines(odd.made), ['a > b : 10']);
  assert.deepEqual(odd.notes, ['passed over 2 lines, the first: line 2: "a;c NaN" has no count']);
  assert.deepEqual(stackLines(read('a;b .5\na;c 5.\n')), ['a > b : 500', 'a > c : 5000']);
});

test('lines may end as on a Mac of old', () => {
  assert.deepEqual(stackLines(read('main;work 3\rmain;C:\\a b.ts 4\r')), [
    'main > work : 3',
    'main > C:\\a b.ts : 4',
  ]);
});

test('blanks in front of a stack are no part of its first name', () => {
  const indented = read('  main;work 3\n\tmain 2\nmain 1\n');
  assert.equal(indented.functions.length, 2);
});

test('a count that 64 bits do not hold is said to be one', () => {
  const { notes } = readWithNotes('main;work 3\nmain;all 18446744073709551615\n');
  assert.deepEqual(notes, [
    'passed over 1 line: line 2: "main;all 18446744073709551615" has a count that is beyond all bounds',
  ]);
});
