// OpenTelemetry's profiles in JSON: the same messages with the names of their fields, numbers of 64 bits as strings.
import { JsonScanner } from '../../bytes/json-scanner.ts';
import type { JsonFormat } from '../format.ts';
import {
  emptyProfile,
  emptyTables,
  OTLP_NAME,
  type OtlpAttribute,
  type OtlpLine,
  type OtlpProfile,
  type OtlpResource,
  type OtlpSample,
  type OtlpScalar,
  type OtlpTables,
  otlpProfile,
  placedProfiles,
} from './tables.ts';

const MAX_ROW = 2 ** 31 - 1;

/** A whole number, plain or in quotes; 0 for anything else. */
function integer(json: JsonScanner): bigint {
  const kind = json.kind();
  if (kind === 'string') {
    const text = json.string();
    return /^-?\d{1,20}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
  }
  const value = json.numberOrNone();
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : 0n;
}

/** A row; -1 for what cannot be one. */
function row(json: JsonScanner): number {
  const value = integer(json);
  return value >= 0n && value <= BigInt(MAX_ROW) ? Number(value) : -1;
}

function text(json: JsonScanner): string {
  if (json.kind() === 'string') return json.string();
  json.skip();
  return '';
}

/** Reads each item of an array; another value has none. */
function each<T>(json: JsonScanner, item: () => T): T[] {
  const items: T[] = [];
  if (json.arrayOrNone()) while (json.item()) items.push(item());
  return items;
}

/** Calls `field` for each key of an object; what it does not read (false) is skipped. */
function fields(json: JsonScanner, field: (key: string) => boolean): void {
  if (!json.objectOrNone()) return;
  for (let key = json.key(); key !== null; key = json.key()) if (!field(key)) json.skip();
}

/** The values of an `AnyValue`: one, several of a list, or none of a kind that is not read. */
function readAnyValue(json: JsonScanner, isNested = false): readonly OtlpScalar[] {
  let values: readonly OtlpScalar[] = [];
  fields(json, (key) => {
    if (key === 'stringValue') values = [text(json)];
    else if (key === 'intValue') values = [integer(json)];
    else if (key === 'doubleValue') values = [json.numberOrNone()];
    else if (key === 'stringValueStrindex') values = [{ row: row(json) }];
    else if (key === 'boolValue' && json.kind() === 'boolean') {
      const { at } = json;
      json.skip();
      values = [json.at - at === 4 ? 'true' : 'false'];
    } else if (key === 'arrayValue' && !isNested) {
      fields(json, (inner) => {
        if (inner !== 'values') return false;
        values = each(json, () => readAnyValue(json, true)).flat();
        return true;
      });
    } else return false;
    return true;
  });
  return values;
}

function readAttribute(json: JsonScanner): OtlpAttribute {
  const attribute: OtlpAttribute = { key: '', values: [], unit: 0 };
  fields(json, (key) => {
    if (key === 'key') attribute.key = text(json);
    else if (key === 'keyStrindex') {
      // Some write every field, and 0 where the key itself stands there.
      const index = row(json);
      if (index !== 0) attribute.key = index;
    } else if (key === 'value') attribute.values = readAnyValue(json);
    else if (key === 'unitStrindex') attribute.unit = row(json);
    else return false;
    return true;
  });
  return attribute;
}

function readMapping(json: JsonScanner): OtlpTables['mappings'][number] {
  const mapping = { start: 0n, limit: 0n, offset: 0n, filename: 0, attributes: [] as readonly number[] };
  fields(json, (key) => {
    if (key === 'memoryStart') mapping.start = BigInt.asUintN(64, integer(json));
    else if (key === 'memoryLimit') mapping.limit = BigInt.asUintN(64, integer(json));
    else if (key === 'fileOffset') mapping.offset = BigInt.asUintN(64, integer(json));
    else if (key === 'filenameStrindex') mapping.filename = row(json);
    else if (key === 'attributeIndices') mapping.attributes = each(json, () => row(json));
    else return false;
    return true;
  });
  return mapping;
}

function readFunction(json: JsonScanner): OtlpTables['functions'][number] {
  const fn = { name: 0, systemName: 0, filename: 0, startLine: 0 };
  fields(json, (key) => {
    if (key === 'nameStrindex') fn.name = row(json);
    else if (key === 'systemNameStrindex') fn.systemName = row(json);
    else if (key === 'filenameStrindex') fn.filename = row(json);
    else if (key === 'startLine') fn.startLine = Number(integer(json));
    else return false;
    return true;
  });
  return fn;
}

function readLine(json: JsonScanner): OtlpLine {
  const line = { function: 0, line: 0, column: 0 };
  fields(json, (key) => {
    if (key === 'functionIndex') line.function = row(json);
    else if (key === 'line') line.line = Number(integer(json));
    else if (key === 'column') line.column = Number(integer(json));
    else return false;
    return true;
  });
  return line;
}

function readLocation(json: JsonScanner): OtlpTables['locations'][number] {
  let lines: OtlpLine[] = [];
  let attributes: readonly number[] = [];
  const location = { mapping: 0, address: 0n, isFolded: false };
  fields(json, (key) => {
    if (key === 'mappingIndex') location.mapping = row(json);
    else if (key === 'address') location.address = BigInt.asUintN(64, integer(json));
    else if (key === 'lines' || key === 'line') lines = each(json, () => readLine(json));
    else if (key === 'attributeIndices') attributes = each(json, () => row(json));
    else return false;
    return true;
  });
  return { ...location, lines, attributes };
}

function readStack(json: JsonScanner): readonly number[] {
  let stack: readonly number[] = [];
  fields(json, (key) => {
    if (key !== 'locationIndices') return false;
    stack = each(json, () => row(json));
    return true;
  });
  return stack;
}

