// Runs every test of the repository, or those under the folders and files given: npm test -- [PATH…] [--OPTION=VALUE…].
import { spawn } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './house.ts';

const PATTERNS = [
  'packages/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'scripts/test/**/*.test.ts',
];
/** A file that takes longer hangs: the suite ends and says which. */
const FILE_TIMEOUT_MS = 15 * 60_000;

const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('--'));
const paths = args.filter((arg) => !arg.startsWith('--'));

function filesUnder(path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) {
    console.error(`${path}: no such file or folder`);
    process.exit(2);
  }
  if (!statSync(full).isDirectory()) return [path];
  return PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: root })).filter((file) =>
    file.startsWith(join(path, '/')),
  );
}

const files = (
  paths.length === 0
    ? PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: root }))
    : paths.flatMap(filesUnder)
)
  .filter((file) => !file.includes('node_modules'))
  .sort();
if (files.length === 0) {
  console.error('no test file there');
  process.exit(2);
}
const child = spawn(
  process.execPath,
  [
    '--conditions=stackpile-source',
    '--test',
    `--test-concurrency=${Math.min(4, availableParallelism())}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...options,
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
