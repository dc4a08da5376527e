// Typed arrays that grow, for readers that cannot count before they fill.

/** What columns begin with that may stay empty: there can be very many of those. */
const noUint32 = new Uint32Array(0);
const noFloat64 = new Float64Array(0);

/** A growing column of unsigned 32-bit integers. */
export class GrowingUint32 {
  #array: Uint32Array;
  length = 0;

  constructor(capacity = 64) {
    this.#array = capacity === 0 ? noUint32 : new Uint32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#array.length) this.#grow(this.length + 1);
    this.#array[this.length++] = value;
  }

  /** Appends the first `length` elements of `values`. */
  pushAll(values: Uint32Array, length: number): void {
    if (this.length + length > this.#array.length) this.#grow(this.length + length);
    this.#array.set(values.subarray(0, length), this.length);
    this.length += length;
  }

  get(index: number): number {
    return this.#array[index] as number;
  }

  set(index: number, value: number): void {
    this.#array[index] = value;
  }

  /** The array behind it, of which `length` elements are filled; valid until the next `push`. */
  get raw(): Uint32Array {
    return this.#array;
  }

  /** A copy of exactly the filled elements. */
  finish(): Uint32Array {
    return this.#array.slice(0, this.length);
  }

  #grow(atLeast: number): void {
    const grown = new Uint32Array(Math.max(atLeast, 4, this.#array.length * 2));
    grown.set(this.#array);
    this.#array = grown;
  }
}

/** A growing column of doubles. */
export class GrowingFloat64 {
  #array: Float64Array;
  length = 0;

  constructor(capacity = 64) {
    this.#array = capacity === 0 ? noFloat64 : new Float64Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#array.length) {
      const grown = new Float64Array(Math.max(4, this.#array.length * 2));
      grown.set(this.#array);
      this.#array = grown;
    }
    this.#array[this.length++] = value;
  }

  get(index: number): number {
    return this.#array[index] as number;
  }

  set(index: number, value: number): void {
    this.#array[index] = value;
  }
}

/** The first `length` elements: a view, or a copy where a view would hold on to much that was never used. */
export function filled<A extends Uint16Array | Uint32Array>(column: A, length: number): A {
  const unused = (column.length - length) * column.BYTES_PER_ELEMENT;
  if (unused > 1 << 16 && unused > column.byteLength / 2) return column.slice(0, length) as A;
  return column.subarray(0, length) as A;
}

/** A growing column of numbers that takes four bytes each for as long as all of them are unsigned 32-bit integers. */
export class GrowingNumbers {
  #small: GrowingUint32 | null = new GrowingUint32(0);
  #wide: GrowingFloat64 | null = null;

  get length(): number {
    return this.#small?.length ?? this.#wide?.length ?? 0;
  }

  push(value: number): void {
    const small = this.#small;
    if (small === null) this.#wide?.push(value);
    else if (value >>> 0 === value) small.push(value);
    else {
      const wide = new GrowingFloat64(small.length + 1);
      for (let i = 0; i < small.length; i++) wide.push(small.get(i));
      wide.push(value);
      this.#wide = wide;
      this.#small = null;
    }
  }

  get(index: number): number {
    return this.#small === null ? (this.#wide as GrowingFloat64).get(index) : this.#small.get(index);
  }
}
