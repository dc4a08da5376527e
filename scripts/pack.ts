// Makes the packages as npm gets them, from a staging folder each: npm run pack -- [FOLDER]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedRooms, root, run } from './house.ts';

/** A package, packed. */
export interface PackedRoom {
  /** `@stackpile/agent` */
  readonly name: string;
  /** Absolute path of the .tgz. */
  readonly tarball: string;
}

type Json = Record<string, unknown>;

/** Builds what the packages are made of; a step that fails ends everything, with what it said. */
async function buildRooms(): Promise<void> {
  const steps: readonly (readonly string[])[] = [
    ['tsc', '-b'],
    ['node', '--conditions=stackpile-source', 'scripts/bundle.ts'],
    ['node', '--conditions=stackpile-source', 'packages/ui/build.ts'],
  ];
  for (const [tool = '', ...args] of steps) {
    const { status, output } = await run(tool === 'node' ? process.execPath : tool, args);
    if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed:\n${output}`);
  }
}

/** The manifest that a stranger gets: without what only this repository needs. */
function publishedManifest(manifest: Json): Json {
  const { devDependencies: _, scripts: __, ...kept } = manifest;
  const strip = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'stackpile-source')
            .map(([key, inner]) => [key, strip(inner)]),
        )
      : value;
  return { ...kept, exports: strip(kept['exports']) };
}

function stage(folder: string, staged: string): void {
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Json;
  writeFileSync(
    join(staged, 'package.json'),
    `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`,
  );
  for (const file of ['LICENSE']) cpSync(join(root, file), join(staged, file));
  cpSync(join(root, folder, 'README.md'), join(staged, 'README.md'));
  cpSync(join(root, folder, 'dist'), join(staged, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(?:map|tsbuildinfo)$/u.test(basename(path)),
  });
}

/** Builds every public package and packs each with `npm pack` into `folder`. */
export async function packRooms(folder: string): Promise<readonly PackedRoom[]> {
  await buildRooms();
  mkdirSync(folder, { recursive: true });
  return publishedRooms().map(({ folder: room, manifest }) => {
    const staged = join(root, '.cache/packages', basename(room));
    stage(room, staged);
    const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', resolve(folder)], {
      cwd: staged,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (packed.status !== 0) throw new Error(`npm pack of ${manifest.name} failed:\n${packed.stderr}`);
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    return { name: manifest.name, tarball: join(resolve(folder), filename) };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rooms = await packRooms(process.argv[2] ?? join(root, '.cache/packed'));
  console.log(`npm install ${rooms.map(({ tarball }) => tarball).join(' ')}`);
}
