// The pprof model as columnar tables: what a Profile is, and what each column promises.

/**
 * A column of 64-bit signed integers.
 *
 * A `Float64Array` promises that the sum of the absolute values of the whole column is a safe integer, so every
 * partial sum over it is exact. Whatever does not keep that promise is a `BigInt64Array`, whose sums wrap at 2^63
 * as Go's `int64` does (use `BigInt.asIntN(64, …)`).
 */
export type Int64Column = Float64Array | BigInt64Array;

/** A column of row numbers of another table; the narrowest array that holds them. */
export type IndexColumn = Uint16Array | Uint32Array;

/** What is counted and in which unit: `{ type: 'inuse_space', unit: 'bytes' }`. */
export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

/**
 * The strings of a profile, as bytes; row 0 is always the empty string.
 *
 * pprof strings are byte strings that nobody validates. `get` decodes UTF-8 and maps each byte that is not part of
 * valid UTF-8 to the lone surrogate U+DC00 + byte (as Python's surrogateescape), so that {@link encodeText} of the
 * result gives back the exact bytes.
 */
export interface StringTable {
  readonly length: number;
  /** The text of row `index`, decoded on first use. */
  get(index: number): string;
  /** The bytes of row `index`; do not write to them. */
  bytes(index: number): Uint8Array;
  /** The first row with the same bytes as row `index`: tells texts apart without decoding them. */
  firstRow(index: number): number;
}

/** Labels of all samples, one row per key and value; sample i owns the rows `labelStart[i]` … `labelStart[i + 1] - 1`. */
export interface LabelTable {
  readonly length: number;
  /** String of the key. */
  readonly key: Uint32Array;
  /** String of a text label; 0 marks a numeric label. */
  readonly text: Uint32Array;
  /** Value of a numeric label. */
  readonly number: Int64Column;
  /** String of a numeric label's unit; 0 where there is none. */
  readonly unit: Uint32Array;
}

/** Samples: sample i has the stack `stackLocations[stackStart[i]]` … `stackLocations[stackStart[i + 1] - 1]`, leaf first. */
export interface SampleTable {
  readonly length: number;
  /** `length + 1` offsets into `stackLocations`. */
  readonly stackStart: Uint32Array;
  /** Rows of the location table, leaf first. */
  readonly stackLocations: IndexColumn;
  /** One column per sample type, each `length` long. */
  readonly values: readonly Int64Column[];
  /** `length + 1` offsets into `labels`. */
  readonly labelStart: Uint32Array;
  readonly labels: LabelTable;
}

/** Locations: location i has the lines `lineStart[i]` … `lineStart[i + 1] - 1`, innermost inlined callee first. */
export interface LocationTable {
  readonly length: number;
  /** Ids as they stood in the file: unsigned, never 0, unique. */
  readonly id: BigUint64Array;
  /** Row of the mapping table, -1 where there is none. */
  readonly mapping: Int32Array;
  readonly address: BigUint64Array;
  readonly isFolded: Uint8Array;
  /** `length + 1` offsets into `lines`. */
  readonly lineStart: Uint32Array;
  readonly lines: LineTable;
}

/** Source lines of locations. */
export interface LineTable {
  readonly length: number;
  /** Row of the function table. */
  readonly function: IndexColumn;
  readonly line: Int64Column;
  readonly column: Int64Column;
}

/** Functions; `name`, `systemName` and `filename` are rows of the string table. */
export interface FunctionTable {
  readonly length: number;
  readonly id: BigUint64Array;
  readonly name: Uint32Array;
  readonly systemName: Uint32Array;
  readonly filename: Uint32Array;
  readonly startLine: Int64Column;
}

/** Bits of {@link MappingTable.flags}. */
export const MappingFlag = {
  hasFunctions: 1,
  hasFilenames: 2,
  hasLineNumbers: 4,
  hasInlineFrames: 8,
} as const;

/** Mappings: executables and libraries of the profiled process. */
export interface MappingTable {
  readonly length: number;
  readonly id: BigUint64Array;
  readonly start: BigUint64Array;
  readonly limit: BigUint64Array;
  readonly offset: BigUint64Array;
  readonly filename: Uint32Array;
  readonly buildId: Uint32Array;
  /** Bits of {@link MappingFlag}. */
  readonly flags: Uint8Array;
}

/** One profile. Immutable: every transform returns a new one that shares the tables it did not change. */
export interface Profile {
  readonly sampleTypes: readonly ValueType[];
  readonly samples: SampleTable;
  readonly mappings: MappingTable;
  readonly locations: LocationTable;
  readonly functions: FunctionTable;
  readonly strings: StringTable;
  /** Regular expression of frames to drop, or ''. */
  readonly dropFrames: string;
  /** Regular expression of frames to keep although `dropFrames` matches, or ''. */
  readonly keepFrames: string;
  /** Time of collection, nanoseconds since 1970 (UTC); 0n where unknown. */
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
  readonly periodType: ValueType | null;
  readonly period: bigint;
  readonly comments: readonly string[];
  /** Name of the sample type to show first, or ''. */
  readonly defaultSampleType: string;
  readonly docUrl: string;
}
