// Reads a profile of any known format; what it is shows in its bytes, never in its name.
import { secondStringTable } from './proto/second-profile.ts';
import { decodeProfile, ProfileDecoder } from './proto/decode.ts';
import { ProfileError } from './errors.ts';
import type { FormatOptions } from './formats/format.ts';
import { goCounts } from './formats/go-goroutine-counts.ts';
import { readLegacy } from './formats/legacy/legacy.ts';
import { readGoNamedRecords } from './formats/legacy/names.ts';
import { findJson } from './formats/json-keys.ts';
import { looksLikeOtlp, readOtlp } from './formats/otlp/message.ts';
import { jsonFormats, textFormats } from './formats/table.ts';
import { describeForeign } from './formats/unrecognized.ts';
import { claimedSize, gunzip, gunzipPieces, type Inflate, isGzip, joined } from './bytes/gunzip.ts';
import { tooLarge } from './bytes/inflate.ts';
import { headText } from './bytes/lines.ts';
import { utf8OfUtf16 } from './bytes/utf16.ts';
import type { Profile } from './profile.ts';
import { checkValid } from './validity.ts';

/** Options of {@link readProfile}. */
export interface ReadOptions {
  /**
   * Gunzips, and throws or gives more than `limit` bytes where the result would be longer; by default the platform's
   * `DecompressionStream`. Node's `zlib.createGunzip()` is faster, and its `gunzipSync` is for small profiles.
   */
  readonly inflate?: Inflate;
  /**
   * Most bytes a profile may have uncompressed. Default: 100 times the compressed size, but at least 64 MiB, and
   * never more than 2 GiB − 1.
   */
  readonly maxBytes?: number;
  /**
   * `named` (default): Go's texts with the names and labels that they print. `as-pprof`: exactly what `go tool pprof`
   * makes of them: bare addresses and its doubled mutex scaling; what it does not read at all is read as ever.
   */
  readonly goTexts?: 'named' | 'as-pprof';
  /**
   * Keep the order in time of V8's CPU profiles, and of Chrome's traces and speedscope's files with one thread: a sample for
   * each stretch of equal stacks, with the numeric label `timestamp` (nanoseconds since the start), instead of one for each
   * stack. Default false.
   */
  readonly times?: boolean;
  /**
   * Hears how far the reader has come, in bytes (not compressed) of about `total`, 0 where nobody knows: that of messages and
   * those of formats in JSON. Texts are read in one go and say nothing.
   */
  readonly onProgress?: (bytes: number, total: number) => void;
}

const MAX_BYTES = 2 ** 31 - 1;
const ALWAYS_ALLOWED = 2 ** 26;
const MAX_RATIO = 100;
/** So many bytes are decoded between two words about how far it is. */
const STEP = 2 ** 20;
/** So many bytes tell a format in JSON from a message. */
const TELLING = 16;
const TOO_LONG = 'bufio.Scanner: token too long';

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
    return profile ?? readPlainProfile(bytes, options);
  }
  const usual = Math.min(MAX_BYTES, Math.max(ALWAYS_ALLOWED, bytes.length * MAX_RATIO));
  const limit = options.maxBytes ?? usual;
  const profile = await decodePieces(bytes, limit, options);
  if (profile !== null) return profile;
  return readPlainProfile(await gunzip(bytes, limit, options.inflate), options);
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
    if (size === 0 && piece.length >= TELLING && !isGzip(piece) && !looksLikeJson(piece))
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

/** What a reader made of a text must keep all promises too; the decoder of messages checks them on its way. */
function valid(profile: Profile): Profile {
  checkValid(profile);
  return profile;
}

