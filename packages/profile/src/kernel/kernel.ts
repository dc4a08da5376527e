// The reader of usual fields that is compiled at once: its memory, and how it is called.
//
// kernel.wat is its source, and has the same layout of the memory; module.ts is what is made of it.
import type { Int64Filler } from '../int64.ts';
import { instantiate } from '../platform.ts';
import { kernelModule } from './module.ts';

/** Bytes of a message that the kernel sees at a time. */
export const WINDOW: number = 1 << 18;
/** Most columns of values that it fills. */
export const MOST_TYPES = 16;
/** Most rows of a table that it fills in one call, where the window does not hold fewer. */
const MOST_ROWS = 8192;
/** Rows of lines that must be free where a location begins. */
const ROOM_FOR_LINES = 512;
const WINDOW_AT = 512;
/** Bytes from one column of values to the next. */
const STRIDE = 65600;

/** The words of the header. What comes in first, then two that are changed, then what comes out. */
export const Header = {
  types: 0,
  /** Bytes of an element of the stacks: 2 or 4. */
  step: 1,
  /** The largest id of a location that an element holds. */
  ceiling: 2,
  /** What is to be read: the sum of some of {@link Reading}. */
  reading: 3,
  framesBefore: 4,
  labelsBefore: 5,
  linesBefore: 6,
  stringsBefore: 7,
  textBefore: 8,
  largestId: 9,
  /** The largest string that a label names. */
  largestString: 10,
  samples: 11,
  frames: 12,
  labels: 13,
  /** The sample of this run that names the largest string, where that changed. */
  largestStringOf: 14,
  /** Not 0 where a label has a text. */
  texts: 15,
  /** Not 0 where a label has a unit. */
  units: 16,
  functions: 17,
  largestStringOfFunctions: 18,
  locations: 19,
  lines: 20,
  strings: 21,
  text: 22,
} as const;

/** What the kernel may read. */
export const Reading = { samples: 1, tables: 2 } as const;

/** Which column of numbers is whose, behind those of the values. */
export const Numbers = { labels: 16, startLines: 17, lines: 18, columns: 19 } as const;

/** Did a column have no more room in the last run? Then another one may go on where it ended. */
export function isFull({ header }: Kernel): boolean {
  // A location needs room for all its lines before it is read.
  return (
    header[Header.samples] === MOST_ROWS ||
    header[Header.functions] === MOST_ROWS ||
    header[Header.locations] === MOST_ROWS ||
    header[Header.strings] === MOST_ROWS ||
    (header[Header.lines] as number) > MOST_ROWS - ROOM_FOR_LINES
  );
}

/** The kernel, with views of its memory. */
export interface Kernel {
  /** The bytes that are read. */
  readonly window: Uint8Array;
  /** Words by {@link Header}. */
  readonly header: Uint32Array;
  /** Columns of numbers: the values by type, then by {@link Numbers}. */
  readonly numbers: readonly Float64Array[];
  /** Sum of the absolute values of each, a safe integer. */
  readonly totals: BigInt64Array;
  /** Whether each holds 64-bit integers, 1, or doubles, 0. */
  readonly wide: Uint32Array;
  readonly stacks16: Uint16Array;
  readonly stacks32: Uint32Array;
  readonly stackEnds: Uint32Array;
  readonly labelEnds: Uint32Array;
  readonly labelKeys: Uint32Array;
  readonly labelTexts: Uint32Array;
  readonly labelUnits: Uint32Array;
  /** Two halves each, as the addresses. */
  readonly functionIds: Uint32Array;
  readonly functionNames: Uint32Array;
  readonly functionSystemNames: Uint32Array;
  readonly functionFiles: Uint32Array;
  readonly locationIds: Uint32Array;
  readonly locationAddresses: Uint32Array;
  /** Ids. */
  readonly locationMappings: Uint32Array;
  readonly locationFolded: Uint32Array;
  readonly lineEnds: Uint32Array;
  /** Ids. */
  readonly lineFunctions: Uint32Array;
  readonly stringEnds: Uint32Array;
  readonly text: Uint8Array;
  /** Reads the window's bytes from `at` on, up to `end` or to a field that is left to others; the offset of that. */
  run(at: number, end: number): number;
}

let known: Kernel | null | undefined;

/** The kernel of this process, which keeps nothing between two calls; null where the platform does not run it. */
export function kernel(): Kernel | null {
  if (known === undefined) known = load();
  return known;
}

function load(): Kernel | null {
  const exports = instantiate(kernelModule) as {
    readonly memory: { readonly buffer: ArrayBuffer };
    run(at: number, end: number): number;
  } | null;
  if (exports === null) return null;
  const { buffer } = exports.memory;
  const words = (at: number, length: number = MOST_ROWS): Uint32Array => new Uint32Array(buffer, at, length);
  const bytes = (at: number): Uint8Array => new Uint8Array(buffer, at, WINDOW);
  const numbers = (at: number, length: number = MOST_ROWS): Float64Array =>
    new Float64Array(buffer, at, length);
  const labels = 4 + WINDOW / 4;
  return {
    window: bytes(WINDOW_AT),
    header: words(0, 32),
    numbers: [
      ...Array.from({ length: MOST_TYPES }, (_, type) => numbers(2163776 + type * STRIDE)),
      numbers(3213376, labels),
      numbers(3901536),
      numbers(4229216),
      numbers(4294752),
    ],
    totals: new BigInt64Array(buffer, 128, 20),
    wide: words(288, 20),
    stacks16: new Uint16Array(buffer, 263168, WINDOW),
    stacks32: words(263168, WINDOW),
    stackEnds: words(1311760),
    labelEnds: words(1344528),
    labelKeys: words(1377296, labels),
    labelTexts: words(1639456, labels),
    labelUnits: words(1901616, labels),
    functionIds: words(3737696, 2 * MOST_ROWS),
    functionNames: words(3803232),
    functionSystemNames: words(3836000),
    functionFiles: words(3868768),
    locationIds: words(3967072, 2 * MOST_ROWS),
    locationAddresses: words(4032608, 2 * MOST_ROWS),
    locationMappings: words(4098144),
    locationFolded: words(4130912),
    lineEnds: words(4163680),
    lineFunctions: words(4196448),
    stringEnds: words(4360288),
    text: bytes(4393056),
    run: (at, end) => exports.run(WINDOW_AT + at, WINDOW_AT + end) - WINDOW_AT,
  };
}

/** Tells the kernel what a column of numbers has so far; it holds doubles or 64-bit integers. */
export function tellNumbers(of: Kernel, column: number, filler: Int64Filler): void {
  of.totals[column] = BigInt(filler.total);
  of.wide[column] = filler.wide ? 1 : 0;
}

/** Fills rows from `row` on with the first `length` numbers that the kernel has read for a column. */
export function takeNumbers(
  of: Kernel,
  column: number,
  filler: Int64Filler,
  row: number,
  length: number,
): void {
  const total = Number(of.totals[column]);
  // Memory that holds zeros already stays untouched: it costs nothing then.
  if (filler.wide || filler.total !== total)
    filler.putAll(row, (of.numbers[column] as Float64Array).subarray(0, length), total);
}
