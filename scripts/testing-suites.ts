// The checks for tests in real runners and on other people's suites: node --conditions=stackpile-source scripts/run.mjs scripts/testing-suites.ts [vitest jest suites]
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installOnce } from '../testing/nodes.ts';
import { bundleAgent } from './bundle-agent.ts';
import { root } from './house.ts';

const RUN_MS = 900_000;

/** Suites of node:test that their packages bring along on npm, run as they are; they are among what this repository installs. */
const suites = ['avvio', 'find-my-way', 'light-my-request'];

/** One file of tests for any runner with global hooks: which tests have to fail, by name. */
const sample = `
interface Job { readonly every: number }
const timers: NodeJS.Timeout[] = [];
function startJob({ every }: Job): void {
  timers.push(setInterval(() => undefined, every));
}
async function waitForEver(): Promise<void> {
  await new Promise<void>(() => timers);
}
async function pollFor(ms: number): Promise<void> {
  for (;;) await new Promise((resolve) => timers.push(setTimeout(resolve, ms)));
}
test('passes with nothing', () => undefined);
test('fails for an interval', () => startJob({ every: 60_000 }));
test('passes for one that is cleared', () => {
  startJob({ every: 60_000 });
  clearInterval(timers.pop());
});
test('fails for a loop', () => {
  void pollFor(20);
});
test('passes for what can be collected', () => {
  void waitForEver();
});
test('passes with fetch', async () => {
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.end('yes')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await (await fetch(\`http://127.0.0.1:\${port}\`)).text();
  await new Promise((resolve) => server.close(resolve));
});
`;

interface Ran {
  readonly output: string;
  readonly seconds: number;
}

// A runner inside of a runner reports to that one.
const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;

function run(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...inherited, NODE_OPTIONS: '', FORCE_COLOR: '0', CI: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_MS,
    });
    let output = '';
    const read = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', () => resolve({ output, seconds: (performance.now() - began) / 1000 }));
  });
}

