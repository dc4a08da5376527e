// What a message of OpenTelemetry's profiles says, whichever version and encoding it is in; and the profile that becomes of it.
// Source: opentelemetry-proto, profiles/v1development/profiles.proto, releases 1.4 to 1.10.
import { ProfileBuilder, type SampleLabel } from '../../builder.ts';
import { ProfileError } from '../../errors.ts';
import { MappingFlag, type Profile, type ValueType } from '../../profile.ts';
import { FrameBudget } from '../call-tree.ts';
import { systemNameOf } from '../final-names.ts';
import { ANONYMOUS } from '../frame-table.ts';
import { PassedOver } from '../passed-over.ts';

export const OTLP_NAME = 'OTLP profile';

export interface OtlpMapping {
  start: bigint;
  limit: bigint;
  offset: bigint;
  filename: number;
  attributes: readonly number[];
}

export interface OtlpFunction {
  name: number;
  systemName: number;
  filename: number;
  startLine: number;
}

export interface OtlpLine {
  function: number;
  line: number;
  column: number;
}

export interface OtlpLocation {
  mapping: number;
  address: bigint;
  isFolded: boolean;
  lines: readonly OtlpLine[];
  attributes: readonly number[];
}

/** A value of an attribute; a text may stand in the strings instead. */
export type OtlpScalar = string | number | bigint | { readonly row: number };

export interface OtlpAttribute {
  /** The text, or a row of the strings. */
  key: string | number;
  /** What it says; several where it is a list. */
  values: readonly OtlpScalar[];
  unit: number;
}

/** What is said of the profile of pprof that the profiles of a scope were made of. */
interface OtlpScope {
  readonly defaultType: string | null;
  /** Of each profile, which sample type it was; empty where nothing is said. */
  readonly order: readonly number[];
}

/** A resource as it is written: texts of its attributes may stand in the dictionary, which comes behind it. */
export interface OtlpResource<T> {
  readonly attributes: readonly OtlpAttribute[];
  readonly scopes: readonly {
    readonly attributes: readonly OtlpAttribute[];
    readonly profiles: readonly T[];
  }[];
}

/** A profile of a message, and what stands around it. */
export interface PlacedProfile<T> {
  readonly profile: T;
  readonly service: string;
  readonly defaultType: string | null;
}

/** Keys and values of attributes that are not of a table. */
function said(attributes: readonly OtlpAttribute[], strings: readonly string[]): [string, OtlpScalar[]][] {
  return attributes.map(({ key, values }) => [
    typeof key === 'string' ? key : (strings[key] ?? ''),
    values.map((value) => (typeof value === 'object' ? (strings[value.row] ?? '') : value)),
  ]);
}

/** All profiles of a message, with what their resources and scopes say. */
export function placedProfiles<T>(
  resources: readonly OtlpResource<T>[],
  strings: readonly string[],
): PlacedProfile<T>[] {
  return resources.flatMap(({ attributes, scopes }) => {
    const [name] = said(attributes, strings).findLast(([key]) => key === 'service.name')?.[1] ?? [];
    const service = typeof name === 'string' ? name : '';
    return scopes.flatMap((one) => {
      const scope = scopeOf(said(one.attributes, strings));
      const { defaultType } = scope;
      return inOrder(one.profiles, scope).map((profile) => ({ profile, service, defaultType }));
    });
  });
}

/** What a scope says by its attributes. */
function scopeOf(attributes: readonly (readonly [string, OtlpScalar[]])[]): OtlpScope {
  let defaultType: string | null = null;
  let order: readonly number[] = [];
  for (const [key, values] of attributes) {
    const [first] = values;
    if (key === 'pprof.scope.default_sample_type' && typeof first === 'string') defaultType = first;
    else if (key === 'pprof.scope.sample_type_order') order = values.map(Number);
  }
  // A profile without a word about its default had none.
  return { defaultType: order.length > 0 ? (defaultType ?? '') : defaultType, order };
}

