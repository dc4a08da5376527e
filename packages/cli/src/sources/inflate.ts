// Unpacks gzip with Node's zlib: small profiles at once, large ones beside the reader, on another core.
import { createGunzip, gunzipSync } from 'node:zlib';

/** Below this many packed bytes a thread costs more than it saves. */
const THREADED_FROM = 1 << 17;
/** Bytes of one piece. */
const PIECE = 1 << 18;
/** So many bytes may be unpacked before they are read: the reader is slow until its code is compiled. */
const AHEAD = 1 << 23;

/** The `inflate` of `readProfile`. */
export function inflate(gz: Uint8Array, limit: number): Uint8Array | AsyncIterable<Uint8Array> {
  if (gz.length < THREADED_FROM) return gunzipSync(gz, { maxOutputLength: limit });
  const stream = createGunzip({ chunkSize: PIECE, ...{ readableHighWaterMark: AHEAD } });
  stream.end(gz);
  return stream;
}
