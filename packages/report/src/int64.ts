// Go's int64 arithmetic on values that are numbers where that is exact and bigints where it is not.
import type { Int64Column } from '@stackpile/profile';

/** A 64-bit signed integer. One report uses either numbers only (all sums are safe integers) or bigints only. */
export type Int64 = number | bigint;

const MIN_FLOAT = -(2 ** 63);

/** `-value` for negative values; the least int64 stays as it is. */
export function abs64(value: Int64): Int64 {
  if (typeof value === 'number') return value < 0 && value !== MIN_FLOAT ? -value : value;
  return value < 0n ? BigInt.asIntN(64, -value) : value;
}

/** Sum that wraps at 2^63; both of one kind. */
export function add64(left: Int64, right: Int64): Int64 {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  return BigInt.asIntN(64, BigInt(left) + BigInt(right));
}

/** Quotient truncated toward zero; the divisor is not 0. */
export function div64(left: Int64, right: Int64): Int64 {
  if (typeof left === 'number' && typeof right === 'number') return Math.trunc(left / right) + 0;
  return BigInt.asIntN(64, BigInt(left) / BigInt(right));
}

/** Go's `int64(x)` on amd64: truncated, out of range and NaN give -2^63; in the kind of `like`. */
export function toInt64(x: number, like: Int64): Int64 {
  const inside = x >= MIN_FLOAT && x < -MIN_FLOAT;
  const whole = inside ? Math.trunc(x) + 0 : MIN_FLOAT;
  return typeof like === 'number' ? whole : BigInt(whole);
}

/** Is it 0? Undefined, as typed arrays answer beyond their end, is not. */
export function isZero(value: Int64 | undefined): boolean {
  return value === 0 || value === 0n;
}

/** Room for `length` sums of one kind, all 0. */
export type Sums = Float64Array | BigInt64Array;

/** Room for sums over `column`. */
export function sumsLike(column: Int64Column, length: number): Sums {
  return column instanceof Float64Array ? new Float64Array(length) : new BigInt64Array(length);
}

/** `column` as bigints. */
export function toBigColumn(column: Int64Column): BigInt64Array {
  return column instanceof BigInt64Array ? column : BigInt64Array.from(column, (value) => BigInt(value));
}
