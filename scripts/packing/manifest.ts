// The manifest that npm gets, made from a room's own: what only this repository needs is left out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../house.ts';

/** Of a room's package.json. */
export interface RoomManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly sideEffects: boolean | readonly string[];
  readonly engines: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Entries that only other rooms use: the command carries that code in its bundle. */
const internal: ReadonlySet<string> = new Set(['@stackpile/agent/inspector', 'stackpile/watch']);

/** Something that can be imported from a package. */
export interface Entry {
  /** `.` or `./flame` */
  readonly subpath: string;
  /** `flame/index`, below `dist` and without an extension. */
  readonly module: string;
}

export function roomManifest(folder: string): RoomManifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as RoomManifest;
}

export function entriesOf(manifest: RoomManifest): Entry[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([subpath]) => !internal.has(join(manifest.name, subpath).replaceAll('\\', '/')))
    .map(([subpath, { default: file }]) => ({
      subpath,
      module: file.replace(/^\.\/dist\//u, '').replace(/\.js$/u, ''),
    }));
}

/** What every package says of itself in the same words. */
function common(folder: string): Record<string, unknown> {
  const { author, homepage, bugs, repository } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as { author: string; homepage: string; bugs: object; repository: object };
  return { author, homepage, bugs, repository: { ...repository, directory: folder } };
}

/** @param folder of the room: `packages/profile` */
export function publishedManifest(folder: string): Record<string, unknown> {
  const manifest = roomManifest(folder);
  const { name, version, description, keywords, license, sideEffects, engines } = manifest;
  const entries = entriesOf(manifest);
  const exports: Record<string, unknown> = {};
  for (const { subpath, module } of entries) {
    exports[subpath] = {
      import: { types: `./dist/${module}.d.ts`, default: `./dist/${module}.js` },
      require: { types: `./dist/cjs/${module}.d.ts`, default: `./dist/cjs/${module}.js` },
    };
  }
  exports['./package.json'] = './package.json';
  const subpaths = entries.filter(({ subpath }) => subpath !== '.');
  const main = entries.find(({ subpath }) => subpath === '.');
  return {
    name,
    version,
    description,
    keywords,
    license,
    ...common(folder),
    type: 'module',
    sideEffects,
    engines,
    ...(manifest.bin && { bin: manifest.bin }),
    // For what does not know `exports`: TypeScript with moduleResolution node10.
    ...(main && { main: `./dist/cjs/${main.module}.js`, types: `./dist/cjs/${main.module}.d.ts` }),
    ...(subpaths.length > 0 && {
      typesVersions: {
        '*': Object.fromEntries(
          subpaths.map(({ subpath, module }) => [subpath.slice(2), [`./dist/cjs/${module}.d.ts`]]),
        ),
      },
    }),
    exports,
    ...(manifest.dependencies && { dependencies: manifest.dependencies }),
    ...(manifest.optionalDependencies && { optionalDependencies: manifest.optionalDependencies }),
    ...(manifest.peerDependencies && {
      peerDependencies: manifest.peerDependencies,
      peerDependenciesMeta: manifest.peerDependenciesMeta ?? {},
    }),
    publishConfig: { access: 'public' },
  };
}
