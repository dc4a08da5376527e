// The fuzzer itself, and a short run of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkInput, measuredSize } from '../fuzz/check.ts';
import { canMeasureMemory, measure } from '../fuzz/measure.ts';
import { fuzzInput } from '../fuzz/mutate.ts';
import { reportSection, withSection } from '../fuzz/report.ts';
import { excess } from '../fuzz/run-inputs.ts';
import { Corpus, formats } from '../fuzz/seeds.ts';
import { addTally, countInput, emptyTally, noteMemory, noteTime } from '../fuzz/tally.ts';
import { root } from '../house.ts';

const corpus = new Corpus();

test('every seed is a good file of its format', async () => {
  for (const format of formats) assert.ok((corpus.byFormat.get(format) ?? []).length > 0, format);
  for (const { format, bytes } of corpus.all) {
    const outcome = await checkInput({ format, bytes, reader: 'page' });
    const wanted = format === 'other tools' ? 'refused' : 'accepted';
    assert.equal(outcome, wanted, `${format}: ${Buffer.from(bytes.subarray(0, 60)).toString('latin1')}`);
  }
});

test('an input depends on the seed and its number alone, and leaves the seeds as they are', () => {
  const digest = corpus.digest;
  const made = Array.from({ length: 300 }, (_, i) =>
    Buffer.from(fuzzInput(corpus, 5, i).bytes).toString('base64'),
  );
  const again = Array.from({ length: 300 }, (_, i) =>
    Buffer.from(fuzzInput(corpus, 5, 299 - i).bytes).toString('base64'),
  );
  assert.deepEqual(made, again.reverse());
  assert.ok(new Set(made).size > 290);
  assert.notDeepEqual(made[0], Buffer.from(fuzzInput(corpus, 6, 0).bytes).toString('base64'));
  assert.equal(new Corpus().digest, digest);
});

test('a short run: nothing but a profile or a sentence', async () => {
  let accepted = 0;
  for (let index = 0; index < 4200; index++) {
    // Throws a FuzzFailure, which says which promise is broken.
    if ((await checkInput(fuzzInput(corpus, 77, index))) === 'accepted') accepted++;
  }
  assert.ok(accepted > 1000, `${accepted} of 4200 inputs could be read: the mutations hit too hard`);
});

test('memory that was given back already is seen', {
  skip: !canMeasureMemory && 'no /proc/self/clear_refs',
}, async () => {
  const { bytes } = await measure(async () => new Uint8Array(80 << 20).fill(1).length);
  assert.ok(bytes > 60 << 20, `${bytes}`);
});

test('limits grow with the input', () => {
  assert.equal(excess(1000, 'folded', { ms: 999, bytes: 30 << 20 }), null);
  assert.equal(excess(1000, 'folded', { ms: 1001, bytes: 0 }), '1001 ms for 1000 bytes');
  assert.equal(excess(500_000, 'folded', { ms: 4999, bytes: 0 }), null);
  assert.equal(excess(1000, 'folded', { ms: 0, bytes: 33 << 20 }), '33 MiB for 1000 bytes');
  assert.equal(excess(2_000_000, 'folded', { ms: 0, bytes: 99_000_000 }), null);
});

test('a packed input counts as what can be unpacked of it', async () => {
  const packed = gzipSync(new Uint8Array(500_000));
  assert.equal(await measuredSize(packed), 500_000);
  const cut = packed.subarray(0, packed.length - 30);
  assert.ok((await measuredSize(cut)) > 100_000);
  assert.equal(await measuredSize(new Uint8Array(7)), 7);
});

test('figures of pieces add up, and the page keeps what is around them', () => {
  const one = emptyTally();
  countInput(one, 'proto', true, 10);
  noteTime(one, { index: 1, format: 'proto', size: 10, value: 5 });
  const two = emptyTally();
  countInput(two, 'folded', false, 20);
  noteTime(two, { index: 2, format: 'folded', size: 200_000, value: 9 });
  noteMemory(two, { index: 2, format: 'folded', size: 2_000_000, value: 4_000_000 }, 1);
  addTally(one, two);
  const run = { seed: 1, corpus: 'c', ended: 0, workSeconds: 3, node: '24', tally: one, broken: 0 };
  const section = reportSection(run);
  assert.match(section, /\| inputs \| 2, /);
  assert.match(section, /\| slowest input \| 9 ms of CPU \(folded, 200 kB, input 2\) \|/);
  assert.match(section, /2\.0 × \(folded, 2000 kB, input 2\)/);
  assert.match(section, /\| proto \| 1 \| 100 % \|/);
  const page = withSection(`before\n${section}\nafter\n`, section.replace('input 2', 'input 3'));
  assert.ok(page.startsWith('before\n') && page.endsWith('\nafter\n') && page.includes('input 3'));
  assert.throws(() => withSection('nothing', section), /no section/);
});

test('an input in a file can be run again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-fuzz-'));
  try {
    const path = join(folder, 'failure-7-page-folded.bin');
    writeFileSync(path, 'main;work 1\n');
    const args = ['--conditions=stackpile-source', 'scripts/fuzz.ts', '--replay', path];
    const ran = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /^accepted: [\d.]+ ms of CPU, [\d.]+ MiB, 12 bytes\n$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
