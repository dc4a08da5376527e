// The passes over a profile message that is known to be well formed: exactly sized tables are filled from its fields.
import type { IdMap } from '../columns/idmap.ts';
import { finishInt64, type Int64Halves, int64Halves } from '../columns/int64.ts';
import type { TableReader } from './kernel/table-reader.ts';
import type { Outline } from './outline.ts';
import type {
  FunctionTable,
  IndexColumn,
  LocationTable,
  MappingTable,
  StringTable,
  ValueType,
} from '../profile.ts';
import { stringRow } from './sample-reader.ts';
import { packedStrings } from '../columns/strings.ts';
import { high, index, low, readLength, readVarint, skipValue } from './wire.ts';

/** Room for `count` row numbers below `rows`. */
export function indexColumn(count: number, rows: number): IndexColumn {
  return rows <= 0x10000 ? new Uint16Array(count) : new Uint32Array(count);
}

/** Key of the field that {@link nextScalar} has found last: module state, as for the value. */
let key = 0;

/**
 * Goes on to the next field before `end` that is a number: {@link key} is its key, `low()` and `high()` are its value.
 *
 * @returns where it ends, -1 where there is none
 */
function nextScalar(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    at = readVarint(bytes, at, end);
    const found = high() === 0 ? low() : low() & 7;
    if ((found & 7) === 2) {
      at = readLength(bytes, at, end);
      at += low();
      continue;
    }
    at = skipValue(bytes, at, end, found & 7);
    key = found;
    return at;
  }
  return -1;
}

/** Reads one ValueType message. */
export function readValueType(
  bytes: Uint8Array,
  at: number,
  end: number,
  strings: StringTable,
  table: string,
  of: number,
): ValueType {
  let type = 0;
  let unit = 0;
  for (at = nextScalar(bytes, at, end); at >= 0; at = nextScalar(bytes, at, end)) {
    if (key === 8) type = index();
    else if (key === 16) unit = index();
  }
  return {
    type: strings.get(stringRow(type, strings.length, table, of)),
    unit: strings.get(stringRow(unit, strings.length, table, of)),
  };
}

function halvesOf(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer as ArrayBuffer);
}

interface Tables {
  readonly sampleTypes: ValueType[];
  readonly mappings: MappingTable;
  readonly functions: FunctionTable;
  readonly strings: StringTable;
  readonly comments: number[];
}

/** A table of mappings on its way, with the halves of its columns by number of the field. */
interface UnreadMappings {
  readonly table: MappingTable;
  readonly halves: readonly Uint32Array[];
}

function unreadMappings(length: number): UnreadMappings {
  const table = {
    length,
    id: new BigUint64Array(length),
    start: new BigUint64Array(length),
    limit: new BigUint64Array(length),
    offset: new BigUint64Array(length),
    filename: new Uint32Array(length),
    buildId: new Uint32Array(length),
    flags: new Uint8Array(length),
  };
  return { table, halves: [table.id, table.start, table.limit, table.offset].map(halvesOf) };
}

function readMapping(
  bytes: Uint8Array,
  at: number,
  last: number,
  strings: number,
  { table, halves }: UnreadMappings,
  row: number,
): void {
  for (at = nextScalar(bytes, at, last); at >= 0; at = nextScalar(bytes, at, last)) {
    if ((key & 7) !== 0) continue;
    const of = key >>> 3;
    if (of >= 1 && of <= 4) {
      const column = halves[of - 1] as Uint32Array;
      column[2 * row] = low();
      column[2 * row + 1] = high();
    } else if (of === 5) table.filename[row] = stringRow(index(), strings, 'mapping', row);
    else if (of === 6) table.buildId[row] = stringRow(index(), strings, 'mapping', row);
    else if (of >= 7 && of <= 10) {
      const bit = 1 << (of - 7);
      const flags = table.flags[row] as number;
      table.flags[row] = (low() | high()) !== 0 ? flags | bit : flags & ~bit;
    }
  }
}

/** A table of functions on its way. */
interface UnreadFunctions {
  readonly table: Omit<FunctionTable, 'startLine'>;
  readonly idHalves: Uint32Array;
  readonly startLine: Int64Halves;
}

