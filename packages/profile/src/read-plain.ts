// Reads what is there whole and not compressed, in any known format: apart, since most who read want a message and nothing else.
import { headText, looksLikeJson } from './bytes/lines.ts';
import { utf8OfUtf16 } from './bytes/utf16.ts';
import { encodeText } from './bytes/utf8.ts';
import { ProfileError } from './errors.ts';
import type { FormatOptions } from './formats/format.ts';
import { goCounts } from './formats/go-goroutine-counts.ts';
import { isAnothers } from './formats/foreign-texts.ts';
import { findJson } from './formats/json-keys.ts';
import { readLegacy } from './formats/legacy/legacy.ts';
import { readGoNamedRecords } from './formats/legacy/names.ts';
import { looksLikeOtlp, readOtlp } from './formats/otlp/message.ts';
import { jsonFormats, textFormats } from './formats/table.ts';
import { describeForeign } from './formats/unrecognized.ts';
import type { Profile } from './profile.ts';
import { decodeProfile } from './proto/decode.ts';
import { secondStringTable } from './proto/second-profile.ts';
import type { ReadOptions } from './read-options.ts';
import { checkValid } from './validity.ts';

const NEWLINE = 10;
const RETURN = 13;
const TOO_LONG = 'bufio.Scanner: token too long';

/** What a reader made of a text must keep all promises too; the decoder of messages checks them on its way. */
function valid(profile: Profile): Profile {
  checkValid(profile);
  return profile;
}

/** Reads a profile that is not compressed; as `readProfile`. */
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
  const lines = withNewlines(bytes, head);
  if (lines !== null) return readAsUtf8(lines, options, verdict);
  for (const format of isAnothers(head) ? [] : textFormats)
    if (format.sniff(bytes, head)) return valid(format.read(bytes, options));
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

/** The text with the ends of lines that all others have, where it has those of old Macs; null for any other. */
function withNewlines(bytes: Uint8Array, head: string): Uint8Array | null {
  if (!head.includes('\r') || /[\n\0]/.test(head) || bytes.includes(NEWLINE)) return null;
  return bytes.map((byte) => (byte === RETURN ? NEWLINE : byte));
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
  if (second < 0) return foreignMessage(bytes, error) ?? error;
  const message = `concatenated profiles: a second profile begins before byte ${second}; give each as a file of its own`;
  const { pprofMessage } = error;
  return new ProfileError('PROFILE_CONCATENATED', message, { cause: error, pprofMessage });
}

/** What a message is that pprof takes for a broken one of its own; null where nothing is known. */
function foreignMessage(bytes: Uint8Array, { cause, pprofMessage }: ProfileError): ProfileError | null {
  const foreign = describeForeign(bytes, headText(bytes));
  if (foreign?.isKnown !== true) return null;
  const options = { cause, pprofMessage, isForeign: true };
  return new ProfileError('PROFILE_UNRECOGNIZED', `unrecognized: ${foreign.what}`, options);
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
  const words = head.trimStart();
  if (words === '') {
    const message = 'empty: nothing but blanks stands there';
    return new ProfileError('PROFILE_EMPTY', message, { cause: protoError, pprofMessage });
  }
  const at = encodeText(head.slice(0, head.length - words.length)).length;
  const start = JSON.stringify(words.slice(0, 40).split('\n', 1)[0]);
  const message = `unrecognized: the text that starts at byte ${at} with ${start} is in no known profile format`;
  return new ProfileError('PROFILE_UNRECOGNIZED', message, { cause: protoError, pprofMessage });
}
