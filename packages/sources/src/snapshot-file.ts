// Heap snapshot files, which may be larger than any buffer: read as a stream, never as a whole.
import * as fs from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { functionNames } from '@stackpile/agent/inspector';
import { isHeapSnapshot, openRegularFile, type Profile, readHeapSnapshotStream } from '@stackpile/profile';

const unreadable = { text: '', packed: false, size: 0 };
/** Tasks, handles and closures that are told one by one; more are told by stack. */
const MOST_IDS = 200_000;
/** Bytes that tell what a file is. */
const HEAD = 256;
/** Bytes that are read at once. */
const CHUNK = 1 << 18;

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

/** The beginning of a regular file as text, unpacked; '' where there is none. */
function head(path: string): { readonly text: string; readonly packed: boolean; readonly size: number } {
  let file: number;
  let size: number;
  try {
    ({ file, size } = openRegularFile(fs, path));
  } catch {
    return unreadable;
  }
  try {
    const buffer = Buffer.alloc(HEAD);
    const bytes = buffer.subarray(0, fs.readSync(file, buffer, 0, HEAD, 0));
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    if (!packed) return { text: bytes.toString('latin1'), packed, size };
    try {
      // The beginning of a stream: it ends too early, which is no error here.
      const plain = gunzipSync(bytes, { finishFlush: 2, maxOutputLength: 1 << 16 });
      return { text: plain.subarray(0, HEAD).toString('latin1'), packed, size };
    } catch {
      return { text: '', packed, size };
    }
  } catch {
    return unreadable;
  } finally {
    fs.closeSync(file);
  }
}

/**
 * The profile of a heap snapshot file, packed with gzip or not; null where the file is something else or
 * cannot be read: whoever reads it next says why. Memory: below the size of
 * the snapshot's text.
 *
 * @param looks where the file is one of a series, the largest ids of earlier snapshots of the same process, oldest first: objects are
 *   told apart by which of them they saw, and tasks, handles and closures have ids
 * @throws ProfileError that names the byte at fault
 */
export async function readSnapshotFile(
  path: string,
  looks: readonly number[] | null = null,
): Promise<Profile | null> {
  const { text, packed, size } = head(path);
  if (!isHeapSnapshot(text)) return null;
  const series = looks === null ? {} : { maxIds: MOST_IDS, classes: { looks } };
  const options = { names: functionNames, ...series };
  if (!packed) return readHeapSnapshotStream(chunksOf(path), { expectedBytes: size, ...options });
  const stream = fs.createReadStream(path, { highWaterMark: CHUNK });
  const unpacked = pipeline(stream, createGunzip({ chunkSize: CHUNK }), () => undefined);
  return readHeapSnapshotStream(unpacked, options);
}
