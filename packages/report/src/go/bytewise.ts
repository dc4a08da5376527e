// Order of texts by their bytes, as Go compares strings.
import { encodeText } from '@stackpile/profile';

/** Code units from which on the order of UTF-16 and the order of bytes part. */
const special = /[\ud800-\uffff]/;

function byteKey(text: string): string {
  const bytes = encodeText(text);
  let key = '';
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i] as number);
  return key;
}

/** Compares two texts by their bytes. */
export function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  if (special.test(left) || special.test(right)) {
    return byteKey(left) < byteKey(right) ? -1 : 1;
  }
  return left < right ? -1 : 1;
}

/** Keys whose plain JavaScript order is the order of the bytes of `texts`. */
export function byteKeys(texts: readonly string[]): readonly string[] {
  return texts.some((text) => special.test(text)) ? texts.map(byteKey) : texts;
}
