// Go's double-quoted strings (`%q`, strconv.Quote), as they stand in label lists and messages: written and read.
// Upstream: golang/go src/strconv/quote.go src/regexp/regexp.go, 1.26.8

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** What stands for a character behind the backslash; a single quote needs none. */
const SHORT: ReadonlyMap<string, string> = new Map(
  Object.entries(SIMPLE)
    .filter(([, char]) => char !== "'")
    .map(([name, char]) => [char, name]),
);

/** Quotes a text: printable characters as they are, the rest escaped; undecodable bytes become `\xNN`. */
export function quoteGo(text: string): string {
  const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
  let quoted = '"';
  for (const char of text) {
    const short = SHORT.get(char);
    const code = char.codePointAt(0) as number;
    if (short !== undefined) quoted += `\\${short}`;
    else if (code >= 0xdc80 && code <= 0xdcff) quoted += `\\x${hex(code - 0xdc00, 2)}`;
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${hex(code, 2)}`;
    else if (char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) quoted += char;
    else quoted += code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  }
  return `${quoted}"`;
}

/** Reads the quoted string that starts at `at`; null where there is none. Bytes (`\xff`) follow the string tables' rule. */
export function readQuoted(text: string, at: number): { value: string; end: number } | null {
  if (text[at] !== '"') return null;
  let value = '';
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '"') return { value, end: i + 1 };
    if (c !== '\\') {
      value += c;
      continue;
    }
    const kind = text[++i] ?? '';
    const simple = SIMPLE[kind];
    if (simple !== undefined) {
      value += simple;
      continue;
    }
    const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
    const hex = text.slice(i + 1, i + 1 + digits);
    if (digits === 0 || hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return null;
    const point = Number.parseInt(hex, 16);
    if (kind === 'x')
      value += point < 0x80 ? String.fromCharCode(point) : String.fromCharCode(0xdc00 + point);
    else if (point <= 0x10ffff) value += String.fromCodePoint(point);
    else return null;
    i += digits;
  }
  return null;
}

/** Reads `{"key":"value", "key": "value"}` at `at`; null where it is not well formed. */
export function readLabelList(
  text: string,
  at: number,
): { labels: { key: string; text: string }[]; end: number } | null {
  if (text[at] !== '{') return null;
  const labels: { key: string; text: string }[] = [];
  at++;
  if (text[at] === '}') return { labels, end: at + 1 };
  for (;;) {
    while (text[at] === ' ') at++;
    const key = readQuoted(text, at);
    if (key === null || text[key.end] !== ':') return null;
    at = key.end + 1;
    while (text[at] === ' ') at++;
    const value = readQuoted(text, at);
    if (value === null) return null;
    labels.push({ key: key.value, text: value.value });
    at = value.end;
    if (text[at] === '}') return { labels, end: at + 1 };
    if (text[at] !== ',') return null;
    at++;
  }
}

/** A pattern that matches `text` and nothing else, as Go's `regexp.QuoteMeta` writes it. */
export function quotePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
