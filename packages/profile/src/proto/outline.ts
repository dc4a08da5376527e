// The first pass over a profile message: its fields are checked and counted, and its scalars kept.
// Upstream: google/pprof profile/encode.go profile/proto.go, 2025-11-14
import { ProfileError } from '../errors.ts';
import {
  high,
  index,
  low,
  malformed,
  offsetOf,
  readLength,
  readVarint,
  signed,
  skipValue,
  wrongType,
} from './wire.ts';

/** What the first pass learns: the size of every table, and the scalars of the profile message. */
export interface Outline {
  sampleTypes: number;
  mappings: number;
  locations: number;
  functions: number;
  strings: number;
  stringBytes: number;
  comments: number;
  lines: number;
  dropFrames: number;
  keepFrames: number;
  timeNanos: bigint;
  durationNanos: bigint;
  period: bigint;
  defaultSampleType: number;
  docUrl: number;
  /** Offsets of the last period_type message, or -1. */
  periodTypeAt: number;
  periodTypeEnd: number;
}

export function emptyOutline(): Outline {
  return {
    sampleTypes: 0,
    mappings: 0,
    locations: 0,
    functions: 0,
    strings: 0,
    stringBytes: 0,
    comments: 0,
    lines: 0,
    dropFrames: 0,
    keepFrames: 0,
    timeNanos: 0n,
    durationNanos: 0n,
    period: 0n,
    defaultSampleType: 0,
    docUrl: 0,
    periodTypeAt: -1,
    periodTypeEnd: -1,
  };
}

/** Checks a message whose known fields 1…`fields` are all varints. */
function checkScalars(bytes: Uint8Array, at: number, end: number, name: string, fields: number): void {
  while (at < end) {
    const keyAt = at;
    // Nearly always: a short key, and a number of at most three bytes.
    if (at + 3 < end && ((bytes[at] as number) & 0x87) === 0) {
      const size =
        (bytes[at + 1] as number) < 0x80
          ? 2
          : (bytes[at + 2] as number) < 0x80
            ? 3
            : (bytes[at + 3] as number) < 0x80
              ? 4
              : 0;
      if (size > 0) {
        at += size;
        continue;
      }
    }
    at = readVarint(bytes, at, end);
    const type = low() & 7;
    const field = high() === 0 ? low() >>> 3 : 0;
    const known = field >= 1 && field <= fields;
    if (type === 2) {
      at = readLength(bytes, at, end);
      at += low();
    } else at = skipValue(bytes, at, end, type);
    if (known && type !== 0) throw wrongType(keyAt, name, field, type);
  }
}

/** Counts and checks a field with a length; its content is `bytes[at…last)`. */
export function outlineMessage(
  bytes: Uint8Array,
  keyAt: number,
  at: number,
  last: number,
  field: number,
  o: Outline,
): void {
  switch (field) {
    case 1:
      o.sampleTypes++;
      checkScalars(bytes, at, last, 'ValueType', 2);
      break;
    case 3:
      o.mappings++;
      checkScalars(bytes, at, last, 'Mapping', 10);
      break;
    case 4:
      o.locations++;
      outlineLocation(bytes, at, last, o);
      break;
    case 5:
      o.functions++;
      checkScalars(bytes, at, last, 'Function', 5);
      break;
    case 6:
      if (o.strings === 0 && last > at) throw malformed(at, 'the first string is not empty');
      o.strings++;
      o.stringBytes += last - at;
      break;
    case 11:
      checkScalars(bytes, at, last, 'ValueType', 2);
      break;
    case 13:
      for (let from = at; from < last; o.comments++) from = readVarint(bytes, from, last);
      break;
    case 9:
      if (o.timeNanos !== 0n) throw concatenated(keyAt);
      throw wrongType(keyAt, 'Profile', field, 2);
    case 7:
    case 8:
    case 10:
    case 12:
    case 14:
    case 15:
      throw wrongType(keyAt, 'Profile', field, 2);
    default:
  }
}

/** Keeps a field without a length, whose value was read last. */
export function outlineScalar(keyAt: number, field: number, type: number, o: Outline): void {
  if (field < 1 || field > 15) return;
  if (field === 9 && o.timeNanos !== 0n) throw concatenated(keyAt);
  if (type !== 0 || field <= 6 || field === 11) throw wrongType(keyAt, 'Profile', field, type);
  switch (field) {
    case 7:
      o.dropFrames = index();
      break;
    case 8:
      o.keepFrames = index();
      break;
    case 9:
      o.timeNanos = signed();
      break;
    case 10:
      o.durationNanos = signed();
      break;
    case 12:
      o.period = signed();
      break;
    case 13:
      o.comments++;
      break;
    case 14:
      o.defaultSampleType = index();
      break;
    case 15:
      o.docUrl = index();
      break;
    default:
  }
}

function concatenated(at: number): ProfileError {
  return new ProfileError(
    'PROFILE_CONCATENATED',
    `concatenated profiles: a second profile begins before byte ${offsetOf(at)}`,
    {
      pprofMessage: 'parsing profile: concatenated profiles detected',
    },
  );
}

function outlineLocation(bytes: Uint8Array, at: number, end: number, o: Outline): void {
  while (at < end) {
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low() & 7;
    const field = high() === 0 ? low() >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low();
      if (field === 4) {
        checkScalars(bytes, at, last, 'Line', 3);
        o.lines++;
      } else if (field >= 1 && field <= 5) throw wrongType(keyAt, 'Location', field, type);
      at = last;
    } else {
      at = skipValue(bytes, at, end, type);
      if (field >= 1 && field <= 5 && (type !== 0 || field === 4))
        throw wrongType(keyAt, 'Location', field, type);
    }
  }
}
