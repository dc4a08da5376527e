// Makes the packages as npm gets them, and prints the line that installs them: npm run pack -- [FOLDER]
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { type BuiltUi, buildUi } from '../packages/ui/build.ts';
import { bundleAgent } from './bundle-agent.ts';
import { bundleCommand, bundlePreload } from './bundle.ts';
import { publishedRooms, root, run } from './house.ts';
import { reachableDeclarations, writeDeclarations } from './packing/declarations.ts';
import { thirdPartyLicences } from './packing/licences.ts';
import { entriesOf, publishedManifest, roomManifest } from './packing/manifest.ts';

/** A package, packed. */
export interface PackedRoom {
  /** `@stackpile/agent` */
  readonly name: string;
  /** Absolute path of the .tgz. */
  readonly tarball: string;
}

async function must(tool: string, args: readonly string[]): Promise<string> {
  const { status, output } = await run(tool, args);
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed:\n${output}`);
  return output;
}

/** Compiles a room once more, without what serves the repository only: maps of sources that are not shipped. */
async function compile(folder: string, dist: string): Promise<void> {
  const options = {
    outDir: dist,
    composite: 'false',
    incremental: 'false',
    tsBuildInfoFile: 'null',
    sourceMap: 'false',
    declarationMap: 'false',
    stripInternal: 'true',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  await must('tsc', ['-p', join(root, folder, 'src'), ...flags]);
}

function copyUi(staged: string, files: readonly string[]): void {
  mkdirSync(join(staged, 'dist/ui'), { recursive: true });
  for (const file of files) cpSync(join(root, 'packages/ui/dist', file), join(staged, 'dist/ui', file));
}

/** Puts the code of a room into `staged/dist`; resolves to what went into it from elsewhere. */
async function stageCode(folder: string, staged: string, ui: BuiltUi): Promise<readonly Metafile[]> {
  const dist = join(staged, 'dist');
  const entries = entriesOf(roomManifest(folder));
  switch (folder) {
    case 'packages/cli':
      copyUi(staged, ['index.html', 'graphviz.js']);
      return [
        await bundleCommand(join(dist, 'bin')),
        ...(await bundlePreload(join(dist, 'agent'))),
        ...ui.page,
        ui.graphviz,
      ];
    case 'packages/agent': {
      const compiled = `${staged}-compiled`;
      await compile(folder, compiled);
      writeDeclarations(dist, entries, reachableDeclarations(compiled, entries));
      copyUi(staged, ['agent.html.gz']);
      return [...(await bundleAgent(dist)), ...ui.page];
    }
    default: {
      await compile(folder, dist);
      const all = reachableDeclarations(dist, entries);
      for (const path of globSync('**/*.d.ts', { cwd: dist })) rmSync(join(dist, path));
      writeDeclarations(dist, entries, all);
      return [];
    }
  }
}

/** Puts a package together in the folder `staged`. */
async function stage(folder: string, staged: string, ui: BuiltUi): Promise<void> {
  mkdirSync(staged);
  const licences = thirdPartyLicences(await stageCode(folder, staged, ui));
  if (licences !== '') writeFileSync(join(staged, 'THIRD-PARTY-LICENSES'), licences);
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(publishedManifest(folder), undefined, 2)}\n`);
  cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  cpSync(join(root, folder, 'README.md'), join(staged, 'README.md'));
}

/** Builds every public package and packs each with `npm pack` into `folder`. */
export async function packRooms(folder: string): Promise<readonly PackedRoom[]> {
  // Rooms are compiled against the declarations of those that they import.
  await must('tsc', ['-b']);
  const ui = await buildUi();
  const to = resolve(folder);
  mkdirSync(to, { recursive: true });
  const staging = mkdtempSync(join(tmpdir(), 'stackpile-packages-'));
  try {
    const packed: PackedRoom[] = [];
    for (const { folder: room, manifest } of publishedRooms()) {
      const staged = join(staging, basename(room));
      await stage(room, staged, ui);
      const said = await must('npm', ['pack', staged, '--silent', '--pack-destination', to]);
      packed.push({ name: manifest.name, tarball: join(to, said.trim().split('\n').at(-1) ?? '') });
    }
    return packed;
  } finally {
    rmSync(staging, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const rooms = await packRooms(process.argv[2] ?? join(root, '.cache/packed'));
    console.log(`npm install ${rooms.map(({ tarball }) => tarball).join(' ')}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
