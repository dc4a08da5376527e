// Reads a profile of any known format; what it is shows in its bytes, never in its name.
import { decodeProfile } from './decode.ts';
import { ProfileError } from './errors.ts';
import { formats } from './formats/table.ts';
import { badGzip, gunzip, isGzip, tooLarge } from './gunzip.ts';
import { headText } from './lines.ts';
import type { Profile } from './profile.ts';

/** Options of {@link readProfile}. */
export interface ReadOptions {
  /**
   * Gunzips, and throws or returns more than `limit` bytes where the result would be longer; by default the platform's
   * `DecompressionStream`. Node's `zlib.gunzipSync(gz, { maxOutputLength: limit })` is faster.
   */
  readonly inflate?: (gz: Uint8Array, limit: number) => Uint8Array | Promise<Uint8Array>;
  /** Most bytes a profile may have uncompressed; default 2 GiB − 1. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 2 ** 31 - 1;

/** The uncompressed bytes of `bytes`. */
async function plainBytes(bytes: Uint8Array, options: ReadOptions): Promise<Uint8Array> {
  const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
  let plain = bytes;
  if (isGzip(bytes)) {
    try {
      plain = await (options.inflate ?? gunzip)(bytes, limit);
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
      throw badGzip(bytes, error);
    }
  }
  if (plain.length > limit) throw tooLarge(limit);
  return plain;
}

/**
 * Reads a profile: gzip or plain, in any known format, told apart by content.
 *
 * @throws {ProfileError} whose message says what is wrong and where
 */
export async function readProfile(bytes: Uint8Array, options: ReadOptions = {}): Promise<Profile> {
  return readPlainProfile(await plainBytes(bytes, options));
}

/** Reads a profile that is not compressed; as {@link readProfile}. */
export function readPlainProfile(bytes: Uint8Array): Profile {
  let protoError: ProfileError;
  try {
    return decodeProfile(bytes);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    protoError = error;
  }
  // What pprof says of a well-formed message is final.
  if (protoError.pprofMessage !== undefined) throw protoError;
  const head = headText(bytes);
  for (const format of formats) if (format.sniff(bytes, head)) return format.read(bytes);
  throw new ProfileError(protoError.code, protoError.message, {
    cause: protoError,
    pprofMessage: 'parsing profile: unrecognized profile format',
  });
}
