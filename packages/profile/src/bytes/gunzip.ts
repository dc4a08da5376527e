// Gunzip with a byte limit: the platform's decompressor for speed, our own for everything it cannot say.
import { ProfileError } from '../errors.ts';
import { inflateGzip, tooLarge } from './inflate.ts';
import { type ByteTransform, gunzipStream } from './platform.ts';

/** Profiles are seldom packed better than this. */
const USUAL_RATIO = 8;

/** Whether `bytes` begin like gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Gunzips; throws, or gives more than `limit` bytes, where the result would be longer. Pieces of the result may come one
 * by one.
 */
export type Inflate = (
  gz: Uint8Array,
  limit: number,
) => Uint8Array | Promise<Uint8Array> | AsyncIterable<Uint8Array>;

/** The pieces that the platform's stream makes of `bytes`; throws what it throws. */
async function* platformGunzip(bytes: Uint8Array, stream: ByteTransform): AsyncGenerator<Uint8Array> {
  const writer = stream.writable.getWriter();
  // A failure shows up in the reader as well; here it must only not go unhandled.
  writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value !== undefined) yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Gunzips `bytes`, all members of them, piece by piece where that is possible.
 *
 * @param inflate asked first, where given; else the platform is
 * @throws {ProfileError} `PROFILE_TOO_LARGE` above `limit` bytes; anything else that is wrong with the bytes is an error
 * without an explanation, which {@link gunzip} has
 */
export async function* gunzipPieces(
  bytes: Uint8Array,
  limit: number,
  inflate?: Inflate,
): AsyncGenerator<Uint8Array> {
  const stream = inflate === undefined ? gunzipStream() : null;
  try {
    const result =
      inflate !== undefined
        ? await inflate(bytes, limit)
        : stream === null
          ? inflateGzip(bytes, limit)
          : platformGunzip(bytes, stream);
    if (result instanceof Uint8Array) {
      if (result.length > limit) throw tooLarge(limit);
      yield result;
      return;
    }
    let size = 0;
    for await (const piece of result) {
      size += piece.length;
      if (size > limit) throw tooLarge(limit);
      yield piece;
    }
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw error;
  }
}

/**
 * Gunzips `bytes`, all members of them, to one piece.
 *
 * @param inflate asked first, where given; what it refuses is looked at again, for the reason
 * @throws {ProfileError} naming the byte, or `PROFILE_TOO_LARGE` above `limit` bytes
 */
export async function gunzip(bytes: Uint8Array, limit: number, inflate?: Inflate): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of gunzipPieces(bytes, limit, inflate)) {
      pieces.push(piece);
      size += piece.length;
    }
  } catch (error) {
    if (error instanceof ProfileError && error.code === 'PROFILE_TOO_LARGE') throw error;
    return inflateGzip(bytes, limit);
  }
  return joined(pieces, size);
}

/** One piece of `size` bytes from `pieces`. */
export function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** How many bytes `gz` says that it opens to; a guess, of which no more is believed than is usual. */
export function claimedSize(gz: Uint8Array): number {
  const at = gz.length - 4;
  if (at < 0) return 0;
  const size =
    (gz[at] as number) +
    (gz[at + 1] as number) * 2 ** 8 +
    (gz[at + 2] as number) * 2 ** 16 +
    (gz[at + 3] as number) * 2 ** 24;
  return Math.min(size, gz.length * USUAL_RATIO);
}