/** The profiles of a scope in the order of the sample types that they were made of, where it says one of as many. */
function inOrder<T>(profiles: readonly T[], { order }: OtlpScope): readonly T[] {
  const places = new Map(order.map((place, index) => [place, index]));
  if (order.length !== profiles.length) return profiles;
  const sorted = profiles.flatMap((_, place) => profiles[places.get(place) ?? -1] ?? []);
  return sorted.length === profiles.length ? sorted : profiles;
}

/** Tables that profiles share, or that one has for itself. All are rows by index; 0 stands for none where there is a stack table. */
export interface OtlpTables {
  readonly strings: string[];
  readonly mappings: OtlpMapping[];
  readonly functions: OtlpFunction[];
  readonly locations: OtlpLocation[];
  readonly attributes: OtlpAttribute[];
  /** Locations of each stack, leaf first. */
  readonly stacks: (readonly number[])[];
}

export function emptyTables(): OtlpTables {
  return { strings: [], mappings: [], functions: [], locations: [], attributes: [], stacks: [] };
}

export interface OtlpSample {
  /** Row of the stack table; -1 where `start` and `length` name locations of the profile. */
  stack: number;
  start: number;
  length: number;
  values: readonly bigint[];
  attributes: readonly number[];
  /** How many moments it names. */
  moments: number;
}

export interface OtlpProfile {
  /** Type and unit, as rows of the strings. */
  types: (readonly [type: number, unit: number])[];
  samples: OtlpSample[];
  locationIndices: readonly number[];
  timeNanos: bigint;
  durationNanos: bigint;
  periodType: readonly [type: number, unit: number] | null;
  period: bigint;
  comments: readonly number[];
  attributes: readonly number[];
  /** Its own; null where it uses the message's dictionary. */
  tables: OtlpTables | null;
  /** Name of the service that it is of, '' where unknown. */
  service: string;
  /** The sample type to show first; null where nothing is said. */
  defaultType: string | null;
}

export function emptyProfile(): OtlpProfile {
  return {
    types: [],
    samples: [],
    locationIndices: [],
    timeNanos: 0n,
    durationNanos: 0n,
    periodType: null,
    period: 0n,
    comments: [],
    attributes: [],
    tables: null,
    service: '',
    defaultType: null,
  };
}

export interface OtlpMessage {
  dictionary: OtlpTables;
  profiles: OtlpProfile[];
}

/** Columns of values that a message may bring. */
const MOST_TYPES = 256;
const BUILD_ID = /^process\.executable\.build_id\.(?:gnu|go|htlhash)$/;
const MAX_LINE = 2 ** 31 - 1;

/** Makes one profile of all in a message. */
class Writer {
  readonly #message: OtlpMessage;
  readonly #types: ValueType[] = [];
  readonly #budget: FrameBudget;
  readonly #passed = new PassedOver();
  /** Attributes of profiles that were read. */
  readonly #saidOnce = new Set<number>();
  #builder = new ProfileBuilder({ sampleTypes: [] });

  constructor(message: OtlpMessage, bytes: number) {
    this.#message = message;
    this.#budget = new FrameBudget(bytes, `${OTLP_NAME}: samples`);
  }

