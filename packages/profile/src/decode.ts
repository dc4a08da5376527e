// profile.proto → columnar tables, in passes over the bytes: count and check, then fill exactly sized arrays.
//
// The wire rules are those of pprof's own decoder: varints of at most ten bytes whose bits above 64 are dropped, wire
// types 0, 1, 2 and 5, unknown fields skipped, repeated integers packed or not, the last scalar wins.
import { ProfileError } from './errors.ts';
import { idMap, type IdMap } from './idmap.ts';
import { finishInt64, type Int64Halves, int64Halves } from './int64.ts';
import {
  type FunctionTable,
  type IndexColumn,
  type LocationTable,
  type MappingTable,
  type Profile,
  type SampleTable,
  type StringTable,
  type ValueType,
} from './profile.ts';
import { packedStrings } from './strings.ts';

const TWO_32 = 4294967296;

function truncated(at: number, what: string): ProfileError {
  return new ProfileError('PROFILE_TRUNCATED', `truncated at byte ${at}: ${what}`);
}

function malformed(at: number, what: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `malformed at byte ${at}: ${what}`);
}

// The varint read last, as its two halves. Module state instead of a result object, because millions are read; a typed
// array, because a plain variable would box every value above 2^31.
const varint = new Uint32Array(2);

/** Reads the varint at `at` into `varint` and returns the offset behind it. */
function readVarint(bytes: Uint8Array, at: number, end: number): number {
  if (at + 3 < end) {
    const first = bytes[at] as number;
    varint[1] = 0;
    if (first < 0x80) {
      varint[0] = first;
      return at + 1;
    }
    const second = bytes[at + 1] as number;
    if (second < 0x80) {
      varint[0] = (first & 0x7f) | (second << 7);
      return at + 2;
    }
    const third = bytes[at + 2] as number;
    if (third < 0x80) {
      varint[0] = (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
      return at + 3;
    }
  }
  return readLongVarint(bytes, at, end);
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
function low(): number {
  return varint[0] as number;
}

/** The high half of the varint read last. */
function high(): number {
  return varint[1] as number;
}

/** Skips the value of a field whose key ended at `at`; `low()` and `high()` hold the value of a varint field. */
function skipValue(bytes: Uint8Array, at: number, end: number, type: number): number {
  if (type === 0) return readVarint(bytes, at, end);
  const size = type === 1 ? 8 : type === 5 ? 4 : -1;
  if (size < 0) throw malformed(at, `unknown wire type ${type}`);
  if (end - at < size) throw truncated(at, `a fixed-size number needs ${size} bytes, ${end - at} are left`);
  return at + size;
}

/** Reads the length at `at` and checks that so many bytes follow; `low()` is the length. */
function readLength(bytes: Uint8Array, at: number, end: number): number {
  const next = readVarint(bytes, at, end);
  const length = high() * TWO_32 + low();
  if (length > end - next) throw truncated(at, `a field claims ${length} bytes, ${end - next} are left`);
  return next;
}

function wrongType(at: number, message: string, field: number, type: number): ProfileError {
  return malformed(at, `field ${field} of ${message} has the wire type ${type}`);
}

/**
 * Number of varints in `bytes[at…end)`: of bytes without the continuation bit, four at a time. Checks that the last one
 * is whole; one that is too long is found when it is read.
 */
function countVarints(bytes: Uint8Array, words: Int32Array, at: number, end: number): number {
  if (at === end) return 0;
  if ((bytes[end - 1] as number) >= 0x80) throw truncated(end, 'a number has no end');
  let count = 0;
  while (at < end && ((at + bytes.byteOffset) & 3) !== 0) count += ((bytes[at++] as number) >>> 7) ^ 1;
  let word = (at + bytes.byteOffset) >>> 2;
  for (; at + 4 <= end; at += 4) {
    count += Math.imul((~(words[word++] as number) >>> 7) & 0x01010101, 0x01010101) >>> 24;
  }
  while (at < end) count += ((bytes[at++] as number) >>> 7) ^ 1;
  return count;
}

/** What the first pass learns: the size of every table, and the scalars of the profile message. */
interface Outline {
  sampleTypes: number;
  samples: number;
  mappings: number;
  locations: number;
  functions: number;
  strings: number;
  stringBytes: number;
  comments: number;
  stackLocations: number;
  values: number;
  labels: number;
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

/** The scalar in `low()` and `high()` as a signed 64-bit integer. */
function signed(): bigint {
  return BigInt.asIntN(64, (BigInt(high()) << 32n) | BigInt(low()));
}

/** The index in `low()` and `high()` as a number; what cannot be an index becomes a number that is out of every range. */
function index(): number {
  return high() === 0 ? low() : TWO_32;
}

/** Checks a message whose known fields 1…`fields` are all varints. */
function checkScalars(bytes: Uint8Array, at: number, end: number, name: string, fields: number): void {
  while (at < end) {
    const keyAt = at;
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

/** Counts and checks everything. */
function outline(bytes: Uint8Array): Outline {
  const words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
  const end = bytes.length;
  const o: Outline = {
    sampleTypes: 0,
    samples: 0,
    mappings: 0,
    locations: 0,
    functions: 0,
    strings: 0,
    stringBytes: 0,
    comments: 0,
    stackLocations: 0,
    values: 0,
    labels: 0,
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
  let at = 0;
  while (at < end) {
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low() & 7;
    // A field number beyond 2^29 is unknown whatever it is.
    const field = high() === 0 ? low() >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low();
      switch (field) {
        case 1:
          o.sampleTypes++;
          checkScalars(bytes, at, last, 'ValueType', 2);
          break;
        case 2:
          o.samples++;
          outlineSample(bytes, words, at, last, o);
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
          o.periodTypeAt = at;
          o.periodTypeEnd = last;
          break;
        case 13:
          o.comments += countVarints(bytes, words, at, last);
          break;
        case 9:
          if (o.timeNanos !== 0n) throw concatenated(keyAt);
          throw wrongType(keyAt, 'Profile', field, type);
        case 7:
        case 8:
        case 10:
        case 12:
        case 14:
        case 15:
          throw wrongType(keyAt, 'Profile', field, type);
        default:
      }
      at = last;
    } else {
      at = skipValue(bytes, at, end, type);
      if (field < 1 || field > 15) continue;
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
  }
  return o;
}

function concatenated(at: number): ProfileError {
  return new ProfileError(
    'PROFILE_CONCATENATED',
    `concatenated profiles: a second profile begins before byte ${at}`,
    {
      pprofMessage: 'parsing profile: concatenated profiles detected',
    },
  );
}

/**
 * Counts what a sample holds and checks its fields; labels are looked into when they are read. Keys and lengths are
 * nearly always one byte, so that case stands first.
 */
function outlineSample(bytes: Uint8Array, words: Int32Array, at: number, end: number, o: Outline): void {
  let stackLocations = 0;
  let values = 0;
  let labels = 0;
  while (at < end) {
    const key = bytes[at] as number;
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0x80;
    if ((key === 0x0a || key === 0x12 || key === 0x1a) && length < 0x80 && length <= end - at - 2) {
      const last = at + 2 + length;
      if (key === 0x0a) stackLocations += countVarints(bytes, words, at + 2, last);
      else if (key === 0x12) values += countVarints(bytes, words, at + 2, last);
      else labels++;
      at = last;
      continue;
    }
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low() & 7;
    const field = high() === 0 ? low() >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low();
      if (field === 1) stackLocations += countVarints(bytes, words, at, last);
      else if (field === 2) values += countVarints(bytes, words, at, last);
      else if (field === 3) labels++;
      at = last;
    } else {
      at = skipValue(bytes, at, end, type);
      if (field === 1 && type === 0) stackLocations++;
      else if (field === 2 && type === 0) values++;
      else if (field >= 1 && field <= 3) throw wrongType(keyAt, 'Sample', field, type);
    }
  }
  o.stackLocations += stackLocations;
  o.values += values;
  o.labels += labels;
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

/** Room for `count` row numbers below `rows`. */
export function indexColumn(count: number, rows: number): IndexColumn {
  return rows <= 0x10000 ? new Uint16Array(count) : new Uint32Array(count);
}

/** Checks that string `row` exists. */
function stringRow(row: number, strings: number, table: string, of: number): number {
  if (row < strings) return row;
  const which = row === TWO_32 ? 'a string out of range' : `string ${row}`;
  throw new ProfileError(
    'PROFILE_MALFORMED',
    `${table} ${of} names ${which}, the string table has ${strings} rows`,
  );
}

/** Reads one ValueType message. */
function readValueType(
  bytes: Uint8Array,
  at: number,
  end: number,
  strings: StringTable,
  table: string,
  of: number,
): ValueType {
  let type = 0;
  let unit = 0;
  while (at < end) {
    at = readVarint(bytes, at, end);
    const key = high() === 0 ? low() : 0;
    if ((key & 7) === 2) {
      at = readLength(bytes, at, end);
      at += low();
    } else {
      at = skipValue(bytes, at, end, key & 7);
      if (key === 8) type = index();
      else if (key === 16) unit = index();
    }
  }
  return {
    type: strings.get(stringRow(type, strings.length, table, of)),
    unit: strings.get(stringRow(unit, strings.length, table, of)),
  };
}

function halvesOf(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer as ArrayBuffer);
}

/** What P14 of pprof calls malformed. */
function invalid(table: string, row: number, what: string, pprof: string): ProfileError {
  return new ProfileError('PROFILE_INVALID', `${table} ${row} ${what}`, {
    pprofMessage: `malformed profile: ${pprof}`,
  });
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
  const o = outline(bytes);
  if (o.strings === 0) throw malformed(bytes.length, 'the profile has no string table');
  const filled = readTables(bytes, o);
  const { strings, mappings, functions } = filled;
  const mappingIds = idMap(mappings.id);
  const functionIds = idMap(functions.id);
  const { locations, badLine } = readLocations(bytes, o, mappingIds, functionIds);
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
      : readValueType(bytes, o.periodTypeAt, o.periodTypeEnd, strings, 'period_type of profile', 0);

  const reader = new SampleReader(bytes, o, locationIds);
  const samples = reader.run();
  // In pprof's order: samples, mappings, functions, locations.
  if (reader.bad !== null) throw reader.bad;
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

interface Tables {
  readonly sampleTypes: ValueType[];
  readonly mappings: MappingTable;
  readonly functions: FunctionTable;
  readonly strings: StringTable;
  readonly comments: number[];
}

/** The second pass: everything but locations and samples. */
function readTables(bytes: Uint8Array, o: Outline): Tables {
  const end = bytes.length;
  const text = new Uint8Array(o.stringBytes);
  const ends = new Uint32Array(o.strings);
  const valueTypes = new Float64Array(o.sampleTypes * 2);
  const comments: number[] = [];
  const mappings = {
    length: o.mappings,
    id: new BigUint64Array(o.mappings),
    start: new BigUint64Array(o.mappings),
    limit: new BigUint64Array(o.mappings),
    offset: new BigUint64Array(o.mappings),
    filename: new Uint32Array(o.mappings),
    buildId: new Uint32Array(o.mappings),
    flags: new Uint8Array(o.mappings),
  };
  const mappingHalves = [mappings.id, mappings.start, mappings.limit, mappings.offset].map(halvesOf);
  const startLine = int64Halves(o.functions);
  const functions = {
    length: o.functions,
    id: new BigUint64Array(o.functions),
    name: new Uint32Array(o.functions),
    systemName: new Uint32Array(o.functions),
    filename: new Uint32Array(o.functions),
  };
  const functionIds = halvesOf(functions.id);
  let textAt = 0;
  let string = 0;
  let type = 0;
  let mapping = 0;
  let fn = 0;
  let at = 0;
  while (at < end) {
    at = readVarint(bytes, at, end);
    const wire = low() & 7;
    const field = high() === 0 ? low() >>> 3 : 0;
    if (wire !== 2) {
      at = skipValue(bytes, at, end, wire);
      if (field === 13) comments.push(index());
      continue;
    }
    at = readLength(bytes, at, end);
    const last = at + low();
    if (field === 6) {
      text.set(bytes.subarray(at, last), textAt);
      textAt += last - at;
      ends[string++] = textAt;
    } else if (field === 5) {
      while (at < last) {
        at = readVarint(bytes, at, last);
        const key = high() === 0 ? low() : 0;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, last);
          at += low();
          continue;
        }
        at = skipValue(bytes, at, last, key & 7);
        if (key === 8) {
          functionIds[2 * fn] = low();
          functionIds[2 * fn + 1] = high();
        } else if (key === 16) functions.name[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 24) functions.systemName[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 32) functions.filename[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 40) {
          startLine.halves[2 * fn] = low();
          startLine.halves[2 * fn + 1] = high();
        }
      }
      fn++;
    } else if (field === 3) {
      while (at < last) {
        at = readVarint(bytes, at, last);
        const key = high() === 0 ? low() : 0;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, last);
          at += low();
          continue;
        }
        at = skipValue(bytes, at, last, key & 7);
        if ((key & 7) !== 0) continue;
        const of = key >>> 3;
        if (of >= 1 && of <= 4) {
          const halves = mappingHalves[of - 1] as Uint32Array;
          halves[2 * mapping] = low();
          halves[2 * mapping + 1] = high();
        } else if (of === 5) mappings.filename[mapping] = stringRow(index(), o.strings, 'mapping', mapping);
        else if (of === 6) mappings.buildId[mapping] = stringRow(index(), o.strings, 'mapping', mapping);
        else if (of >= 7 && of <= 10) {
          const bit = 1 << (of - 7);
          const flags = mappings.flags[mapping] as number;
          mappings.flags[mapping] = (low() | high()) !== 0 ? flags | bit : flags & ~bit;
        }
      }
      mapping++;
    } else if (field === 1) {
      // Names are looked up after the pass: the string table often comes last.
      valueTypes[type++] = at;
      valueTypes[type++] = last;
    } else if (field === 13) {
      while (at < last) {
        at = readVarint(bytes, at, last);
        comments.push(index());
      }
    }
    at = last;
  }
  const strings = packedStrings(text, ends);
  const sampleTypes: ValueType[] = [];
  for (let i = 0; i < o.sampleTypes; i++) {
    const from = valueTypes[2 * i] as number;
    sampleTypes.push(readValueType(bytes, from, valueTypes[2 * i + 1] as number, strings, 'sample_type', i));
  }
  return {
    sampleTypes,
    mappings,
    functions: { ...functions, startLine: finishInt64(startLine) },
    strings,
    comments,
  };
}

/** The third pass: locations, whose mappings and functions are known by now. `badLine` is a row, or -1. */
function readLocations(
  bytes: Uint8Array,
  o: Outline,
  mappingIds: IdMap,
  functionIds: IdMap,
): { locations: LocationTable; badLine: number } {
  const end = bytes.length;
  const id = new BigUint64Array(o.locations);
  const address = new BigUint64Array(o.locations);
  const idHalves = halvesOf(id);
  const addressHalves = halvesOf(address);
  const mapping = new Int32Array(o.locations).fill(-1);
  const isFolded = new Uint8Array(o.locations);
  const lineStart = new Uint32Array(o.locations + 1);
  const fn = indexColumn(o.lines, o.functions);
  const lineNumber = int64Halves(o.lines);
  const column = int64Halves(o.lines);
  let badLine = -1;
  let row = 0;
  let line = 0;
  let at = 0;
  while (at < end) {
    at = readVarint(bytes, at, end);
    const wire = low() & 7;
    if (wire !== 2) {
      at = skipValue(bytes, at, end, wire);
      continue;
    }
    const field = high() === 0 ? low() >>> 3 : 0;
    at = readLength(bytes, at, end);
    const last = at + low();
    if (field !== 4) {
      at = last;
      continue;
    }
    lineStart[row] = line;
    while (at < last) {
      at = readVarint(bytes, at, last);
      const key = high() === 0 ? low() : 0;
      if ((key & 7) === 2) {
        at = readLength(bytes, at, last);
        const lineEnd = at + low();
        if (key === 34) {
          let functionRow = -1;
          while (at < lineEnd) {
            at = readVarint(bytes, at, lineEnd);
            const lineKey = high() === 0 ? low() : 0;
            if ((lineKey & 7) === 2) {
              at = readLength(bytes, at, lineEnd);
              at += low();
              continue;
            }
            at = skipValue(bytes, at, lineEnd, lineKey & 7);
            if (lineKey === 8)
              functionRow = low() === 0 && high() === 0 ? -1 : functionIds.row(low(), high());
            else if (lineKey === 16) {
              lineNumber.halves[2 * line] = low();
              lineNumber.halves[2 * line + 1] = high();
            } else if (lineKey === 24) {
              column.halves[2 * line] = low();
              column.halves[2 * line + 1] = high();
            }
          }
          if (functionRow < 0) {
            if (badLine < 0) badLine = row;
            functionRow = 0;
          }
          fn[line++] = functionRow;
        }
        at = lineEnd;
        continue;
      }
      at = skipValue(bytes, at, last, key & 7);
      if (key === 8) {
        idHalves[2 * row] = low();
        idHalves[2 * row + 1] = high();
      } else if (key === 16) mapping[row] = low() === 0 && high() === 0 ? -1 : mappingIds.row(low(), high());
      else if (key === 24) {
        addressHalves[2 * row] = low();
        addressHalves[2 * row + 1] = high();
      } else if (key === 40) isFolded[row] = (low() | high()) !== 0 ? 1 : 0;
    }
    row++;
  }
  lineStart[row] = line;
  const lines = { length: o.lines, function: fn, line: finishInt64(lineNumber), column: finishInt64(column) };
  return { locations: { length: o.locations, id, mapping, address, isFolded, lineStart, lines }, badLine };
}

/** The last pass: samples. */
class SampleReader {
  readonly #bytes: Uint8Array;
  readonly #types: number;
  readonly #strings: number;
  readonly #locationIds: IdMap;
  /** Rows by id where ids are small, else null. */
  readonly #direct: Int32Array | null;
  /** Whether the ids are 1, 2, 3 … in order. */
  readonly #counted: boolean;
  readonly locations: number;
  readonly #stackStart: Uint32Array;
  readonly #stackLocations: IndexColumn;
  readonly #values: readonly Int64Halves[];
  readonly #columns: readonly Uint32Array[];
  readonly #labelStart: Uint32Array;
  readonly #labelKey: Uint32Array;
  readonly #labelText: Uint32Array;
  readonly #labelNumber: Int64Halves;
  readonly #labelUnit: Uint32Array;
  #row = 0;
  #stackAt = 0;
  #label = 0;
  /** First frame of the current sample whose location is unknown, as an index into the stacks; -1 if there is none. */
  #unknownAt = -1;
  /** What pprof would say first about the samples. */
  bad: ProfileError | null = null;

  constructor(bytes: Uint8Array, o: Outline, locationIds: IdMap) {
    this.#bytes = bytes;
    this.#types = o.sampleTypes;
    this.#strings = o.strings;
    this.#locationIds = locationIds;
    this.#direct = locationIds.direct;
    this.#counted = locationIds.counted;
    this.locations = o.locations;
    this.#stackStart = new Uint32Array(o.samples + 1);
    this.#stackLocations = indexColumn(o.stackLocations, o.locations);
    // Otherwise some sample has the wrong number of values and the columns are never used; types × samples is bounded
    // by the size of the input only when it equals the number of values.
    const wanted = o.values === o.sampleTypes * o.samples ? o.sampleTypes : 0;
    this.#values = Array.from({ length: wanted }, () => int64Halves(o.samples));
    this.#columns = this.#values.map(({ halves }) => halves);
    this.#labelStart = new Uint32Array(o.samples + 1);
    this.#labelKey = new Uint32Array(o.labels);
    this.#labelText = new Uint32Array(o.labels);
    this.#labelNumber = int64Halves(o.labels);
    this.#labelUnit = new Uint32Array(o.labels);
  }

  /** Reads the samples of the whole message. */
  run(): SampleTable {
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      at = readVarint(bytes, at, end);
      const wire = low() & 7;
      if (wire !== 2) {
        at = skipValue(bytes, at, end, wire);
        continue;
      }
      const isSample = high() === 0 && low() === 0x12;
      at = readLength(bytes, at, end);
      const last = at + low();
      if (isSample) this.#sample(at, last);
      at = last;
    }
    this.#stackStart[this.#row] = this.#stackAt;
    this.#labelStart[this.#row] = this.#label;
    const length = this.#label;
    const labels = {
      length,
      key: this.#labelKey.subarray(0, length),
      text: this.#labelText.subarray(0, length),
      number: finishInt64(this.#labelNumber, length),
      unit: this.#labelUnit.subarray(0, length),
    };
    return {
      length: this.#row,
      stackStart: this.#stackStart,
      stackLocations: this.#stackLocations,
      values: this.#values.map((halves) => finishInt64(halves)),
      labelStart: this.#labelStart,
      labels,
    };
  }

  #sample(at: number, end: number): void {
    const bytes = this.#bytes;
    const row = this.#row;
    this.#stackStart[row] = this.#stackAt;
    this.#labelStart[row] = this.#label;
    this.#unknownAt = -1;
    let values = 0;
    while (at < end) {
      // Nearly always: a key and a length of one byte each.
      let key = bytes[at] as number;
      let last = 0;
      if (key < 0x80 && (key & 7) === 2 && (bytes[at + 1] as number) < 0x80) {
        last = at + 2 + (bytes[at + 1] as number);
        at += 2;
      } else {
        at = readVarint(bytes, at, end);
        key = high() === 0 ? low() : 0;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, end);
          last = at + low();
        }
      }
      const field = key >>> 3;
      if ((key & 7) === 2) {
        if (field === 1) this.#stack(at, last);
        else if (field === 2) values = this.#packedValues(at, last, values);
        else if (field === 3) this.#addLabel(at, last);
        at = last;
      } else {
        if (field === 1) this.#stack(at, readVarint(bytes, at, end));
        else if (field === 2) values = this.#packedValues(at, readVarint(bytes, at, end), values);
        at = skipValue(bytes, at, end, key & 7);
      }
    }
    if (this.bad === null) this.#judge(row, values);
    this.#row = row + 1;
  }

  /** Reads location ids; the first pass has seen that each is whole. */
  #stack(at: number, end: number): void {
    const bytes = this.#bytes;
    const stack = this.#stackLocations;
    const direct = this.#direct;
    let to = this.#stackAt;
    if (this.#counted) {
      const { locations } = this;
      while (at < end) {
        const first = bytes[at] as number;
        let id = first;
        if (first >= 0x80) {
          const second = bytes[at + 1] as number;
          id = (first & 0x7f) | ((second & 0x7f) << 7);
          if (second >= 0x80) {
            const third = bytes[at + 2] as number;
            if (third >= 0x80) {
              at = readVarint(bytes, at, end);
              id = high() === 0 && low() <= locations ? low() : 0;
            } else {
              id |= third << 14;
              at += 3;
            }
          } else at += 2;
        } else at++;
        if (id === 0 || id > locations) {
          if (this.#unknownAt < 0) this.#unknownAt = to;
          id = 1;
        }
        stack[to++] = id - 1;
      }
    } else if (direct !== null) {
      const rows = direct.length;
      while (at < end) {
        let id = bytes[at++] as number;
        if (id >= 0x80) {
          const second = bytes[at++] as number;
          id = (id & 0x7f) | ((second & 0x7f) << 7);
          if (second >= 0x80) {
            const third = bytes[at++] as number;
            id |= (third & 0x7f) << 14;
            if (third >= 0x80) {
              at = readVarint(bytes, at - 3, end);
              id = high() === 0 && low() < rows ? low() : rows;
            }
          }
        }
        const location = id < rows ? (direct[id] as number) : -1;
        if (location < 0) {
          if (this.#unknownAt < 0) this.#unknownAt = to;
          stack[to++] = 0;
        } else stack[to++] = location;
      }
    } else {
      while (at < end) {
        at = readVarint(bytes, at, end);
        const location = this.#locationIds.row(low(), high());
        if (location < 0 && this.#unknownAt < 0) this.#unknownAt = to;
        stack[to++] = Math.max(location, 0);
      }
    }
    this.#stackAt = to;
  }

  /** Reads values behind the first `count` of the sample and returns how many there are now. */
  #packedValues(at: number, end: number, count: number): number {
    const bytes = this.#bytes;
    const columns = this.#columns;
    const to = this.#row * 2;
    while (at < end) {
      const column = count < columns.length ? (columns[count] as Uint32Array) : null;
      count++;
      const first = bytes[at] as number;
      if (first < 0x80) {
        at++;
        // Columns start as zeros, and most values of a heap profile are.
        if (first !== 0 && column !== null) column[to] = first;
        continue;
      }
      const second = bytes[at + 1] as number;
      if (second < 0x80) {
        at += 2;
        if (column !== null) column[to] = (first & 0x7f) | (second << 7);
        continue;
      }
      at = readVarint(bytes, at, end);
      if (column !== null) {
        column[to] = low();
        column[to + 1] = high();
      }
    }
    return count;
  }

  #addLabel(at: number, end: number): void {
    const bytes = this.#bytes;
    let key = 0;
    let text = 0;
    let unit = 0;
    let numberLow = 0;
    let numberHigh = 0;
    while (at < end) {
      const keyAt = at;
      let tag = bytes[at] as number;
      if (tag < 0x80) at++;
      else {
        at = readVarint(bytes, at, end);
        // Field 0 stands for every number that is too large to be known.
        tag = high() === 0 ? low() : low() & 7;
      }
      const type = tag & 7;
      const field = tag >>> 3;
      if (type === 0) {
        let value = at < end ? (bytes[at] as number) : 0x80;
        let valueHigh = 0;
        if (value < 0x80) at++;
        else {
          at = readVarint(bytes, at, end);
          value = low();
          valueHigh = high();
        }
        if (field === 3) {
          numberLow = value;
          numberHigh = valueHigh;
        } else {
          const row = valueHigh === 0 ? value : TWO_32;
          if (field === 1) key = row;
          else if (field === 2) text = row;
          else if (field === 4) unit = row;
        }
        continue;
      }
      if (type === 2) at = readLength(bytes, at, end) + low();
      else at = skipValue(bytes, at, end, type);
      if (field >= 1 && field <= 4) throw wrongType(keyAt, 'Label', field, type);
    }
    const label = this.#label;
    stringRow(key, this.#strings, 'a label of sample', this.#row);
    if (text !== 0) this.#labelText[label] = stringRow(text, this.#strings, 'a label of sample', this.#row);
    else if (unit !== 0 || numberLow !== 0 || numberHigh !== 0) {
      this.#labelUnit[label] = stringRow(unit, this.#strings, 'a label of sample', this.#row);
      this.#labelNumber.halves[2 * label] = numberLow;
      this.#labelNumber.halves[2 * label + 1] = numberHigh;
    } else return;
    this.#labelKey[label] = key;
    this.#label = label + 1;
  }

  #judge(row: number, values: number): void {
    const types = this.#types;
    if (types === 0) {
      this.bad = invalid('sample', row, 'has no sample types to go with', 'missing sample type information');
    } else if (values !== types) {
      const pprof = `mismatch: sample has ${values} values vs. ${types} types`;
      this.bad = invalid('sample', row, `has ${values} values, the profile has ${types} sample types`, pprof);
    } else if (this.#unknownAt >= 0) {
      const frame = this.#unknownAt - (this.#stackStart[row] as number);
      this.bad = invalid(
        'sample',
        row,
        `names an unknown location as frame ${frame}`,
        'sample has nil location',
      );
    }
  }
}
