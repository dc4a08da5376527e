// Lines of a text that stays bytes: only one line at a time becomes a string.
import { decodeText } from './utf8.ts';

/** Walks over the lines of a text; `\n` and a `\r` before it are not part of a line. */
export class LineReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The current line, '' before the first and after the last. */
  line = '';
  /** Number of the current line, from 1. */
  number = 0;
  /** Byte offset of the current line. */
  offset = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
    this.offset = at;
  }

  /** Byte offset behind the current line. */
  get end(): number {
    return this.#at;
  }

  /** Length in bytes of the line that `next` would read, without its `\n`; -1 at the end. */
  peekLength(): number {
    if (this.#at >= this.#bytes.length) return -1;
    const newline = this.#bytes.indexOf(10, this.#at);
    return (newline < 0 ? this.#bytes.length : newline) - this.#at;
  }

  /** Goes to the next line; false at the end. */
  next(): boolean {
    const start = this.#at;
    if (start >= this.#bytes.length) {
      this.line = '';
      this.offset = start;
      return false;
    }
    const newline = this.#bytes.indexOf(10, start);
    let end = newline < 0 ? this.#bytes.length : newline;
    this.#at = newline < 0 ? end : newline + 1;
    if (end > start && this.#bytes[end - 1] === 13) end--;
    this.line = decodeText(this.#bytes, start, end);
    this.offset = start;
    this.number++;
    return true;
  }
}

/** The first `size` bytes as text, for telling formats apart. */
export function headText(bytes: Uint8Array, size = 4096): string {
  return decodeText(bytes, 0, Math.min(size, bytes.length));
}

/** So many bytes tell JSON from a message. */
export const TELLING_BYTES = 16;

/** Whether bytes begin as an object or a list in JSON does. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*[[{]/.test(headText(bytes, TELLING_BYTES));
}
