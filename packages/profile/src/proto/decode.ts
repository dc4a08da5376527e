// profile.proto → columnar tables. One pass reads the samples, and checks and counts the rest (outline.ts); then exactly sized
// arrays are filled from that rest (message-tables.ts), where the kernel has not read it already. The first pass takes the message
// in pieces, as it comes out of a decompressor.
//
// The rules are those of pprof's own decoder: unknown fields skipped, repeated integers packed or not, the last scalar wins.
// Upstream: google/pprof profile/encode.go profile/proto.go, 2025-11-14
import { ProfileError } from '../errors.ts';
import { idMap, type IdMap } from '../columns/idmap.ts';
import { isFull, type Kernel, kernel } from './kernel/kernel.ts';
import { Header, WINDOW } from './kernel/layout.ts';
import { TableReader } from './kernel/table-reader.ts';
import { readLocations, readTables, readValueType } from './message-tables.ts';
import { emptyOutline, outlineMessage, outlineScalar } from './outline.ts';
import type { Profile } from '../profile.ts';
import { invalid, SampleReader, stringRow } from './sample-reader.ts';
import { high, low, malformed, readLength, readVarint, setOrigin, skipValue, TWO_32 } from './wire.ts';

/** Bytes of a message from which the kernel earns back what loading it takes. */
export const KERNEL_FROM: number = 1 << 17;

/** A run of the kernel over fewer bytes is not worth the call. */
const WORTHWHILE = 1 << 10;

/** Most fields that are read without trying the kernel, after it was not worth it. */
const LONGEST_WAIT = 1 << 10;

/** Bytes of fields beside samples, locations, functions and strings; nobody has so many. */
const MOST_OTHERS = 1 << 20;

/** Is `key` that of a field that the kernel reads, all (true) or only samples? */
function isUsual(key: number, all: boolean): boolean {
  return key === 0x12 || (all && (key === 0x22 || key === 0x2a || key === 0x32));
}

/** `whole`: all bytes of the message; `the end`: no more bytes come for the last field. */
type PieceKind = 'whole' | 'more comes' | 'the end';

/** Bytes of the field at `at`, -1 where `bytes[at…end)` does not show them yet, 0 where the field is malformed. */
function fieldSize(bytes: Uint8Array, at: number, end: number): number {
  let next = varintEnd(bytes, at, end);
  if (next <= 0) return next;
  const type = (bytes[at] as number) & 7;
  if (type === 1) return next + 8 - at;
  if (type === 5) return next + 4 - at;
  if (type !== 0 && type !== 2) return 0;
  const value = next;
  next = varintEnd(bytes, value, end);
  if (next <= 0 || type === 0) return next <= 0 ? next : next - at;
  readVarint(bytes, value, end);
  return next + high() * TWO_32 + low() - at;
}

/** The offset behind the varint at `at`, -1 where it goes on behind `end`, 0 where it is too long. */
function varintEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < at + 10; i++) {
    if (i >= end) return -1;
    if ((bytes[i] as number) < 0x80) return i + 1;
  }
  return 0;
}

/** Number of sample types in `bytes[at…end)`, as far as the fields are well formed. */
function countSampleTypes(bytes: Uint8Array, at: number, end: number): number {
  let count = 0;
  while (at < end) {
    const size = fieldSize(bytes, at, end);
    if (size <= 0 || size > end - at) break;
    if (bytes[at] === 0x0a) count++;
    at += size;
  }
  return count;
}

/**
 * Decodes a profile.proto message that comes in pieces. What goes wrong here need not be the last word: a message that has to be
 * at hand as a whole, for the order of its fields or for an unusual one, is refused too. {@link decodeProfile} is the judge.
 */
export class ProfileDecoder {
  readonly #expected: number;
  readonly #outline = emptyOutline();
  #samples: SampleReader | null = null;
  /** The fields that are neither samples nor in {@link #tables}; of a whole message, only while there are tables. */
  #rest = new Uint8Array(1 << 12);
  #restSize = 0;
  readonly #kernel: Kernel | null;
  /** What the kernel has read beside samples; null once such a field was left to others. */
  #tables: TableReader | null;
  /** Bytes that the kernel is given at a time. */
  #reach = WINDOW;
  /** Usual fields to be read before the kernel is tried again, and how many they were at first. */
  #wait = 0;
  #waited = 0;
  /** The beginning of a field whose end has not come yet. */
  #carry = new Uint8Array(1 << 12);
  #carried = 0;
  /** Bytes of the message before those at hand. */
  #origin = 0;

