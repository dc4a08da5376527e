// Runs every test of the repository, or those under the folders and files given.
//
// npm test -- [PATH…] [--again] [--only-of=FILE] [--OPTION-OF-NODE=VALUE…]
// --again          files with a failing test run once more, alone; what fails twice fails
// --only-of        runs the files that such a list names
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './house.ts';
import { runTestFiles } from './test-files.ts';

const PATTERNS = [
  'packages/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'scripts/test/**/*.test.ts',
];

const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith('--'));
const again = args.includes('--again');
const onlyOf = args.find((arg) => arg.startsWith('--only-of='))?.slice('--only-of='.length);
const options = args.filter((arg) => /^--(?!again$|only-of=)/.test(arg));

function filesUnder(path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) {
    console.error(`${path}: no such file or folder`);
    process.exit(2);
  }
  if (!statSync(full).isDirectory()) return [path];
  return all().filter((file) => file.startsWith(join(path, '/')));
}

function all(): string[] {
  return PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: root }));
}

/** The files that a list names, all of which must be there. */
function filesOf(list: string): string[] {
  return [...new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean))].flatMap(filesUnder);
}

function chosen(): string[] {
  if (onlyOf !== undefined) return filesOf(onlyOf);
  return paths.length === 0 ? all() : paths.flatMap(filesUnder);
}

const files = chosen()
  .filter((file) => !file.includes('node_modules'))
  .sort();
if (files.length === 0) {
  console.error('no test file there');
  process.exit(2);
}
const { ok } = await runTestFiles({ node: process.execPath, files, options, again });
if (!ok) process.exitCode = 1;
