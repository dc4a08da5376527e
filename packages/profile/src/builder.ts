// Builds a profile row by row, for captures and text readers.
import { ProfileError } from './errors.ts';
import { GrowingUint32 } from './columns/growable.ts';
import { finishInt64, type Int64Halves } from './columns/int64.ts';
import type { Int64Column, Profile, ValueType } from './profile.ts';
import { StringInterner } from './columns/strings.ts';
import { TupleSet } from './columns/tuples.ts';

/** A label of a sample: text, or a number with an optional unit. */
export type SampleLabel =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly number: number | bigint; readonly unit?: string };

/** The fields of a profile that are not tables. */
export interface ProfileHeader {
  readonly sampleTypes: readonly ValueType[];
  readonly periodType?: ValueType;
  readonly period?: bigint | number;
  readonly timeNanos?: bigint;
  readonly durationNanos?: bigint;
  readonly defaultSampleType?: string;
  readonly dropFrames?: string;
  readonly keepFrames?: string;
  readonly docUrl?: string;
}

/** A mapping as {@link ProfileBuilder.mapping} takes it. */
export interface MappingInput {
  readonly start?: bigint;
  readonly limit?: bigint;
  readonly offset?: bigint;
  readonly filename?: string;
  readonly buildId?: string;
  /** Bits of `MappingFlag`. */
  readonly flags?: number;
}

/** A line of a location; `function` is a row from {@link ProfileBuilder.function}. */
export interface LineInput {
  readonly function: number;
  readonly line: number;
  readonly column?: number;
}

/** A location as {@link ProfileBuilder.location} takes it. */
export interface LocationInput {
  readonly mapping?: number;
  readonly address?: bigint;
  readonly isFolded?: boolean;
  /** Innermost inlined callee first. */
  readonly lines: readonly LineInput[];
}

const TWO_32 = 4294967296;

/** A column of 64-bit integers that grows. */
class GrowingInt64 {
  readonly #words = new GrowingUint32(128);

  push(value: number | bigint): void {
    if (typeof value === 'number') {
      if (!(Math.abs(value) < 2 ** 63)) {
        throw new ProfileError('PROFILE_INVALID', `${value} is not a 64-bit integer`);
      }
      const whole = Math.trunc(value);
      this.#words.push(whole);
      this.#words.push(Math.floor(whole / TWO_32));
    } else {
      this.#words.push(Number(BigInt.asUintN(32, value)));
      this.#words.push(Number(BigInt.asUintN(32, value >> 32n)));
    }
  }

  finish(): Int64Column {
    const halves: Int64Halves = { length: this.#words.length / 2, halves: this.#words.finish() };
    return finishInt64(halves);
  }
}

/**
 * Collects samples and the tables they need. Strings, functions, locations and mappings are interned: the same content
 * gives the same row. Samples are kept one by one, in order.
 */
export class ProfileBuilder {
  readonly #header: ProfileHeader;
  readonly #strings = new StringInterner();
  readonly #mappingSet = new TupleSet();
  readonly #mappings: Required<MappingInput>[] = [];
  readonly #functionSet = new TupleSet();
  /** Five words each: name, system name, file name, start line (two halves). */
  readonly #functions = new GrowingUint32();
  readonly #locationSet = new TupleSet();
  readonly #locationMapping: number[] = [];
  readonly #locationAddress: bigint[] = [];
  readonly #locationFolded: number[] = [];
  readonly #lineStart = new GrowingUint32();
  readonly #lineFunction = new GrowingUint32();
  readonly #lineNumber = new GrowingInt64();
  readonly #lineColumn = new GrowingInt64();
  readonly #stackStart = new GrowingUint32();
  readonly #stackLocations = new GrowingUint32(1024);
  readonly #values: GrowingInt64[];
  readonly #labelStart = new GrowingUint32();
  readonly #labelKey = new GrowingUint32();
  readonly #labelText = new GrowingUint32();
  readonly #labelNumber = new GrowingInt64();
  readonly #labelUnit = new GrowingUint32();
  readonly #comments: string[] = [];
  readonly #scratch: number[] = [];