  /** @param expected bytes of the whole message: a guess that only decides how much room there is at first */
  constructor(expected: number) {
    this.#expected = expected;
    this.#kernel = expected < KERNEL_FROM ? null : kernel();
    this.#tables = this.#kernel === null ? null : new TableReader();
  }

  /**
   * Reads the next piece.
   *
   * @throws {ProfileError} as soon as it is certain that the message cannot be read
   */
  push(given: Uint8Array): void {
    // Whatever class the bytes come as: code that reads two kinds of arrays is compiled twice, and is slower.
    const piece = new Uint8Array(given.buffer, given.byteOffset, given.length);
    const at = this.#carried === 0 ? 0 : this.#completeCarry(piece);
    if (at < 0) return;
    setOrigin(this.#origin);
    const done = this.#fields(piece, at, piece.length, 'more comes');
    this.#origin += done;
    this.#carried = 0;
    this.#keep(piece, done);
  }

  /** Adds what is missing of the carried field, and reads it; the offset behind that, or -1 where more is missing. */
  #completeCarry(piece: Uint8Array): number {
    const before = this.#carried;
    // The longest key and length.
    this.#keep(piece, 0, 20);
    const size = fieldSize(this.#carry, 0, this.#carried);
    if (size < 0 || size > before + piece.length) {
      if (this.#carried < before + piece.length) this.#keep(piece, this.#carried - before);
      return -1;
    }
    // Whole numbers below 2^31, and known as such to the compiler: the offsets of all that follows are made of them.
    const end = (size === 0 ? this.#carried : size) | 0;
    if (this.#carried < end) this.#keep(piece, this.#carried - before, end - this.#carried);
    setOrigin(this.#origin);
    this.#fields(this.#carry, 0, end, 'the end');
    // Offsets in the piece are offsets in the message from where the piece begins.
    this.#origin += before;
    return (end - before) | 0;
  }

  /** Appends `length` bytes of a piece to the carried ones. */
  #keep(piece: Uint8Array, from: number, length: number = piece.length): void {
    const part = piece.subarray(from, Math.min(piece.length, from + length));
    this.#carry = appended(this.#carry, this.#carried, part);
    this.#carried += part.length;
  }

  /**
   * The profile of everything that was pushed.
   *
   * @throws {ProfileError} as {@link decodeProfile}
   */
  finish(): Profile {
    if (this.#carried > 0) {
      setOrigin(this.#origin);
      this.#fields(this.#carry, 0, this.#carried, 'the end');
    }
    return this.#build(null);
  }

  /** Decodes `bytes` as the whole message. */
  whole(given: Uint8Array): Profile {
    const bytes = new Uint8Array(given.buffer, given.byteOffset, given.length);
    setOrigin(0);
    this.#fields(bytes, 0, bytes.length, 'whole');
    return this.#build(bytes);
  }

  /** Reads fields and returns the offset behind the last one that is complete. */
  #fields(bytes: Uint8Array, at: number, end: number, kind: PieceKind): number {
    const o = this.#outline;
    const kernelOf = this.#kernel;
    // Where the run of fields begins that are not samples.
    let run = at;
    // Bytes that the kernel has read before the field at hand, -1 where it was not tried.
    let ran = -1;
    while (at < end) {
      const keyAt = at;
      if (kernelOf !== null && ran < 0 && isUsual(bytes[at] as number, this.#tables !== null)) {
        if (this.#wait > 0 && bytes[at] === 0x12) this.#wait--;
        else {
          this.#keepRest(bytes, run, at, kind);
          at = this.#runKernel(kernelOf, bytes, at, end, kind);
          run = at;
          ran = at - keyAt;
          continue;
        }
      }
      // Nearly always: a sample of less than 16 kB.
      if (bytes[at] === 0x12 && at + 3 < end) {
        let length = bytes[at + 1] as number;
        let from = at + 2;
        if (length >= 0x80) {
          const second = bytes[at + 2] as number;
          length = second < 0x80 ? (length & 0x7f) | (second << 7) : end;
          from = at + 3;
        }
        if (from + length <= end) {
          if (ran >= 0) ran = this.#missed(ran);
          this.#keepRest(bytes, run, keyAt, kind);
          this.#sample(bytes, keyAt, from, from + length, kind);
          run = at = from + length;
          continue;
        }
      }
      if (kind === 'more comes') {
        const size = fieldSize(bytes, at, end);
        if (size < 0 || size > end - at) break;
      }
      if (ran >= 0) ran = isUsual(bytes[at] as number, true) ? this.#missed(ran) : -1;
      at = readVarint(bytes, at, end);
      const type = low() & 7;
      // A field number beyond 2^29 is unknown whatever it is.
      const field = high() === 0 ? low() >>> 3 : 0;
      if (type === 2) {
        at = readLength(bytes, at, end);
        const last = at + low();
        if (field === 2) {
          this.#keepRest(bytes, run, keyAt, kind);
          this.#sample(bytes, keyAt, at, last, kind);
          run = at = last;
          continue;
        }
        outlineMessage(bytes, keyAt, at, last, field, o);
        if (field >= 4 && field <= 6) this.#loseTables(keyAt, kind);
        if (field === 1 && kind !== 'whole' && this.#samples !== null)
          throw malformed(keyAt, 'a sample type comes after the samples');
        if (field === 11) {
          const shift = kind === 'whole' ? 0 : this.#restSize - run;
          o.periodTypeAt = at + shift;
          o.periodTypeEnd = last + shift;
        }
        at = last;
      } else {
        at = skipValue(bytes, at, end, type);
        outlineScalar(keyAt, field, type, o);
      }
    }
    this.#keepRest(bytes, run, at, kind);
    return at;
  }

  /** The kernel has left a usual field to others, `ran` bytes behind the one before; -1. */
  #missed(ran: number): number {
    this.#reach = Math.max(WORTHWHILE, Math.min(WINDOW, 4 * ran));
    this.#waited = ran >= WORTHWHILE ? 0 : Math.min(LONGEST_WAIT, 2 * this.#waited + 1);
    this.#wait = this.#waited;
    return -1;
  }

  /** Reads usual fields from `at` on with the kernel; the offset of the first that it leaves to others. */
  #runKernel(of: Kernel, bytes: Uint8Array, at: number, end: number, kind: PieceKind): number {
    const { header } = of;
    const o = this.#outline;
    const tables = this.#tables;
    const samples = bytes[at] === 0x12 ? this.#reader(bytes, at, kind) : this.#samples;
    for (;;) {
      const size = Math.min(this.#reach, end - at);
      of.window.set(bytes.subarray(at, at + size));
      let done = 0;
      do {
        header[Header.reading] = 0;
        samples?.tell(of);
        tables?.tell(of);
        done = of.run(done, size);
        samples?.take(of, this.#origin + at + done);
        tables?.take(of);
        o.functions += header[Header.functions] as number;
        o.locations += header[Header.locations] as number;
        o.lines += header[Header.lines] as number;
        o.strings += header[Header.strings] as number;
        o.stringBytes += header[Header.text] as number;
      } while (isFull(of));
      const windowEnd = at + size;
      at += done;
      if (windowEnd === end || (done === 0 && size === WINDOW)) return at;
      // What begins in the window and ends behind it is looked at again.
      const left = fieldSize(bytes, at, windowEnd);
      if (left >= 0 && left <= windowEnd - at) return at;
      this.#reach = Math.min(WINDOW, 4 * this.#reach);
    }
  }

  /** Keeps a run of fields that are not samples, and that the kernel did not read. */
  #keepRest(bytes: Uint8Array, from: number, to: number, kind: PieceKind): void {
    if (from === to) return;
    const part = bytes.subarray(from, to);
    if (this.#tables !== null && this.#restSize + part.length > MOST_OTHERS) this.#loseTables(from, kind);
    if (this.#tables === null && kind === 'whole') return;
    this.#rest = appended(this.#rest, this.#restSize, part);
    this.#restSize += part.length;
  }

  /** A field at `at` is not for the kernel: all tables are read without it. What it has read of them is not kept in pieces. */
  #loseTables(at: number, kind: PieceKind): void {
    if (this.#tables !== null && kind !== 'whole')
      throw malformed(at, 'an unusual field has to be read with the whole message at hand');
    this.#tables = null;
  }

  /** The reader of samples, the first of which is the field at `at`. */
  #reader(bytes: Uint8Array, at: number, kind: PieceKind): SampleReader {
    if (this.#samples === null) {
      const { sampleTypes } = this.#outline;
      const later = kind === 'whole' ? countSampleTypes(bytes, at, bytes.length) : 0;
      this.#samples = new SampleReader(sampleTypes + later, this.#expected);
    }
    return this.#samples;
  }

  /** Reads the sample in `bytes[at…end)`, whose key is at `keyAt`. */
  #sample(bytes: Uint8Array, keyAt: number, at: number, end: number, kind: PieceKind): void {
    this.#reader(bytes, keyAt, kind).read(bytes, at, end, this.#origin + at);
  }

  /** Makes the profile; of a message in pieces, `whole` is null. */
  #build(whole: Uint8Array | null): Profile {
    const o = this.#outline;
    const others = this.#rest.subarray(0, this.#restSize);
    const rest = whole ?? others;
    if (o.strings === 0) throw malformed(this.#origin + rest.length, 'the profile has no string table');
    if (this.#tables?.consistent === false) this.#loseTables(0, whole === null ? 'the end' : 'whole');
    const known = this.#tables;
    const filled = known === null ? readTables(rest, o, null) : readTables(others, o, known);
    const { strings, mappings, functions } = filled;
    const mappingIds = idMap(mappings.id);
    const functionIds = idMap(functions.id);
    const { locations, badLine } =
      known === null
        ? readLocations(rest, o, mappingIds, functionIds)
        : known.locationTable(mappingIds, functionIds, o.functions);
    const locationIds = idMap(locations.id);

    const dropFrames = strings.get(stringRow(o.dropFrames, o.strings, 'drop_frames of profile', 0));
    const keepFrames = strings.get(stringRow(o.keepFrames, o.strings, 'keep_frames of profile', 0));
    const comments: string[] = [];
    for (const row of filled.comments)
      comments.push(strings.get(stringRow(row, o.strings, 'comment', comments.length)));
    const defaultSampleType = strings.get(
      stringRow(o.defaultSampleType, o.strings, 'default_sample_type of profile', 0),
    );
    const docUrl = strings.get(stringRow(o.docUrl, o.strings, 'doc_url of profile', 0));
    const periodType =
      o.periodTypeAt < 0
        ? null
        : readValueType(rest, o.periodTypeAt, o.periodTypeEnd, strings, 'period_type of profile', 0);

    const reader = this.#samples ?? new SampleReader(o.sampleTypes, 0);
    const { samples, bad } = reader.finish(locationIds, o.locations, o.strings);
    // In pprof's order: samples, mappings, functions, locations.
    if (bad !== null) throw bad;
    checkIds('mapping', mappings.id, mappingIds, 'ID');
    checkIds('function', functions.id, functionIds, 'ID');
    checkIds('location', locations.id, locationIds, 'id', badLine);

    return {
      sampleTypes: filled.sampleTypes,
      samples,
      mappings,
      locations,
      functions,
      strings,
      dropFrames,
      keepFrames,
      timeNanos: o.timeNanos,
      durationNanos: o.durationNanos,
      periodType,
      period: o.period,
      comments,
      defaultSampleType,
      docUrl,
    };
  }
}

/** `buffer`, whose first `size` bytes are used, with `part` behind them; a larger one where it does not fit. */
function appended(buffer: Uint8Array<ArrayBuffer>, size: number, part: Uint8Array): Uint8Array<ArrayBuffer> {
  let room = buffer;
  if (size + part.length > buffer.length) {
    // Memory that is never written to costs nothing, and copying does.
    room = new Uint8Array(Math.max(buffer.length * 4, size + part.length));
    room.set(buffer.subarray(0, size));
  }
  room.set(part, size);
  return room;
}

/**
 * Decodes a plain (not compressed) profile.proto message.
 *
 * @throws {ProfileError} `PROFILE_EMPTY`, `PROFILE_TRUNCATED` or `PROFILE_MALFORMED` naming the byte,
 * `PROFILE_CONCATENATED`, or `PROFILE_INVALID` naming the row that breaks a rule.
 */
export function decodeProfile(bytes: Uint8Array): Profile {
  if (bytes.length === 0) {
    throw new ProfileError('PROFILE_EMPTY', 'empty: the profile has no bytes', {
      pprofMessage: 'parsing profile: empty input file',
    });
  }
  return new ProfileDecoder(bytes.length).whole(bytes);
}

/** Throws for an id that is 0 or used twice, or for the location `badLine`, whichever has the lowest row. */
function checkIds(table: string, ids: BigUint64Array, map: IdMap, word: string, badLine = -1): void {
  const first = (row: number): number => (row < 0 ? Number.POSITIVE_INFINITY : row);
  const row = Math.min(first(map.zero), first(map.duplicate), first(badLine));
  if (row === Number.POSITIVE_INFINITY) return;
  if (row === map.zero) throw invalid(table, row, 'has the id 0', `found ${table} with reserved ${word}=0`);
  const id = ids[row] as bigint;
  if (row === map.duplicate) {
    throw invalid(table, row, `has the id ${id} of an earlier row`, `multiple ${table}s with same id: ${id}`);
  }
  throw invalid(
    table,
    row,
    `(id ${id}) has a line that names no function of the profile`,
    `location id: ${id} has a line with nil function`,
  );
}
