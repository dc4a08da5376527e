// The reader of usual fields that is compiled at once: its memory, and how it is called.
//
// kernel.wat is its source, layout.ts says where what is in the memory of both, module.ts is what is made of them.
import type { Int64Filler } from '../../columns/int64.ts';
import { instantiate } from '../../bytes/platform.ts';
import {
  At,
  Header,
  LAST_LINE,
  MOST_LABELS,
  MOST_ROWS,
  MOST_TYPES,
  NUMBER_COLUMNS,
  STRIDE,
  WINDOW,
} from './layout.ts';
import { kernelModule } from './module.ts';

/** Did a column have no more room in the last run? Then another one may go on where it ended. */
export function isFull({ header }: Kernel): boolean {
  // A location needs room for all its lines before it is read.
  return (
    header[Header.samples] === MOST_ROWS ||
    header[Header.functions] === MOST_ROWS ||
    header[Header.locations] === MOST_ROWS ||
    header[Header.strings] === MOST_ROWS ||
    (header[Header.lines] as number) > LAST_LINE
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
  return {
    window: bytes(At.window),
    header: words(At.header, 32),
    numbers: [
      ...Array.from({ length: MOST_TYPES }, (_, type) => numbers(At.values + type * STRIDE)),
      numbers(At.labelNumbers, MOST_LABELS),
      numbers(At.startLines),
      numbers(At.lines),
      numbers(At.lineColumns),
    ],
    totals: new BigInt64Array(buffer, At.totals, NUMBER_COLUMNS),
    wide: words(At.wide, NUMBER_COLUMNS),
    stacks16: new Uint16Array(buffer, At.stacks, WINDOW),
    stacks32: words(At.stacks, WINDOW),
    stackEnds: words(At.stackEnds),
    labelEnds: words(At.labelEnds),
    labelKeys: words(At.labelKeys, MOST_LABELS),
    labelTexts: words(At.labelTexts, MOST_LABELS),
    labelUnits: words(At.labelUnits, MOST_LABELS),
    functionIds: words(At.functionIds, 2 * MOST_ROWS),
    functionNames: words(At.functionNames),
    functionSystemNames: words(At.functionSystemNames),
    functionFiles: words(At.functionFiles),
    locationIds: words(At.locationIds, 2 * MOST_ROWS),
    locationAddresses: words(At.locationAddresses, 2 * MOST_ROWS),
    locationMappings: words(At.locationMappings),
    locationFolded: words(At.locationFolded),
    lineEnds: words(At.lineEnds),
    lineFunctions: words(At.lineFunctions),
    stringEnds: words(At.stringEnds),
    text: bytes(At.text),
    run: (at, end) => exports.run(At.window + at, At.window + end) - At.window,
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
