// OpenTelemetry's profiles as protobuf: the layouts of three generations, told apart by what their fields are.
import { ProfileError } from '../../errors.ts';
import type { Profile } from '../../profile.ts';
import { decodeText } from '../../bytes/utf8.ts';
import {
  emptyProfile,
  emptyTables,
  OTLP_NAME,
  type OtlpAttribute,
  type OtlpLine,
  type OtlpMessage,
  type OtlpProfile,
  type OtlpResource,
  type OtlpSample,
  type OtlpScalar,
  type OtlpTables,
  otlpProfile,
  type PlacedProfile,
  placedProfiles,
} from './tables.ts';

/** One field: a number, or the bytes from `at` to `end`. */
interface Field {
  readonly field: number;
  readonly type: number;
  readonly at: number;
  readonly end: number;
  readonly value: bigint;
}

const NONE = 0n;

/** Reads a message field by field. Throws {@link ProfileError} where it is none. */
class Message {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  *fields(): Generator<Field> {
    for (let at = this.at; at < this.end; ) {
      const [key, afterKey] = this.varint(at);
      const field = Number(key >> 3n);
      const type = Number(key & 7n);
      if (field === 0 || field > 0xffff) throw this.#wrong(at);
      if (type === 0) {
        const [value, next] = this.varint(afterKey);
        yield { field, type, at: afterKey, end: next, value };
        at = next;
      } else if (type === 2) {
        const [length, next] = this.varint(afterKey);
        if (length > BigInt(this.end - next)) throw this.#wrong(at);
        at = next + Number(length);
        yield { field, type, at: next, end: at, value: NONE };
      } else if (type === 1 || type === 5) {
        const size = type === 1 ? 8 : 4;
        if (this.end - afterKey < size) throw this.#wrong(at);
        at = afterKey + size;
        yield { field, type, at: afterKey, end: at, value: fixed(this.bytes, afterKey, size) };
      } else throw this.#wrong(at);
    }
  }

  within({ at, end }: Field): Message {
    return new Message(this.bytes, at, end);
  }

  text({ at, end }: Field): string {
    return decodeText(this.bytes, at, end);
  }

  /** The numbers of a packed field, or its only one. */
  numbers(field: Field): bigint[] {
    if (field.type !== 2) return [field.value];
    const values: bigint[] = [];
    for (let at = field.at; at < field.end; ) {
      const [value, next] = new Message(this.bytes, at, field.end).varint(at);
      values.push(value);
      at = next;
    }
    return values;
  }

  indices(field: Field): number[] {
    return this.numbers(field).map(indexOf);
  }

  /** How many moments a field names, each as eight bytes or as a number of its own length. */
  moments(field: Field): number {
    if (field.type !== 2) return 1;
    const size = field.end - field.at;
    if (size > 0 && size % 8 === 0) {
      const first = fixed(this.bytes, field.at, 8);
      // Nanoseconds between 1973 and 2262.
      if (first > 10n ** 17n && first < 2n ** 63n) return size / 8;
    }
    let count = 0;
    for (let at = field.at; at < field.end; at++) if ((this.bytes[at] as number) < 0x80) count++;
    return count;
  }

  varint(start: number): readonly [value: bigint, next: number] {
    let low = 0;
    let high = 0;
    for (let at = start, shift = 0; shift < 70; shift += 7) {
      if (at >= this.end) break;
      const byte = this.bytes[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        const value = high === 0 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        return [value, at];
      }
    }
    throw this.#wrong(start);
  }

  #wrong(at: number): ProfileError {
    return new ProfileError('PROFILE_MALFORMED', `${OTLP_NAME}: byte ${at} is no field of a message`);
  }
}

function fixed(bytes: Uint8Array, at: number, size: number): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] as number);
  return value;
}

/** A row: what cannot be one is -1. */
function indexOf(value: bigint): number {
  return value < 2n ** 31n ? Number(value) : -1;
}

