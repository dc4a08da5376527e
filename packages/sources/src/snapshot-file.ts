// Heap snapshots, which may be larger than any buffer: read as a stream, never as a whole.
import * as fs from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { functionNames } from '@stackpile/agent/inspector';
import { openRegularFile, type Profile, readHeapSnapshotStream } from '@stackpile/profile';
import { HEAD, headOf } from './snapshot-head.ts';

/** Tasks, handles and closures that are told one by one; more are told by stack. */
const MOST_IDS = 200_000;
/** Bytes that are read at once. */
const CHUNK = 1 << 18;

/** The first bytes of a regular file, and how many there are in all; null where there is none. */
function beginningOf(path: string): { readonly bytes: Uint8Array; readonly size: number } | null {
  let file: number;
  let size: number;
  try {
    ({ file, size } = openRegularFile(fs, path));
  } catch {
    return null;
  }
  try {
    const buffer = Buffer.alloc(HEAD);
    return { bytes: buffer.subarray(0, fs.readSync(file, buffer, 0, HEAD, 0)), size };
  } catch {
    return null;
  } finally {
    fs.closeSync(file);
  }
}

/** A file in pieces, each in the place of the one before: gigabytes of pieces would else be garbage for a while. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * The profile of a heap snapshot that comes in pieces. Memory: below the size of the snapshot's text.
 *
 * @param looks where it is one of a series, the largest ids of earlier snapshots of the same process, oldest first: objects are
 *   told apart by which of them they saw, and tasks, handles and closures have ids
 * @param expectedBytes how long the text is, where that is known
 * @throws ProfileError that names the byte at fault; whatever the pieces throw
 */
export function readSnapshotChunks(
  chunks: AsyncIterable<Uint8Array>,
  isPacked: boolean,
  looks: readonly number[] | null = null,
  expectedBytes = 0,
): Promise<Profile> {
  const series = looks === null ? {} : { maxIds: MOST_IDS, classes: { looks } };
  const options = { names: functionNames, ...series };
  if (!isPacked) return readHeapSnapshotStream(chunks, { expectedBytes, ...options });
  const unpacked = pipeline(Readable.from(chunks), createGunzip({ chunkSize: CHUNK }), () => undefined);
  return readHeapSnapshotStream(unpacked, options);
}

/**
 * The profile of a heap snapshot file, packed with gzip or not; null where the file is something else or cannot be read: whoever
 * reads it next says why. As {@link readSnapshotChunks}.
 */
export async function readSnapshotFile(
  path: string,
  looks: readonly number[] | null = null,
): Promise<Profile | null> {
  const beginning = beginningOf(path);
  if (beginning === null) return null;
  const { isSnapshot, isPacked } = headOf(beginning.bytes);
  if (!isSnapshot) return null;
  const chunks = isPacked ? fs.createReadStream(path, { highWaterMark: CHUNK }) : chunksOf(path);
  return readSnapshotChunks(chunks, isPacked, looks, beginning.size);
}
