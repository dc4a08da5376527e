// Source text for `list`: a profile may name any file of this machine, so only source files below the folder that was allowed are read.
import * as fs from 'node:fs';
import { isAbsolute, resolve, sep } from 'node:path';
import { readRegularFile } from '@stackpile/profile';
import type { ReportContext } from '@stackpile/report';
import { systemReason } from '@stackpile/sources';
import { goFolders } from '../go-folders.ts';

const MOST_BYTES = 2 * 2 ** 20;
/** Ends of a path that are tried below the folder. */
const MOST_ENDS = 16;
const sourceName =
  /\.(?:[cm]?[jt]sx?|vue|svelte|go|s|asm|c|cc|cpp|cxx|h|hh|hpp|rs|py|rb|java|kt|scala|swift|php|cs|zig|ex|exs|clj|map)$/iu;

function realFolder(folder: string): string {
  try {
    return fs.realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

/** Where a path leads once links are followed; null where there is nothing, or it is outside of every root. */
function inside(path: string, roots: readonly string[]): string | null {
  try {
    const real = fs.realpathSync(path);
    return roots.some((root) => real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) ? real : null;
  } catch {
    return null;
  }
}

/** The path itself, then shorter and shorter ends of it below the folder: a profile comes from another machine as a rule. */
function candidates(path: string, folder: string): string[] {
  const parts = path.split(/[\\/]/u).filter((part) => part !== '' && part !== '.' && part !== '..');
  const ends = parts.slice(0, MOST_ENDS).map((_, i) => resolve(folder, ...parts.slice(i)));
  return isAbsolute(path) ? [path, ...ends] : ends;
}

/** A context in which reports see sources below `folder`, and those of Go's own folders. */
export function sourceContext(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): ReportContext {
  const base = realFolder(folder);
  const go = goFolders(env);
  const roots = [base, ...[go.root, ...go.moduleCaches].filter((path) => path !== '').map(realFolder)];
  return {
    sources: {
      workingDirectory: base,
      read(path) {
        if (!sourceName.test(path)) return { error: 'not a source file by its name' };
        for (const candidate of candidates(path, base)) {
          const real = inside(candidate, roots);
          if (real === null || !sourceName.test(real)) continue;
          try {
            return { bytes: readRegularFile(fs, real, MOST_BYTES) };
          } catch (error) {
            return { error: systemReason(error) };
          }
        }
        return { error: 'not below the folder that sources are shown from (--source-path)' };
      },
      go: () => go,
    },
  };
}
