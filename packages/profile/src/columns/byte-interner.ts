// Interns byte strings of other tables without decoding them.
import { GrowingUint32 } from './growable.ts';
import type { StringTable } from '../profile.ts';
import { hashBytes, packedStrings } from './strings.ts';

/** Gives each distinct byte string one row; row 0 is the empty one. */
export class ByteInterner {
  #buffer = new Uint8Array(1 << 16);
  #used = 0;
  readonly #ends = new GrowingUint32(1024);
  readonly #hashes = new GrowingUint32(1024);
  #slots: Int32Array = new Int32Array(2048).fill(-1);
  #secondEmpty = -1;

  constructor() {
    this.add(new Uint8Array(0));
  }

  get length(): number {
    return this.#ends.length;
  }

  /** Row of `bytes`. */
  add(bytes: Uint8Array): number {
    return this.addRange(bytes, 0, bytes.length);
  }

  /** Row of `bytes[from…to)`. */
  addRange(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to) >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const row = this.#slots[slot] as number;
      if (row < 0) break;
      if (this.#hashes.get(row) === hash && this.#equals(row, bytes, from, to)) return row;
      slot = (slot + 1) & mask;
    }
    const row = this.#append(bytes.subarray(from, to), hash);
    this.#slots[slot] = row;
    if (row * 2 > this.#slots.length) this.#rehash();
    return row;
  }

  /** A row other than 0 that is empty too: what a text label with an empty text needs. */
  secondEmpty(): number {
    if (this.#secondEmpty < 0) this.#secondEmpty = this.#append(new Uint8Array(0), 0);
    return this.#secondEmpty;
  }

  /** The table of all rows. */
  build(): StringTable {
    return packedStrings(this.#buffer.slice(0, this.#used), this.#ends.finish());
  }

  #append(bytes: Uint8Array, hash: number): number {
    if (this.#used + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#used + bytes.length));
      grown.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#ends.push(this.#used);
    this.#hashes.push(hash);
    return this.#ends.length - 1;
  }

  #equals(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = row === 0 ? 0 : this.#ends.get(row - 1);
    if (this.#ends.get(row) - start !== to - from) return false;
    for (let i = from; i < to; i++) if (this.#buffer[start + i - from] !== bytes[i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.length; row++) {
      if (row === this.#secondEmpty) continue;
      let slot = this.#hashes.get(row) & mask;
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = row;
    }
  }
}
