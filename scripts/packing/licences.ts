// The licences of what is inside of a package but not ours: taken from what esbuild says went into its files.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { root } from '../house.ts';

/** What packages carry inside that has a licence of its own, which npm does not tell. */
const carriedInside: ReadonlyMap<string, readonly string[]> = new Map([
  ['@hpcc-js/wasm-graphviz', ['packages/ui/licences/graphviz.txt', 'packages/ui/licences/expat.txt']],
]);

/** Thrown where something is carried without its licence. */
export class LicenceMissing extends Error {
  override readonly name = 'LicenceMissing';
}

/** The folders of the packages of `node_modules` that code of went into the outputs, sorted. */
export function packagesIn(metafiles: readonly Metafile[]): string[] {
  const folders = new Set<string>();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(path.replaceAll('\\', '/'))?.[1];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders].sort();
}

/**
 * The text of THIRD-PARTY-LICENSES; '' where all code is our own.
 *
 * @param from the folder that the metafiles' paths are relative to
 * @throws {LicenceMissing} for a package without a file of its licence
 */
export function thirdPartyLicences(metafiles: readonly Metafile[], from: string = root): string {
  const parts = packagesIn(metafiles).flatMap((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(from, folder, 'package.json'), 'utf8'),
    ) as {
      name: string;
      version: string;
      license?: string;
    };
    const [file] = globSync('{LICENSE,LICENCE,COPYING,license,licence}*', { cwd: join(from, folder) }).sort();
    if (file === undefined)
      throw new LicenceMissing(`${name} is carried along, but ${folder} has no file with its licence`);
    const inside = (carriedInside.get(name) ?? []).map((path) => {
      if (!existsSync(join(root, path)))
        throw new LicenceMissing(`${path} is missing: the licence of a part of ${name}`);
      return readFileSync(join(root, path), 'utf8').trim();
    });
    const own = `${name} ${version} (${license ?? 'see below'})\n\n${readFileSync(join(from, folder, file), 'utf8').trim()}`;
    return [own, ...inside];
  });
  if (parts.length === 0) return '';
  const rule = `\n\n${'-'.repeat(100)}\n\n`;
  return `This package contains code of others, under these licences:${rule}${parts.join(rule)}\n`;
}
