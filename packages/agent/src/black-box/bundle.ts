// A bundle: a folder of evidence. It appears whole by a rename with what is there at once; what takes longer joins it file by file.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** `2026-01-31T12-00-00Z-4711-3f2a`: when, which process, and something that no other bundle has. */
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-\d+-[0-9a-f]{8}$/u;
/** What was being put together when its process ended. */
const UNFINISHED = /^\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-\d+-[0-9a-f]{8}$/u;
const ABANDONED_MS = 3_600_000;

/** What the folder may hold. */
export interface Allowance {
  readonly bundles: number;
  readonly megabytes: number;
}

/** @param isLasting whether it waits for the disk: the end of a process loses nothing that was written, that of a machine does */
function put(path: string, content: string | Uint8Array, isLasting: boolean): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    if (isLasting) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A bundle that is there already. */
export class Bundle {
  readonly name: string;
  readonly path: string;

  private constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  /**
   * Makes a bundle with its first files.
   *
   * @param pid of the process that it is about; 0 where that is not known
   * @throws what the file system says
   */
  static create(
    dir: string,
    time: number,
    files: Readonly<Record<string, string | Uint8Array>>,
    pid: number = process.pid,
  ): Bundle {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const when = new Date(time)
      .toISOString()
      .replace(/\.\d+Z$/u, 'Z')
      .replaceAll(':', '-');
    const name = `${when}-${pid}-${randomBytes(4).toString('hex')}`;
    const unfinished = join(dir, `.${name}`);
    mkdirSync(unfinished, { mode: 0o700 });
    try {
      for (const [file, content] of Object.entries(files)) put(join(unfinished, file), content, false);
      renameSync(unfinished, join(dir, name));
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
    return new Bundle(name, join(dir, name));
  }

  /** Adds a file, or puts another in its place, at once. */
  add(file: string, content: string | Uint8Array): void {
    const unfinished = join(this.path, `.${file}-${randomBytes(4).toString('hex')}`);
    try {
      put(unfinished, content, true);
      renameSync(unfinished, join(this.path, file));
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  }
}

function sizeOf(path: string): number {
  let size = 0;
  try {
    for (const file of readdirSync(path)) size += lstatSync(join(path, file)).size;
  } catch {
    // Another process with the same folder takes bundles away, too.
  }
  return size;
}

interface Kept {
  readonly path: string;
  readonly size: number;
}

/** Whether a folder of this name is one of ours, and no link to somewhere else. */
function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Takes the oldest bundles away until the folder is within its allowance; `newest` stays, and nothing else is touched. */
export function tidy(dir: string, { bundles, megabytes }: Allowance, newest: string, now: number): void {
  const entries = readdirSync(dir);
  for (const name of entries.filter((one) => UNFINISHED.test(one))) {
    const path = join(dir, name);
    const since = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (isFolder(path) && now - since > ABANDONED_MS) rmSync(path, { recursive: true, force: true });
  }
  const kept: Kept[] = entries
    .filter((name) => NAME.test(name) && name !== newest)
    .sort()
    .map((name) => join(dir, name))
    .filter(isFolder)
    .map((path) => ({ path, size: sizeOf(path) }));
  let total = kept.reduce((sum, { size }) => sum + size, sizeOf(join(dir, newest)));
  let count = kept.length + 1;
  for (const { path, size } of kept) {
    if (count <= bundles && total <= megabytes * 2 ** 20) return;
    rmSync(path, { recursive: true, force: true });
    total -= size;
    count--;
  }
}