/** Reads a table of `tables` under the name it has in a dictionary or a profile; false where there is none of that name. */
function readTable(json: JsonScanner, key: string, tables: OtlpTables): boolean {
  const add = <T>(into: T[], item: () => T): true => {
    for (const one of each(json, item)) into.push(one);
    return true;
  };
  switch (key) {
    case 'mappingTable':
      return add(tables.mappings, () => readMapping(json));
    case 'locationTable':
      return add(tables.locations, () => readLocation(json));
    case 'functionTable':
      return add(tables.functions, () => readFunction(json));
    case 'stringTable':
      return add(tables.strings, () => text(json));
    case 'attributeTable':
      return add(tables.attributes, () => readAttribute(json));
    case 'stackTable':
      return add(tables.stacks, () => readStack(json));
    default:
      return false;
  }
}

function readSample(json: JsonScanner): OtlpSample {
  let values: readonly bigint[] = [];
  let attributes: readonly number[] = [];
  const sample = { stack: 0, start: 0, length: 0, moments: 0 };
  let inSlices = false;
  fields(json, (key) => {
    if (key === 'stackIndex') sample.stack = row(json);
    else if (key === 'locationsStartIndex') sample.start = row(json);
    else if (key === 'locationsLength') {
      inSlices = true;
      sample.length = row(json);
    } else if (key === 'values' || key === 'value') values = each(json, () => integer(json));
    else if (key === 'attributeIndices') attributes = each(json, () => row(json));
    else if (key === 'timestampsUnixNano') sample.moments = each(json, () => json.skip()).length;
    else return false;
    return true;
  });
  return { ...sample, stack: inSlices ? -1 : sample.stack, values, attributes };
}

function readValueType(json: JsonScanner): readonly [number, number] {
  let type = 0;
  let unit = 0;
  fields(json, (key) => {
    if (key === 'typeStrindex') type = row(json);
    else if (key === 'unitStrindex') unit = row(json);
    else return false;
    return true;
  });
  return [type, unit];
}

function readProfile(json: JsonScanner): OtlpProfile {
  const profile = emptyProfile();
  const own = emptyTables();
  let indices: readonly number[] = [];
  let comments: readonly number[] = [];
  let attributes: readonly number[] = [];
  fields(json, (key) => {
    if (key === 'sampleType') {
      // One, or a list of them until 1.5.
      profile.types = json.kind() === 'array' ? each(json, () => readValueType(json)) : [readValueType(json)];
    } else if (key === 'samples' || key === 'sample') profile.samples = each(json, () => readSample(json));
    else if (key === 'locationIndices') indices = each(json, () => row(json));
    else if (key === 'timeUnixNano' || key === 'timeNanos') profile.timeNanos = integer(json);
    else if (key === 'durationNano' || key === 'durationNanos') profile.durationNanos = integer(json);
    else if (key === 'periodType') profile.periodType = readValueType(json);
    else if (key === 'period') profile.period = integer(json);
    else if (key === 'commentStrindices') comments = each(json, () => row(json));
    else if (key === 'attributeIndices') attributes = each(json, () => row(json));
    else return readTable(json, key, own);
    return true;
  });
  const tables = own.strings.length > 0 ? own : null;
  return { ...profile, locationIndices: indices, comments, attributes, tables };
}

/** The attributes of an object. */
function readAttributes(json: JsonScanner): readonly OtlpAttribute[] {
  let attributes: readonly OtlpAttribute[] = [];
  fields(json, (key) => {
    if (key !== 'attributes') return false;
    attributes = each(json, () => readAttribute(json));
    return true;
  });
  return attributes;
}

/** The profiles of a scope, which may say behind them what they were made of. */
function readScope(json: JsonScanner): OtlpResource<OtlpProfile>['scopes'][number] {
  let profiles: OtlpProfile[] = [];
  let attributes: readonly OtlpAttribute[] = [];
  fields(json, (key) => {
    if (key === 'profiles') profiles = each(json, () => readProfile(json));
    else if (key === 'scope') attributes = readAttributes(json);
    else return false;
    return true;
  });
  return { profiles, attributes };
}

/** Reads the profiles of a resource, which may say behind them whose they are. */
function readResource(json: JsonScanner): OtlpResource<OtlpProfile> {
  let scopes: OtlpResource<OtlpProfile>['scopes'] = [];
  let attributes: readonly OtlpAttribute[] = [];
  fields(json, (key) => {
    if (key === 'resource') attributes = readAttributes(json);
    else if (key === 'scopeProfiles') scopes = each(json, () => readScope(json));
    else return false;
    return true;
  });
  return { attributes, scopes };
}

/** OTLP's profiles in JSON. */
export const otlpJson: JsonFormat = {
  name: OTLP_NAME,
  read: (bytes, options = {}) => {
    const json = new JsonScanner(bytes, OTLP_NAME, options);
    const dictionary = emptyTables();
    let resources: OtlpResource<OtlpProfile>[] = [];
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'resourceProfiles') resources = each(json, () => readResource(json));
      else if (key === 'dictionary') fields(json, (table) => readTable(json, table, dictionary));
      else json.skip();
    }
    json.end();
    const profiles = placedProfiles(resources, dictionary.strings).map(({ profile, ...around }) => ({
      ...profile,
      ...around,
    }));
    const slices = dictionary.stacks.length === 0;
    // A sample without any field, in slices, has an empty stack.
    if (slices)
      for (const { samples } of profiles)
        for (const sample of samples) if (sample.stack >= 0) sample.stack = -1;
    return otlpProfile({ dictionary, profiles }, bytes.length);
  },
};
