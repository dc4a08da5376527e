// The house scripts that read sources and pages.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { svgOfTerminal } from '../ansi-svg.ts';
import { circles } from '../check/circles.ts';
import { importsIn } from '../check/imports.ts';
import { namedPaths, relativeLinks } from '../check/links.ts';
import { snippetsOf } from '../check/snippets.ts';
import { root } from '../house.ts';

test('imports in a circle are found, types counted', () => {
  const source =
    "import {\n  type A,\n} from './a.ts';\nexport * from '../b.ts';\nimport './c.ts';\nimport x from 'node:fs';\nconst d = import('./d.ts');\n";
  assert.deepEqual(importsIn('r/s/x.ts', source), ['r/s/a.ts', 'r/b.ts', 'r/s/c.ts', 'r/s/d.ts']);
  const imports = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['d', 'b']],
    ['d', []],
  ]);
  assert.deepEqual(circles(imports), [['b', 'c', 'b']]);
});

test('relative links are found outside of code, without anchors and addresses', () => {
  const page =
    '[a](docs/a.md#part) [b](https://example.com) [c](#here) `[d](d.md)` <img src="e.svg">\n```\n[f](f.md)\n```\n';
  assert.deepEqual(relativeLinks(page), ['docs/a.md', 'e.svg']);
});

test('paths that a page names as code are found, placeholders and paths of other programs are not', () => {
  const page =
    '`packages/a/src/b.ts` `node --test scripts/run.mjs x` `packages/a/src/NAME.ts` `packages/*/src` `/usr/docs/x.md` docs/no.md\n```\n`bench/c.ts`\n```\n';
  assert.deepEqual(namedPaths(page), ['packages/a/src/b.ts', 'scripts/run.mjs']);
});

test('code of a page is found with its line', () => {
  assert.deepEqual(snippetsOf('# a\n```sh\nls\n```\n```ts\nconst a = 1;\n```\n'), [
    { line: 6, code: 'const a = 1;\n' },
  ]);
});

test('a terminal’s colours become an SVG', () => {
  const svg = svgOfTerminal(['\x1b[1;31mLEAK\x1b[0m <a> & b'], 'a "picture"');
  assert.match(
    svg,
    /<text x="18\.0" y="32\.0" textLength="33\.6" lengthAdjust="spacingAndGlyphs" fill="#ff6b6b" font-weight="bold">LEAK<\/text>/,
  );
  assert.match(svg, /x="60\.0" [^>]*>&lt;a&gt;\u00a0&amp;\u00a0b<\/text>/);
});

test('a script that nobody wrote is refused by name', () => {
  const ran = spawnSync(process.execPath, ['scripts/run.mjs'], { cwd: root, encoding: 'utf8' });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /^usage: /);
});

test('a TypeScript file is run with the source condition, and its status is passed on', () => {
  const ran = spawnSync(process.execPath, [join(root, 'scripts/run.mjs'), 'scripts/check.ts', 'nosuch'], {
    encoding: 'utf8',
  });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /^no check nosuch; there are format, /);
});
