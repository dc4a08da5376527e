// callgrind: compressed names and positions, calls as stacks, cycles, other writers, and that no cost is lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sumInt64 } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureBytes, read, readWithNotes } from './support.ts';

const file = (body: string, events = 'Ir'): string =>
  `# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npositions: line\nevents: ${events}\n\n${body}`;

test('names and positions may be short for those in front of them', () => {
  const text = file(
    'fl=(1) a.c\nfn=(1) main\n10 5\n+2 7\ncfn=(2) work\ncalls=2 20\n* 40\n\nfn=(2)\n20 30\nfi=(2) b.h\n-5 10\n',
  );
  assert.deepEqual(stackLines(read(text)), [
    'main a.c:10 : 5',
    'main a.c:12 : 7',
    'main a.c:12 > work a.c:20 : 30',
    'main a.c:12 > work a.c:15 : 10',
  ]);
});

test('a function is shared among its callers by what they spent in it, and not a unit is lost', () => {
  const text = file(
    'fn=a\n1 1 0\ncfn=c\ncalls=1 5\n1 20 1\nfn=b\n2 1 1\ncfn=c\ncalls=3 5\n2 10 2\nfn=c\n5 30 3\n',
    'Ir Dr',
  );
  const made = read(text);
  assert.deepEqual(
    made.sampleTypes.map(({ type }) => type),
    ['Ir', 'Dr'],
  );
  assert.equal(made.defaultSampleType, 'Ir');
  assert.deepEqual(stackLines(made).sort(), [
    'a:1 : 1 0',
    'a:1 > c:5 : 20 1',
    'b:2 : 1 1',
    'b:2 > c:5 : 10 2',
  ]);
  const odd = read(
    file(
      'fn=a\n1 1\ncfn=c\ncalls=1 5\n1 1\ncfn=d\ncalls=1 5\n1 1\nfn=b\n2 1\ncfn=c\ncalls=3 5\n2 1\nfn=c\n5 3\n6 1\n',
    ),
  );
  assert.equal(sumInt64(odd.samples.values[0] ?? new Float64Array(0)), 6n);
});

test('cycles: what is on no path stays with its function', () => {
  const ring = file('fn=a\n1 5\ncfn=b\ncalls=1 2\n1 9\nfn=b\n2 4\ncfn=a\ncalls=1 1\n2 3\n');
  assert.deepEqual(stackLines(read(ring)).sort(), ['a:1 : 5', 'b:2 : 4']);
  const own = file('fn=a\n1 5\ncfn=a\ncalls=3 1\n1 4\n');
  assert.deepEqual(stackLines(read(own)), ['a:1 : 5']);
});

test('a real file: the sum is what callgrind counted, and recursion does not multiply it', () => {
  const bytes = fixtureBytes('shop.callgrind');
  const total = /^totals: (\d+)$/m.exec(new TextDecoder().decode(bytes))?.[1];
  const [ir] = read(bytes).samples.values;
  assert.equal(String(sumInt64(ir ?? new Float64Array(0))), total);
});

test('a real file: what functions spend themselves is what callgrind_annotate 3.19 says of them in all files', () => {
  const { samples, locations, functions, strings } = read(fixtureBytes('shop.callgrind'));
  const own = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const line = locations.lineStart[samples.stackLocations[samples.stackStart[row] ?? 0] ?? 0] ?? 0;
    const name = strings.get(functions.name[locations.lines.function[line] ?? 0] ?? 0);
    own.set(name, (own.get(name) ?? 0) + Number(samples.values[0]?.[row]));
  }
  assert.deepEqual([...own].sort(([, a], [, b]) => b - a).slice(0, 10), [
    ["msort_with_tmp.part.0'2", 74529],
    ["fib'2", 20163],
    ['__memcpy_avx_unaligned_erms', 9546],
    ['cmp', 8295],
    ['msort_with_tmp.part.0', 6864],
    ['do_lookup_x', 238 + 5 + 4],
    ['qsort_r', 186],
    ['_dl_lookup_symbol_x', 92 + 38],
    ['_dl_fixup', 94 + 1 + 1],
    ['check_match', 60],
  ]);
});

test('Xdebug counts in its own units; lines that are none of it are passed over', () => {
  const text =
    'version: 1\ncreator: xdebug 3.2.0\ncmd: /srv/index.php\npart: 1\npositions: line\n\nevents: Time_(10ns) Memory_(bytes)\n\nfl=(1) php:internal\nfn=(1) php::strlen\n3 7 64\nwhat is this?\n';
  const { made, notes } = readWithNotes(text);
  assert.deepEqual(made.sampleTypes, [
    { type: 'time', unit: 'nanoseconds' },
    { type: 'memory', unit: 'bytes' },
  ]);
  assert.deepEqual(stackLines(made), ['php::strlen php:internal:3 : 70 64']);
  assert.deepEqual(notes, ['passed over 1 line: line 12: "what is this?"']);
});

test('many paths through few functions end', () => {
  const layers = Array.from(
    { length: 40 },
    (_, i) =>
      `fn=f${i}\n${i + 1} 10\ncfn=f${i + 1}\ncalls=1 1\n1 10\ncfn=g${i + 1}\ncalls=1 1\n1 10\nfn=g${i}\n${i + 1} 10\ncfn=f${i + 1}\ncalls=1 1\n1 10\ncfn=g${i + 1}\ncalls=1 1\n1 10\n`,
  );
  const made = read(file(`${layers.join('')}fn=f40\n1 10\nfn=g40\n1 10\n`));
  assert.equal(sumInt64(made.samples.values[0] ?? new Float64Array(0)), 820n);
});

test('a function with very many lines and calls that very many paths lead to ends; not a unit is lost', {
  timeout: 60_000,
}, () => {
  const [layers, width, leaves] = [5, 9, 4000];
  const lines = ['fn=root', '1 1'];
  let at = 1;
  const call = (callee: string, cost: number): void =>
    void lines.push(`cfn=${callee}`, 'calls=1 1', `${at++} ${cost}`);
  for (let i = 0; i < width; i++) call(`l0_${i}`, 1000);
  for (let layer = 0; layer < layers; layer++)
    for (let i = 0; i < width; i++) {
      lines.push(`fn=l${layer}_${i}`, '1 5');
      if (layer + 1 === layers) call('hub', 1000);
      else for (let j = 0; j < width; j++) call(`l${layer + 1}_${j}`, 1000);
    }
  lines.push('fn=hub');
  for (let i = 0; i < leaves; i++) lines.push(`${i + 1} 100`);
  // Each is worth nothing from here, and all of them have to be looked at to know.
  for (let i = 0; i < leaves; i++) call(`leaf${i}`, 1);
  lines.push('fn=other');
  for (let i = 0; i < leaves; i++) call(`leaf${i}`, 100_000_000);
  for (let i = 0; i < leaves; i++) lines.push(`fn=leaf${i}`, '1 9');
  const [ir] = read(file(`${lines.join('\n')}\n`)).samples.values;
  const wanted = 1 + layers * width * 5 + leaves * 100 + leaves * 9;
  assert.equal(sumInt64(ir ?? new Float64Array(0)), BigInt(wanted));
});
