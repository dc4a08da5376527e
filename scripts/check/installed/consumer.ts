// A stranger's folder: empty, outside of the repository, with the packed packages installed by npm.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackedRoom } from '../../pack.ts';
import { expect } from './ledger.ts';
import { spawnSync } from 'node:child_process';
import { run, strangersEnv } from './processes.ts';

/** Where everything of one run of the check lies; it goes when the check ends. */
export interface Place {
  readonly folder: string;
  readonly packed: readonly PackedRoom[];
  readonly env: Readonly<Record<string, string>>;
}

/** A folder in which the packages are installed. */
export interface Consumer {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** `@stackpile/agent`, `@stackpile/report/flame`, …: whatever can be imported. */
  readonly entries: readonly string[];
  /** The installed command's script. */
  readonly command: string;
}

/** Where Go keeps what it has built and downloaded: the home folder is another one. */
function goFolders(): Record<string, string> {
  const { stdout, status } = spawnSync('go', ['env', '-json', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as Record<string, string>) : {};
}

export function placeOf(folder: string, packed: readonly PackedRoom[]): Place {
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')];
  for (const made of [home, temporary]) mkdirSync(made, { recursive: true });
  return { folder, packed, env: { ...strangersEnv(home, temporary), ...goFolders() } };
}

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string, name: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;
}

/** What the `exports` of the installed packages offer, apart from files. */
function entriesOf(folder: string, packed: readonly PackedRoom[]): string[] {
  return packed.flatMap(({ name }) =>
    Object.keys(manifestOf(folder, name).exports ?? {})
      .filter((path) => !path.endsWith('.json'))
      .map((path) => `${name}${path.slice(1)}`),
  );
}

/** Installs the packages, and `others` from npm, into `place/name`. */
export async function consumerOf(
  place: Place,
  name: string,
  others: readonly string[] = [],
): Promise<Consumer> {
  const folder = join(place.folder, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarballs = place.packed.map(({ tarball }) => tarball);
  // npm's own settings and cache are those of whoever runs the check.
  const env = { ...place.env, HOME: process.env['HOME'] ?? '' };
  const args = ['install', '--no-audit', '--no-fund', ...tarballs, ...others];
  const ran = await run('npm', args, { cwd: folder, env, seconds: 180 });
  expect(ran.status === 0, `npm install ended with ${String(ran.status)}:\n${ran.stdout}${ran.stderr}`);
  const bin = manifestOf(folder, 'stackpile').bin?.['stackpile'] ?? '';
  const command = join(folder, 'node_modules/stackpile', bin);
  expect(bin !== '' && existsSync(command), `stackpile has no command: ${bin}`);
  return { folder, env: place.env, entries: entriesOf(folder, place.packed), command };
}
