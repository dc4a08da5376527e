// Punycode as Rust's names use it: RFC 3492, with `_` as the delimiter and digits after letters.
// Upstream: ianlancetaylor/demangle rust.go, 2025-04-17

const MAX_INT32 = 0x7fffffff;

/** The bytes of an encoded identifier, one character per byte; undefined where it breaks the rules. */
export function decodePunycode(source: string): string | undefined {
  const split = source.lastIndexOf('_');
  const output: number[] = [...source.slice(0, Math.max(split, 0))].map((c) => c.charCodeAt(0));
  const digits = source.slice(split + 1);
  let i = 0;
  let point = 128;
  let bias = 72;
  let at = 0;
  while (at < digits.length) {
    const before = i;
    let weight = 1;
    for (let k = 36; ; k += 36) {
      if (at === digits.length) return undefined;
      const c = digits.charAt(at++);
      let digit: number;
      if (/^[0-9]$/.test(c)) digit = Number(c) + 26;
      else if (/^[a-z]$/i.test(c)) digit = c.toLowerCase().charCodeAt(0) - 0x61;
      else return undefined;
      i += digit * weight;
      if (i > Number.MAX_SAFE_INTEGER) return undefined;
      const threshold = k <= bias ? 1 : k > bias + 26 ? 26 : k - bias;
      if (digit < threshold) break;
      if (weight >= Math.floor(MAX_INT32 / 36)) return undefined;
      weight *= 36 - threshold;
    }
    let delta = i - before;
    const length = output.length + 1;
    delta = Math.floor(delta / (before === 0 ? 700 : 2));
    delta += Math.floor(delta / length);
    let k = 0;
    while (delta > (35 * 26) / 2) {
      delta = Math.floor(delta / 35);
      k += 36;
    }
    bias = k + Math.floor((36 * delta) / (delta + 38));
    point += Math.floor(i / length);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    i %= length;
    output.splice(i, 0, point);
    i++;
  }
  // Names are one character per byte here.
  let bytes = '';
  for (const one of output) bytes += utf8(one);
  return bytes;
}

/** The UTF-8 bytes of a code point, one character per byte. */
function utf8(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  const tail: number[] = [];
  let rest = point;
  let limit = 0x40;
  while (rest >= limit) {
    tail.unshift(0x80 | (rest & 0x3f));
    rest >>= 6;
    limit = limit === 0x40 ? 0x20 : limit >> 1;
  }
  const lead = [0, 0xc0, 0xe0, 0xf0][tail.length] ?? 0;
  return String.fromCharCode(lead | rest, ...tail);
}
