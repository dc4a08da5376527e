// Other Nodes and other people's tools, installed from npm once, outside of the repository's own dependencies.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(fileURLToPath(new URL('..', import.meta.url)), '.cache');

/**
 * Installs packages into a folder of `.cache`, unless these very ones are there already.
 *
 * @param packages versions by name
 * @returns the `node_modules` folder
 * @throws what npm says where it cannot be reached
 */
export function installOnce(name: string, packages: Readonly<Record<string, string>>): string {
  const folder = join(cache, name);
  const done = join(folder, 'installed.json');
  const wanted = JSON.stringify(packages);
  if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    const named = Object.entries(packages).map(([one, version]) => `${one}@${version}`);
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...named], {
      cwd: folder,
      stdio: 'pipe',
      timeout: 300_000,
    });
    writeFileSync(done, wanted);
  }
  return join(folder, 'node_modules');
}

/** The binary of a Node of some major version; installed as {@link installOnce} does where it is not there. */
export function nodeOf(major: number): string {
  const windows = process.platform === 'win32';
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const path = ['node_modules', name, 'bin', windows ? 'node.exe' : 'node'];
  const folder = join('nodes', String(major));
  const binary = join(cache, folder, ...path);
  if (!existsSync(binary)) installOnce(folder, { [name]: String(major) });
  return binary;
}
