// The beginning of a file tells whether it is a heap snapshot.
import { gunzipSync } from 'node:zlib';
import { isHeapSnapshot } from '@stackpile/profile';

/** Bytes that tell what a file is. */
export const HEAD = 256;

/** Whether bytes begin as a heap snapshot does, packed with gzip or not. */
export function headOf(bytes: Uint8Array): { readonly isSnapshot: boolean; readonly isPacked: boolean } {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let plain: Uint8Array = bytes.subarray(0, HEAD);
  if (isPacked) {
    try {
      // The beginning of a stream: it ends too early, which is no error here.
      plain = gunzipSync(plain, { finishFlush: 2, maxOutputLength: 1 << 16 });
    } catch {
      return { isSnapshot: false, isPacked };
    }
  }
  const text = Buffer.from(plain.buffer, plain.byteOffset, plain.length).toString('latin1', 0, HEAD);
  return { isSnapshot: isHeapSnapshot(text), isPacked };
}
