// Columns of 64-bit integers: built from their 32-bit halves, read as numbers or exactly.
import type { Int64Column } from './profile.ts';

const TWO_32 = 4294967296;

/** Room for 64-bit integers that are written as two little-endian halves: element i is `halves[2i]`, `halves[2i + 1]`. */
export interface Int64Halves {
  readonly length: number;
  readonly halves: Uint32Array;
}

/** `length` zeros to be filled in. */
export function int64Halves(length: number): Int64Halves {
  return { length, halves: new Uint32Array(length * 2) };
}

/** Writes `value` as element `index`; a number is truncated toward zero and must lie within ±2^63. */
export function setInt64(column: Int64Halves, index: number, value: number | bigint): void {
  if (typeof value === 'number') {
    const whole = Math.trunc(value);
    column.halves[2 * index] = whole;
    column.halves[2 * index + 1] = Math.floor(whole / TWO_32);
  } else {
    column.halves[2 * index] = Number(BigInt.asUintN(32, value));
    column.halves[2 * index + 1] = Number(BigInt.asUintN(32, value >> 32n));
  }
}

/**
 * Turns filled halves into a column, in place: a `Float64Array` where the sum of absolute values is a safe integer, a
 * `BigInt64Array` otherwise. The halves must not be used afterwards.
 */
export function finishInt64(column: Int64Halves, length: number = column.length): Int64Column {
  const { halves } = column;
  const numbers = new Float64Array(halves.buffer as ArrayBuffer, 0, length);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const low = halves[2 * i] as number;
    const high = halves[2 * i + 1] as number;
    if (high === 0) {
      total += low;
      numbers[i] = low;
    } else {
      const value = (high | 0) * TWO_32 + low;
      total += Math.abs(value);
      if (total <= Number.MAX_SAFE_INTEGER) numbers[i] = value;
    }
    if (total > Number.MAX_SAFE_INTEGER) {
      // What was converted so far was exact: put the halves back.
      halves[2 * i] = low;
      halves[2 * i + 1] = high;
      for (let k = 0; k < i; k++) setInt64(column, k, numbers[k] as number);
      return new BigInt64Array(halves.buffer as ArrayBuffer, 0, length);
    }
  }
  return numbers;
}

/** A column with the given values (numbers are truncated, bigints wrapped to 64 bits). */
export function int64Column(values: ArrayLike<number | bigint>): Int64Column {
  const column = int64Halves(values.length);
  for (let i = 0; i < values.length; i++) setInt64(column, i, values[i] as number | bigint);
  return finishInt64(column);
}

/** The exact value of row `index`. */
export function int64At(column: Int64Column, index: number): bigint {
  const value = column[index] as number | bigint;
  return typeof value === 'bigint' ? value : BigInt(value);
}

/** The value of row `index` as a double: exact up to 2^53, rounded as Go's `float64(int64)` beyond. */
export function numberAt(column: Int64Column, index: number): number {
  return Number(column[index]);
}

/** Sum of a column, wrapping at 2^63 as Go's `int64`. */
export function sumInt64(column: Int64Column): bigint {
  if (column instanceof Float64Array) {
    let total = 0;
    for (let i = 0; i < column.length; i++) total += column[i] as number;
    return BigInt(total);
  }
  let total = 0n;
  for (let i = 0; i < column.length; i++) total += column[i] as bigint;
  return BigInt.asIntN(64, total);
}