/** Reads a profile that is not compressed; as {@link readProfile}. */
export function readPlainProfile(
  bytes: Uint8Array,
  options: Pick<ReadOptions, 'goTexts' | 'times' | 'onProgress'> = {},
): Profile {
  const json = readJson(bytes, options);
  if (json !== null) return json;
  let protoError: ProfileError;
  try {
    return decodeProfile(bytes);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    if (looksLikeOtlp(bytes)) return valid(readOtlp(bytes));
    // What pprof itself says about a message is final.
    if (error.pprofMessage !== undefined) throw explained(error, bytes);
    protoError = error;
  }
  const asPprof = options.goTexts === 'as-pprof';
  const head = headText(bytes);
  // What the old readers would say if no other format is found; a line that is too long tells nothing about the rest.
  let verdict = 'parsing profile: unrecognized profile format';
  try {
    if (!asPprof) {
      const named = goCounts.sniff(bytes, head) ? goCounts.read(bytes) : readGoNamedRecords(bytes);
      if (named !== null) return valid(named);
    }
    const legacy = readLegacy(bytes);
    if (legacy !== null) return valid(legacy);
  } catch (error) {
    if (!(error instanceof ProfileError) || !(error.pprofMessage ?? '').endsWith(TOO_LONG)) throw error;
    verdict = error.pprofMessage as string;
  }
  for (const format of textFormats) if (format.sniff(bytes, head)) return valid(format.read(bytes, options));
  const text = utf8OfUtf16(bytes) ?? withoutMark(bytes);
  if (text !== null) return readAsUtf8(text, options, verdict);
  throw unrecognized(bytes, head, protoError, verdict);
}

/** Reads a text that pprof takes for nothing as it stands: what it would say stays `pprofMessage`. */
function readAsUtf8(
  text: Uint8Array,
  options: Parameters<typeof readPlainProfile>[1],
  pprofMessage: string,
): Profile {
  try {
    return readPlainProfile(text, options);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const { code, message, isForeign } = error;
    throw new ProfileError(code, message, { cause: error, pprofMessage, isForeign });
  }
}

/** The text behind the byte order mark of UTF-8; null where there is none. */
function withoutMark(bytes: Uint8Array): Uint8Array | null {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : null;
}

function looksLikeJson(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*[[{]/.test(headText(bytes, TELLING));
}

/** Reads a format in JSON; null where the bytes are none of these. */
function readJson(bytes: Uint8Array, options: FormatOptions): Profile | null {
  if (!looksLikeJson(bytes)) return null;
  const found = findJson(bytes, jsonFormats);
  if (found === null) return null;
  const { format, at, end } = found;
  return valid(format.read(bytes.subarray(0, end), { ...options, at }));
}

/** The error of a message that contradicts itself, told better where two profiles stand in one file. */
function explained(error: ProfileError, bytes: Uint8Array): ProfileError {
  const second = error.code === 'PROFILE_INVALID' ? secondStringTable(bytes) : -1;
  if (second < 0) return error;
  const message = `concatenated profiles: a second profile begins before byte ${second}; give each as a file of its own`;
  const { pprofMessage } = error;
  return new ProfileError('PROFILE_CONCATENATED', message, { cause: error, pprofMessage });
}

function unrecognized(
  bytes: Uint8Array,
  head: string,
  protoError: ProfileError,
  pprofMessage: string,
): ProfileError {
  const foreign = describeForeign(bytes, head);
  if (foreign !== null) {
    return new ProfileError('PROFILE_UNRECOGNIZED', `unrecognized: ${foreign.what}`, {
      cause: protoError,
      pprofMessage,
      isForeign: foreign.isKnown,
    });
  }
  // Control characters other than white space mean that it was meant to be a protobuf.
  const text = head !== '' && !/[\0-\x08\x0e-\x1f\x7f\udc80-\udcff]/.test(head);
  if (!text)
    return new ProfileError(protoError.code, protoError.message, { cause: protoError, pprofMessage });
  const start = JSON.stringify(head.slice(0, 40).split('\n', 1)[0]);
  const message = `unrecognized: the text that starts at byte 0 with ${start} is in no known profile format`;
  return new ProfileError('PROFILE_UNRECOGNIZED', message, { cause: protoError, pprofMessage });
}
