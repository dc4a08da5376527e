// Columnar tables → a message of OpenTelemetry's profiles: a profile for each sample type, and the dictionary of all of them.
// Source: opentelemetry-proto, profiles/v1development/profiles.proto, 1.10; names of attributes: the registry of its semantic
// conventions, `pprof`.
import { encodeText } from '../bytes/utf8.ts';
import { TupleSet } from '../columns/tuples.ts';
import { MappingFlag, type Profile, type ValueType } from '../profile.ts';
import { Writer } from './writer.ts';

/** What a value of an attribute may be. */
export type OtlpValue = string | number | bigint | boolean;

/** Says what was profiled, by names of the semantic conventions: `{ 'service.name': 'shop' }`. */
export type OtlpResource = Readonly<Record<string, OtlpValue>>;

const SCOPE = 'stackpile';
const INT64_MAX = 2 ** 63;

/** Texts are UTF-8 in this format: bytes that are none, which stand in a text as surrogates, become U+FFFD. */
function text(w: Writer, field: number, value: string): void {
  const plain = /\p{Surrogate}/u.test(value) ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
  w.blob(field, encodeText(plain));
}

/** A number of eight bytes; left out where it is 0. */
function fixed64(w: Writer, field: number, value: bigint): void {
  if (value === 0n) return;
  w.reserve(20);
  w.small((field << 3) | 1);
  new DataView(w.bytes.buffer).setBigUint64(w.at, value, true);
  w.at += 8;
}

function packed(w: Writer, field: number, values: ArrayLike<number>): void {
  if (values.length === 0) return;
  const mark = w.open(field);
  for (let i = 0; i < values.length; i++) {
    w.reserve(10);
    w.small(values[i] as number);
  }
  w.close(mark);
}

/** The fields of an `AnyValue`, which stand there even where they are 0: they say which kind it is. */
function anyValue(w: Writer, field: number, value: OtlpValue | readonly OtlpValue[]): void {
  const mark = w.open(field);
  if (typeof value === 'string') text(w, 1, value);
  else if (typeof value === 'object') {
    const list = w.open(5);
    for (const one of value) anyValue(w, 1, one);
    w.close(list);
  } else if (typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) < INT64_MAX)) {
    w.reserve(20);
    w.small((4 << 3) | 1);
    new DataView(w.bytes.buffer).setFloat64(w.at, value, true);
    w.at += 8;
  } else {
    w.reserve(20);
    w.small((typeof value === 'boolean' ? 2 : 3) << 3);
    w.int64(typeof value === 'boolean' ? Number(value) : value);
  }
  w.close(mark);
}

function keyValue(w: Writer, field: number, key: string, value: OtlpValue | readonly OtlpValue[]): void {
  const mark = w.open(field);
  text(w, 1, key);
  anyValue(w, 2, value);
  w.close(mark);
}

/** Numbers rows of a table 1, 2, 3 … as they are used; 0 stands for none. */
class Rows {
  readonly #numbers: Int32Array;
  readonly used: number[] = [];

  constructor(length: number) {
    this.#numbers = new Int32Array(length);
  }

  number(row: number): number {
    if (row < 0) return 0;
    const known = this.#numbers[row] as number;
    return known === 0 ? (this.#numbers[row] = this.used.push(row)) : known;
  }
}

/** The tables that all profiles of a message share. Only what is used has a row; the first row of each stands for none. */
class Dictionary {
  readonly #profile: Profile;
  readonly #texts = new Map<string, number>([['', 0]]);
  readonly #textOfRow: Int32Array;
  readonly #mappings: Rows;
  readonly #functions: Rows;
  readonly #locations: Rows;
  readonly #attributes = new Map<string, number>();
  readonly #attributeRows: { key: number; value: OtlpValue | readonly OtlpValue[]; unit: number }[] = [];
  readonly #stacks = new TupleSet();
  /** A sample with each stack. */
  readonly #stackSamples: number[] = [];
  readonly #scratch: number[] = [];

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#textOfRow = new Int32Array(profile.strings.length).fill(-1);
    this.#mappings = new Rows(profile.mappings.length);
    this.#functions = new Rows(profile.functions.length);
    this.#locations = new Rows(profile.locations.length);
  }

  text(value: string): number {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    this.#texts.set(value, this.#texts.size);
    return this.#texts.size - 1;
  }

