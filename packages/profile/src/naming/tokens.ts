// Tokens of JavaScript and TypeScript, for readers that need to know where functions begin and no more: nothing is ever an error.

export type TokenKind = 'word' | 'number' | 'string' | 'template' | 'regex' | 'mark' | 'end';

/** Longest first; a mark that is not here is one character. */
const MARKS = [
  '??=',
  '||=',
  '&&=',
  '...',
  '===',
  '!==',
  '=>',
  '?.',
  '??',
  '||',
  '&&',
  '==',
  '!=',
  '<=',
  '>=',
  '++',
  '--',
];
const marksByHead = new Map<number, readonly string[]>();
for (const mark of MARKS) {
  const head = mark.charCodeAt(0);
  marksByHead.set(head, [...(marksByHead.get(head) ?? []), mark]);
}

function isLineEnd(c: number): boolean {
  return c === 10 || c === 13 || c === 0x2028 || c === 0x2029;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Letters of names; what lies beyond ASCII and is no space may be one. */
function isWordPart(c: number): boolean {
  if (c < 128)
    return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || isDigit(c) || c === 95 || c === 36 || c === 92;
  return !isLineEnd(c) && !isWideSpace(c);
}

function isWideSpace(c: number): boolean {
  return (
    c === 0xa0 || c === 0xfeff || c === 0x1680 || (c >= 0x2000 && c <= 0x200a) || c === 0x202f || c === 0x3000
  );
}

/** Reads a text token by token. Each character is looked at a bounded number of times, whatever the text. */
export class Tokens {
  readonly text: string;
  kind: TokenKind = 'end';
  /** Offset of the token's first character. */
  start = 0;
  /** Offset behind its last one. */
  end = 0;
  /** Whether a line ended since the token before. */
  onNewLine = false;
  /** Whether a template goes on with an expression: it ended with `${`. */
  isOpen = false;
  /** No regular expression that begins before this offset has an end on its line. */
  #noRegexBefore = 0;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('#!')) this.#skipLine();
  }

  /** The token's own characters. */
  get value(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Goes to the next token; `regexAllowed` where a slash cannot divide. */
  next(regexAllowed: boolean): void {
    this.#skipSpace();
    const { text } = this;
    this.start = this.end;
    if (this.start >= text.length) {
      this.kind = 'end';
      return;
    }
    const c = text.charCodeAt(this.start);
    if (isDigit(c) || (c === 46 && isDigit(text.charCodeAt(this.start + 1)))) this.#number();
    else if (isWordPart(c) || c === 35) this.#word();
    else if (c === 34 || c === 39) this.#string(c);
    else if (c === 96) this.continueTemplate();
    else if (c !== 47 || !regexAllowed || !this.#regex()) this.#mark(c);
  }

  /** Reads a template on from its first backtick, or from the brace that ends an expression inside of it. */
  continueTemplate(): void {
    const { text } = this;
    this.kind = 'template';
    this.isOpen = false;
    let at = this.start + 1;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === 92) at++;
      else if (c === 96) break;
      else if (c === 36 && text.charCodeAt(at + 1) === 123) {
        this.isOpen = true;
        at++;
        break;
      }
    }
    this.end = Math.min(at + 1, text.length);
  }

  #skipLine(): void {
    const { text } = this;
    while (this.end < text.length && !isLineEnd(text.charCodeAt(this.end))) this.end++;
  }

  #skipSpace(): void {
    const { text } = this;
    this.onNewLine = false;
    for (; this.end < text.length; this.end++) {
      const c = text.charCodeAt(this.end);
      if (isLineEnd(c)) this.onNewLine = true;
      else if (c === 47 && text.charCodeAt(this.end + 1) === 47) {
        this.#skipLine();
        this.end--;
      } else if (c === 47 && text.charCodeAt(this.end + 1) === 42) {
        const close = text.indexOf('*/', this.end + 2);
        const last = close < 0 ? text.length - 1 : close + 1;
        for (; this.end < last; this.end++) if (isLineEnd(text.charCodeAt(this.end))) this.onNewLine = true;
      } else if (c > 32 && !isWideSpace(c)) return;
    }
  }

  #number(): void {
    this.kind = 'number';
    const { text } = this;
    while (this.end < text.length) {
      const c = text.charCodeAt(this.end);
      if (!isWordPart(c) && c !== 46) return;
      this.end++;
    }
  }

  #word(): void {
    this.kind = 'word';
    const { text } = this;
    this.end++;
    while (this.end < text.length && isWordPart(text.charCodeAt(this.end))) this.end++;
  }

  /** A string without its closing quote ends with its line. */
  #string(quote: number): void {
    this.kind = 'string';
    const { text } = this;
    for (this.end++; this.end < text.length; this.end++) {
      const c = text.charCodeAt(this.end);
      if (c === 92) {
        if (text.charCodeAt(this.end + 1) === 13 && text.charCodeAt(this.end + 2) === 10) this.end++;
        this.end++;
      } else if (c === quote) {
        this.end++;
        return;
      } else if (c === 10 || c === 13) return;
    }
    this.end = text.length;
  }

  /** False, with nothing read, where the line ends before the expression does. */
  #regex(): boolean {
    if (this.start < this.#noRegexBefore) return false;
    const { text } = this;
    let isInClass = false;
    for (let at = this.start + 1; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (isLineEnd(c)) {
        this.#noRegexBefore = at;
        return false;
      }
      if (c === 92) {
        if (!isLineEnd(text.charCodeAt(at + 1))) at++;
      } else if (c === 91) isInClass = true;
      else if (c === 93) isInClass = false;
      else if (c === 47 && !isInClass) {
        this.end = at + 1;
        while (this.end < text.length && isWordPart(text.charCodeAt(this.end))) this.end++;
        this.kind = 'regex';
        return true;
      }
    }
    this.#noRegexBefore = text.length;
    return false;
  }

  #mark(c: number): void {
    this.kind = 'mark';
    const { text, start } = this;
    for (const mark of marksByHead.get(c) ?? []) {
      if (!text.startsWith(mark, start)) continue;
      // `a?.5:b` divides nothing and chains nothing.
      if (mark === '?.' && isDigit(text.charCodeAt(start + 2))) continue;
      this.end = start + mark.length;
      return;
    }
    this.end = start + 1;
  }
}
