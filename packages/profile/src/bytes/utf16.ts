// Texts in UTF-16, as PowerShell's `>` and some editors write them, as UTF-8.
import { encodeText } from './utf8.ts';

/** Bytes that tell UTF-16 without a byte order mark. */
const LOOK = 512;
const CHUNK = 1 << 13;

/** How a text in UTF-16 stores its units; null where `bytes` are none. */
function orderOf(bytes: Uint8Array): { readonly little: boolean; readonly start: number } | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { little: true, start: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { little: false, start: 2 };
  // Without a mark: nearly every unit of the beginning is a character of ASCII.
  const end = Math.min(bytes.length & ~1, LOOK);
  if (end < 8) return null;
  let little = 0;
  let big = 0;
  for (let at = 0; at < end; at += 2) {
    if (isPlain(bytes[at]) && bytes[at + 1] === 0) little++;
    if (isPlain(bytes[at + 1]) && bytes[at] === 0) big++;
  }
  const most = (end / 2) * 0.9;
  if (little >= most) return { little: true, start: 0 };
  return big >= most ? { little: false, start: 0 } : null;
}

function isPlain(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13);
}

/** The text as UTF-8; null where `bytes` are no UTF-16. A last odd byte is left out. */
export function utf8OfUtf16(bytes: Uint8Array): Uint8Array | null {
  const order = orderOf(bytes);
  if (order === null) return null;
  // A unit takes three bytes at most, two of a pair four together.
  const out = new Uint8Array(((bytes.length - order.start) >> 1) * 3);
  const low = order.little ? 0 : 1;
  let length = 0;
  for (let at = order.start; at + 1 < bytes.length; ) {
    const units: number[] = [];
    while (units.length < CHUNK && at + 1 < bytes.length) {
      units.push((bytes[at + low] as number) | ((bytes[at + 1 - low] as number) << 8));
      at += 2;
    }
    // A pair stays in one piece.
    const last = units.at(-1) ?? 0;
    if (last >= 0xd800 && last < 0xdc00 && at + 1 < bytes.length) {
      units.push((bytes[at + low] as number) | ((bytes[at + 1 - low] as number) << 8));
      at += 2;
    }
    const text = String.fromCharCode(...units);
    const piece = encodeText(text);
    out.set(piece, length);
    length += piece.length;
  }
  return out.slice(0, length);
}
