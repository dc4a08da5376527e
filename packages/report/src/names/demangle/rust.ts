// Reads Rust names of the v0 mangling.
// Source of the grammar: https://rust-lang.github.io/rfcs/2603-rust-symbol-name-mangling-v0.html
// Upstream: ianlancetaylor/demangle rust.go, 2025-04-17

import { decodePunycode } from './punycode.ts';

class Malformed extends Error {
  override readonly name = 'Malformed';
}

const basicTypes: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

const MAX_INT32 = 0x7fffffff;
/** Back references can expand to any length; longer than this a name is not worth reading. */
const MAX_LENGTH = 1 << 20;

const isDigit = (c: string): boolean => c >= '0' && c <= '9' && c.length === 1;

class Parser {
  text = '';
  readonly #source: string;
  readonly #genericArguments: boolean;
  #at = 0;
  #end: number;
  #silent = false;
  /** Lifetimes bound around here. */
  #lifetimes = 0;
  /** The last character written, as far as spacing asks. */
  #last = '';
  #steps = 0;

  constructor(source: string, genericArguments: boolean) {
    this.#source = source;
    this.#end = source.length;
    this.#genericArguments = genericArguments;
  }

  #fail(): never {
    throw new Malformed(`unexpected at ${this.#at}`);
  }
  #peek(): string {
    return this.#at < this.#end ? this.#source.charAt(this.#at) : '';
  }
  #accept(c: string): boolean {
    if (this.#peek() !== c) return false;
    this.#at++;
    return true;
  }
  #expect(c: string): void {
    if (!this.#accept(c)) this.#fail();
  }
  #write(text: string, last = text.charAt(text.length - 1)): void {
    if (this.#silent || text === '') return;
    if (this.text.length + text.length > MAX_LENGTH) this.#fail();
    this.text += text;
    this.#last = last;
  }
  #silently(read: () => void): void {
    const held = this.#silent;
    this.#silent = true;
    read();
    this.#silent = held;
  }

  symbol(): void {
    if (this.#peek() === '' || isDigit(this.#peek())) this.#fail();
    this.#path(true);
    // The crate that made the instance is not shown.
    if (this.#at < this.#end) this.#silently(() => this.#path(false));
    if (this.#at < this.#end) this.#fail();
  }

  #path(separate: boolean): void {
    if (++this.#steps > MAX_LENGTH) this.#fail();
    const c = this.#peek();
    if (c === 'B') {
      this.#backReference(() => this.#path(separate));
      return;
    }
    this.#at++;
    switch (c) {
      case 'C':
        this.#write(this.#identifier().text);
        break;
      case 'M':
      case 'X':
      case 'Y':
        if (c !== 'Y') {
          this.#silently(() => {
            this.#disambiguator();
            this.#path(false);
          });
        }
        this.#write('<');
        this.#type();
        if (c !== 'M') {
          this.#write(' as ');
          this.#path(false);
        }
        this.#write('>');
        break;
      case 'N': {
        const namespace = this.#peek();
        if (!/^[a-zA-Z]$/.test(namespace)) this.#fail();
        this.#at++;
        this.#path(separate);
        const { text, disambiguator } = this.#identifier();
        if (namespace >= 'a') this.#write(`::${text}`);
        else {
          const kind = { C: 'closure', S: 'shim' }[namespace] ?? namespace;
          this.#write(`::{${kind}${text === '' ? '' : `:${text}`}#${disambiguator}}`);
        }
        break;
      }
      case 'I':
        this.#path(separate);
        this.#write(separate ? '::<' : '<');
        this.#arguments();
        this.#write('>');
        this.#expect('E');
        break;
      default:
        this.#fail();
    }
  }

  #arguments(): void {
    const held = this.#silent;
    if (!this.#genericArguments) this.#silent = true;
    let first = true;
    while (this.#peek() !== '' && this.#peek() !== 'E') {
      if (!first) this.#write(', ');
      first = false;
      if (this.#accept('L')) this.#lifetime(this.#base62());
      else if (this.#accept('K')) this.#constant();
      else this.#type();
    }
    this.#silent = held;
  }

  #identifier(): { text: string; disambiguator: bigint } {
    const disambiguator = this.#disambiguator();
    return { text: this.#plainIdentifier().text, disambiguator };
  }

  #disambiguator(): bigint {
    return this.#accept('s') ? BigInt.asIntN(64, this.#longNumber() + 1n) : 0n;
  }

  #plainIdentifier(): { text: string; punycode: boolean } {
    const punycode = this.#accept('u');
    const length = this.#decimal();
    this.#accept('_');
    if (this.#at + length > this.#end) this.#fail();
    const text = this.#source.slice(this.#at, this.#at + length);
    this.#at += length;
    if (!/^[0-9A-Za-z_]*$/.test(text)) this.#fail();
    return { text: punycode ? (decodePunycode(text) ?? this.#fail()) : text, punycode };
  }

  #decimal(): number {
    if (this.#peek() === '') this.#fail();
    let value = 0;
    while (isDigit(this.#peek())) {
      const digit = Number(this.#peek());
      if (value >= Math.floor(MAX_INT32 / 10) - digit) this.#fail();
      value = value * 10 + digit;
      this.#at++;
    }
    return value;
  }

  /** A number in base 62 that wraps at 2^63, as hashes of crates do. */
  #longNumber(): bigint {
    if (this.#accept('_')) return 0n;
    let value = 0n;
    for (;;) {
      const c = this.#peek();
      this.#at++;
      if (c === '_') return BigInt.asIntN(64, value + 1n);
      let digit: number;
      if (isDigit(c)) digit = Number(c);
      else if (/^[a-z]$/.test(c)) digit = c.charCodeAt(0) - 0x61 + 10;
      else if (/^[A-Z]$/.test(c)) digit = c.charCodeAt(0) - 0x41 + 36;
      else this.#fail();
      value = BigInt.asIntN(64, value * 62n + BigInt(digit));
    }
  }

  /** The same for what counts or points, where of a huge one only the size matters. */
  #base62(): number {
    return Number(this.#longNumber());
  }

  #type(): void {
    if (++this.#steps > MAX_LENGTH) this.#fail();
    const c = this.#peek();
    if (/^[a-z]$/.test(c)) {
      this.#at++;
      this.#write(basicTypes[c] ?? this.#fail());
      return;
    }
    switch (c) {
      case 'C':
      case 'M':
      case 'X':
      case 'Y':
      case 'N':
      case 'I':
        this.#path(false);
        return;
      case 'B':
        this.#backReference(() => this.#type());
        return;
      default:
        this.#at++;
    }
    switch (c) {
      case 'A':
      case 'S':
        this.#write('[');
        this.#type();
        if (c === 'A') {
          this.#write('; ');
          this.#constant();
        }
        this.#write(']');
        break;
      case 'T': {
        this.#write('(');
        let count = 0;
        while (this.#peek() !== '' && this.#peek() !== 'E') {
          if (count++ > 0) this.#write(', ');
          this.#type();
        }
        this.#write(count === 1 ? ',)' : ')');
        this.#expect('E');
        break;
      }
      case 'R':
      case 'Q': {
        this.#write('&');
        if (this.#accept('L')) {
          const lifetime = this.#base62();
          if (lifetime > 0) {
            this.#lifetime(lifetime);
            this.#write(' ');
          }
        }
        if (c === 'Q') this.#write('mut ');
        this.#type();
        break;
      }
      case 'P':
        this.#write('*const ');
        this.#type();
        break;
      case 'O':
        this.#write('*mut ');
        this.#type();
        break;
      case 'F': {
        const held = this.#lifetimes;
        this.#signature();
        this.#lifetimes = held;
        break;
      }
      case 'D': {
        const held = this.#lifetimes;
        this.#bounds();
        this.#lifetimes = held;
        this.#expect('L');
        const lifetime = this.#base62();
        if (lifetime > 0) {
          if (this.#last !== ' ') this.#write(' ');
          this.#write('+ ');
          this.#lifetime(lifetime);
        }
        break;
      }
      default:
        this.#fail();
    }
  }

  #binder(): void {
    if (!this.#accept('G')) return;
    const count = this.#base62() + 1;
    // Each lifetime is referred to later, so there cannot be more of them than characters.
    if (count >= this.#end - this.#at - this.#lifetimes) this.#fail();
    this.#write('for<');
    for (let i = 0; i < count; i++) {
      if (i > 0) this.#write(', ');
      this.#lifetimes++;
      this.#lifetime(1);
    }
    this.#write('> ');
  }

  #signature(): void {
    this.#binder();
    if (this.#accept('U')) this.#write('unsafe ');
    if (this.#accept('K')) {
      if (this.#accept('C')) this.#write('extern "C" ');
      else {
        const { text, punycode } = this.#plainIdentifier();
        if (punycode) this.#fail();
        this.#write(`extern "${text.replaceAll('_', '-')}" `);
      }
    }
    this.#write('fn(');
    let first = true;
    while (this.#peek() !== '' && this.#peek() !== 'E') {
      if (!first) this.#write(', ');
      first = false;
      this.#type();
    }
    this.#expect('E');
    this.#write(')');
    if (!this.#accept('u')) {
      this.#write(' -> ');
      this.#type();
    }
  }

  #bounds(): void {
    this.#write('dyn ');
    this.#binder();
    let first = true;
    while (this.#peek() !== '' && this.#peek() !== 'E') {
      if (!first) this.#write(' + ');
      first = false;
      this.#trait();
    }
    this.#expect('E');
  }

  #trait(): void {
    let open = this.#openPath();
    while (this.#accept('p')) {
      this.#write(open ? ', ' : '<');
      open = true;
      this.#write(`${this.#plainIdentifier().text} = `);
      this.#type();
    }
    if (open) this.#write('>');
  }

  /** A path whose generic arguments, if it has any, are left open; answers whether it has. */
  #openPath(): boolean {
    if (this.#accept('I')) {
      this.#path(false);
      this.#write('<');
      this.#arguments();
      this.#expect('E');
      return true;
    }
    if (this.#peek() === 'B') {
      let open = false;
      this.#backReference(() => {
        open = this.#openPath();
      });
      return open;
    }
    this.#path(false);
    return false;
  }

  #lifetime(index: number): void {
    if (index === 0) {
      this.#write("'_");
      return;
    }
    const depth = this.#lifetimes - index;
    if (depth < 0) this.#fail();
    this.#write(depth < 26 ? `'${String.fromCharCode(0x61 + depth)}` : `'z${depth - 25}`);
  }

  #constant(): void {
    if (this.#peek() === 'B') {
      this.#backReference(() => this.#constant());
      return;
    }
    const type = this.#peek();
    this.#at++;
    if (type === 'p') {
      this.#write('_');
      return;
    }
    if (!/^[aslxnihtmyojbc]$/.test(type)) this.#fail();
    if ('aslxni'.includes(type) && this.#accept('n')) this.#write('-');
    const match = /^([0-9a-f]+)(_?)/.exec(this.#source.slice(this.#at, this.#end));
    const digits = match?.[1] ?? this.#fail();
    this.#at += digits.length;
    if (digits.startsWith('0') && (digits.length > 1 || match?.[2] !== '_')) this.#fail();
    if (!this.#accept('_') && this.#peek() !== '') this.#fail();
    if (type === 'b') {
      if (digits !== '0' && digits !== '1') this.#fail();
      this.#write(digits === '0' ? 'false' : 'true');
    } else if (type === 'c') {
      if (digits.length > 6) this.#fail();
      this.#write(`'${characterText(Number.parseInt(digits, 16))}'`);
    } else {
      this.#write(digits.length > 16 ? `0x${digits}` : String(BigInt(`0x${digits}`)));
    }
  }

  /** Reads once more what stood at an earlier place. */
  #backReference(read: () => void): void {
    const start = this.#at;
    this.#expect('B');
    const index = this.#base62();
    if (this.#silent) return;
    if (index < 0 || index >= start) this.#fail();
    const held = { at: this.#at, end: this.#end };
    this.#at = index;
    this.#end = start;
    read();
    this.#at = held.at;
    this.#end = held.end;
  }
}

function characterText(point: number): string {
  const known = { 9: '\\t', 10: '\\n', 13: '\\r', 39: "\\'", 92: '\\\\' }[point];
  if (known !== undefined) return known;
  return point >= 0x20 && point <= 0x7e ? String.fromCharCode(point) : `\\u{${point.toString(16)}}`;
}

/**
 * The Rust name behind a v0 name (`_R…`), or undefined where it breaks the rules. What follows a `.` is not shown.
 *
 * @param name one character per byte
 */
export function demangleRust(name: string, genericArguments: boolean): string | undefined {
  if (!name.startsWith('_R')) return undefined;
  const dot = name.indexOf('.');
  const parser = new Parser(name.slice(2, dot < 0 ? undefined : dot), genericArguments);
  try {
    parser.symbol();
    return parser.text;
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return undefined;
    throw error;
  }
}
