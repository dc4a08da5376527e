// Reads numbers and texts of DWARF's sections, one behind the other; whatever lies outside of a section is damage.
import { textAt } from '../elf.ts';
import { BinaryError } from '../error.ts';

/** A place in a section. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittle: boolean;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, isLittle: boolean, at = 0, end: number = bytes.length) {
    if (at < 0 || at > end || end > bytes.length) throw damaged();
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = isLittle;
    this.at = at;
    this.end = end;
  }

  /** A cursor over the same section that stands elsewhere. */
  from(at: number, end: number = this.bytes.length): Cursor {
    return new Cursor(this.bytes, this.#isLittle, at, end);
  }

  get left(): number {
    return this.end - this.at;
  }

  skip(size: number): void {
    if (!(size >= 0) || size > this.left) throw damaged();
    this.at += size;
  }

  #take(size: number): number {
    const { at } = this;
    this.skip(size);
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), this.#isLittle);
  }

  u24(): number {
    const [a, b, c] = [this.u8(), this.u8(), this.u8()];
    return this.#isLittle ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), this.#isLittle);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), this.#isLittle);
  }

  /** A number of `size` bytes. */
  unsigned(size: number): bigint {
    switch (size) {
      case 1:
        return BigInt(this.u8());
      case 2:
        return BigInt(this.u16());
      case 4:
        return BigInt(this.u32());
      case 8:
        return this.u64();
      default:
        throw damaged();
    }
  }

  /** A place in a section: 4 bytes, or 8 of 64-bit DWARF. */
  offset(is64: boolean): number {
    return is64 ? toPlace(this.u64()) : this.u32();
  }

  uleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** A number that counts something, or names it. */
  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw damaged();
    return value;
  }

  sleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      return BigInt.asIntN(64, (byte & 0x40) === 0 ? value : value - (1n << (shift + 7n)));
    }
  }

  text(): string {
    const zero = this.bytes.indexOf(0, this.at);
    if (zero < 0 || zero >= this.end) throw damaged();
    const text = textAt(this.bytes, this.at);
    this.at = zero + 1;
    return text;
  }

  /** The length that a unit begins with, and whether its DWARF is of 64 bits. */
  length(): { readonly size: number; readonly is64: boolean } {
    const size = this.u32();
    const is64 = size === 0xffffffff;
    const length = is64 ? toPlace(this.u64()) : size;
    if (length > this.left) throw damaged();
    return { size: length, is64 };
  }
}

export function damaged(): BinaryError {
  return new BinaryError('its DWARF is damaged');
}

export function toPlace(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged();
  return Number(value);
}
