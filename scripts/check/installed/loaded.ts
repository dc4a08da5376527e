// Which files of the packages were loaded while they were tried: none may lie there that nothing ever ran.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Consumer } from './consumer.ts';
import { expect } from './ledger.ts';

/** The environment with which V8 writes down, at its end, what a process and its workers have run. */
export function witnessed(folder: string): Readonly<Record<string, string>> {
  return { NODE_V8_COVERAGE: folder };
}

/** Paths of the files that the witnessed processes loaded. */
function loadedFiles(folder: string): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
    for (const { url } of result) if (url.startsWith('file:')) found.add(fileURLToPath(url));
  }
  return found;
}

/** Fails unless every file of the command's bundle, and of the agent's, was loaded. */
export function expectAllLoaded(consumer: Consumer, folder: string): void {
  const modules = join(consumer.folder, 'node_modules');
  const files = globSync(['stackpile/dist/bin/**/*.js', '@stackpile/agent/dist/**/*.js'], { cwd: modules })
    // One line that requires the module: V8 has forgotten it by then, and that it works is tried by itself.
    .filter((file) => !file.includes('/cjs/'));
  expect(files.length > 5, `only ${files.join(', ')}: the packages lie elsewhere, and the search is broken`);
  const loaded = loadedFiles(folder);
  const never = files.filter((file) => !loaded.has(join(modules, file)));
  expect(never.length === 0, `never loaded by anything that was tried: ${never.join(', ')}`);
}

/** Text that a bundler puts where a module of ours should have imported a CommonJS one: it throws when it is reached. */
const SHIM = /Dynamic require of|__commonJS/u;

/** Fails where a file of an ES module bundle has a CommonJS module inside. */
export function expectNoShim(consumer: Consumer): void {
  const modules = join(consumer.folder, 'node_modules');
  const files = globSync(['stackpile/dist/**/*.js', '@stackpile/*/dist/**/*.js'], { cwd: modules }).filter(
    (file) => !file.includes('/cjs/'),
  );
  const shimmed = files.filter((file) => SHIM.test(readFileSync(join(modules, file), 'utf8')));
  expect(files.length > 5, 'no files found: the search is broken');
  expect(shimmed.length === 0, `a CommonJS package is bundled into ${shimmed.join(', ')}`);
}