  write(): Profile {
    const { profiles, dictionary } = this.#message;
    if (profiles.length === 0)
      throw new ProfileError('PROFILE_MALFORMED', `${OTLP_NAME}: it holds no profile`);
    const columns = profiles.map((profile) =>
      profile.types.map((type) => this.#column(this.#valueType(profile.tables ?? dictionary, type))),
    );
    const [first] = profiles;
    if (first === undefined || this.#types.length === 0)
      throw new ProfileError('PROFILE_MALFORMED', `${OTLP_NAME}: no profile in it says what it measures`);
    const { periodType } = first;
    const said = profiles.flatMap((profile) => this.#ownLabels(profile.tables ?? dictionary, profile));
    const text = (key: string): string => said.find((one) => one.key === key)?.text ?? '';
    const builder = new ProfileBuilder({
      sampleTypes: this.#types,
      ...(periodType === null ? {} : { periodType: this.#valueType(first.tables ?? dictionary, periodType) }),
      // The first one is what is meant to be shown first.
      defaultSampleType: first.defaultType ?? this.#types[columns[0]?.[0] ?? 0]?.type ?? '',
      dropFrames: text('pprof.profile.drop_frames'),
      keepFrames: text('pprof.profile.keep_frames'),
      docUrl: text('pprof.profile.doc_url'),
      period: first.period,
      timeNanos: first.timeNanos,
      durationNanos: profiles.reduce(
        (most, { durationNanos }) => (durationNanos > most ? durationNanos : most),
        0n,
      ),
    });
    this.#builder = builder;
    const services = new Set(profiles.map(({ service }) => service)).size > 1;
    const locations = new Map<OtlpTables, Int32Array>();
    for (const [i, profile] of profiles.entries()) {
      const tables = profile.tables ?? dictionary;
      let rows = locations.get(tables);
      if (rows === undefined)
        locations.set(tables, (rows = new Int32Array(tables.locations.length).fill(-1)));
      const labels: SampleLabel[] =
        services && profile.service !== '' ? [{ key: 'service.name', text: profile.service }] : [];
      this.#writeProfile(profile, tables, columns[i] ?? [], rows, labels);
      for (const comment of profile.comments) builder.comment(tables.strings[comment] ?? '');
    }
    for (const { key, text: comment } of said) if (key === 'pprof.profile.comment') builder.comment(comment);
    this.#passed.tell(builder);
    return builder.build();
  }

  /** Texts that a profile says of itself; of several in a message that say the same, one. */
  #ownLabels(tables: OtlpTables, { attributes }: OtlpProfile): { key: string; text: string }[] {
    return attributes
      .filter((index) => !this.#saidOnce.has(index) && this.#saidOnce.add(index).size > 0)
      .flatMap((index) => this.#labels(tables, index))
      .flatMap((label) => ('text' in label ? [label] : []));
  }

  #valueType({ strings }: OtlpTables, [type, unit]: readonly [number, number]): ValueType {
    return { type: strings[type] ?? '', unit: strings[unit] ?? '' };
  }

  #column(type: ValueType): number {
    const known = this.#types.findIndex((one) => one.type === type.type && one.unit === type.unit);
    if (known >= 0) return known;
    if (this.#types.length === MOST_TYPES)
      throw new ProfileError('PROFILE_INVALID', `${OTLP_NAME}: it measures more than ${MOST_TYPES} things`);
    return this.#types.push(type) - 1;
  }

  #writeProfile(
    profile: OtlpProfile,
    tables: OtlpTables,
    columns: readonly number[],
    rows: Int32Array,
    labels: readonly SampleLabel[],
  ): void {
    for (const [row, sample] of profile.samples.entries()) {
      const { stack: of, start, length } = sample;
      const stack =
        of >= 0
          ? tables.stacks[of]
          : start >= 0 && length >= 0 && start + length <= profile.locationIndices.length
            ? profile.locationIndices.slice(start, start + length)
            : undefined;
      if (stack === undefined || stack.some((index) => !(index >= 0 && index < rows.length))) {
        this.#passed.add('sample', () => `samples row ${row} names a stack or a location that is not there`);
        continue;
      }
      this.#budget.take(stack.length, row);
      const locations = stack.map((index) => this.#location(tables, rows, index));
      const own = sample.attributes.flatMap((index) => this.#labels(tables, index));
      // Lists bring more labels than the sample has bytes.
      this.#budget.take(Math.max(0, own.length - sample.attributes.length), row);
      this.#builder.sample(locations, this.#values(sample, columns), [...labels, ...own]);
    }
  }

  /** Values by column; several of one type are of several moments, and a moment without a value counts 1. */
  #values({ values, moments }: OtlpSample, columns: readonly number[]): bigint[] {
    const all = this.#types.map(() => 0n);
    if (columns.length === 1) {
      const sum = values.length === 0 ? BigInt(moments) : values.reduce((total, value) => total + value, 0n);
      all[columns[0] as number] = BigInt.asIntN(64, sum);
    } else for (const [i, column] of columns.entries()) all[column] = values[i] ?? 0n;
    return all;
  }

  #labels({ attributes, strings }: OtlpTables, index: number): SampleLabel[] {
    const attribute = attributes[index];
    if (attribute === undefined) return [];
    const key = typeof attribute.key === 'string' ? attribute.key : (strings[attribute.key] ?? '');
    if (key === '') return [];
    const unit = strings[attribute.unit] ?? '';
    return attribute.values.map((value): SampleLabel => {
      if (typeof value === 'string') return { key, text: value };
      if (typeof value === 'object') return { key, text: strings[value.row] ?? '' };
      // A message of pprof's has no numeric label 0 without a unit.
      const isZero = (value === 0 || value === 0n) && unit === '';
      const isBroken = typeof value === 'number' && !Number.isInteger(value);
      return isZero || isBroken ? { key, text: String(value) } : { key, number: value, unit };
    });
  }

  #location(tables: OtlpTables, rows: Int32Array, index: number): number {
    const known = rows[index] as number;
    if (known >= 0) return known;
    const { mapping, address, lines, ...location } = tables.locations[index] as OtlpLocation;
    const made = this.#builder.location({
      mapping: this.#mapping(tables, mapping),
      address,
      isFolded: location.isFolded || this.#says(tables, location.attributes, 'pprof.location.is_folded'),
      lines: lines.map(({ function: fn, line, column }) => ({
        function: this.#function(tables, fn),
        line: line > 0 && line <= MAX_LINE ? line : 0,
        column: column > 0 && column <= MAX_LINE ? column : 0,
      })),
    });
    rows[index] = made;
    return made;
  }

  #function({ functions, strings }: OtlpTables, index: number): number {
    const fn = functions[index];
    const given = strings[fn?.name ?? 0] ?? '';
    const system = strings[fn?.systemName ?? 0] ?? '';
    const name = given === '' ? (system === '' ? ANONYMOUS : system) : given;
    const start = fn?.startLine ?? 0;
    return this.#builder.function(
      name,
      strings[fn?.filename ?? 0] ?? '',
      start > 0 && start <= MAX_LINE ? start : 0,
      system === '' || system === name ? systemNameOf(name) : system,
    );
  }

  /** Is the attribute `key` among those of the rows, and true? */
  #says(tables: OtlpTables, rows: readonly number[], key: string): boolean {
    return rows.some((row) =>
      this.#labels(tables, row).some(
        (label) => label.key === key && 'text' in label && label.text === 'true',
      ),
    );
  }

  #mapping(tables: OtlpTables, index: number): number {
    const mapping = tables.mappings[index];
    if (mapping === undefined) return this.#builder.mapping({ flags: NAMED });
    const { start, limit, offset, filename, attributes } = mapping;
    const labels = attributes.flatMap((row) => this.#labels(tables, row));
    const buildId = labels.find((label) => BUILD_ID.test(label.key) && 'text' in label);
    return this.#builder.mapping({
      start,
      limit,
      offset,
      filename: tables.strings[filename] ?? '',
      buildId: buildId !== undefined && 'text' in buildId ? buildId.text : '',
      flags: flagsOf(labels),
    });
  }
}

/** What its producer gave no name, nobody else will: its files are of another machine or another time. */
const NAMED = MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers;

const flagKeys = new Map<string, number>([
  ['pprof.mapping.has_functions', MappingFlag.hasFunctions],
  ['pprof.mapping.has_filenames', MappingFlag.hasFilenames],
  ['pprof.mapping.has_line_numbers', MappingFlag.hasLineNumbers],
  ['pprof.mapping.has_inline_frames', MappingFlag.hasInlineFrames],
]);

/** What a mapping that came from pprof says that it has. */
function flagsOf(labels: readonly SampleLabel[]): number {
  const said = labels.filter(({ key }) => flagKeys.has(key));
  if (said.length === 0) return NAMED;
  return said.reduce(
    (flags, label) =>
      'text' in label && label.text === 'true' ? flags | (flagKeys.get(label.key) ?? 0) : flags,
    0,
  );
}

/** The profile of all profiles in a message. @param bytes of the input, which bound what may become of it */
export function otlpProfile(message: OtlpMessage, bytes: number): Profile {
  return new Writer(message, bytes).write();
}
