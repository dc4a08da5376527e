// Files as pprof sees them: their first bytes, folders that are made, and errors in the words of Go.
// Upstream: google/pprof internal/driver/fetch.go internal/driver/tempfile.go, 2025-11-14
import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openRegularFile } from '@stackpile/profile';
import { systemReason } from '@stackpile/sources';
import { DriverError } from './errors.ts';

/** The first `length` bytes of a file; fewer where it is shorter. Throws what the system says. */
export function fileHead(path: string, length: number): Buffer {
  const { file } = openRegularFile(fs, path);
  try {
    const head = Buffer.alloc(length);
    return head.subarray(0, fs.readSync(file, head, 0, length, 0));
  } finally {
    fs.closeSync(file);
  }
}

function isFolder(path: string): boolean | undefined {
  try {
    return fs.statSync(path).isDirectory();
  } catch {
    return undefined;
  }
}

/**
 * Makes a folder and those above it that are missing, one by one as Go's os.MkdirAll does: Node's own recursive mkdir never
 * returns where a folder is there and takes none, as /proc does.
 *
 * @param cwd what a relative path is seen from
 * @throws DriverError `mkdir PATH: reason`, with the path that could not be made
 */
export function makeFolders(cwd: string, path: string, mode: number = 0o777): void {
  const full = resolve(cwd, path);
  const there = isFolder(full);
  if (there === true) return;
  if (there === false) throw new DriverError(`mkdir ${path}: not a directory`);
  const parent = dirname(path);
  if (parent !== path && parent !== '.') makeFolders(cwd, parent, mode);
  try {
    fs.mkdirSync(full, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (isFolder(full) !== true) {
      throw new DriverError(`mkdir ${path}: ${systemReason(error)}`, { cause: error });
    }
  }
}
