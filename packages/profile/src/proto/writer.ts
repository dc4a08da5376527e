// The wire format of protobuf, written: a growing buffer of fields, and strings in the order of their first use.
import type { StringTable } from '../profile.ts';
import { encodeText } from '../bytes/utf8.ts';

const TWO_32 = 4294967296;

/** A growing buffer of protobuf fields. */
export class Writer {
  bytes: Uint8Array = new Uint8Array(1 << 16);
  at = 0;

  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    let length = this.bytes.length * 2;
    while (length < this.at + size) length *= 2;
    const grown = new Uint8Array(length);
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  /** A varint of two unsigned 32-bit halves; the caller has reserved ten bytes. */
  halves(low: number, high: number): void {
    const { bytes } = this;
    let { at } = this;
    while (high !== 0) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low >= 0x80) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[at++] = low;
    this.at = at;
  }

  /** A varint of an unsigned number below 2^32; the caller has reserved ten bytes. */
  small(value: number): void {
    this.halves(value, 0);
  }

  /** A field with an unsigned number below 2^32, left out where it is 0. */
  smallField(field: number, value: number): void {
    if (value === 0) return;
    this.reserve(20);
    this.small(field << 3);
    this.small(value);
  }

  /** A varint of a signed 64-bit value. */
  int64(value: number | bigint): void {
    if (typeof value === 'number') this.halves(value >>> 0, Math.floor(value / TWO_32) >>> 0);
    else this.halves(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }

  /** A field with a 64-bit value, left out where it is 0. */
  int64Field(field: number, value: number | bigint): void {
    if (value === 0 || value === 0n) return;
    this.reserve(20);
    this.small(field << 3);
    this.int64(value);
  }

  /** Starts a message whose length is not known yet: leaves one byte for it. */
  open(field: number): number {
    this.reserve(32);
    this.small((field << 3) | 2);
    return this.at++;
  }

  /** Ends the message that `open` started at `mark`. */
  close(mark: number): void {
    const size = this.at - mark - 1;
    if (size < 0x80) {
      this.bytes[mark] = size;
      return;
    }
    let extra = 0;
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) extra++;
    this.reserve(extra);
    this.bytes.copyWithin(mark + 1 + extra, mark + 1, this.at);
    this.at = mark;
    this.small(size);
    this.at += size;
  }

  blob(field: number, blob: Uint8Array): void {
    this.reserve(20 + blob.length);
    this.small((field << 3) | 2);
    this.small(blob.length);
    this.bytes.set(blob, this.at);
    this.at += blob.length;
  }
}

/** Renumbers strings in order of first use; equal bytes get one number. */
export class StringOrder {
  readonly #strings: StringTable;
  /** New number of each old row, -1 where it was not used yet. */
  readonly #ofRow: Int32Array;
  readonly #byText = new Map<string, number>();
  readonly #order: Uint8Array[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
    this.#ofRow = new Int32Array(strings.length).fill(-1);
    this.text('');
  }

  row(row: number): number {
    const known = this.#ofRow[row] as number;
    if (known >= 0) return known;
    const text = this.#strings.get(row);
    let id = this.#byText.get(text);
    if (id === undefined) {
      id = this.#order.length;
      this.#byText.set(text, id);
      this.#order.push(this.#strings.bytes(row));
    }
    this.#ofRow[row] = id;
    return id;
  }

  text(text: string): number {
    let id = this.#byText.get(text);
    if (id === undefined) {
      id = this.#order.length;
      this.#byText.set(text, id);
      this.#order.push(encodeText(text));
    }
    return id;
  }

  get all(): readonly Uint8Array[] {
    return this.#order;
  }
}
