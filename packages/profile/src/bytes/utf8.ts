// Byte strings as JavaScript strings and back, without losing a byte (Python's "surrogateescape").
import { isWellFormed, strictUtf8, utf8Encoder } from './platform.ts';

/** Above this length the platform's decoder and encoder win over our own loops. */
const SHORT = 96;

/** Length of the valid UTF-8 sequence at `at`, or 0; code points as in RFC 3629 (no surrogates, no overlong forms). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1] as number;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

function decodeMixed(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  const units: number[] = [];
  for (let at = start; at < end; ) {
    const first = bytes[at] as number;
    const length = sequenceLength(bytes, at, end);
    if (length === 1) units.push(first);
    else if (length === 0) units.push(0xdc00 + first);
    else {
      let point = length === 2 ? first & 0x1f : length === 3 ? first & 0x0f : first & 0x07;
      for (let i = 1; i < length; i++) point = (point << 6) | ((bytes[at + i] as number) & 0x3f);
      if (point < 0x10000) units.push(point);
      else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
    at += length === 0 ? 1 : length;
    if (units.length > 4096) {
      text += String.fromCharCode.apply(null, units);
      units.length = 0;
    }
  }
  return text + String.fromCharCode.apply(null, units);
}

/**
 * The text of `bytes[start…end)`: UTF-8, with each byte that is not part of valid UTF-8 as the lone surrogate
 * U+DC00 + byte.
 */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let seen = 0;
  for (let i = start; i < end; i++) seen |= bytes[i] as number;
  if (seen < 0x80 && end - start <= SHORT) {
    // TypeScript asks for number[]; any array-like will do.
    return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  }
  try {
    return strictUtf8.decode(bytes.subarray(start, end));
  } catch {
    return decodeMixed(bytes, start, end);
  }
}

/**
 * The bytes of a text made by {@link decodeText}: UTF-8, lone surrogates U+DC80…U+DCFF as the single byte they stand
 * for. Any other lone surrogate has no bytes of its own and becomes U+FFFD.
 */
export function encodeText(text: string): Uint8Array {
  if (text.length > SHORT && isWellFormed(text)) return utf8Encoder.encode(text);
  const bytes = new Uint8Array(utf8Length(text));
  writeText(text, bytes, 0);
  return bytes;
}

/** How many bytes {@link encodeText} makes of `text`. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit < 0xd800 || unit > 0xdfff) length += 3;
    else if (unit < 0xdc00 && i + 1 < text.length && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 4;
      i++;
    } else length += unit >= 0xdc80 && unit <= 0xdcff ? 1 : 3;
  }
  return length;
}

/** Writes the bytes of `text` to `into` from `at` on and returns the offset behind them. */
export function writeText(text: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) into[at++] = unit;
    else if (unit < 0x800) {
      into[at++] = 0xc0 | (unit >> 6);
      into[at++] = 0x80 | (unit & 0x3f);
    } else if (unit >= 0xdc80 && unit <= 0xdcff) into[at++] = unit - 0xdc00;
    else {
      let point = unit;
      if (unit >= 0xd800 && unit <= 0xdfff) {
        const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
        if (unit < 0xdc00 && (next & 0xfc00) === 0xdc00) {
          point = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
          i++;
        } else point = 0xfffd;
      }
      if (point < 0x10000) into[at++] = 0xe0 | (point >> 12);
      else {
        into[at++] = 0xf0 | (point >> 18);
        into[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      into[at++] = 0x80 | ((point >> 6) & 0x3f);
      into[at++] = 0x80 | (point & 0x3f);
    }
  }
  return at;
}
