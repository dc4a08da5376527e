// Reads files that somebody else named: regular files only, and only so long. A device, a pipe or a file of /proc would never end.
import type { errorTable } from './errors.ts';

/** What the reader needs to know of a file; `Stats` of node:fs has it. */
export interface FileStat {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** Flags of `open`; those that a system lacks are undefined. */
interface OpenFlags {
  readonly O_RDONLY: number;
  readonly O_NONBLOCK?: number;
  readonly O_NOCTTY?: number;
}

/** What is used of `node:fs`: this room has no API of Node of its own, so its callers hand it over. */
export interface FileSystem {
  readonly constants: OpenFlags;
  statSync(path: string): FileStat;
  openSync(path: string, flags: number): number;
  fstatSync(file: number): FileStat;
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: null): number;
  closeSync(file: number): void;
}

/** What is used of a `FileHandle` of `node:fs/promises`. */
interface OpenFile {
  stat(): Promise<FileStat>;
  read(into: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

/** What is used of `node:fs/promises`. */
export interface AsyncFileSystem {
  readonly constants: OpenFlags;
  stat(path: string): Promise<FileStat>;
  open(path: string, flags: number): Promise<OpenFile>;
}

/** What is wrong with a file; stable, for programs. */
export type RegularFileErrorCode = Extract<keyof typeof errorTable.codes, `FILE_${string}`>;

/** Thrown for what is there and is not read; what the system refuses, it says itself. */
export class RegularFileError extends Error {
  override readonly name = 'RegularFileError';
  readonly code: RegularFileErrorCode;
  /** The message without the path in front: `is a device, not a file`. */
  readonly reason: string;
  /** Is it a directory? Some readers take one for an empty file. */
  readonly directory: boolean;
  constructor(code: RegularFileErrorCode, path: string, reason: string, directory: boolean = false) {
    super(`${path}: ${reason}`);
    this.code = code;
    this.reason = reason;
    this.directory = directory;
  }
}

/** The most bytes of one read: systems have limits of their own, of two gigabytes and less. */
const LONGEST_READ = 1 << 28;
/** The first buffer for a file that does not say how long it is. */
const UNKNOWN_SIZE = 1 << 16;

function requireRegular(path: string, stat: FileStat): FileStat {
  if (stat.isFile()) return stat;
  const directory = stat.isDirectory();
  const what = stat.isFIFO() ? 'a named pipe' : stat.isSocket() ? 'a socket' : 'a device';
  const reason = directory ? 'is a directory' : `is ${what}, not a file`;
  throw new RegularFileError('FILE_NOT_REGULAR', path, reason, directory);
}

/** Opening never waits, for a writer at the other end of a pipe for instance, and takes no terminal over. */
function flagsOf({ O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 }: OpenFlags): number {
  return O_RDONLY | O_NONBLOCK | O_NOCTTY;
}

/** The bytes of one file as they come: at most `mostBytes`, whatever its size was said to be. */
class Collected {
  readonly #path: string;
  readonly #mostBytes: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(path: string, mostBytes: number, size: number) {
    this.#path = path;
    this.#mostBytes = mostBytes;
    if (size > mostBytes) throw this.#tooLarge();
    // One byte more than there should be: where it stays empty the file has ended, and none too many are kept.
    this.#bytes = new Uint8Array(Math.min(size === 0 ? UNKNOWN_SIZE : size + 1, mostBytes + 1));
  }

  #tooLarge(): RegularFileError {
    const most = this.#mostBytes;
    const said = most >= 1 << 20 ? `${Math.floor(most / 2 ** 20)} MB` : `${most} bytes`;
    return new RegularFileError(
      'FILE_TOO_LARGE',
      this.#path,
      `is longer than ${said}, the most that is read`,
    );
  }

  /** Where the next bytes go. */
  room(): { readonly into: Uint8Array; readonly offset: number; readonly length: number } {
    if (this.#length === this.#bytes.length) {
      if (this.#length > this.#mostBytes) throw this.#tooLarge();
      const grown = new Uint8Array(Math.min(2 * this.#length, this.#mostBytes + 1));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return {
      into: this.#bytes,
      offset: this.#length,
      length: Math.min(LONGEST_READ, this.#bytes.length - this.#length),
    };
  }

  add(count: number): void {
    this.#length += count;
    if (this.#length > this.#mostBytes) throw this.#tooLarge();
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/**
 * Opens a regular file for reading, following links. It is looked at before (to open some devices is to change them, and the
 * writer of a pipe is cut off when it is closed) and after (it may have been replaced meanwhile).
 *
 * @returns the descriptor, for the caller to close, and the size in bytes as the system tells it: 0 in /proc
 * @throws RegularFileError `FILE_NOT_REGULAR`, or what the system says
 */
export function openRegularFile(files: FileSystem, path: string): { file: number; size: number } {
  requireRegular(path, files.statSync(path));
  const file = files.openSync(path, flagsOf(files.constants));
  try {
    return { file, size: requireRegular(path, files.fstatSync(file)).size };
  } catch (error) {
    files.closeSync(file);
    throw error;
  }
}

/**
 * The bytes of a regular file. Memory: at most about twice `mostBytes`, however long the file is or grows.
 *
 * @param files `node:fs`
 * @param mostBytes a longer file is refused
 * @throws RegularFileError, or what the system says
 */
export function readRegularFile(files: FileSystem, path: string, mostBytes: number): Uint8Array {
  const { file, size } = openRegularFile(files, path);
  try {
    const collected = new Collected(path, mostBytes, size);
    for (;;) {
      const { into, offset, length } = collected.room();
      const count = files.readSync(file, into, offset, length, null);
      if (count === 0) return collected.bytes;
      collected.add(count);
    }
  } finally {
    files.closeSync(file);
  }
}

/** The same as {@link readRegularFile} without blocking; `files` is `node:fs/promises`. */
export async function readRegularFileAsync(
  files: AsyncFileSystem,
  path: string,
  mostBytes: number,
): Promise<Uint8Array> {
  requireRegular(path, await files.stat(path));
  const file = await files.open(path, flagsOf(files.constants));
  try {
    const { size } = requireRegular(path, await file.stat());
    const collected = new Collected(path, mostBytes, size);
    for (;;) {
      const { into, offset, length } = collected.room();
      const { bytesRead } = await file.read(into, offset, length, null);
      if (bytesRead === 0) return collected.bytes;
      collected.add(bytesRead);
    }
  } finally {
    await file.close();
  }
}
