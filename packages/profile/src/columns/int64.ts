// Columns of 64-bit integers: built from their 32-bit halves, read as numbers or exactly.
import type { Int64Column } from '../profile.ts';

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

/**
 * A column that is filled row by row and grows: doubles while the sum of absolute values is a safe integer, the halves
 * of 64-bit integers from then on. Rows that nobody fills are 0.
 */
export class Int64Filler {
  #numbers: Float64Array;
  #halves: Uint32Array | null = null;
  #total = 0;

  constructor(capacity: number) {
    this.#numbers = new Float64Array(capacity);
  }

  /** Makes room for `capacity` rows. */
  grow(capacity: number): void {
    const larger = new Float64Array(capacity);
    if (this.#halves === null) larger.set(this.#numbers);
    else {
      // Bytes, not numbers: not every pattern of bits survives as a double.
      const halves = new Uint32Array(larger.buffer);
      halves.set(this.#halves);
      this.#halves = halves;
    }
    this.#numbers = larger;
  }

  /** Fills a row with a value below 2^31. */
  putSmall(row: number, value: number): void {
    const total = this.#total + value;
    if (this.#halves !== null || total > Number.MAX_SAFE_INTEGER) this.put(row, value, 0);
    else {
      this.#total = total;
      this.#numbers[row] = value;
    }
  }

  /** Fills a row with a value of two unsigned halves. */
  put(row: number, low: number, high: number): void {
    if (this.#halves === null) {
      const value = (high | 0) * TWO_32 + low;
      const total = this.#total + Math.abs(value);
      if (total <= Number.MAX_SAFE_INTEGER) {
        this.#total = total;
        this.#numbers[row] = value;
        return;
      }
      this.#halves = halvesOfNumbers(this.#numbers);
    }
    this.#halves[2 * row] = low;
    this.#halves[2 * row + 1] = high;
  }

  /** Sum of the absolute values, where they are doubles. */
  get total(): number {
    return this.#total;
  }

  /** Whether the column holds 64-bit integers instead of doubles. */
  get wide(): boolean {
    return this.#halves !== null;
  }

  /** Fills rows from `row` on with elements as they are (see {@link wide}), after which the sum is `total`. */
  putAll(row: number, elements: Float64Array, total: number): void {
    this.#numbers.set(elements, row);
    this.#total = total;
  }

  /** The column of the first `length` rows. */
  finish(length: number): Int64Column {
    const numbers = this.#numbers;
    const unused = (numbers.length - length) * 8;
    const exact = unused > 1 << 16 && unused > numbers.byteLength / 2;
    if (this.#halves === null) return exact ? numbers.slice(0, length) : numbers.subarray(0, length);
    const column = new BigInt64Array(numbers.buffer as ArrayBuffer, 0, length);
    return exact ? column.slice() : column;
  }
}

/** Turns exact numbers into the halves of 64-bit integers, in place. */
function halvesOfNumbers(numbers: Float64Array): Uint32Array {
  const halves = new Uint32Array(numbers.buffer as ArrayBuffer);
  const column = { length: numbers.length, halves };
  for (let row = 0; row < numbers.length; row++) setInt64(column, row, numbers[row] as number);
  return halves;
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
