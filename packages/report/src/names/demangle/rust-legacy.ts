// Reads Rust names of the legacy mangling, which looks like C++.
// Upstream: ianlancetaylor/demangle rust.go, 2025-04-17

/** Longer identifiers are none. */
const MAX_LENGTH = 0x7fffffff - 10;

const legacyEscapes: Readonly<Record<string, string>> = {
  C: ',',
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
};

/** One identifier of a legacy name; an escape that makes no sense ends the decoding and stays as it is. */
function legacyIdentifier(source: string): string {
  let rest = source.startsWith('_$') ? source.slice(1) : source;
  let text = '';
  while (rest !== '') {
    if (rest.startsWith('$')) {
      const escape = /^\$(C|u[0-7][0-9a-f]|[A-Z]{2})\$/.exec(rest);
      const code = escape?.[1] ?? '';
      const point = code.startsWith('u') ? Number.parseInt(code.slice(1), 16) : -1;
      const plain = point >= 0x20 ? String.fromCharCode(point) : legacyEscapes[code];
      if (escape === null || plain === undefined) return text + rest;
      text += plain;
      rest = rest.slice(escape[0].length);
    } else if (rest.startsWith('..')) {
      text += '::';
      rest = rest.slice(2);
    } else {
      text += rest.charAt(0);
      rest = rest.slice(1);
    }
  }
  return text;
}

/**
 * The Rust name behind a legacy name: `_ZN`, identifiers, `17h` with a hash of 16 digits, `E`; undefined where it is none,
 * which includes names whose hash has fewer than five different digits.
 */
export function demangleLegacyRust(name: string): string | undefined {
  const suffix = name.lastIndexOf('E.');
  const whole = suffix > 0 ? name.slice(0, suffix + 1) : name;
  const match = /^_ZN(.*)17h([0-9a-f]{16})E$/s.exec(whole);
  if (match === null || new Set(match[2]).size < 5) return undefined;
  let rest = match[1] ?? '';
  const parts: string[] = [];
  while (rest !== '') {
    const head = /^([0-9]+)(_?)/.exec(rest);
    if (head === null) return undefined;
    const value = Number(head[1]);
    if (value >= MAX_LENGTH) return undefined;
    const length = value - (head[2] ?? '').length;
    rest = rest.slice(head[0].length);
    if (length < 0 || rest.length < length) return undefined;
    parts.push(legacyIdentifier(rest.slice(0, length)));
    rest = rest.slice(length);
  }
  let text = '';
  for (const part of parts) text += text === '' ? part : `::${part}`;
  return text;
}
