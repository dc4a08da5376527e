// Other Nodes and other people's tools, installed from npm once, outside of the repository's own dependencies.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(fileURLToPath(new URL('..', import.meta.url)), '.cache');

/** Whether a folder holds these very packages, all of them whole. */
function holds(folder: string, wanted: string): boolean {
  try {
    return readFileSync(join(folder, 'installed.json'), 'utf8') === wanted;
  } catch {
    return false;
  }
}

/** Puts a folder in its place, unless another process has been sooner: what is there afterwards is whole. */
function place(made: string, folder: string, wanted: string): void {
  const old = `${made}-old`;
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(made, folder);
      break;
    } catch (error) {
      if (holds(folder, wanted)) break;
      if (attempt === 3) throw error;
    }
    // Other packages are there. Not removed where they are: who reads them meanwhile would find a part.
    if (existsSync(folder)) renameSync(folder, old);
  }
  rmSync(old, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Installs packages into a folder of `.cache`, unless these very ones are there already. Several processes may do so at once: npm
 * leaves half of a package where two of it write to one folder, so each has its own, and the first one's is kept.
 *
 * @param packages versions by name
 * @param within the folder that `name` is in; `.cache` if not given
 * @returns the `node_modules` folder
 * @throws what npm says where it cannot be reached
 */
export function installOnce(
  name: string,
  packages: Readonly<Record<string, string>>,
  within: string = cache,
): string {
  const folder = join(within, name);
  const wanted = JSON.stringify(packages);
  if (!holds(folder, wanted)) {
    mkdirSync(dirname(folder), { recursive: true });
    const made = mkdtempSync(`${folder}.new-`);
    try {
      writeFileSync(join(made, 'package.json'), '{"private":true}\n');
      const named = Object.entries(packages).map(([one, version]) => `${one}@${version}`);
      execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...named], {
        cwd: made,
        stdio: 'pipe',
        timeout: 300_000,
      });
      writeFileSync(join(made, 'installed.json'), wanted);
      place(made, folder, wanted);
    } finally {
      rmSync(made, { recursive: true, force: true, maxRetries: 3 });
    }
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