  row(row: number): number {
    const known = this.#textOfRow[row] as number;
    return known >= 0 ? known : (this.#textOfRow[row] = this.text(this.#profile.strings.get(row)));
  }

  attribute(key: number, value: OtlpValue | readonly OtlpValue[], unit = 0): number {
    const said = typeof value === 'object' ? value.map(told).join('\0') : told(value);
    const name = `${key} ${unit} ${Array.isArray(value) ? '[' : ''}${said}`;
    let row = this.#attributes.get(name);
    if (row === undefined) {
      row = this.#attributeRows.push({ key, value, unit });
      this.#attributes.set(name, row);
    }
    return row;
  }

  /** The number of a sample's stack. */
  stack(sample: number): number {
    const { stackStart, stackLocations } = this.#profile.samples;
    const from = stackStart[sample] as number;
    const to = stackStart[sample + 1] as number;
    if (from === to) return 0;
    const stack = this.#scratch;
    stack.length = 0;
    for (let i = from; i < to; i++) stack.push(stackLocations[i] as number);
    const row = this.#stacks.add(stack);
    if (row === this.#stackSamples.length) this.#stackSamples.push(sample);
    return row + 1;
  }

  /** The attributes of a sample's labels. A key stands there once: several labels of one are a list with one unit. */
  labels(sample: number): number[] {
    const { strings, samples } = this.#profile;
    const { labelStart, labels } = samples;
    const from = labelStart[sample] as number;
    const to = labelStart[sample + 1] as number;
    const byKey = new Map<number, { values: OtlpValue[]; unit: number }>();
    for (let label = from; label < to; label++) {
      const key = this.row(labels.key[label] as number);
      if (key === 0) continue;
      const of = byKey.get(key) ?? { values: [], unit: 0 };
      const string = labels.text[label] as number;
      of.values.push(string === 0 ? (labels.number[label] as number | bigint) : strings.get(string));
      if (of.unit === 0) of.unit = this.row(labels.unit[label] as number);
      byKey.set(key, of);
    }
    return [...byKey].map(([key, { values, unit }]) => {
      const [only = ''] = values;
      return this.attribute(key, values.length === 1 ? only : values, unit);
    });
  }

  write(w: Writer, field: number): void {
    const mark = w.open(field);
    // What comes later is what rows of what comes first use, so the order is that of their use.
    this.#writeStacks(w);
    this.#writeLocations(w);
    this.#writeFunctions(w);
    this.#writeMappings(w);
    empty(w, 4);
    this.#writeAttributes(w);
    for (const value of this.#texts.keys()) text(w, 5, value);
    w.close(mark);
  }

  #writeStacks(w: Writer): void {
    const { stackStart, stackLocations } = this.#profile.samples;
    empty(w, 7);
    const stack = this.#scratch;
    for (const sample of this.#stackSamples) {
      stack.length = 0;
      for (let i = stackStart[sample] as number; i < (stackStart[sample + 1] as number); i++)
        stack.push(this.#locations.number(stackLocations[i] as number));
      const mark = w.open(7);
      packed(w, 1, stack);
      w.close(mark);
    }
  }

  #writeLocations(w: Writer): void {
    const { mapping, address, isFolded, lineStart, lines } = this.#profile.locations;
    empty(w, 2);
    for (const row of this.#locations.used) {
      const mark = w.open(2);
      w.smallField(1, this.#mappings.number(mapping[row] as number));
      w.int64Field(2, address[row] as bigint);
      for (let line = lineStart[row] as number; line < (lineStart[row + 1] as number); line++) {
        const lineMark = w.open(3);
        w.smallField(1, this.#function(lines.function[line] as number));
        w.int64Field(2, lines.line[line] as number | bigint);
        w.int64Field(3, lines.column[line] as number | bigint);
        w.close(lineMark);
      }
      if (isFolded[row] === 1) packed(w, 4, [this.attribute(this.text('pprof.location.is_folded'), true)]);
      w.close(mark);
    }
  }

  /** A function about which nothing is known is none: the format wants a name or a file of each. */
  #function(row: number): number {
    const { name, systemName, filename } = this.#profile.functions;
    const isKnown = [name, systemName, filename].some((column) => this.row(column[row] as number) !== 0);
    return isKnown ? this.#functions.number(row) : 0;
  }

  #writeFunctions(w: Writer): void {
    const { name, systemName, filename, startLine } = this.#profile.functions;
    empty(w, 3);
    for (const row of this.#functions.used) {
      const mark = w.open(3);
      w.smallField(1, this.row(name[row] as number));
      w.smallField(2, this.row(systemName[row] as number));
      w.smallField(3, this.row(filename[row] as number));
      w.int64Field(4, startLine[row] as number | bigint);
      w.close(mark);
    }
  }

  #writeMappings(w: Writer): void {
    const { mappings, strings } = this.#profile;
    empty(w, 1);
    for (const row of this.#mappings.used) {
      const mark = w.open(1);
      w.int64Field(1, mappings.start[row] as bigint);
      w.int64Field(2, mappings.limit[row] as bigint);
      w.int64Field(3, mappings.offset[row] as bigint);
      w.smallField(4, this.row(mappings.filename[row] as number));
      const flags = mappings.flags[row] as number;
      const attributes = flagNames.map(([name, bit]) => this.attribute(this.text(name), (flags & bit) !== 0));
      const buildId = strings.get(mappings.buildId[row] as number);
      if (buildId !== '')
        attributes.push(this.attribute(this.text('process.executable.build_id.gnu'), buildId));
      packed(w, 5, attributes);
      w.close(mark);
    }
  }

  #writeAttributes(w: Writer): void {
    empty(w, 6);
    for (const { key, value, unit } of this.#attributeRows) {
      const mark = w.open(6);
      w.smallField(1, key);
      anyValue(w, 2, value);
      w.smallField(3, unit);
      w.close(mark);
    }
  }
}

