// How test files are run: what failed is told, once more if asked, and what lacks a tool is listed.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../house.ts';
import { runTestFiles, type TestOutcome } from '../test-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-test-files-'));
after(() => rmSync(folder, { recursive: true }));

/** A test file with that body, by its path from the root. */
function written(name: string, body: string): string {
  const path = join(folder, `${name}.test.mjs`);
  writeFileSync(
    path,
    `import { test } from 'node:test';\nimport { appendFileSync, existsSync } from 'node:fs';\nconst once = ${JSON.stringify(path)} + '.ran';\n${body}`,
  );
  return relative(root, path).replaceAll('\\', '/');
}

async function ran(
  files: readonly string[],
  more: { again?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<TestOutcome & { said: string }> {
  let said = '';
  const print = (text: string): void => {
    said += text;
  };
  // Or node:test takes it for a part of this one.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, ...more.env };
  const outcome = await runTestFiles({
    node: process.execPath,
    files,
    print,
    again: more.again === true,
    env,
  });
  return { ...outcome, said };
}

const byChance = `test('by chance', () => { if (!existsSync(once)) { appendFileSync(once, 'x'); throw new Error('no luck'); } });`;
const always = `test('always', () => { throw new Error('broken'); });`;
const good = `test('good', () => {});`;

test('what fails by chance passes the second time, and is told', async () => {
  const file = written('chance', byChance);
  const { ok, flaky, passed, said } = await ran([file, written('good', good)], { again: true });
  assert.deepEqual({ ok, flaky, passed }, { ok: true, flaky: [file], passed: 2 });
  assert.match(said, /no luck/u);
  assert.match(said, /^flaky: .*chance/mu);
});

test('unless it was asked, there is no second time', async () => {
  const file = written('unasked', byChance);
  const { ok, failed, flaky } = await ran([file]);
  assert.deepEqual({ ok, failed, flaky }, { ok: false, failed: [file], flaky: [] });
});

test('what fails twice fails', async () => {
  const file = written('always', always);
  const { ok, failed, flaky } = await ran([file, written('luck', byChance)], { again: true });
  assert.equal(ok, false);
  assert.deepEqual(failed, [file]);
  assert.equal(flaky.length, 1);
});

test('a file that cannot be run fails', async () => {
  const file = written('broken', 'this is no program');
  const { ok, failed } = await ran([file], { again: true });
  assert.deepEqual({ ok, failed }, { ok: false, failed: [file] });
});

test('many failures are no chance', async () => {
  const files = Array.from({ length: 7 }, (_, at) => written(`many-${at}`, byChance));
  const { ok, failed } = await ran(files, { again: true });
  assert.equal(ok, false);
  assert.equal(failed.length, 7);
});

test('a file with a test that lacks a tool is listed, and in CI it is run', async () => {
  const ci = pathToFileURL(join(root, 'testing/ci.ts')).href;
  const file = written(
    'lacking',
    `import { unlessCi } from '${ci}';\ntest('needs it', { skip: unlessCi('no such tool') }, () => { throw new Error('no tool'); });\ntest('had it', { skip: unlessCi(false) }, () => {});`,
  );
  const list = join(folder, 'lacking.txt');
  const env = { STACKPILE_TEST_LACKING: list, CI: '' };
  const { ok, passed } = await ran([file], { env });
  assert.deepEqual({ ok, passed }, { ok: true, passed: 1 });
  assert.deepEqual(readFileSync(list, 'utf8').split('\n'), [file, '']);
  assert.equal((await ran([file], { env: { CI: 'true' } })).ok, false);
});
