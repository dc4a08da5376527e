// `stackpile leaks` on heap snapshots of programs that keep what they made: the largest grower names the variable and its line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LeaksReport } from '@stackpile/leaks';
import { leaks, stackpile } from './run.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'stackpile-heaps-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a program that writes so many snapshots of itself; their paths, oldest first. */
async function snapshotsOf(program: string, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, i) => join(scratch, `${program}.${i + 1}.heapsnapshot`));
  const path = fileURLToPath(new URL(`./fixtures/${program}`, import.meta.url));
  await run(process.execPath, [path, ...paths], { timeout: 120_000 });
  return paths;
}

const leaking = [
  { program: 'map-cache.mjs', variable: 'variable cache (map-cache.mjs:12)', line: 12, grows: 6000 },
  { program: 'listeners.mjs', variable: 'variable widget (listeners.mjs:14)', line: 14, grows: 4000 },
  { program: 'closure.cjs', variable: 'variable request (closure.cjs:6)', line: 6, grows: 4000 },
];

describe('heaps that grow', () => {
  for (const { program, variable, line, grows } of leaking) {
    test(`${program}: a leak, held by ${variable}`, async () => {
      const { status, stdout, stderr } = await leaks(['--json', ...(await snapshotsOf(program, 3))]);
      assert.equal(status, 1, stderr);
      const { verdicts } = JSON.parse(stdout) as LeaksReport;
      const finding = verdicts.find(({ series }) => series.measure.type === 'objects')?.findings[0];
      assert.equal(finding?.kind, 'leak');
      assert.equal(finding.culprit?.name, variable);
      assert.equal(finding.culprit.line, line);
      assert.ok(finding.growth.total >= grows, `${finding.growth.total} objects`);
      assert.ok((finding.retained?.bytes ?? 0) > grows * 40, JSON.stringify(finding.retained));
    });
  }

  test('in words: the class, the variable and its line, and what it retains; no heap is called free of leaks by its tasks', async () => {
    const { status, stdout } = await stackpile(['leaks', ...(await snapshotsOf('map-cache.mjs', 3))]);
    assert.equal(status, 1);
    assert.match(stdout, /^LEAK +variable cache \(map-cache\.mjs:12\)$/mu);
    assert.match(
      stdout,
      /Objects \(\w+\) held by variable cache \(map-cache\.mjs:12\), put there by \w+ \(map-cache\.mjs:\d+\), pile up/u,
    );
    assert.doesNotMatch(stdout, /NO LEAK|0 → 0/u);
  });

  test('a cache that is full is not convicted', async () => {
    const { status, stdout, stderr } = await leaks(['--json', ...(await snapshotsOf('steady.mjs', 3))]);
    assert.notEqual(status, 1, stderr);
    const { verdicts } = JSON.parse(stdout) as LeaksReport;
    assert.ok(verdicts.every(({ kind }) => kind !== 'leak'));
  });
});

test('a snapshot opens on what it holds, by class', async () => {
  const [path = ''] = await snapshotsOf('map-cache.mjs', 1);
  const { status, stdout, stderr } = await stackpile(['-top', path]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Type: objects$/mu);
  assert.doesNotMatch(stdout, / 0 total/u);
  assert.match(stdout, /^ +3000 .* Session$/mu);
  const traces = await stackpile(['-traces', '-sample_index=objects', path]);
  assert.match(
    traces.stdout,
    /^ +3000 +Session\n +Map\n +variable cache \(map-cache\.mjs:12\)\n +module map-cache\.mjs\n +globalThis$/mu,
  );
});
