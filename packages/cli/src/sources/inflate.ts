// Unpacks gzip with Node's zlib: small profiles at once, large ones beside the reader, on another core.
import { createGunzip, gunzipSync } from 'node:zlib';

/** Below this many packed bytes a thread costs more than it saves. */
const THREADED_FROM = 1 << 17;
/** Bytes of one piece. */
const PIECE = 1 << 18;

/** The `inflate` of `readProfile`. */
export function inflate(gz: Uint8Array, limit: number): Uint8Array | AsyncIterable<Uint8Array> {
  if (gz.length < THREADED_FROM) return gunzipSync(gz, { maxOutputLength: limit });
  // Room for two pieces: one is unpacked while the other is read.
  const stream = createGunzip({ chunkSize: PIECE, ...{ readableHighWaterMark: 2 * PIECE } });
  stream.end(gz);
  return stream;
}
