// Numbers, booleans and quoted texts as Go's strconv and fmt read and write them.

/** Why a text is not the value it should be; `range` means it is one, but too large. */
export type ParseFailure = { readonly failure: 'syntax' | 'range' };

/** A parsed value, or why there is none. */
export type Parsed<T> = { readonly value: T } | ParseFailure;

const SYNTAX: ParseFailure = { failure: 'syntax' };
const RANGE: ParseFailure = { failure: 'range' };

/** Underscores may stand between digits, and between a base prefix and a digit. */
function underscoresAllowed(digits: string, hasPrefix: boolean): boolean {
  if (!digits.includes('_')) return true;
  return !/__/.test(digits) && !digits.endsWith('_') && (hasPrefix || !digits.startsWith('_'));
}

/** `strconv.ParseInt(text, base, bits)`: base 0 takes the base from the prefix (`0x`, `0o`, `0b`, `0`) and allows underscores. */
export function parseGoInt(text: string, base: 0 | 10, bits: 32 | 64): Parsed<bigint> {
  const match = /^([+-]?)(.*)$/s.exec(text);
  const sign = match?.[1] ?? '';
  let digits = match?.[2] ?? '';
  let literal = '';
  if (base === 0) {
    const prefix = /^0([xXoObB]?)/.exec(digits);
    const letter = prefix?.[1]?.toLowerCase() ?? '';
    const body = prefix !== null && digits.length > 1 ? digits.slice(prefix[0].length) : digits;
    if (!underscoresAllowed(body, body !== digits)) return SYNTAX;
    const plain = body.replaceAll('_', '');
    if (body === digits) {
      if (!/^[0-9]+$/.test(plain)) return SYNTAX;
      literal = plain;
    } else if (letter === 'x') {
      if (!/^[0-9a-fA-F]+$/.test(plain)) return SYNTAX;
      literal = `0x${plain}`;
    } else if (letter === 'b') {
      if (!/^[01]+$/.test(plain)) return SYNTAX;
      literal = `0b${plain}`;
    } else {
      if (!/^[0-7]+$/.test(plain)) return SYNTAX;
      literal = `0o${plain}`;
    }
  } else {
    if (!/^[0-9]+$/.test(digits)) return SYNTAX;
    digits = digits.replace(/^0+(?=.)/, '');
    literal = digits;
  }
  if (literal.length > 80) return RANGE;
  const magnitude = BigInt(literal);
  const value = sign === '-' ? -magnitude : magnitude;
  return BigInt.asIntN(bits, value) === value ? { value } : RANGE;
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/;

/** `strconv.ParseFloat(text, 64)`: decimal and hexadecimal notation, `Inf`, `Infinity` and `NaN` in any case. */
export function parseGoFloat(text: string): Parsed<number> {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return { value: text.startsWith('-') ? -Infinity : Infinity };
  if (/^nan$/i.test(text)) return { value: Number.NaN };
  const hex = HEXADECIMAL.exec(text.replaceAll('_', ''));
  if (hex !== null) {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = hex;
    const body = text.replace(/^[+-]?0[xX]/, '').replace(/[pP].*$/s, '');
    if (whole + fraction === '' || !underscoresAllowed(body, true)) return SYNTAX;
    const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
    if (!Number.isFinite(value)) return RANGE;
    return { value: sign === '-' ? -value : value };
  }
  if (!underscoresAllowed(text, false) || /_[^0-9]|[^0-9]_/.test(text)) return SYNTAX;
  const plain = text.replaceAll('_', '');
  if (!DECIMAL.test(plain)) return SYNTAX;
  const value = Number(plain);
  return Number.isFinite(value) ? { value } : RANGE;
}

/** `strconv.ParseBool`. */
export function parseGoBool(text: string): boolean | undefined {
  switch (text) {
    case '1':
    case 't':
    case 'T':
    case 'true':
    case 'TRUE':
    case 'True':
      return true;
    case '0':
    case 'f':
    case 'F':
    case 'false':
    case 'FALSE':
    case 'False':
      return false;
    default:
      return undefined;
  }
}

/** `fmt.Sprint` of a float64: shortest digits, an exponent of at least two digits below 1e-4 and from 1e21 on. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  if (value === 0) return '0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 21) {
    const plain = String(value);
    return plain.includes('e') ? value.toFixed(20).replace(/0+$/, '') : plain;
  }
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** `strconv.Quote`: in double quotes, with everything unprintable escaped; undecodable bytes become `\xNN`. */
export function quoteGo(text: string): string {
  let quoted = '"';
  for (const char of text) {
    const short = SHORT_ESCAPES[char];
    const code = char.codePointAt(0) ?? 0;
    if (short !== undefined) quoted += short;
    else if (code >= 0xdc80 && code <= 0xdcff) quoted += `\\x${(code - 0xdc00).toString(16)}`;
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char)) quoted += char;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}
