// The pages that show what this program says of itself show what it says. With UPDATE_PAGES=1 they are written anew.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A page may show both texts, each in a block below a comment with its name. */
const pages = ['docs/goroutines.md', 'README.md'];
const BLOCK = /(<!-- examples\/waiting: (resources|goroutines) -->\n```text\n)([\s\S]*?)(```\n)/gu;

/** What the program prints, and its goroutine profile as text. */
async function said(): Promise<Record<string, string>> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=stackpile-source', main], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const resources = String((await lines.next()).value);
    const url = String((await lines.next()).value);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/$/u);
    const goroutines = await (await fetch(`${url}goroutine?debug=1`)).text();
    return { resources: `${resources}\n`, goroutines: `${goroutines.trimEnd()}\n` };
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

test('the pages show what Node and the goroutine profile say of this program', async () => {
  const texts = await said();
  let blocks = 0;
  for (const page of pages) {
    const path = `${root}/${page}`;
    const shown = readFileSync(path, 'utf8');
    const right = shown.replaceAll(
      BLOCK,
      (_whole, head: string, name: string, _text: string, end: string) => {
        blocks++;
        return `${head}${texts[name]}${end}`;
      },
    );
    if (process.env['UPDATE_PAGES'] === '1') writeFileSync(path, right);
    else assert.equal(shown, right, `${page}: UPDATE_PAGES=1 npm test -- examples/waiting writes it anew`);
  }
  assert.ok(blocks >= 2, 'no page shows it');
});
