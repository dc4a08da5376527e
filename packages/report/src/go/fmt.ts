// The few verbs of Go's fmt package that reports use, digit by digit as Go prints them.
// Upstream: golang/go src/fmt/format.go, 1.26.8

/** `%.2f`: rounds the exact binary value, ties to even (`toFixed` rounds ties up). */
export function formatFixed2(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}.00`;
  const whole = Math.floor(magnitude);
  const fraction = magnitude - whole;
  // Of the fractions that lie exactly between two hundredths only these two have an even lower neighbour.
  if (fraction === 0.125) return `${sign}${whole}.12`;
  if (fraction === 0.625) return `${sign}${whole}.62`;
  return sign + magnitude.toFixed(2);
}

/** Doubles below 1 that lie exactly between two numbers of two digits, where Go takes the even one and JavaScript the larger. */
const ties = new Map([
  [0.125, '0.12'],
  [0.625, '0.62'],
  [0.0625, '0.062'],
]);

/** `%.2g` for 0 ≤ value < 1. */
export function formatGeneral2(value: number): string {
  const tie = ties.get(value);
  if (tie !== undefined) return tie;
  if (value === 0) return '0';
  const [mantissa = '', exponent = ''] = value.toExponential(1).split('e');
  const digits = mantissa.endsWith('.0') ? mantissa.slice(0, -2) : mantissa;
  if (Number(exponent) >= -4) return String(Number(`${digits}e${exponent}`));
  const magnitude = exponent.slice(1);
  return `${digits}e-${magnitude.length < 2 ? `0${magnitude}` : magnitude}`;
}

const surrogate = /[\ud800-\udfff]/;

/** How many characters Go counts: code points, where a byte that is not UTF-8 is one. */
export function runeCount(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** `%Ns`: pads on the left by code points. */
export function padLeft(text: string, width: number): string {
  const missing = width - runeCount(text);
  return missing > 0 ? ' '.repeat(missing) + text : text;
}
