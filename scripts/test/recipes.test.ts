// The recipes of docs/architecture.md: how many files know of one format, or of one named profile of the agent.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { importsIn } from '../check/imports.ts';
import { root, trackedFiles } from '../house.ts';

const sources = new Map(
  trackedFiles()
    .filter((path) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const),
);

/** The sources that import a name from a file. */
function importers(path: string, name: string): string[] {
  const names = new RegExp(`\\{[^}]*\\b${name}\\b[^}]*\\} from '[^']*${basename(path).replace('.', '\\.')}'`);
  return [...sources].flatMap(([from, text]) =>
    importsIn(from, text).includes(path) && names.test(text) ? [from] : [],
  );
}

/** The values of a type that are exported below a folder: name and file. */
function exportsOf(folder: string, type: string): (readonly [name: string, path: string])[] {
  const declares = new RegExp(`^export const (\\w+): ${type} = \\{`, 'gm');
  return [...sources].flatMap(([path, text]) =>
    path.startsWith(folder) ? [...text.matchAll(declares)].map(([, name = '']) => [name, path] as const) : [],
  );
}

for (const [what, folder, type, table] of [
  ['a format', 'packages/profile/src/formats/', 'ProfileFormat', 'packages/profile/src/formats/table.ts'],
  [
    'a named profile of the agent',
    'packages/agent/src/captures/',
    'Capture',
    'packages/agent/src/endpoints/table.ts',
  ],
  ['an endpoint', 'packages/agent/src/endpoints/', 'Endpoint', 'packages/agent/src/endpoints/table.ts'],
] as const) {
  test(`${what} is one file, and a line in one other`, () => {
    // Go's own texts are read otherwise where pprof is followed: read.ts knows them by name.
    const values = exportsOf(folder, type).filter(([, path]) => !basename(path).startsWith('go-'));
    assert.ok(values.length > 1, `no file of ${folder} exports a ${type}`);
    for (const [name, path] of values) assert.deepEqual(importers(path, name), [table], `${name} of ${path}`);
  });
}