  constructor(header: ProfileHeader) {
    this.#header = header;
    this.#values = header.sampleTypes.map(() => new GrowingInt64());
    this.#lineStart.push(0);
    this.#stackStart.push(0);
    this.#labelStart.push(0);
  }

  /** Number of samples so far. */
  get samples(): number {
    return this.#stackStart.length - 1;
  }

  /** Row of a mapping. */
  mapping(m: MappingInput): number {
    const full: Required<MappingInput> = {
      start: m.start ?? 0n,
      limit: m.limit ?? 0n,
      offset: m.offset ?? 0n,
      filename: m.filename ?? '',
      buildId: m.buildId ?? '',
      flags: m.flags ?? 0,
    };
    const key = [this.#strings.add(full.filename), this.#strings.add(full.buildId), full.flags];
    for (const value of [full.start, full.limit, full.offset]) pushHalves(key, value);
    const row = this.#mappingSet.add(key);
    if (row === this.#mappings.length) this.#mappings.push(full);
    return row;
  }

  /** Row of a function; `systemName` is the name unless given. */
  function(name: string, filename = '', startLine = 0, systemName: string = name): number {
    const key = this.#scratch;
    key.length = 0;
    key.push(this.#strings.add(name), this.#strings.add(systemName), this.#strings.add(filename));
    key.push(startLine, Math.floor(startLine / TWO_32));
    const row = this.#functionSet.add(key);
    if (row * 5 === this.#functions.length) for (const word of key) this.#functions.push(word);
    return row;
  }

  /** Row of a location. */
  location(l: LocationInput): number {
    const key = this.#scratch;
    key.length = 0;
    const address = l.address ?? 0n;
    key.push(l.mapping ?? -1, l.isFolded === true ? 1 : 0);
    pushHalves(key, address);
    for (const line of l.lines) {
      if (!(line.function >= 0 && line.function * 5 < this.#functions.length)) {
        throw new ProfileError(
          'PROFILE_INVALID',
          `a line names function ${line.function}, which was not added`,
        );
      }
      const column = line.column ?? 0;
      key.push(line.function, line.line, Math.floor(line.line / TWO_32), column, Math.floor(column / TWO_32));
    }
    const row = this.#locationSet.add(key);
    if (row < this.#locationMapping.length) return row;
    this.#locationMapping.push(l.mapping ?? -1);
    this.#locationAddress.push(address);
    this.#locationFolded.push(l.isFolded === true ? 1 : 0);
    for (const line of l.lines) {
      this.#lineFunction.push(line.function);
      this.#lineNumber.push(line.line);
      this.#lineColumn.push(line.column ?? 0);
    }
    this.#lineStart.push(this.#lineFunction.length);
    return row;
  }

  /**
   * Adds a sample.
   *
   * @param stack locations, leaf first
   * @param values one per sample type
   * @throws {ProfileError} `PROFILE_INVALID` where a location was not added or the number of values is wrong
   */
  sample(
    stack: ArrayLike<number>,
    values: ArrayLike<number | bigint>,
    labels: readonly SampleLabel[] = [],
  ): void {
    if (values.length !== this.#values.length) {
      const message = `a sample has ${values.length} values, the profile has ${this.#values.length} sample types`;
      throw new ProfileError('PROFILE_INVALID', message);
    }
    for (let i = 0; i < stack.length; i++) {
      const location = stack[i] as number;
      if (!(location >= 0 && location < this.#locationMapping.length)) {
        throw new ProfileError('PROFILE_INVALID', `a sample names location ${location}, which was not added`);
      }
      this.#stackLocations.push(location);
    }
    this.#stackStart.push(this.#stackLocations.length);
    for (let t = 0; t < values.length; t++)
      (this.#values[t] as GrowingInt64).push(values[t] as number | bigint);
    for (const label of labels) {
      this.#labelKey.push(this.#strings.add(label.key));
      if ('text' in label) {
        // Row 0 marks a numeric label, so an empty text has no row to stand for it; pprof's encoding drops it too.
        if (label.text === '') {
          this.#labelKey.length--;
          continue;
        }
        this.#labelText.push(this.#strings.add(label.text));
        this.#labelNumber.push(0);
        this.#labelUnit.push(0);
      } else {
        this.#labelText.push(0);
        this.#labelNumber.push(label.number);
        this.#labelUnit.push(this.#strings.add(label.unit ?? ''));
      }
    }
    this.#labelStart.push(this.#labelKey.length);
  }

  /** Adds a comment line. */
  comment(text: string): void {
    this.#comments.push(text);
  }

  /** The profile of everything added; ids are 1, 2, 3 …. */
  build(): Profile {
    const header = this.#header;
    const functionCount = this.#functions.length / 5;
    const startLine = new GrowingInt64();
    const functions = {
      length: functionCount,
      id: countedIds(functionCount),
      name: new Uint32Array(functionCount),
      systemName: new Uint32Array(functionCount),
      filename: new Uint32Array(functionCount),
    };
    for (let row = 0; row < functionCount; row++) {
      functions.name[row] = this.#functions.get(row * 5);
      functions.systemName[row] = this.#functions.get(row * 5 + 1);
      functions.filename[row] = this.#functions.get(row * 5 + 2);
      startLine.push((this.#functions.get(row * 5 + 4) | 0) * TWO_32 + this.#functions.get(row * 5 + 3));
    }
    const mappings = {
      length: this.#mappings.length,
      id: countedIds(this.#mappings.length),
      start: BigUint64Array.from(this.#mappings, (m) => m.start),
      limit: BigUint64Array.from(this.#mappings, (m) => m.limit),
      offset: BigUint64Array.from(this.#mappings, (m) => m.offset),
      filename: Uint32Array.from(this.#mappings, (m) => this.#strings.add(m.filename)),
      buildId: Uint32Array.from(this.#mappings, (m) => this.#strings.add(m.buildId)),
      flags: Uint8Array.from(this.#mappings, (m) => m.flags),
    };
    const locationCount = this.#locationMapping.length;
    const stack = this.#stackLocations.finish();
    return {
      sampleTypes: header.sampleTypes,
      samples: {
        length: this.samples,
        stackStart: this.#stackStart.finish(),
        stackLocations: locationCount <= 0x10000 ? Uint16Array.from(stack) : stack,
        values: this.#values.map((column) => column.finish()),
        labelStart: this.#labelStart.finish(),
        labels: {
          length: this.#labelKey.length,
          key: this.#labelKey.finish(),
          text: this.#labelText.finish(),
          number: this.#labelNumber.finish(),
          unit: this.#labelUnit.finish(),
        },
      },
      mappings,
      locations: {
        length: locationCount,
        id: countedIds(locationCount),
        mapping: Int32Array.from(this.#locationMapping),
        address: BigUint64Array.from(this.#locationAddress),
        isFolded: Uint8Array.from(this.#locationFolded),
        lineStart: this.#lineStart.finish(),
        lines: {
          length: this.#lineFunction.length,
          function: this.#lineFunction.finish(),
          line: this.#lineNumber.finish(),
          column: this.#lineColumn.finish(),
        },
      },
      functions: { ...functions, startLine: startLine.finish() },
      strings: this.#strings.build(),
      dropFrames: header.dropFrames ?? '',
      keepFrames: header.keepFrames ?? '',
      timeNanos: header.timeNanos ?? 0n,
      durationNanos: header.durationNanos ?? 0n,
      periodType: header.periodType ?? null,
      period: BigInt(header.period ?? 0),
      comments: [...this.#comments],
      defaultSampleType: header.defaultSampleType ?? '',
      docUrl: header.docUrl ?? '',
    };
  }
}

function pushHalves(key: number[], value: bigint): void {
  key.push(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
}

/** Ids 1 … `count`. */
export function countedIds(count: number): BigUint64Array {
  const ids = new BigUint64Array(count);
  const halves = new Uint32Array(ids.buffer);
  for (let i = 0; i < count; i++) halves[2 * i] = i + 1;
  return ids;
}
