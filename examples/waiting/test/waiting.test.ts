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

/** What the program prints, as `npm start` starts it. */
async function said(): Promise<Record<string, string>> {
  const { scripts } = JSON.parse(readFileSync(`${root}/examples/waiting/package.json`, 'utf8')) as {
    scripts: { start: string };
  };
  const [, ...args] = scripts.start.replace('cd ../.. && ', '').split(' ');
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value, done } = await lines.next();
      assert.notEqual(done, true, 'it ended before it had said everything');
      return String(value);
    };
    const resources = await next();
    assert.match(await next(), /^http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/$/u);
    const goroutines: string[] = [];
    const total = Number(/total (\d+)$/u.exec((goroutines[0] = await next()))?.[1]);
    // A group of goroutines begins with how many they are, and ends with an empty line.
    for (let seen = 0; seen < total || goroutines.at(-1) !== ''; ) {
      const line = await next();
      seen += Number(/^(\d+) @/u.exec(line)?.[1] ?? 0);
      goroutines.push(line);
    }
    return { resources: `${resources}\n`, goroutines: `${goroutines.join('\n').trimEnd()}\n` };
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
