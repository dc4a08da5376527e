// The built page: what its policy lets run, what runs first, and that a view is one file and one row.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePage } from '../build.ts';
import { registry } from '../src/views/registry.ts';
import { firstBudget, laterBudget, weigh } from '../weight.ts';

const source = fileURLToPath(new URL('../src', import.meta.url));
const dist = fileURLToPath(new URL('../dist', import.meta.url));
let page: string;

before(async () => {
  page = (await makePage()).html;
});

/** The chunks of a page, by their names. */
function chunksOf(html: string): Map<string, string> {
  const found = html.matchAll(/<script type="text\/plain" data-chunk="([^"]*)">([^]*?)<\/script>/g);
  return new Map(Array.from(found, ([, name = '', code = '']) => [name, code]));
}

test('the policy names the first script and every chunk by its hash, and lets nothing else run', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
  const directives = new Map(
    policy.split('; ').map((text) => {
      const [name = '', ...values] = text.split(' ');
      return [name, values];
    }),
  );
  const scripts = [/<script>([^]*?)<\/script>/.exec(page)?.[1] ?? '', ...chunksOf(page).values()];
  const hashes = scripts.map((code) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`);
  assert.deepEqual(directives.get('script-src'), [...hashes, "'wasm-unsafe-eval'"]);
  assert.deepEqual(directives.get('default-src'), ["'none'"]);
  assert.deepEqual(directives.get('worker-src'), ['blob:']);
  assert.deepEqual(directives.get('connect-src'), ["'self'"]);
  assert.deepEqual(directives.get('require-trusted-types-for'), ["'script'"]);
  assert.deepEqual(directives.get('trusted-types'), ['stackpile']);
});

test('what runs before the first view, and what waits, stay within their bounds', () => {
  const { first, later, laterInWorker } = weigh(page);
  assert.ok(first <= firstBudget, `first view: ${first}`);
  assert.ok(later <= laterBudget, `later: ${later}`);
  assert.ok(laterInWorker > 0 && laterInWorker < later);
  assert.throws(() => weigh('<html></html>'), /no chunks/);
});

test('every view that the registry loads later is a chunk, and chunks stand behind the first script', () => {
  const chunks = [...chunksOf(page).keys()];
  for (const { name, loads } of registry)
    if (loads === 'later')
      assert.ok(
        chunks.some((chunk) => chunk.startsWith(`./${name}-`)),
        name,
      );
  assert.ok(page.indexOf('data-chunk') > page.indexOf('<script>'));
});

test('each row of the registry has a file that is named after it, and each file a row', () => {
  const files = readdirSync(join(source, 'views')).filter((name) => name.endsWith('.tsx'));
  assert.deepEqual(files.sort(), registry.map(({ name }) => `${name}.tsx`).sort());
  for (const name of files)
    assert.match(readFileSync(join(source, 'views', name), 'utf8'), /^export function View\(/m, name);
  for (const { name, title, help } of registry) {
    assert.match(title, /^[A-Z]/, name);
    assert.match(help, /^[a-z].{10,100}[^.]$/, name);
  }
});

test('a view is added with one file and one row', async () => {
  mkdirSync(dist, { recursive: true });
  // Inside the package, as its imports are looked up from there.
  const folder = mkdtempSync(join(dist, 'scratch-'));
  try {
    cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith('tsconfig.json') });
    const registryFile = join(folder, 'views/registry.ts');
    const rows = readFileSync(registryFile, 'utf8');
    const row = `  { name: 'added', title: 'Added', help: 'a view of the test', shows: always, loads: 'later', ofEmpty: false, insight: false, acts: all },\n`;
    writeFileSync(registryFile, rows.replace('] as const satisfies', `${row}] as const satisfies`));
    appendFileSync(
      join(folder, 'views/added.tsx'),
      `export function View() {\n  return <p class="added">an added view</p>;\n}\n`,
    );
    const built = (await makePage(folder)).html;
    const added = [...chunksOf(built)].find(([name]) => name.startsWith('./added-'));
    assert.match(added?.[1] ?? '', /an added view/);
    const grown = weigh(built).first - weigh(page).first;
    assert.ok(grown < 500, `the first view has grown by ${grown} bytes`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
