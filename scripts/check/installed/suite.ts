// The tests that start the command, and those of the examples, with the installed command in place of the sources.
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { inCi } from '../../../testing/ci.ts';
import { root } from '../../house.ts';
import { runTestFiles } from '../../test-files.ts';
import { nodeOf } from '../../../testing/nodes.ts';
import type { Consumer } from './consumer.ts';
import { expect, type Ledger } from './ledger.ts';
import { type Ran, run } from './processes.ts';

const HELPER = join(root, 'testing/command.ts');
/** These compare the sources with the real pprof, or with a bundle of their own: once is enough. */
const ONCE = [
  'packages/cli/test/bundle.test.ts',
  'packages/cli/test/pprof/differential.test.ts',
  'packages/cli/test/pprof/real.test.ts',
  'packages/cli/test/pprof/remote-parity.test.ts',
];
/** Many of the tests wait, for a service to leak. */
const CONCURRENCY = Math.min(4, availableParallelism() + 1);
const IMPORT = /^(?:import|export)\b[^'"]*?from '(\.[^']+)';$/gmu;

/** Whether a file, or one that it imports, starts the command by the helper. */
function startsCommand(file: string, seen: Set<string> = new Set()): boolean {
  if (file === HELPER) return true;
  if (seen.has(file) || !existsSync(file) || !file.endsWith('.ts')) return false;
  seen.add(file);
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].some(([, path = '']) =>
    startsCommand(resolve(dirname(file), path), seen),
  );
}

/** The tests of the command that start it. */
export function testsThatStart(): string[] {
  return globSync('packages/{cli,sources}/test/**/*.test.ts', { cwd: root })
    .filter((file) => !ONCE.includes(file) && startsCommand(join(root, file)))
    .sort();
}

/** The numbers that node:test ends with. */
function countOf(ran: Ran, what: 'pass' | 'fail' | 'skipped'): number {
  return Number(new RegExp(`^(?:ℹ|#) ${what} (\\d+)$`, 'mu').exec(ran.stdout)?.[1] ?? Number.NaN);
}

/** What a person needs of the report: the failing tests, at its end. */
function expectPassed(ran: Ran): string {
  const failing = ran.stdout.slice(Math.max(0, ran.stdout.indexOf('failing tests:')));
  expect(ran.status === 0 && countOf(ran, 'fail') === 0, `${failing.slice(0, 12_000)}${ran.stderr}`);
  expect(countOf(ran, 'pass') > 0, `no test has run: ${ran.stdout}`);
  return `${countOf(ran, 'pass')} passed, ${countOf(ran, 'skipped')} skipped`;
}

export async function trySuite(ledger: Ledger, consumer: Consumer, major: number): Promise<void> {
  const files = testsThatStart();
  let counted = '';
  await ledger.try(`the command's own suite, on Node ${major}: ${files.length} files`, async () => {
    expect(files.length > 5, `only ${files.join(', ')} start the command: the search is broken`);
    const env = {
      ...consumer.env,
      STACKPILE_TEST_COMMAND: consumer.command,
      STACKPILE_TEST_NODE: nodeOf(major),
    };
    let said = '';
    const print = (text: string): void => {
      said += text;
    };
    const node = process.execPath;
    const outcome = await runTestFiles({ node, files, env, concurrency: CONCURRENCY, again: inCi, print });
    expect(outcome.ok, said.slice(Math.max(0, said.lastIndexOf('failing tests:'))).slice(0, 12_000));
    expect(outcome.passed > 0, `no test has run: ${said}`);
    counted = [`${outcome.passed} passed`, ...outcome.flaky.map((file) => `flaky: ${file}`)].join(', ');
  });
  console.log(`          ${counted}`);
}

/**
 * What a room exports inside this repository only, for the example that shows itself with it: bundled on the installed packages, and
 * added to what the package of that name exports.
 *
 * @param room folder of the room
 */
async function addPrivate(consumer: Consumer, room: string): Promise<void> {
  const own = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8')) as {
    name: string;
    exports: Readonly<Record<string, { readonly 'stackpile-source': string }>>;
  };
  const folder = join(consumer.folder, 'node_modules', own.name);
  const entries = Object.entries(own.exports).map(([name, { 'stackpile-source': source }]) => ({
    name,
    source: join(root, room, source),
    file: `private/${name === '.' ? 'index' : name.slice(2)}`,
  }));
  await build({
    entryPoints: entries.map(({ source, file }) => ({ in: source, out: file })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['stackpile-source'],
    external: ['@stackpile/profile', '@hpcc-js/wasm-graphviz', '@resvg/resvg-js', 'ws'],
    logLevel: 'warning',
  });
  const path = join(folder, 'package.json');
  const installed: { readonly type?: string; readonly exports?: Readonly<Record<string, unknown>> } =
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : { type: 'module' };
  const paths = Object.fromEntries(entries.map(({ name, file }) => [name, `./${file}.js`]));
  writeFileSync(path, JSON.stringify({ ...installed, exports: { ...installed.exports, ...paths } }));
}

/** The examples, moved beside the installed packages: their tests say whether they still do what they did. */
export async function tryExamples(ledger: Ledger, consumer: Consumer): Promise<void> {
  // What their tests read, beside themselves.
  for (const path of ['testing', 'docs', 'README.md'])
    cpSync(join(root, path), join(consumer.folder, path), { recursive: true });
  cpSync(join(root, 'examples'), join(consumer.folder, 'examples'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  await addPrivate(consumer, 'packages/sources');
  await addPrivate(consumer, 'packages/cli');
  const env = { ...consumer.env, STACKPILE_TEST_COMMAND: consumer.command };
  const names = globSync('examples/*/test', { cwd: consumer.folder }).map((path) => dirname(path));
  expect(names.length > 2, 'the examples are gone');
  for (const name of names.sort()) {
    const title = `${name}, its tests`;
    let skipped: string | undefined;
    await ledger.try(title, async () => {
      const files = globSync(`${name}/test/*.test.ts`, { cwd: consumer.folder });
      const args = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=spec', ...files];
      const ran = await run(process.execPath, args, { cwd: consumer.folder, env, seconds: 300 });
      if (!inCi && ran.status === 0 && countOf(ran, 'pass') === 0) skipped = ran.stdout.split('\n', 1)[0];
      else expectPassed(ran);
    });
    if (skipped !== undefined) ledger.skip(title, skipped);
  }
}