function numberOf(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

function doubleOf(bits: bigint): number {
  return new DataView(BigUint64Array.of(bits).buffer).getFloat64(0, true);
}

/** The values of an `AnyValue`: one, several of a list, or none of a kind that is not read. */
function readAnyValue(message: Message, isNested = false): OtlpScalar[] {
  const values: OtlpScalar[] = [];
  for (const field of message.fields()) {
    if (field.field === 1 && field.type === 2) values.push(message.text(field));
    else if (field.field === 2) values.push(field.value === 0n ? 'false' : 'true');
    else if (field.field === 3) values.push(BigInt.asIntN(64, field.value));
    else if (field.field === 4 && field.type === 1) values.push(doubleOf(field.value));
    else if (field.field === 5 && field.type === 2 && !isNested) {
      const list = message.within(field);
      for (const one of list.fields())
        if (one.field === 1 && one.type === 2)
          for (const value of readAnyValue(list.within(one), true)) values.push(value);
    } else if (field.field === 8) values.push({ row: indexOf(field.value) });
  }
  return values;
}

/** A row of the table of attributes. */
function readAttribute(message: Message): OtlpAttribute {
  const attribute: OtlpAttribute = { key: '', values: [], unit: 0 };
  for (const field of message.fields()) {
    // Until 1.7 the key stands there itself, later a row of the strings.
    if (field.field === 1) attribute.key = field.type === 2 ? message.text(field) : indexOf(field.value);
    else if (field.field === 2 && field.type === 2) attribute.values = readAnyValue(message.within(field));
    else if (field.field === 3) attribute.unit = indexOf(field.value);
  }
  return attribute;
}

function readMapping(message: Message): OtlpTables['mappings'][number] {
  const mapping = { start: 0n, limit: 0n, offset: 0n, filename: 0, attributes: [] as number[] };
  for (const field of message.fields()) {
    if (field.field === 1) mapping.start = field.value;
    else if (field.field === 2) mapping.limit = field.value;
    else if (field.field === 3) mapping.offset = field.value;
    else if (field.field === 4) mapping.filename = indexOf(field.value);
    else if (field.field === 5) for (const index of message.indices(field)) mapping.attributes.push(index);
  }
  return mapping;
}

function readFunction(message: Message): OtlpTables['functions'][number] {
  const fn = { name: 0, systemName: 0, filename: 0, startLine: 0 };
  for (const { field, value } of message.fields()) {
    if (field === 1) fn.name = indexOf(value);
    else if (field === 2) fn.systemName = indexOf(value);
    else if (field === 3) fn.filename = indexOf(value);
    else if (field === 4) fn.startLine = numberOf(value);
  }
  return fn;
}

function readLine(message: Message): OtlpLine {
  const line = { function: 0, line: 0, column: 0 };
  for (const { field, value } of message.fields()) {
    if (field === 1) line.function = indexOf(value);
    else if (field === 2) line.line = numberOf(value);
    else if (field === 3) line.column = numberOf(value);
  }
  return line;
}

function readLocation(message: Message): OtlpTables['locations'][number] {
  const lines: OtlpLine[] = [];
  const attributes: number[] = [];
  const location = { mapping: 0, address: 0n, isFolded: false, lines, attributes };
  for (const field of message.fields()) {
    if (field.field === 1) location.mapping = indexOf(field.value);
    else if (field.field === 2) location.address = field.value;
    else if (field.field === 3 && field.type === 2) lines.push(readLine(message.within(field)));
    else if (field.field === 4 && field.type === 0) location.isFolded = field.value === 1n;
    else if (field.field === 4) for (const index of message.indices(field)) attributes.push(index);
  }
  return location;
}

function readStack(message: Message): number[] {
  const stack: number[] = [];
  for (const field of message.fields())
    if (field.field === 1) for (const index of message.indices(field)) stack.push(index);
  return stack;
}

/** Which table a field adds to. */
type TableName = 'mappings' | 'locations' | 'functions' | 'strings' | 'attributes' | 'stacks';

/** Adds a row to a table. */
function readRow(tables: OtlpTables, name: TableName, message: Message, field: Field): void {
  const row = message.within(field);
  if (name === 'strings') tables.strings.push(message.text(field));
  else if (name === 'mappings') tables.mappings.push(readMapping(row));
  else if (name === 'locations') tables.locations.push(readLocation(row));
  else if (name === 'functions') tables.functions.push(readFunction(row));
  else if (name === 'attributes') tables.attributes.push(readAttribute(row));
  else tables.stacks.push(readStack(row));
}

const dictionaryFields: Readonly<Record<number, TableName>> = {
  1: 'mappings',
  2: 'locations',
  3: 'functions',
  5: 'strings',
  6: 'attributes',
  7: 'stacks',
};
/** Tables within a profile, until 1.5. */
const ownFields: Readonly<Record<number, TableName>> = {
  3: 'mappings',
  4: 'locations',
  6: 'functions',
  7: 'attributes',
  10: 'strings',
};

/**
 * The generations: tables in each profile (to 1.5), a dictionary whose samples name slices of locations (1.6, 1.7), one with
 * stacks and values in field 2 of a sample (1.8), and in field 4 (from 1.9 on).
 */
type Generation = 'own tables' | 'slices' | 'values second' | 'values fourth';

/** Reads a sample by where its generation keeps things. */
function readSample(message: Message, generation: Generation): OtlpSample {
  const attributes: number[] = [];
  const values: bigint[] = [];
  const sample = { stack: -1, start: 0, length: 0, values, attributes, moments: 0 };
  const slices = generation === 'own tables' || generation === 'slices';
  const valuesAt = slices ? 3 : generation === 'values second' ? 2 : 4;
  const attributesAt = slices ? 4 : generation === 'values second' ? 3 : 2;
  if (!slices) sample.stack = 0;
  for (const field of message.fields()) {
    if (field.field === valuesAt)
      for (const value of message.numbers(field)) values.push(BigInt.asIntN(64, value));
    else if (field.field === attributesAt) for (const index of message.indices(field)) attributes.push(index);
    else if (field.field === 1 && slices) sample.start = indexOf(field.value);
    else if (field.field === 1) sample.stack = indexOf(field.value);
    else if (field.field === 2 && slices) sample.length = indexOf(field.value);
    else if (field.field === (slices ? 6 : 5)) sample.moments += message.moments(field);
  }
  return sample;
}

/** Which of the two generations with stacks a profile is of: their samples keep lists and links in different places. */
function generationOf(message: Message): Generation | null {
  let seen: Generation | null = null;
  for (const field of message.fields()) {
    if (field.field === 8) return field.type === 2 ? 'values second' : 'values fourth';
    if (field.field === 7 && field.end - field.at === 16) seen ??= 'values fourth';
    if (field.field !== 2 || field.type !== 2) continue;
    for (const { field: number, type } of message.within(field).fields()) {
      if (number === 4) return type === 2 ? 'values fourth' : 'values second';
      if (number === 3) return type === 2 ? 'values second' : 'values fourth';
    }
  }
  return seen;
}

function readValueType(message: Message): readonly [number, number] {
  let type = 0;
  let unit = 0;
  for (const { field, value } of message.fields()) {
    if (field === 1) type = indexOf(value);
    else if (field === 2) unit = indexOf(value);
  }
  return [type, unit];
}

/** Where each generation keeps what a profile says of itself. */
const places = {
  'own tables': {
    indices: 5,
    time: 11,
    duration: 12,
    periodType: 13,
    period: 14,
    comments: 15,
    attributes: 0,
  },
  slices: { indices: 3, time: 4, duration: 5, periodType: 6, period: 7, comments: 8, attributes: 0 },
  'values second': { indices: 0, time: 3, duration: 4, periodType: 5, period: 6, comments: 7, attributes: 0 },
  'values fourth': {
    indices: 0,
    time: 3,
    duration: 4,
    periodType: 5,
    period: 6,
    comments: 0,
    attributes: 11,
  },
} as const;

function readProfile(
  { profile: message, ...around }: PlacedProfile<Message>,
  generation: Generation,
): OtlpProfile {
  const profile = { ...emptyProfile(), ...around };
  const own = emptyTables();
  const indices: number[] = [];
  const comments: number[] = [];
  const attributes: number[] = [];
  const at = places[generation];
  for (const field of message.fields()) {
    const { field: number, value } = field;
    const table = generation === 'own tables' ? ownFields[number] : undefined;
    if (number === 1 && field.type === 2) profile.types.push(readValueType(message.within(field)));
    else if (number === 2 && field.type === 2)
      profile.samples.push(readSample(message.within(field), generation));
    else if (table !== undefined && field.type === 2) readRow(own, table, message, field);
    else if (number === at.indices) for (const index of message.indices(field)) indices.push(index);
    else if (number === at.time) profile.timeNanos = BigInt.asIntN(64, value);
    else if (number === at.duration) profile.durationNanos = BigInt.asIntN(64, value);
    else if (number === at.periodType && field.type === 2)
      profile.periodType = readValueType(message.within(field));
    else if (number === at.period) profile.period = BigInt.asIntN(64, value);
    else if (number === at.comments) for (const index of message.indices(field)) comments.push(index);
    else if (number === at.attributes) for (const index of message.indices(field)) attributes.push(index);
  }
  return {
    ...profile,
    locationIndices: indices,
    comments,
    attributes,
    tables: generation === 'own tables' ? own : null,
  };
}

/** An attribute of a resource or a scope, whose key may stand in the strings. */
function readKeyValue(message: Message): OtlpAttribute {
  const { key, values, unit: row } = readAttribute(message);
  return { key: key === '' ? row : key, values, unit: 0 };
}

/** The messages in the fields of a message that have that number. */
function* inner(message: Message, number: number): Generator<Message> {
  for (const field of message.fields())
    if (field.field === number && field.type === 2) yield message.within(field);
}

function readResource(message: Message): OtlpResource<Message> {
  const scopes = Array.from(inner(message, 2), (scope) => ({
    profiles: [...inner(scope, 2)],
    attributes: Array.from(inner(scope, 1), (one) => Array.from(inner(one, 3), readKeyValue)).flat(),
  }));
  const attributes = Array.from(inner(message, 1), (one) => Array.from(inner(one, 1), readKeyValue)).flat();
  return { attributes, scopes };
}

/** Reads a message; throws {@link ProfileError} where it is none of OTLP's. */
function readMessage(bytes: Uint8Array): OtlpMessage {
  const message = new Message(bytes);
  const dictionary = emptyTables();
  const resources: OtlpResource<Message>[] = [];
  let shared = false;
  for (const field of message.fields()) {
    if (field.type !== 2 || field.field > 2)
      throw new ProfileError('PROFILE_MALFORMED', `${OTLP_NAME}: field ${field.field} is none of it`);
    if (field.field === 1) resources.push(readResource(message.within(field)));
    else {
      shared = true;
      const tables = message.within(field);
      for (const one of tables.fields()) {
        const name = dictionaryFields[one.field];
        if (name !== undefined && one.type === 2) readRow(dictionary, name, tables, one);
      }
    }
  }
  const found = placedProfiles(resources, dictionary.strings);
  const generation: Generation = !shared
    ? 'own tables'
    : dictionary.stacks.length === 0
      ? 'slices'
      : (found.map(({ profile }) => generationOf(profile)).find((one) => one !== null) ?? 'values fourth');
  const profiles = found.map((one) => readProfile(one, generation));
  return { dictionary, profiles };
}

/** Is this a message of OTLP's profiles? Its first field is a resource with scopes, or the dictionary. */
export function looksLikeOtlp(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x0a && bytes[0] !== 0x12) return false;
  try {
    const { profiles, dictionary } = readMessage(bytes);
    return profiles.some(({ tables, types, samples }) => {
      const { strings, locations } = tables ?? dictionary;
      const named = types.length > 0 && types.every(([type]) => (strings[type] ?? '') !== '');
      // A whole dictionary begins with a row of each table, and tells a profile without samples.
      return named && (samples.length > 0 || dictionary.stacks.length > 0) && locations.length > 0;
    });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return false;
  }
}

/** Reads a message of OTLP's profiles. */
export function readOtlp(bytes: Uint8Array): Profile {
  return otlpProfile(readMessage(bytes), bytes.length);
}
