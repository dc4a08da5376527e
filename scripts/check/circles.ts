// Finds files and folders that import one another in a circle, types counted: such can only be read, moved and tested together.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';
import { folderTieFaults } from './folders.ts';
import { importsIn } from './imports.ts';

/**
 * The circles of a graph of imports, each as the files along it, the first one again at the end: one for each import that leads
 * back to a file on the way to it.
 */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      found.push([...way.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    way.push(file);
    for (const next of imports.get(file) ?? []) walk(next);
    way.pop();
    done.add(file);
  };
  for (const file of imports.keys()) walk(file);
  return found;
}

export function checkCircles(): Outcome {
  const sources = trackedFiles().filter((path) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path));
  const found = circles(
    new Map(sources.map((path) => [path, importsIn(path, readFileSync(join(root, path), 'utf8'))])),
  );
  const said = [...found.map((files) => files.join(' → ')), ...folderTieFaults()];
  return { ok: said.length === 0, said: said.join('\n') };
}