function unreadFunctions(length: number): UnreadFunctions {
  const table = {
    length,
    id: new BigUint64Array(length),
    name: new Uint32Array(length),
    systemName: new Uint32Array(length),
    filename: new Uint32Array(length),
  };
  return { table, idHalves: halvesOf(table.id), startLine: int64Halves(length) };
}

function readFunction(
  bytes: Uint8Array,
  at: number,
  last: number,
  strings: number,
  { table, idHalves, startLine }: UnreadFunctions,
  row: number,
): void {
  for (at = nextScalar(bytes, at, last); at >= 0; at = nextScalar(bytes, at, last)) {
    if (key === 8) {
      idHalves[2 * row] = low();
      idHalves[2 * row + 1] = high();
    } else if (key === 16) table.name[row] = stringRow(index(), strings, 'function', row);
    else if (key === 24) table.systemName[row] = stringRow(index(), strings, 'function', row);
    else if (key === 32) table.filename[row] = stringRow(index(), strings, 'function', row);
    else if (key === 40) {
      startLine.halves[2 * row] = low();
      startLine.halves[2 * row + 1] = high();
    }
  }
}

/** The second pass: everything but locations and samples; without functions and strings, too, where they are `known`. */
export function readTables(bytes: Uint8Array, o: Outline, known: TableReader | null): Tables {
  const end = bytes.length;
  const text = new Uint8Array(known === null ? o.stringBytes : 0);
  const ends = new Uint32Array(known === null ? o.strings : 0);
  const valueTypes = new Float64Array(o.sampleTypes * 2);
  const comments: number[] = [];
  const mappings = unreadMappings(o.mappings);
  const functions = unreadFunctions(known === null ? o.functions : 0);
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
      // A view of each short text would be more work than its bytes.
      if (last - at > 256) text.set(bytes.subarray(at, last), textAt);
      else for (let i = at, to = textAt; i < last; i++) text[to++] = bytes[i] as number;
      textAt += last - at;
      ends[string++] = textAt;
    } else if (field === 5) readFunction(bytes, at, last, o.strings, functions, fn++);
    else if (field === 3) readMapping(bytes, at, last, o.strings, mappings, mapping++);
    else if (field === 1) {
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
  const strings = known?.stringTable() ?? packedStrings(text, ends);
  const sampleTypes: ValueType[] = [];
  for (let i = 0; i < o.sampleTypes; i++) {
    const from = valueTypes[2 * i] as number;
    sampleTypes.push(readValueType(bytes, from, valueTypes[2 * i + 1] as number, strings, 'sample_type', i));
  }
  return {
    sampleTypes,
    mappings: mappings.table,
    functions: known?.functionTable() ?? { ...functions.table, startLine: finishInt64(functions.startLine) },
    strings,
    comments,
  };
}

/** The third pass: locations, whose mappings and functions are known by now. `badLine` is a row, or -1. */
export function readLocations(
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
      const tag = high() === 0 ? low() : low() & 7;
      if ((tag & 7) === 2) {
        at = readLength(bytes, at, last);
        const lineEnd = at + low();
        if (tag === 34) {
          let functionRow = -1;
          for (at = nextScalar(bytes, at, lineEnd); at >= 0; at = nextScalar(bytes, at, lineEnd)) {
            if (key === 8) functionRow = low() === 0 && high() === 0 ? -1 : functionIds.row(low(), high());
            else if (key === 16) {
              lineNumber.halves[2 * line] = low();
              lineNumber.halves[2 * line + 1] = high();
            } else if (key === 24) {
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
      at = skipValue(bytes, at, last, tag & 7);
      if (tag === 8) {
        idHalves[2 * row] = low();
        idHalves[2 * row + 1] = high();
      } else if (tag === 16) mapping[row] = low() === 0 && high() === 0 ? -1 : mappingIds.row(low(), high());
      else if (tag === 24) {
        addressHalves[2 * row] = low();
        addressHalves[2 * row + 1] = high();
      } else if (tag === 40) isFolded[row] = (low() | high()) !== 0 ? 1 : 0;
    }
    row++;
  }
  lineStart[row] = line;
  const lines = { length: o.lines, function: fn, line: finishInt64(lineNumber), column: finishInt64(column) };
  return { locations: { length: o.locations, id, mapping, address, isFolded, lineStart, lines }, badLine };
}
