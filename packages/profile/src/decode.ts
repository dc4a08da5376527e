// profile.proto → columnar tables, in passes over the bytes: count and check, then fill exactly sized arrays.
//
// The wire rules are those of pprof's own decoder: varints of at most ten bytes whose bits above 64 are dropped, wire
// types 0, 1, 2 and 5, unknown fields skipped, repeated integers packed or not, the last scalar wins.
import { ProfileError } from './errors.ts';
import { idMap, type IdMap } from './idmap.ts';
import { finishInt64, int64Halves } from './int64.ts';
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

// The varint read last: its two halves and the offset behind it. Module state instead of a result object, because
// millions are read.
let low = 0;
let high = 0;

/** Reads the varint at `at` into `low` and `high` and returns the offset behind it. */
function readVarint(bytes: Uint8Array, at: number, end: number): number {
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
      low = lo >>> 0;
      high = hi >>> 0;
      return at;
    }
  }
  throw malformed(start, 'a number has more than ten bytes');
}

/** Skips the value of a field whose key ended at `at`; `low` and `high` hold the value of a varint field. */
function skipValue(bytes: Uint8Array, at: number, end: number, type: number): number {
  if (type === 0) return readVarint(bytes, at, end);
  const size = type === 1 ? 8 : type === 5 ? 4 : -1;
  if (size < 0) throw malformed(at, `unknown wire type ${type}`);
  if (end - at < size) throw truncated(at, `a fixed-size number needs ${size} bytes, ${end - at} are left`);
  return at + size;
}

/** Reads the length at `at` and checks that so many bytes follow; `low` is the length. */
function readLength(bytes: Uint8Array, at: number, end: number): number {
  const next = readVarint(bytes, at, end);
  const length = high * TWO_32 + low;
  if (length > end - next) throw truncated(at, `a field claims ${length} bytes, ${end - next} are left`);
  return next;
}

function wrongType(at: number, message: string, field: number, type: number): ProfileError {
  return malformed(at, `field ${field} of ${message} has the wire type ${type}`);
}

