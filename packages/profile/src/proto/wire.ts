// The wire format of protobuf, by the rules of pprof's own decoder: varints of at most ten bytes whose bits above 64 are
// dropped, wire types 0, 1, 2 and 5.
// Upstream: google/pprof profile/proto.go, 2025-11-14
import { ProfileError } from '../errors.ts';

/** 2^32: what stands for an index that cannot be one. */
export const TWO_32 = 4294967296;

// Where the bytes at hand begin in the whole message, for the sentences of errors.
let origin = 0;

/** Says where in the whole message the bytes begin that are read next. */
export function setOrigin(offset: number): void {
  origin = offset;
}

/** Where in the whole message the byte `at` of those at hand stands. */
export function offsetOf(at: number): number {
  return origin + at;
}

export function truncated(at: number, what: string): ProfileError {
  return new ProfileError('PROFILE_TRUNCATED', `truncated at byte ${origin + at}: ${what}`);
}

export function malformed(at: number, what: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `malformed at byte ${origin + at}: ${what}`);
}

// The varint read last, as its two halves. Module state instead of a result object, because millions are read; a typed
// array, because a plain variable would box every value above 2^31.
const varint = new Uint32Array(2);

/** Reads the varint at `at` into `varint` and returns the offset behind it. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  // Nearly all have at most four bytes, and many are the last of a short message.
  if (at < end) {
    let bits = bytes[at] as number;
    if (bits < 0x80) return small(bits, at + 1);
    bits &= 0x7f;
    if (at + 1 < end) {
      const second = bytes[at + 1] as number;
      if (second < 0x80) return small(bits | (second << 7), at + 2);
      bits |= (second & 0x7f) << 7;
      if (at + 2 < end) {
        const third = bytes[at + 2] as number;
        if (third < 0x80) return small(bits | (third << 14), at + 3);
        if (at + 3 < end) {
          const fourth = bytes[at + 3] as number;
          if (fourth < 0x80) return small(bits | ((third & 0x7f) << 14) | (fourth << 21), at + 4);
        }
      }
    }
  }
  return readLongVarint(bytes, at, end);
}

function small(value: number, next: number): number {
  varint[0] = value;
  varint[1] = 0;
  return next;
}

function readLongVarint(bytes: Uint8Array, at: number, end: number): number {
  const start = at;
  let lo = 0;
  let hi = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (at >= end) throw truncated(start, 'a number has no end');
    const byte = bytes[at++] as number;
    const bits = byte & 0x7f;
    if (shift < 28) lo |= bits << shift;
    else if (shift === 28) {
      lo |= bits << 28;
      hi = bits >>> 4;
    } else if (shift < 63) hi |= bits << (shift - 32);
    else hi |= (bits & 1) << 31;
    if (byte < 0x80) {
      varint[0] = lo;
      varint[1] = hi;
      return at;
    }
  }
  throw malformed(start, 'a number has more than ten bytes');
}

/** The low half of the varint read last. */
export function low(): number {
  return varint[0] as number;
}

/** The high half of the varint read last. */
export function high(): number {
  return varint[1] as number;
}

/** Skips the value of a field whose key ended at `at`; `low()` and `high()` hold the value of a varint field. */
export function skipValue(bytes: Uint8Array, at: number, end: number, type: number): number {
  if (type === 0) return readVarint(bytes, at, end);
  const size = type === 1 ? 8 : type === 5 ? 4 : -1;
  if (size < 0) throw malformed(at, `unknown wire type ${type}`);
  if (end - at < size) throw truncated(at, `a fixed-size number needs ${size} bytes, ${end - at} are left`);
  return at + size;
}

/** Reads the length at `at` and checks that so many bytes follow; `low()` is the length. */
export function readLength(bytes: Uint8Array, at: number, end: number): number {
  const next = readVarint(bytes, at, end);
  const length = high() * TWO_32 + low();
  if (length > end - next) throw truncated(at, `a field claims ${length} bytes, ${end - next} are left`);
  return next;
}

export function wrongType(at: number, message: string, field: number, type: number): ProfileError {
  return malformed(at, `field ${field} of ${message} has the wire type ${type}`);
}

/** The scalar in `low()` and `high()` as a signed 64-bit integer. */
export function signed(): bigint {
  return BigInt.asIntN(64, (BigInt(high()) << 32n) | BigInt(low()));
}

/** The index in `low()` and `high()` as a number; what cannot be an index becomes a number that is out of every range. */
export function index(): number {
  return high() === 0 ? low() : TWO_32;
}
