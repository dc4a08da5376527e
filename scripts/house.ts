// What the house scripts share: where the repository is, how a command is run, what is in it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a check found. */
export interface Outcome {
  ok: boolean;
  /** One line per finding. */
  said: string;
}

export interface Ran {
  status: number;
  /** stdout and stderr as they came. */
  output: string;
}

/** Runs a tool of node_modules/.bin, or any other on the PATH, in the root folder. `show` passes its output on at once. */
export function run(command: string, args: readonly string[], show = false): Promise<Ran> {
  const PATH = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(
    process.platform === 'win32' ? ';' : ':',
  );
  const env = { ...process.env, PATH };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (show) process.stdout.write(chunk);
      });
    }
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}

/** Every file that git keeps or would keep, relative to the root, sorted. */
export function trackedFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (listed.status !== 0) throw new Error(`git ${args.join(' ')}: ${listed.stderr}`);
  return (
    listed.stdout
      .split('\0')
      // What was deleted stays in the list until that is committed.
      .filter((path) => path !== '' && existsSync(join(root, path)))
      .sort()
  );
}

interface Manifest {
  name: string;
  private?: boolean;
  exports?: unknown;
}

export interface Room {
  /** `packages/profile` */
  folder: string;
  manifest: Manifest;
}

/** The packages that are published. */
export function publishedRooms(): Room[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((path) => ({
      folder: dirname(path),
      manifest: JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest,
    }))
    .filter((room) => room.manifest.private !== true);
}
