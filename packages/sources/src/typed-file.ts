// Files that the user typed: also pipes, as `<(command)` and named ones, and devices that end; none without a limit.
import * as fs from 'node:fs';
import { readRegularFile, readRegularFileAsync, RegularFileError } from '@stackpile/profile';

/** /dev/null ends at once, a terminal when the user says so; a device that gives more than this has no end. */
const MOST_OF_DEVICE = 1 << 20;

/** Smaller files are read at once. */
const LEAST_ASYNC = 1 << 20;

/** Certificates and keys of the command line are no longer. */
export const MOST_PEM_BYTES: number = 16 << 20;

/** Chunks put together, at most `mostBytes` of them; else what `tooMany` makes is thrown. */
export async function collect(
  chunks: AsyncIterable<Uint8Array | string>,
  mostBytes: number,
  tooMany: () => Error,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += part.length;
    if (length > mostBytes) throw tooMany();
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

/**
 * A pipe as it is written. It is opened without waiting for its writer: a thread that waits cannot be interrupted, and the
 * process could not end.
 */
async function pipe(path: string): Promise<AsyncIterable<Uint8Array>> {
  // Loading it takes longer than most files do.
  const { Socket } = await import('node:net');
  const fd = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** What a pipe with a name gives, in pieces; null for everything else, and for what cannot be asked. */
export async function typedChunks(path: string): Promise<AsyncIterable<Uint8Array> | null> {
  return isPipe(path) ? pipe(path) : null;
}

function isPipe(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  } catch {
    // Whoever reads it says why it cannot be.
    return false;
  }
}

/**
 * The bytes of a file, a pipe or a device.
 *
 * @throws RegularFileError for what is too long, and for folders; or what the system says
 */
export async function readTypedFile(path: string, mostBytes: number): Promise<Uint8Array> {
  const what = fs.statSync(path);
  if (what.isFIFO()) {
    const most = Math.floor(mostBytes / 2 ** 20);
    return collect(
      await pipe(path),
      mostBytes,
      () => new RegularFileError('FILE_TOO_LARGE', path, `gives more than ${most} MB, the most that is read`),
    );
  }
  if (what.isCharacterDevice()) {
    return collect(
      fs.createReadStream(path),
      MOST_OF_DEVICE,
      () => new RegularFileError('FILE_NOT_REGULAR', path, 'is a device without an end, not a file'),
    );
  }
  // Loading what reads beside us takes longer than to read a small file.
  if (what.size < LEAST_ASYNC) return readRegularFile(fs, path, mostBytes);
  return readRegularFileAsync(await import('node:fs/promises'), path, mostBytes);
}
