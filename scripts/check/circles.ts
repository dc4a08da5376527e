// Finds files that import one another in a circle, types counted: such files can only be read, moved and tested together.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';

/** What a file imports or passes on, by its path; `import()` of types and of code alike. */
const IMPORT =
  /^(?:import|export)\b[^'"`;]*?\bfrom\s*'(\.[^']+)'|^import\s*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** The files that the source `text` of `path` imports. */
export function importsIn(path: string, text: string): string[] {
  return Array.from(text.matchAll(IMPORT), (match) =>
    posix.join(posix.dirname(path), match[1] ?? match[2] ?? match[3] ?? ''),
  );
}

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
  return { ok: found.length === 0, said: found.map((files) => files.join(' → ')).join('\n') };
}
