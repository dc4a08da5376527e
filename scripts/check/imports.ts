// What a source file imports of its own package.
import { posix } from 'node:path';

/** What a file imports or passes on, by its path; `import()` of types and of code alike. */
const IMPORT =
  /^(?:import|export)\b[^'"`;]*?\bfrom\s*'(\.[^']+)'|^import\s*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** The files that the source `text` of `path` imports. */
export function importsIn(path: string, text: string): string[] {
  return Array.from(text.matchAll(IMPORT), (match) =>
    posix.join(posix.dirname(path), match[1] ?? match[2] ?? match[3] ?? ''),
  );
}
