// Unpacks gzip with Node's zlib: small profiles at once, large ones beside the reader, on another core.
import { createGunzip, type Gunzip, gunzipSync } from 'node:zlib';

/** Below this many packed bytes a thread costs more than it saves. */
const THREADED_FROM = 1 << 17;
/** Bytes of one piece. */
const PIECE = 1 << 18;
/** So many bytes may be unpacked before they are read: the reader is slow until its code is compiled. */
const AHEAD = 1 << 23;

/** Zlib passes over zeros behind the data, as tapes are filled with them; Go does not, nor does the reader's own inflater. */
function allUsed(used: number, gz: Uint8Array): void {
  if (used < gz.length) throw new Error(`byte ${used} and what follows are no gzip data`);
}

async function* checked(stream: Gunzip, gz: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* stream as AsyncIterable<Uint8Array>;
  allUsed(stream.bytesWritten, gz);
}

/** Streams that run already, by what they unpack. */
const begun = new WeakMap<Uint8Array, Gunzip>();

function gunzip(gz: Uint8Array): Gunzip {
  const stream = createGunzip({ chunkSize: PIECE, ...{ readableHighWaterMark: AHEAD } });
  stream.end(gz);
  return stream;
}

/** Begins to unpack what {@link inflate} will be asked for, where that is done by a thread. */
export function beginInflating(gz: Uint8Array): void {
  if (gz.length < THREADED_FROM || gz[0] !== 0x1f || gz[1] !== 0x8b) return;
  // Whoever reads the stream hears of its errors too.
  begun.set(
    gz,
    gunzip(gz).on('error', () => undefined),
  );
}

/** The `inflate` of `readProfile`. */
export function inflate(gz: Uint8Array, limit: number): Uint8Array | AsyncIterable<Uint8Array> {
  if (gz.length < THREADED_FROM) {
    const { buffer, engine } = gunzipSync(gz, { maxOutputLength: limit, info: true }) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: Gunzip;
    };
    allUsed(engine.bytesWritten, gz);
    return buffer;
  }
  const stream = begun.get(gz) ?? gunzip(gz);
  begun.delete(gz);
  return checked(stream, gz);
}
