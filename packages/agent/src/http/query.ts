// Query parameters as Go's FormValue reads them, and Go's two ways of reading an integer.
// Upstream: golang/go src/net/url/url.go src/internal/strconv/atoi.go, 1.26.8

/** Query parameters: the first value of each name. */
export type Query = ReadonlyMap<string, string>;

function unescape(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** Parses what follows the `?`. A pair with a raw `;` or a bad escape is dropped, as Go does; at most 64 pairs are read. */
export function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const pair of text.split('&', 64)) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescape(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : unescape(pair.slice(equals + 1));
    if (key !== null && value !== null && !query.has(key)) query.set(key, value);
  }
  return query;
}

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** Go's `strconv.ParseInt(text, 10, 64)`: the number, or null where it is none or does not fit. */
export function parseInt64(text: string): number | null {
  if (!/^[+-]?\d{1,400}$/u.test(text)) return null;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value > MAX || value < MIN ? null : Number(value);
}

/** Go's `strconv.Atoi` with the error ignored: 0 where it is no number, clamped where it does not fit. */
export function atoi(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = parseInt64(text);
  if (value !== null) return value;
  if (!/^[+-]?\d+$/u.test(text)) return 0;
  return Number(text.startsWith('-') ? MIN : MAX);
}

/** Go's `strconv.ParseFloat(text, 64)`: null where it is no number or does not fit. */
export function parseFloat64(text: string): number | null {
  if (/^[+-]?(?:inf|infinity)$/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/iu.test(text)) return NaN;
  const value = hexFloat(text) ?? decimal(text);
  return value !== null && Number.isFinite(value) ? value : null;
}

function decimal(text: string): number | null {
  return /^[+-]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:e[+-]?\d{1,9})?$/iu.test(text) ? Number(text) : null;
}

/** `0x1.8p-4`. */
function hexFloat(text: string): number | null {
  const parts = /^([+-]?)0x([\da-f]{1,13})(?:\.([\da-f]{1,13}))?p([+-]?\d{1,4})$/iu.exec(text);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', exponent] = parts;
  const digits = Number.parseInt(whole + fraction, 16);
  return (sign === '-' ? -1 : 1) * digits * 2 ** (Number(exponent) - 4 * fraction.length);
}
