// Protobuf's wire format, as far as requests of other systems need it: fields of a message in, fields of an answer out.
// Source: protobuf.dev, encoding
import { MonitorError } from '../errors.ts';

/** One field of a message: a number, or bytes. */
export type Field =
  | { readonly field: number; readonly kind: 'number'; readonly value: bigint }
  | { readonly field: number; readonly kind: 'bytes'; readonly bytes: Uint8Array };

function malformed(at: number): never {
  throw new MonitorError('MONITOR_REQUEST', `the message is malformed at byte ${at}`);
}

function varint(bytes: Uint8Array, start: number): readonly [value: bigint, next: number] {
  let value = 0n;
  for (let at = start, shift = 0n; shift < 70n; at++, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt.asUintN(64, value), at + 1];
  }
  return malformed(start);
}

/** The fields in the order in which they stand there. @throws MonitorError `MONITOR_REQUEST` where it is no message */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const [key, next] = varint(bytes, at);
    const [field, type] = [Number(key >> 3n), Number(key & 7n)];
    if (field === 0) malformed(at);
    if (type === 0) {
      const [value, end] = varint(bytes, next);
      yield { field, kind: 'number', value };
      at = end;
    } else if (type === 2) {
      const [length, begin] = varint(bytes, next);
      if (length > BigInt(bytes.length - begin)) malformed(at);
      at = begin + Number(length);
      yield { field, kind: 'bytes', bytes: bytes.subarray(begin, at) };
    } else if (type === 1 || type === 5) {
      const size = type === 1 ? 8 : 4;
      if (bytes.length - next < size) malformed(at);
      const view = new DataView(bytes.buffer, bytes.byteOffset + next, size);
      yield {
        field,
        kind: 'number',
        value: size === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true)),
      };
      at = next + size;
    } else malformed(at);
  }
}

/** Fields of one number that one message may have: no sender has so many labels, samples or resources; texts of a table may be more. */
const MOST_FIELDS = 1024;
export const MOST_TEXTS: number = 1 << 20;

/**
 * The bytes of each field of a number.
 *
 * @throws MonitorError `MONITOR_REQUEST` where it is no message, `MONITOR_TOO_LARGE` where it has more than `most` of them
 */
export function bytesOf(message: Uint8Array, field: number, most: number = MOST_FIELDS): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const one of fieldsOf(message)) {
    if (one.kind !== 'bytes' || one.field !== field) continue;
    if (found.length === most)
      throw new MonitorError(
        'MONITOR_TOO_LARGE',
        `more than ${most} fields of number ${field} in one message`,
      );
    found.push(one.bytes);
  }
  return found;
}

/** The last text of a number; '' where there is none. @throws MonitorError */
export function textOf(message: Uint8Array, field: number): string {
  const last = bytesOf(message, field).at(-1);
  return last === undefined ? '' : new TextDecoder().decode(last);
}

/** Writes one message. What is 0 or empty is left out, as protobuf has it. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  number(field: number, value: number | bigint): this {
    const whole = typeof value === 'bigint' ? value : BigInt(Math.round(value));
    if (whole !== 0n) this.#add(field, 0, varintBytes(whole));
    return this;
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return value === 0 ? this : this.#add(field, 1, bytes);
  }

  text(field: number, value: string): this {
    return value === '' ? this : this.bytes(field, new TextEncoder().encode(value));
  }

  /** A text of a list, where the empty one counts too. */
  item(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.done());
  }

  /** Numbers of one field, packed. */
  packed(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    return this.bytes(field, joined(values.map((value) => varintBytes(BigInt(Math.round(value))))));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varintBytes(BigInt((field << 3) | 2)), varintBytes(BigInt(value.length)), value);
    return this;
  }

  done(): Uint8Array {
    return joined(this.#parts);
  }

  #add(field: number, type: number, bytes: Uint8Array): this {
    this.#parts.push(varintBytes(BigInt((field << 3) | type)), bytes);
    return this;
  }
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