const flagNames = [
  ['pprof.mapping.has_functions', MappingFlag.hasFunctions],
  ['pprof.mapping.has_filenames', MappingFlag.hasFilenames],
  ['pprof.mapping.has_line_numbers', MappingFlag.hasLineNumbers],
  ['pprof.mapping.has_inline_frames', MappingFlag.hasInlineFrames],
] as const;

/** A value with its kind, so that no two are taken for one. */
function told(value: OtlpValue): string {
  return typeof value === 'string' ? `"${value}` : `${typeof value === 'boolean' ? '?' : '#'}${value}`;
}

function empty(w: Writer, field: number): void {
  w.close(w.open(field));
}

/** Columns in the order in which they are written: the one that is shown first, then all others. */
function columnOrder({ sampleTypes, defaultSampleType }: Profile): number[] {
  const named = sampleTypes.findIndex(({ type }) => type === defaultSampleType);
  const first = named >= 0 ? named : sampleTypes.length - 1;
  const others = sampleTypes.map((_, column) => column).filter((column) => column !== first);
  return first < 0 ? [] : [first, ...others];
}

/** What pprof knows of a profile as a whole and the format has no field for. */
function ownAttributes(profile: Profile, dictionary: Dictionary): number[] {
  const texts = [
    ['pprof.profile.drop_frames', profile.dropFrames],
    ['pprof.profile.keep_frames', profile.keepFrames],
    ['pprof.profile.doc_url', profile.docUrl],
  ] as const;
  const attributes = texts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => dictionary.attribute(dictionary.text(key), value));
  if (profile.comments.length > 0)
    attributes.push(dictionary.attribute(dictionary.text('pprof.profile.comment'), profile.comments));
  return attributes;
}

function writeScope(w: Writer, profile: Profile, order: readonly number[]): void {
  const mark = w.open(1);
  text(w, 1, SCOPE);
  if (profile.defaultSampleType !== '')
    keyValue(w, 3, 'pprof.scope.default_sample_type', profile.defaultSampleType);
  keyValue(w, 3, 'pprof.scope.sample_type_order', order);
  w.close(mark);
}

function writeType(w: Writer, field: number, { type, unit }: ValueType, dictionary: Dictionary): void {
  const mark = w.open(field);
  w.smallField(1, dictionary.text(type));
  w.smallField(2, dictionary.text(unit));
  w.close(mark);
}

/**
 * Encodes a profile as a message of OpenTelemetry's profiles (`ProfilesData`, which is what an `ExportProfilesServiceRequest`
 * holds as well), v1development as of 1.10; compressing it is the caller's. Each sample type becomes a profile of its own, the one
 * to be shown first in front; samples in which it is 0 are left out of it. Labels are attributes, and what else the format has no
 * field for stands in attributes that its semantic conventions name. Text that is not UTF-8 is mended with U+FFFD.
 *
 * @param resource says what was profiled: `{ 'service.name': 'shop' }`
 */
export function encodeOtlp(profile: Profile, resource: OtlpResource = {}): Uint8Array {
  const w = new Writer();
  const { samples, sampleTypes, timeNanos, durationNanos, periodType, period } = profile;
  const dictionary = new Dictionary(profile);
  const stacks = Int32Array.from({ length: samples.length }, (_, row) => dictionary.stack(row));
  const own = ownAttributes(profile, dictionary);
  const order = columnOrder(profile);

  const resourceMark = w.open(1);
  const attributes = Object.entries(resource);
  if (attributes.length > 0) {
    const mark = w.open(1);
    for (const [key, value] of attributes) keyValue(w, 1, key, value);
    w.close(mark);
  }
  const scopeMark = w.open(2);
  writeScope(w, profile, order);
  for (const column of order) {
    const mark = w.open(2);
    writeType(w, 1, sampleTypes[column] as ValueType, dictionary);
    const values = samples.values[column] as ArrayLike<number | bigint>;
    for (let row = 0; row < samples.length; row++) {
      const value = values[row] as number | bigint;
      if (value === 0 || value === 0n) continue;
      const sampleMark = w.open(2);
      w.smallField(1, stacks[row] as number);
      if (samples.labelStart[row] !== samples.labelStart[row + 1]) packed(w, 2, dictionary.labels(row));
      const valueMark = w.open(4);
      w.reserve(10);
      w.int64(value);
      w.close(valueMark);
      w.close(sampleMark);
    }
    if (timeNanos > 0n) fixed64(w, 3, timeNanos);
    if (durationNanos > 0n) w.int64Field(4, durationNanos);
    if (periodType !== null) writeType(w, 5, periodType, dictionary);
    w.int64Field(6, period);
    packed(w, 11, own);
    w.close(mark);
  }
  w.close(scopeMark);
  w.close(resourceMark);
  dictionary.write(w, 2);
  return w.bytes.slice(0, w.at);
}