/** The agent as it is published, as far as tests need it. */
async function agentIn(folder: string): Promise<void> {
  const room = join(folder, 'node_modules/@stackpile/agent');
  await bundleAgent(join(room, 'dist'));
  writeFileSync(join(room, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
  const testing = { import: './dist/testing.js', require: './dist/cjs/testing.js' };
  const manifest = {
    name: '@stackpile/agent',
    version: '0.0.0',
    type: 'module',
    exports: { './testing': testing },
  };
  writeFileSync(join(room, 'package.json'), JSON.stringify(manifest));
}

/** Which tests have failed in the output of a runner. */
function failedIn(output: string): string[] {
  const names = [...sample.matchAll(/^test\('([^']+)'/gm)].map(([, name = '']) => name);
  return names.filter((name) =>
    output.split('\n').some((line) => line.includes(name) && /[✕×✗✖]|FAIL/u.test(line)),
  );
}

function judge(runner: string, { output, seconds }: Ran): boolean {
  const failed = failedIn(output);
  const wanted = [...sample.matchAll(/^test\('(fails [^']+)'/gm)].map(([, name = '']) => name);
  const isRight = failed.join() === wanted.join();
  const places = ['startJob', 'pollFor'].map(
    (name) => new RegExp(`at ${name} \\((.*)\\)`, 'u').exec(output)?.[1] ?? '?',
  );
  console.log(
    `${runner}: failed: ${failed.join(', ')}; told at ${places.join(', ')}; ${seconds.toFixed(1)} s`,
  );
  if (!isRight) console.log(output);
  return isRight;
}

async function vitest(folder: string): Promise<boolean> {
  const modules = installOnce('vitest', { vitest: '4' });
  const here = join(folder, 'vitest');
  mkdirSync(here, { recursive: true });
  symlinkSync(modules, join(here, 'node_modules'));
  writeFileSync(join(here, 'package.json'), '{ "type": "module" }\n');
  cpSync(join(folder, 'node_modules/@stackpile'), join(modules, '@stackpile'), { recursive: true });
  writeFileSync(
    join(here, 'sample.test.ts'),
    `import { afterEach, beforeEach, test } from 'vitest';
import { expectNoLeaks } from '@stackpile/agent/testing';
expectNoLeaks.each({ beforeEach, afterEach });
${sample}`,
  );
  return judge(
    'vitest',
    await run([join(modules, 'vitest/vitest.mjs'), 'run', '--root', here, '--reporter=verbose'], here),
  );
}

async function jest(folder: string): Promise<boolean> {
  const modules = installOnce('jest', {
    jest: '30',
    'ts-jest': '29',
    typescript: '5',
    '@types/node': '24',
    '@types/jest': '30',
  });
  const here = join(folder, 'jest');
  mkdirSync(here, { recursive: true });
  symlinkSync(modules, join(here, 'node_modules'));
  cpSync(join(folder, 'node_modules/@stackpile'), join(modules, '@stackpile'), { recursive: true });
  writeFileSync(
    join(here, 'package.json'),
    JSON.stringify({ jest: { preset: 'ts-jest', testEnvironment: 'node' } }),
  );
  writeFileSync(
    join(here, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'commonjs',
        target: 'es2022',
        strict: true,
        esModuleInterop: true,
        isolatedModules: true,
      },
    }),
  );
  writeFileSync(
    join(here, 'sample.test.ts'),
    `import { expectNoLeaks } from '@stackpile/agent/testing';
expectNoLeaks.each();
${sample}`,
  );
  return judge(
    'jest',
    await run(
      [join(modules, 'jest/bin/jest.js'), '--verbose', '--forceExit', '--watchman=false', '--rootDir', here],
      here,
    ),
  );
}

function countsIn(output: string): string {
  return ['tests', 'pass', 'fail']
    .map((word) => `${new RegExp(`^ℹ ${word} (\\d+)`, 'mu').exec(output)?.[1] ?? '?'} ${word}`)
    .join(' ');
}

async function suite(name: string, folder: string): Promise<boolean> {
  // What a package has in its own node_modules stays there; the rest it finds above.
  const here = join(folder, 'suites', name);
  cpSync(join(root, 'node_modules', name), here, { recursive: true });
  const above = join(folder, 'suites', 'node_modules');
  if (!existsSync(above)) symlinkSync(join(root, 'node_modules'), above);
  const setup = join(folder, 'setup.mjs');
  writeFileSync(
    setup,
    `import { afterEach, beforeEach } from 'node:test';
import { expectNoLeaks } from '@stackpile/agent/testing';
expectNoLeaks.each({ beforeEach, afterEach });
`,
  );
  const files = ['--test', '--test-reporter=spec', 'test/**/*.test.js'];
  const without = await run(files, here);
  const checked = await run(['--import', setup, ...files], here);
  console.log(
    `${name}: without ${countsIn(without.output)} (${without.seconds.toFixed(1)} s), checked ${countsIn(checked.output)} (${checked.seconds.toFixed(1)} s)`,
  );
  const alarms = [...checked.output.matchAll(/LeakError\]?: (.*)\n((?: {2,}.*\n){0,4})/gu)].map(
    ([, first = '', more = '']) => `  ${first}\n${more}`,
  );
  console.log(alarms.join(''));
  if (process.env['DEBUG'] !== undefined) console.log(checked.output);
  return true;
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const folder = mkdtempSync(join(tmpdir(), 'stackpile-testing-'));
try {
  await agentIn(folder);
  const results: boolean[] = [];
  if (isWanted('vitest')) results.push(await vitest(folder));
  if (isWanted('jest')) results.push(await jest(folder));
  for (const name of suites)
    if (isWanted('suites') || wanted.includes(name)) results.push(await suite(name, folder));
  if (results.includes(false)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
