// Heap snapshot files, which may be larger than any buffer: read as a stream, never as a whole.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { functionNames } from '@stackpile/agent/inspector';
import { isHeapSnapshot, type Profile, readHeapSnapshotStream } from '@stackpile/profile';

const unreadable = { text: '', packed: false, size: 0 };
/** Bytes that tell what a file is. */
const HEAD = 256;

/** The beginning of a file as text, unpacked; '' where it cannot be read. */
async function head(
  path: string,
): Promise<{ readonly text: string; readonly packed: boolean; readonly size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(HEAD);
    const { bytesRead } = await file.read(buffer, 0, HEAD, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    if (!packed) return { text: bytes.toString('latin1'), packed, size };
    try {
      // The beginning of a stream: it ends too early, which is no error here.
      const plain = gunzipSync(bytes, { finishFlush: 2, maxOutputLength: 1 << 16 });
      return { text: plain.subarray(0, HEAD).toString('latin1'), packed, size };
    } catch {
      return { text: '', packed, size };
    }
  } finally {
    await file.close();
  }
}

/**
 * The profile of a heap snapshot file, packed with gzip or not; null where the file is something else or
 * cannot be read: whoever reads it next says why. Memory: below the size of
 * the snapshot's text.
 *
 * @throws ProfileError that names the byte at fault
 */
export async function readSnapshotFile(path: string): Promise<Profile | null> {
  const { text, packed, size } = await head(path).catch(() => unreadable);
  if (!isHeapSnapshot(text)) return null;
  const stream = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!packed) return readHeapSnapshotStream(stream, { expectedBytes: size, names: functionNames });
  const unpacked = pipeline(stream, createGunzip({ chunkSize: 1 << 18 }), () => undefined);
  return readHeapSnapshotStream(unpacked, { names: functionNames });
}
