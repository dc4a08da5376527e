// Reads JSON out of bytes, value by value: a text of any length never becomes one string or one tree of objects.
import { ProfileError, type ProfileErrorCode } from '../errors.ts';
import { decodeText } from './utf8.ts';

/** What a JSON value is, seen by its first byte. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** Levels that a value which nobody looks into may have. */
const DEPTH_LIMIT = 4096;
/** Digits that a double holds whatever they are. */
const SAFE_DIGITS = 15;
const KEY_SLOTS = 256;
/** So many bytes are read between two words about how far it is. */
const STEP = 2 ** 20;
/** Beyond any text. */
const NEVER = 2 ** 31 - 1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}

const withArticle: Readonly<Record<JsonKind, string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  null: 'null',
};

/**
 * A cursor over JSON text. The caller knows what it wants: `object()` then `key()` until null, `array()` then `item()`
 * until false, and for each value one of `string()`, `number()`, … or `skip()`.
 *
 * Every failure is a `ProfileError` that begins with the name of the format and names the byte, the key and, where
 * `table` is set, the row.
 */
export class JsonScanner {
  /** Offset of the next byte. */
  at: number;
  /** The table being read, for messages; '' for none. */
  table = '';
  /** Row of `table`. */
  row = 0;
  readonly #bytes: Uint8Array;
  readonly #what: string;
  /** The last token opened an object or an array: no comma comes next. */
  #fresh = false;
  #key = '';
  /** Keys seen, so that those that come again and again are not decoded again. */
  readonly #keys: string[] = [];
  #levels = new Uint8Array(64);

  /** Hears how far it is, and where it hears of it next. */
  readonly #onProgress: ((bytes: number, total: number) => void) | undefined;
  #due: number;

  /**
   * @param what begins every message
   * @param options `onProgress` hears now and then how many of the bytes have been read; `at` is where the document begins
   */
  constructor(
    bytes: Uint8Array,
    what: string,
    {
      onProgress,
      at,
    }: {
      readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
      readonly at?: number | undefined;
    } = {},
  ) {
    this.#bytes = bytes;
    this.#what = what;
    this.at = at ?? (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
    this.#onProgress = onProgress;
    this.#due = onProgress === undefined ? NEVER : STEP;
  }

  /** Where in the document the cursor is: `"id" of nodes row 3`. */
  get place(): string {
    const row = this.table === '' ? '' : `${this.table} row ${this.row}`;
    if (this.#key === '') return row;
    const key = JSON.stringify(this.#key.slice(0, 60));
    return row === '' ? key : `${key} of ${row}`;
  }

  /** The error of what is wrong at `at`; `what` is the middle of a sentence. */
  error(what: string, at: number = this.at, code: ProfileErrorCode = 'PROFILE_MALFORMED'): ProfileError {
    const place = this.place;
    return new ProfileError(code, `${this.#what}: ${place === '' ? '' : `${place}: `}${what} at byte ${at}`);
  }

  #truncated(): ProfileError {
    return this.error('the JSON text ends too early', this.#bytes.length, 'PROFILE_TRUNCATED');
  }

  /** Skips white space; the next byte, or -1 at the end. */
  #peek(): number {
    const bytes = this.#bytes;
    let at = this.at;
    while (at < bytes.length && isSpace(bytes[at] as number)) at++;
    this.at = at;
    return at < bytes.length ? (bytes[at] as number) : -1;
  }

  #unexpected(wanted: string): ProfileError {
    const c = this.#peek();
    if (c < 0) return this.#truncated();
    const shown = c > 0x20 && c < 0x7f ? `'${String.fromCharCode(c)}'` : `byte 0x${c.toString(16)}`;
    return this.error(`${shown} stands where ${wanted} should`);
  }

  /** True where only white space is left. */
  atEnd(): boolean {
    return this.#peek() < 0;
  }

  /** Goes behind the end of an array that follows a comma, which some writers leave there; false where none does. */
  afterComma(): boolean {
    if (this.#peek() !== CLOSE_ARRAY) return false;
    this.at++;
    return true;
  }

  /** Checks that the document is over. */
  end(): void {
    const c = this.#peek();
    if (c < 0) return;
    this.#key = '';
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      const message = `${this.#what}: a second JSON text begins at byte ${this.at}; give each profile as a file of its own`;
      throw new ProfileError('PROFILE_CONCATENATED', message);
    }
    throw this.error('something follows the end of the JSON text');
  }

  /** What the next value is. */
  kind(): JsonKind {
    const c = this.#peek();
    switch (c) {
      case OPEN_OBJECT:
        return 'object';
      case OPEN_ARRAY:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
      case 0x66:
        return 'boolean';
      case 0x6e:
        return 'null';
      default:
        if (c === 0x2d || (c >= 0x30 && c <= 0x39)) return 'number';
        throw this.#unexpected('a value');
    }
  }

  #wrongKind(wanted: JsonKind): ProfileError {
    const found = this.kind();
    return this.error(`${withArticle[found]} stands where ${withArticle[wanted]} should`);
  }

