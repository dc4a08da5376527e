// Text of unknown origin, made safe to show in a terminal and in a page.

/** What moves the cursor, changes colours, reverses the line or hides; the marks that choose how an emoji looks stay. */
const unsafe =
  /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufff9-\ufffb]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/** Nearly every name is plain ASCII, and this test costs a fraction of the search. */
const plain = /^[\x20-\x7e]*$/;

/** Longest name shown anywhere, in UTF-16 units; the rest is cut with an ellipsis. */
export const maxShownLength = 2000;

/**
 * `text` without what is not plain text: `\x1b` stands for a control character, `\xff` for a byte that was no UTF-8 (as
 * {@link decodeText} keeps it), `\u{202e}` for anything else. What is longer than `limit` UTF-16 units ends in `…`.
 */
export function safeText(text: string, limit: number = maxShownLength): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  if (plain.test(cut)) return cut;
  return cut.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x20 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
