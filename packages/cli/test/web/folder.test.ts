// A folder as a source of the page.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { readSources } from '../../src/web/sources.ts';

test('a folder stands for all dumps below it, oldest first; what is no dump is passed over and told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-page-folder-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, minute] of [
    ['monday.pb', 2n],
    ['tuesday.pb', 1n],
  ] as const)
    writeFileSync(
      join(folder, name),
      encodeProfile(
        new ProfileBuilder({
          sampleTypes: [{ type: 'goroutine', unit: 'count' }],
          timeNanos: 1_700_000_000_000_000_000n + minute * 60_000_000_000n,
        }).build(),
      ),
    );
  writeFileSync(join(folder, 'broken.pb'), 'hello');
  const lines: string[] = [];
  const { sources, live } = await readSources(['.'], { onProgress: (line) => void lines.push(line) }, folder);
  assert.deepEqual(
    sources.map(({ name, time }) => [name, time]),
    [
      ['tuesday.pb', 1_700_000_060_000],
      ['monday.pb', 1_700_000_120_000],
    ],
  );
  assert.deepEqual(live, []);
  assert.match(lines.join('\n'), /^passed over broken\.pb: /u);
});