  /** Enters an object. */
  object(): void {
    if (this.#peek() !== OPEN_OBJECT) throw this.#wrongKind('object');
    this.at++;
    this.#fresh = true;
  }

  /** Enters an array. */
  array(): void {
    if (this.#peek() !== OPEN_ARRAY) throw this.#wrongKind('array');
    this.at++;
    this.#fresh = true;
  }

  /** The next key of the object, with the cursor on its value; null where the object ends. */
  key(): string | null {
    if (!this.#toKey()) return null;
    const key = this.#keyText();
    this.#toValue();
    this.#key = key;
    return key;
  }

  /** Goes to the next item of the array; false where the array ends. */
  item(): boolean {
    return this.#next(CLOSE_ARRAY, "',' or ']'");
  }

  /** Goes behind what parts this from the next item or key; false, and behind `close`, where there is none. */
  #next(close: number, wanted: string): boolean {
    const c = this.#peek();
    if (this.at >= this.#due) {
      this.#due = this.at + STEP;
      this.#onProgress?.(this.at, this.#bytes.length);
    }
    const first = this.#fresh;
    this.#fresh = false;
    if (c === close) {
      this.at++;
      return false;
    }
    if (first) return true;
    if (c !== COMMA) throw this.#unexpected(wanted);
    this.at++;
    return true;
  }

  /** Goes to the quote of the next key; false where the object ends. */
  #toKey(): boolean {
    if (!this.#next(CLOSE_OBJECT, "',' or '}'")) return false;
    if (this.#peek() !== QUOTE) throw this.#unexpected('a key');
    return true;
  }

  /** Goes from a key to its value. */
  #toValue(): void {
    if (this.#peek() !== COLON) throw this.#unexpected("':'");
    this.at++;
  }

  /** A key, as the same string each time it comes. */
  #keyText(): string {
    const bytes = this.#bytes;
    const start = this.at + 1;
    let hash = 0;
    let at = start;
    for (; at < bytes.length; at++) {
      const c = bytes[at] as number;
      if (c === QUOTE || c === BACKSLASH || c >= 0x80 || at - start > 32) break;
      hash = (Math.imul(hash, 31) + c) & (KEY_SLOTS - 1);
    }
    if (bytes[at] !== QUOTE) return this.string();
    const known = this.#keys[hash];
    if (known !== undefined && known.length === at - start) {
      let i = 0;
      while (i < known.length && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === known.length) {
        this.at = at + 1;
        return known;
      }
    }
    const text = this.string();
    this.#keys[hash] = text;
    return text;
  }

  /** A string. */
  string(): string {
    if (this.#peek() !== QUOTE) throw this.#wrongKind('string');
    const start = this.at + 1;
    const escaped = this.#skipString();
    const end = this.at - 1;
    return escaped ? this.#unescape(start, end) : decodeText(this.#bytes, start, end);
  }

  /** Goes behind the string that begins here; says whether it has escapes. */
  #skipString(): boolean {
    const bytes = this.#bytes;
    let escaped = false;
    for (let at = this.at + 1; at < bytes.length; at++) {
      const c = bytes[at] as number;
      if (c === QUOTE) {
        this.at = at + 1;
        return escaped;
      }
      if (c === BACKSLASH) {
        escaped = true;
        at++;
      } else if (c < 0x20) throw this.error(`a string holds the control character 0x${c.toString(16)}`, at);
    }
    throw this.#truncated();
  }

  #unescape(start: number, end: number): string {
    const bytes = this.#bytes;
    let text = '';
    let from = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BACKSLASH) continue;
      text += decodeText(bytes, from, at);
      const c = bytes[++at] as number;
      const plain = '"\\/bfnrt'.indexOf(String.fromCharCode(c));
      if (plain >= 0) text += '"\\/\b\f\n\r\t'[plain];
      else {
        const digits = c === 0x75 ? decodeText(bytes, at + 1, Math.min(at + 5, end)) : '';
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.error('a string holds an unknown escape', at - 1);
        text += String.fromCharCode(Number.parseInt(digits, 16));
        at += 4;
      }
      from = at + 1;
    }
    return text + decodeText(bytes, from, end);
  }

  /** A number; one beyond the range of doubles is refused. */
  number(): number {
    const bytes = this.#bytes;
    const first = this.#peek();
    const start = this.at;
    let at = start;
    if (first === 0x2d) at++;
    const digitsAt = at;
    let value = 0;
    let c = at < bytes.length ? (bytes[at] as number) : 0;
    while (c >= 0x30 && c <= 0x39) {
      value = value * 10 + (c - 0x30);
      at++;
      c = at < bytes.length ? (bytes[at] as number) : 0;
    }
    const plain = c !== 0x2e && c !== 0x65 && c !== 0x45;
    if (
      plain &&
      at > digitsAt &&
      at - digitsAt <= SAFE_DIGITS &&
      (bytes[digitsAt] !== 0x30 || at === digitsAt + 1)
    ) {
      this.at = at;
      return first === 0x2d ? -value : value;
    }
    if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) throw this.#wrongKind('number');
    while (at < bytes.length && /[-+.0-9eE]/.test(String.fromCharCode(bytes[at] as number))) at++;
    const text = at - start > 2048 ? '' : decodeText(bytes, start, at);
    if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(text)) {
      if (at === bytes.length) throw this.#truncated();
      throw this.error(
        `${JSON.stringify(decodeText(bytes, start, Math.min(at, start + 24)))} is no number`,
        start,
      );
    }
    const number = Number(text);
    if (!Number.isFinite(number))
      throw this.error(`the number ${text.slice(0, 24)} is beyond any that can be held`, start);
    this.at = at;
    return number;
  }

  /** An integer from `least` to `most`. */
  integer(least: number, most: number): number {
    this.#peek();
    const start = this.at;
    const value = this.number();
    if (!Number.isInteger(value) || value < least || value > most) {
      throw this.error(`${value} is no integer from ${least} to ${most}`, start);
    }
    return value;
  }

  /** A string, or '' for null. */
  stringOrNull(): string {
    if (this.kind() !== 'null') return this.string();
    this.skip();
    return '';
  }

  /** An integer from `least` to `most`; -1 for any other value, which is skipped. `least` is 0 or more. */
  integerOrNone(least: number, most: number): number {
    const value = this.numberOrNone();
    return Number.isInteger(value) && value >= least && value <= most ? value : -1;
  }

  /** A number; NaN for any other value, which is skipped. */
  numberOrNone(): number {
    if (this.kind() === 'number') return this.number();
    this.skip();
    return NaN;
  }

  /** Enters an array; any other value is skipped, and false. */
  arrayOrNone(): boolean {
    if (this.kind() === 'array') {
      this.array();
      return true;
    }
    this.skip();
    return false;
  }

  /** Enters an object; any other value is skipped, and false. */
  objectOrNone(): boolean {
    if (this.kind() === 'object') {
      this.object();
      return true;
    }
    this.skip();
    return false;
  }

  /** Goes behind the next value, whatever it is. */
  skip(): void {
    let depth = 0;
    for (;;) {
      const kind = this.kind();
      if (kind === 'object' || kind === 'array') {
        if (depth === DEPTH_LIMIT) throw this.error(`the JSON text is nested more than ${DEPTH_LIMIT} deep`);
        if (depth === this.#levels.length) {
          const grown = new Uint8Array(this.#levels.length * 4);
          grown.set(this.#levels);
          this.#levels = grown;
        }
        this.#levels[depth++] = kind === 'object' ? 1 : 0;
        this.at++;
        this.#fresh = true;
      } else this.#skipScalar(kind);
      // Closes all that ends here, and goes on to the next value of what does not.
      for (;;) {
        if (depth === 0) return;
        if (this.#levels[depth - 1] === 1 ? this.#skipKey() : this.item()) break;
        depth--;
      }
    }
  }

  /** As `key`, without the text. */
  #skipKey(): boolean {
    if (!this.#toKey()) return false;
    this.#skipString();
    this.#toValue();
    return true;
  }

  #skipScalar(kind: JsonKind): void {
    if (kind === 'string') this.#skipString();
    else if (kind === 'number') this.number();
    else {
      const word = kind === 'null' ? 'null' : this.#bytes[this.at] === 0x74 ? 'true' : 'false';
      for (let i = 0; i < word.length; i++) {
        const at = this.at + i;
        if (at >= this.#bytes.length) throw this.#truncated();
        if (this.#bytes[at] !== word.charCodeAt(i)) throw this.error(`a word other than ${word} stands`);
      }
      this.at += word.length;
    }
    this.#fresh = false;
  }
}
