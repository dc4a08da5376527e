// The check of the installed packages finds what it is there to find: commands in pages, files that nothing loads, shims.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Consumer } from '../check/installed/consumer.ts';
import { commandsOf } from '../check/installed/docs.ts';
import { Failed, Ledger } from '../check/installed/ledger.ts';
import { expectAllLoaded, expectNoShim } from '../check/installed/loaded.ts';
import { run, start, strangersEnv } from '../check/installed/processes.ts';
import { testsThatStart } from '../check/installed/suite.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-check-'));
after(() => rmSync(scratch, { recursive: true }));

/** A folder with installed files of the given contents. */
function consumerWith(name: string, files: Readonly<Record<string, string>>): Consumer {
  const folder = join(scratch, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'node_modules', path)), { recursive: true });
    writeFileSync(join(folder, 'node_modules', path), text);
  }
  return { folder, env: {}, entries: [], command: '' };
}

const bundle = Object.fromEntries(
  ['main', 'a', 'b', 'c', 'd', 'gif-ABC'].map((name) => [`stackpile/dist/bin/${name}.js`, `// ${name}\n`]),
);

test('commands of a page: in sh blocks and between backticks, without what is said about them', () => {
  const page = [
    'Say `stackpile -top x.pb` or `stackpile`.',
    '```sh',
    "curl 'http://h/?a=1#b'   # its body",
    'npm start',
    '```',
    '```text',
    'stackpile -top in a picture',
    '```',
  ].join('\n');
  assert.deepEqual(commandsOf('p.md', page), [
    { place: 'p.md:1', command: 'stackpile -top x.pb' },
    { place: 'p.md:3', command: "curl 'http://h/?a=1#b'" },
  ]);
});

test('a file of a bundle that nothing loaded fails, and is named', () => {
  const consumer = consumerWith('loaded', bundle);
  const written = join(scratch, 'written');
  mkdirSync(written);
  const report = (names: readonly string[]): void => {
    const result = names.map((name) => ({
      url: pathToFileURL(join(consumer.folder, 'node_modules', name)).href,
    }));
    writeFileSync(join(written, 'coverage.json'), JSON.stringify({ result }));
  };
  report(Object.keys(bundle));
  expectAllLoaded(consumer, written);
  report(Object.keys(bundle).slice(0, -1));
  assert.throws(
    () => expectAllLoaded(consumer, written),
    /never loaded .*: stackpile\/dist\/bin\/gif-ABC\.js$/,
  );
});

test('a CommonJS package inside of an ES module bundle fails, and is named', () => {
  expectNoShim(consumerWith('plain', bundle));
  const shim = "throw Error('Dynamic require of \"'+e+'\" is not supported')";
  const shimmed = consumerWith('shimmed', { ...bundle, 'stackpile/dist/bin/ws.js': shim });
  assert.throws(() => expectNoShim(shimmed), /bundled into stackpile\/dist\/bin\/ws\.js$/);
});

test('a trial that fails is counted, whatever it throws, and stops no other', async (t) => {
  t.mock.method(console, 'log', () => undefined);
  const ledger = new Ledger();
  await ledger.try('expected', () => Promise.reject(new Failed('one sentence')));
  await ledger.try('unexpected', () => {
    throw new TypeError('x');
  });
  await ledger.try('good', () => undefined);
  assert.equal(ledger.passed, 1);
  assert.equal(ledger.failures.length, 2);
  assert.match(ledger.failures[0] ?? '', /^expected\n {4}one sentence$/);
});

test('a program that does not end is ended, and all that it started', { timeout: 60_000 }, async () => {
  const env = strangersEnv(scratch, scratch);
  const options = { cwd: scratch, env, seconds: 0.2 };
  const forEver = 'setInterval(() => 0, 1000)';
  await assert.rejects(run(process.execPath, ['-e', forEver], options), /not ended after 0\.2 s/);
  const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forEver)}], { stdio: 'inherit' })`;
  const parent = await start(process.execPath, ['-e', `${child}; console.log('ready')`], options);
  await parent.says(/ready/);
  // Both hold its output open: that it is closed says that both are gone.
  assert.equal((await parent.end('SIGKILL')).signal, 'SIGKILL');
});

test('the tests that start the command are found by what they import', () => {
  const files = testsThatStart();
  assert.ok(files.includes('packages/cli/test/leaks/files.test.ts'), files.join('\n'));
  assert.ok(files.includes('packages/cli/test/pprof/golden.test.ts'));
  assert.ok(!files.includes('packages/cli/test/pprof/differential.test.ts'));
});
