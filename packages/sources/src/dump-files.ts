// Which files on the command line belong together, and in which order they were taken.
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SourceError } from './errors.ts';
import { isFolder } from './spec.ts';
import { systemReason } from './system-reason.ts';

/** Names of files that may be dumps; a folder holds other things too. */
const dumpName = /\.(?:pb|pprof|prof|proto|heapsnapshot|heapprofile|txt)(?:\.gz)?$|\.gz$/iu;
const mostFiles = 10_000;
const deepest = 8;

const byNumber = new Intl.Collator('en', { numeric: true });

/**
 * All files below a folder that may be dumps, `t2` before `t10`.
 *
 * @throws SourceError where it cannot be read, has none, or has too many
 */
export function filesBelow(folder: string, cwd: string): string[] {
  const found: string[] = [];
  const walk = (path: string, depth: number): void => {
    for (const entry of readdirSync(resolve(cwd, path), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const child = join(path, entry.name);
      if (entry.isDirectory() && depth < deepest) walk(child, depth + 1);
      else if (entry.isFile() && dumpName.test(entry.name)) found.push(child);
      if (found.length > mostFiles)
        throw new SourceError('SOURCE_TOO_LARGE', `${folder}: more than ${mostFiles} files below it`);
    }
  };
  try {
    walk(folder, 0);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError('SOURCE_UNREADABLE', `${folder}: ${systemReason(error)}`, { cause: error });
  }
  if (found.length === 0)
    throw new SourceError('SOURCE_NOT_FOUND', `${folder}: no file below it looks like a dump`);
  return found.sort((a, b) => byNumber.compare(a, b));
}

/** Dumps of one kind. */
export interface DumpGroup {
  /** What the files have in common: `goroutine.pb.gz`. */
  readonly name: string;
  readonly files: readonly string[];
  /** From a folder: files that are no dumps are passed over instead of refused. */
  readonly fromFolder: boolean;
}

/**
 * Puts the same-named files of several folders (`t2/heap.pb.gz`, `t6/heap.pb.gz`) into groups of their own. Where names differ
 * only in their numbers, the numbers give the order; else the order is the one given.
 */
export function groupDumps(sources: readonly string[], cwd: string): DumpGroup[] {
  const files: { path: string; fromFolder: boolean }[] = [];
  for (const source of sources) {
    if (isFolder(resolve(cwd, source)))
      for (const path of filesBelow(source, cwd)) files.push({ path, fromFolder: true });
    else files.push({ path: source, fromFolder: false });
  }
  const folders = new Map<string, Set<string>>();
  for (const { path } of files) {
    const name = basename(path);
    folders.set(name, (folders.get(name) ?? new Set()).add(dirname(path)));
  }
  const repeated = [...folders.values()].every((set) => set.size > 1) && folders.size > 1;
  const anyFolder = files.some(({ fromFolder }) => fromFolder);
  const groups = new Map<string, { path: string; fromFolder: boolean }[]>();
  for (const file of files) {
    const name = basename(file.path);
    const key =
      repeated || (anyFolder && (folders.get(name)?.size ?? 0) > 1)
        ? name
        : anyFolder
          ? name.replaceAll(/\d+/gu, '#')
          : '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return [...groups].map(([name, members]) => {
    const paths = members.map(({ path }) => path);
    const alike = new Set(paths.map((path) => path.replaceAll(/\d+/gu, '#'))).size === 1;
    return {
      name: name === '' ? (paths[0] ?? '') : name,
      files: alike ? paths.sort((a, b) => byNumber.compare(a, b)) : paths,
      fromFolder: members.every(({ fromFolder }) => fromFolder),
    };
  });
}
