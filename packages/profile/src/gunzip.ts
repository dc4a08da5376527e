// Gunzip with a byte limit: the platform's decompressor for speed, our own for everything it cannot say.
import { inflateGzip, tooLarge } from './inflate.ts';
import { gunzipStream } from './platform.ts';

/** Whether `bytes` begin like gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Gunzips; throws, or returns more than `limit` bytes, where the result would be longer. */
export type Inflate = (gz: Uint8Array, limit: number) => Uint8Array | Promise<Uint8Array>;

/** Reads a stream of the platform to the end or to the limit; null where the platform has none or refuses the data. */
async function platformGunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array | null> {
  const stream = gunzipStream();
  if (stream === null) return null;
  const writer = stream.writable.getWriter();
  // A failure shows up in the reader as well; here it must only not go unhandled.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value === undefined) continue;
      size += value.length;
      if (size > limit) {
        await reader.cancel().catch(() => undefined);
        break;
      }
      chunks.push(value);
    }
  } catch {
    return null;
  }
  if (size > limit) throw tooLarge(limit);
  await written;
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Gunzips `bytes`, all members of them.
 *
 * @param inflate asked first, where given; what it refuses is looked at again, for the reason
 * @throws {ProfileError} naming the byte, or `PROFILE_TOO_LARGE` above `limit` bytes
 */
export async function gunzip(bytes: Uint8Array, limit: number, inflate?: Inflate): Promise<Uint8Array> {
  let plain: Uint8Array | null = null;
  if (inflate === undefined) plain = await platformGunzip(bytes, limit);
  else {
    try {
      plain = await inflate(bytes, limit);
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    }
  }
  plain ??= inflateGzip(bytes, limit);
  if (plain.length > limit) throw tooLarge(limit);
  return plain;
}
