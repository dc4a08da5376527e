// Gunzip with a byte limit, on the platform's DecompressionStream.
import { ProfileError } from './errors.ts';
import { gunzipStream } from './platform.ts';

/** Whether `bytes` begin like gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The error of a compressed profile that opens to more than `limit` bytes. */
export function tooLarge(limit: number): ProfileError {
  return new ProfileError(
    'PROFILE_TOO_LARGE',
    `too large: the profile is more than ${limit} bytes uncompressed`,
  );
}

/** The error of a compressed profile that cannot be opened; `cause` is what the inflater said. */
export function badGzip(bytes: Uint8Array, cause: unknown): ProfileError {
  if (cause instanceof ProfileError) return cause;
  const text =
    cause instanceof Error
      ? `${cause.message} ${String((cause as { code?: unknown }).code ?? '')}`
      : String(cause);
  // Go checks ten header bytes before it inflates anything.
  const short = bytes.length < 10 || /unexpected end|Z_BUF_ERROR|incomplete|truncat/i.test(text);
  const header =
    bytes.length >= 10 && (bytes[2] !== 8 || /header check|unknown compression method/i.test(text));
  const checksum = /incorrect (data|length) check/i.test(text);
  const pprof = header
    ? 'gzip: invalid header'
    : short
      ? 'unexpected EOF'
      : checksum
        ? 'gzip: invalid checksum'
        : `flate: corrupt input before offset ${bytes.length}`;
  const what = header
    ? 'the gzip header is invalid'
    : short
      ? `the gzip data end too early, after ${bytes.length} bytes`
      : checksum
        ? 'the gzip checksum does not match'
        : 'the gzip data are corrupt';
  return new ProfileError(short ? 'PROFILE_TRUNCATED' : 'PROFILE_MALFORMED', `cannot decompress: ${what}`, {
    cause,
    pprofMessage: `decompressing profile: ${pprof}`,
  });
}

/**
 * Gunzips `bytes`.
 *
 * @throws {ProfileError} `PROFILE_TOO_LARGE` as soon as there are more than `limit` bytes; what the platform throws
 * for bad data otherwise
 */
export async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const stream = gunzipStream();
  if (stream === null) {
    throw new ProfileError(
      'PROFILE_UNRECOGNIZED',
      'cannot decompress: this platform has no gunzip, pass `inflate`',
    );
  }
  const writer = stream.writable.getWriter();
  // A failure shows up in the reader as well; here it must only not go unhandled.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value === undefined) continue;
    size += value.length;
    if (size > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
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
