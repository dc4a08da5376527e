// Reads a profile of any known format; what it is shows in its bytes, never in its name.
import { claimedSize, gunzip, gunzipPieces, isGzip, joined } from './bytes/gunzip.ts';
import { tooLarge } from './bytes/inflate.ts';
import { looksLikeJson, TELLING_BYTES } from './bytes/lines.ts';
import { ProfileError } from './errors.ts';
import type { Profile } from './profile.ts';
import { ProfileDecoder } from './proto/decode.ts';
import type { ReadOptions } from './read-options.ts';
import type * as Plain from './read-plain.ts';

const MAX_BYTES = 2 ** 31 - 1;
const ALWAYS_ALLOWED = 2 ** 26;
const MAX_RATIO = 100;
/** So many bytes are decoded between two words about how far it is. */
const STEP = 2 ** 20;

/**
 * Reads a profile: gzip or plain, in any known format, told apart by content.
 *
 * @throws {ProfileError} whose message says what is wrong and where
 */
export async function readProfile(bytes: Uint8Array, options: ReadOptions = {}): Promise<Profile> {
  if (!isGzip(bytes)) {
    const most = options.maxBytes ?? MAX_BYTES;
    if (bytes.length > most) throw tooLarge(most);
    const profile = options.onProgress === undefined ? null : decodeSteps(bytes, options.onProgress);
    return profile ?? readWhole(bytes, options);
  }
  const usual = Math.min(MAX_BYTES, Math.max(ALWAYS_ALLOWED, bytes.length * MAX_RATIO));
  const limit = options.maxBytes ?? usual;
  const profile = await decodePieces(bytes, limit, options);
  if (profile !== null) return profile;
  return readWhole(await gunzip(bytes, limit, options.inflate), options);
}

/** All other formats, once somebody met them: to ask for a module again costs as much as to read a small file. */
let plain: typeof Plain | null = null;

/** All other formats, and what is wrong with a message: loaded by who meets them. */
async function readWhole(bytes: Uint8Array, options: ReadOptions): Promise<Profile> {
  plain ??= await import('./read-plain.ts');
  return plain.readPlainProfile(bytes, options);
}

/**
 * As {@link readProfile}, of bytes that arrive in pieces, which are decoded meanwhile where they are a message that is
 * not compressed. The pieces are kept until the end: only the whole says what is wrong with it.
 *
 * @param expected bytes that will come: a guess that only decides how much room there is at first
 * @throws {ProfileError} as {@link readProfile}, and whatever `pieces` throws
 */
export async function readProfilePieces(
  pieces: AsyncIterable<Uint8Array>,
  expected = 0,
  options: ReadOptions = {},
): Promise<Profile> {
  const most = options.maxBytes ?? MAX_BYTES;
  const kept: Uint8Array[] = [];
  let size = 0;
  let decoder: ProfileDecoder | null = null;
  for await (const piece of pieces) {
    if (size === 0 && piece.length >= TELLING_BYTES && !isGzip(piece) && !looksLikeJson(piece))
      decoder = new ProfileDecoder(Math.min(expected, most));
    size += piece.length;
    if (size > most) throw tooLarge(most);
    kept.push(piece);
    try {
      decoder?.push(piece);
    } catch {
      decoder = null;
    }
  }
  try {
    if (decoder !== null) return decoder.finish();
  } catch {
    // What is wrong is found below.
  }
  return readProfile(joined(kept, size), options);
}

/** Decodes a message that is not compressed step by step; null where that fails, as {@link decodePieces}. */
function decodeSteps(bytes: Uint8Array, onProgress: (bytes: number, total: number) => void): Profile | null {
  if (looksLikeJson(bytes)) return null;
  const decoder = new ProfileDecoder(bytes.length);
  try {
    for (let at = 0; at < bytes.length; at += STEP) {
      decoder.push(bytes.subarray(at, at + STEP));
      onProgress(Math.min(bytes.length, at + STEP), bytes.length);
    }
    return decoder.finish();
  } catch {
    return null;
  }
}

/** Decodes while it unpacks; null where that fails, which says nothing yet about what is wrong. */
async function decodePieces(bytes: Uint8Array, limit: number, options: ReadOptions): Promise<Profile | null> {
  const expected = Math.min(limit, claimedSize(bytes));
  const decoder = new ProfileDecoder(expected);
  let size = 0;
  try {
    for await (const piece of gunzipPieces(bytes, limit, options.inflate)) {
      if (size === 0 && looksLikeJson(piece)) return null;
      decoder.push(piece);
      size += piece.length;
      options.onProgress?.(size, Math.max(size, expected));
    }
    return decoder.finish();
  } catch (error) {
    if (error instanceof ProfileError && error.code === 'PROFILE_TOO_LARGE') throw error;
    return null;
  }
}
