// A page that is older than its sources is said to be; one that was installed is not.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pageAge } from '../../src/web/page-age.ts';

test('a page that is older than a source of it is said to be, with what builds it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'stackpile-age-'));
  try {
    const put = (path: string, second: number): string => {
      const full = join(root, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, '');
      utimesSync(full, second, second);
      return full;
    };
    const page = put('packages/ui/dist/index.html', 1000);
    assert.equal(await pageAge(root, page), '', 'no sources');
    put('packages/ui/build.ts', 900);
    put('packages/ui/src/main.tsx', 900);
    put('packages/profile/src/read.ts', 900);
    put('packages/report/src/flame/layout.ts', 900);
    put('packages/leaks/src/index.ts', 900);
    assert.equal(await pageAge(root, page), '');
    put('packages/report/src/flame/layout.ts', 1001);
    const path = join('packages', 'report', 'src', 'flame', 'layout.ts');
    const says = `The web page is older than its sources (${path}): npm run prepare in the repository builds it.`;
    assert.equal(await pageAge(root, page), says);
    assert.equal(await pageAge(root, join(root, 'nothing.html')), '');
    assert.equal(await pageAge(root, null), '');
    utimesSync(page, 1002, 1002);
    assert.equal(await pageAge(root, page), '');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