/** Number of varints in `bytes[at…end)`; checks each. */
function countVarints(bytes: Uint8Array, at: number, end: number): number {
  let count = 0;
  let start = at;
  for (; at < end; at++) {
    if ((bytes[at] as number) < 0x80) {
      if (at - start >= 10) throw malformed(start, 'a number has more than ten bytes');
      count++;
      start = at + 1;
    }
  }
  if (start !== end) {
    if (end - start >= 10) throw malformed(start, 'a number has more than ten bytes');
    throw truncated(start, 'a number has no end');
  }
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

/** The scalar in `low` and `high` as a signed 64-bit integer. */
function signed(): bigint {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** The index in `low` and `high` as a number; what cannot be an index becomes a number that is out of every range. */
function index(): number {
  return high === 0 ? low : TWO_32;
}

/** Checks a message whose known fields 1…`fields` are all varints. */
function checkScalars(bytes: Uint8Array, at: number, end: number, name: string, fields: number): void {
  while (at < end) {
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low & 7;
    const field = high === 0 ? low >>> 3 : 0;
    const known = field >= 1 && field <= fields;
    if (type === 2) {
      at = readLength(bytes, at, end);
      at += low;
    } else at = skipValue(bytes, at, end, type);
    if (known && type !== 0) throw wrongType(keyAt, name, field, type);
  }
}

/** Counts and checks everything. */
function outline(bytes: Uint8Array): Outline {
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
    const type = low & 7;
    // A field number beyond 2^29 is unknown whatever it is.
    const field = high === 0 ? low >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low;
      switch (field) {
        case 1:
          o.sampleTypes++;
          checkScalars(bytes, at, last, 'ValueType', 2);
          break;
        case 2:
          o.samples++;
          outlineSample(bytes, at, last, o);
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
          o.comments += countVarints(bytes, at, last);
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

function outlineSample(bytes: Uint8Array, at: number, end: number, o: Outline): void {
  while (at < end) {
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low & 7;
    const field = high === 0 ? low >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low;
      if (field === 1) o.stackLocations += countVarints(bytes, at, last);
      else if (field === 2) o.values += countVarints(bytes, at, last);
      else if (field === 3) {
        checkScalars(bytes, at, last, 'Label', 4);
        o.labels++;
      }
      at = last;
    } else {
      at = skipValue(bytes, at, end, type);
      if (field === 1 && type === 0) o.stackLocations++;
      else if (field === 2 && type === 0) o.values++;
      else if (field >= 1 && field <= 3) throw wrongType(keyAt, 'Sample', field, type);
    }
  }
}

function outlineLocation(bytes: Uint8Array, at: number, end: number, o: Outline): void {
  while (at < end) {
    const keyAt = at;
    at = readVarint(bytes, at, end);
    const type = low & 7;
    const field = high === 0 ? low >>> 3 : 0;
    if (type === 2) {
      at = readLength(bytes, at, end);
      const last = at + low;
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
    const key = high === 0 ? low : 0;
    if ((key & 7) === 2) {
      at = readLength(bytes, at, end);
      at += low;
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

  const { samples, badSample } = readSamples(bytes, o, locationIds);
  // In pprof's order: samples, mappings, functions, locations.
  if (badSample !== null) throw badSample;
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
    const wire = low & 7;
    const field = high === 0 ? low >>> 3 : 0;
    if (wire !== 2) {
      at = skipValue(bytes, at, end, wire);
      if (field === 13) comments.push(index());
      continue;
    }
    at = readLength(bytes, at, end);
    const last = at + low;
    if (field === 6) {
      text.set(bytes.subarray(at, last), textAt);
      textAt += last - at;
      ends[string++] = textAt;
    } else if (field === 5) {
      while (at < last) {
        at = readVarint(bytes, at, last);
        const key = high === 0 ? low : 0;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, last);
          at += low;
          continue;
        }
        at = skipValue(bytes, at, last, key & 7);
        if (key === 8) {
          functionIds[2 * fn] = low;
          functionIds[2 * fn + 1] = high;
        } else if (key === 16) functions.name[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 24) functions.systemName[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 32) functions.filename[fn] = stringRow(index(), o.strings, 'function', fn);
        else if (key === 40) {
          startLine.halves[2 * fn] = low;
          startLine.halves[2 * fn + 1] = high;
        }
      }
      fn++;
    } else if (field === 3) {
      while (at < last) {
        at = readVarint(bytes, at, last);
        const key = high === 0 ? low : 0;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, last);
          at += low;
          continue;
        }
        at = skipValue(bytes, at, last, key & 7);
        if ((key & 7) !== 0) continue;
        const of = key >>> 3;
        if (of >= 1 && of <= 4) {
          const halves = mappingHalves[of - 1] as Uint32Array;
          halves[2 * mapping] = low;
          halves[2 * mapping + 1] = high;
        } else if (of === 5) mappings.filename[mapping] = stringRow(index(), o.strings, 'mapping', mapping);
        else if (of === 6) mappings.buildId[mapping] = stringRow(index(), o.strings, 'mapping', mapping);
        else if (of >= 7 && of <= 10) {
          const bit = 1 << (of - 7);
          const flags = mappings.flags[mapping] as number;
          mappings.flags[mapping] = (low | high) !== 0 ? flags | bit : flags & ~bit;
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
    const wire = low & 7;
    if (wire !== 2) {
      at = skipValue(bytes, at, end, wire);
      continue;
    }
    const field = high === 0 ? low >>> 3 : 0;
    at = readLength(bytes, at, end);
    const last = at + low;
    if (field !== 4) {
      at = last;
      continue;
    }
    lineStart[row] = line;
    while (at < last) {
      at = readVarint(bytes, at, last);
      const key = high === 0 ? low : 0;
      if ((key & 7) === 2) {
        at = readLength(bytes, at, last);
        const lineEnd = at + low;
        if (key === 34) {
          let functionRow = -1;
          while (at < lineEnd) {
            at = readVarint(bytes, at, lineEnd);
            const lineKey = high === 0 ? low : 0;
            if ((lineKey & 7) === 2) {
              at = readLength(bytes, at, lineEnd);
              at += low;
              continue;
            }
            at = skipValue(bytes, at, lineEnd, lineKey & 7);
            if (lineKey === 8) functionRow = low === 0 && high === 0 ? -1 : functionIds.row(low, high);
            else if (lineKey === 16) {
              lineNumber.halves[2 * line] = low;
              lineNumber.halves[2 * line + 1] = high;
            } else if (lineKey === 24) {
              column.halves[2 * line] = low;
              column.halves[2 * line + 1] = high;
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
        idHalves[2 * row] = low;
        idHalves[2 * row + 1] = high;
      } else if (key === 16) mapping[row] = low === 0 && high === 0 ? -1 : mappingIds.row(low, high);
      else if (key === 24) {
        addressHalves[2 * row] = low;
        addressHalves[2 * row + 1] = high;
      } else if (key === 40) isFolded[row] = (low | high) !== 0 ? 1 : 0;
    }
    row++;
  }
  lineStart[row] = line;
  const lines = { length: o.lines, function: fn, line: finishInt64(lineNumber), column: finishInt64(column) };
  return { locations: { length: o.locations, id, mapping, address, isFolded, lineStart, lines }, badLine };
}

/** The last pass: samples. `badSample` is what pprof would say first about them. */
function readSamples(
  bytes: Uint8Array,
  o: Outline,
  locationIds: IdMap,
): { samples: SampleTable; badSample: ProfileError | null } {
  const end = bytes.length;
  const count = o.samples;
  const types = o.sampleTypes;
  // Otherwise some sample has the wrong number of values and the columns are never used; types × samples is bounded
  // by the size of the input only when it equals the number of values.
  const wanted = o.values === types * count ? types : 0;
  const stackStart = new Uint32Array(count + 1);
  const stackLocations = indexColumn(o.stackLocations, o.locations);
  const columns: Uint32Array[] = [];
  const halves: ReturnType<typeof int64Halves>[] = [];
  for (let t = 0; t < wanted; t++) {
    const column = int64Halves(count);
    halves.push(column);
    columns.push(column.halves);
  }
  const labelStart = new Uint32Array(count + 1);
  const labelKey = new Uint32Array(o.labels);
  const labelText = new Uint32Array(o.labels);
  const labelNumber = int64Halves(o.labels);
  const labelUnit = new Uint32Array(o.labels);
  let badSample: ProfileError | null = null;
  let row = 0;
  let stackAt = 0;
  let label = 0;
  let at = 0;
  while (at < end) {
    at = readVarint(bytes, at, end);
    const wire = low & 7;
    if (wire !== 2) {
      at = skipValue(bytes, at, end, wire);
      continue;
    }
    const field = high === 0 ? low >>> 3 : 0;
    at = readLength(bytes, at, end);
    const last = at + low;
    if (field !== 2) {
      at = last;
      continue;
    }
    stackStart[row] = stackAt;
    labelStart[row] = label;
    let values = 0;
    let unknownAt = -1;
    while (at < last) {
      at = readVarint(bytes, at, last);
      const key = high === 0 ? low : 0;
      const packed = (key & 7) === 2;
      let stop = last;
      if (packed) {
        at = readLength(bytes, at, last);
        stop = at + low;
      }
      const of = key >>> 3;
      if (of === 1) {
        do {
          if (at >= stop) break;
          const byte = bytes[at] as number;
          if (byte < 0x80) {
            low = byte;
            high = 0;
            at++;
          } else at = readVarint(bytes, at, stop);
          let location = locationIds.row(low, high);
          if (location < 0) {
            if (unknownAt < 0) unknownAt = stackAt;
            location = 0;
          }
          stackLocations[stackAt++] = location;
        } while (packed);
      } else if (of === 2) {
        do {
          if (at >= stop) break;
          at = readVarint(bytes, at, stop);
          if (values < wanted) {
            const column = columns[values] as Uint32Array;
            column[2 * row] = low;
            column[2 * row + 1] = high;
          }
          values++;
        } while (packed);
      } else if (of === 3 && packed) {
        let keyRow = 0;
        let text = 0;
        let unit = 0;
        let numberLow = 0;
        let numberHigh = 0;
        while (at < stop) {
          at = readVarint(bytes, at, stop);
          const labelField = high === 0 ? low : 0;
          if ((labelField & 7) === 2) {
            at = readLength(bytes, at, stop);
            at += low;
            continue;
          }
          at = skipValue(bytes, at, stop, labelField & 7);
          if (labelField === 8) keyRow = index();
          else if (labelField === 16) text = index();
          else if (labelField === 24) {
            numberLow = low;
            numberHigh = high;
          } else if (labelField === 32) unit = index();
        }
        stringRow(keyRow, o.strings, 'a label of sample', row);
        if (text !== 0) {
          labelKey[label] = keyRow;
          labelText[label++] = stringRow(text, o.strings, 'a label of sample', row);
        } else if (unit !== 0 || numberLow !== 0 || numberHigh !== 0) {
          labelKey[label] = keyRow;
          labelUnit[label] = stringRow(unit, o.strings, 'a label of sample', row);
          labelNumber.halves[2 * label] = numberLow;
          labelNumber.halves[2 * label + 1] = numberHigh;
          label++;
        }
      } else if (packed) at = stop;
      else at = skipValue(bytes, at, last, key & 7);
    }
    if (badSample === null) {
      if (types === 0) {
        badSample = invalid(
          'sample',
          row,
          'has no sample types to go with',
          'missing sample type information',
        );
      } else if (values !== types) {
        const pprof = `mismatch: sample has ${values} values vs. ${types} types`;
        badSample = invalid(
          'sample',
          row,
          `has ${values} values, the profile has ${types} sample types`,
          pprof,
        );
      } else if (unknownAt >= 0) {
        const frame = unknownAt - (stackStart[row] as number);
        badSample = invalid(
          'sample',
          row,
          `names an unknown location as frame ${frame}`,
          'sample has nil location',
        );
      }
    }
    row++;
  }
  stackStart[row] = stackAt;
  labelStart[row] = label;
  const labels = {
    length: label,
    key: labelKey.subarray(0, label),
    text: labelText.subarray(0, label),
    number: finishInt64(labelNumber, label),
    unit: labelUnit.subarray(0, label),
  };
  const samples = {
    length: count,
    stackStart,
    stackLocations,
    values: halves.map((h) => finishInt64(h)),
    labelStart,
    labels,
  };
  return { samples, badSample };
}
