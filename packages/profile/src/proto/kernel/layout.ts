// The memory of the kernel, written down once: kernel.ts reads it by these names, and scripts/kernel.ts puts their numbers into
// kernel.wat, where they stand in angle brackets.

/** Bytes of a message that the kernel sees at a time. */
export const WINDOW: number = 1 << 18;
/** Most columns of values that it fills. */
export const MOST_TYPES = 16;
/** Most rows of a table that it fills in one call, where the window does not hold fewer. */
export const MOST_ROWS = 8192;
/** Rows of lines that must be free where a location begins. */
const ROOM_FOR_LINES = 512;
/** Lines after which no location is begun. */
export const LAST_LINE: number = MOST_ROWS - ROOM_FOR_LINES;
/** Most labels that a window can hold: a label takes 4 bytes of it. */
export const MOST_LABELS: number = 4 + WINDOW / 4;
/** Bytes from one column of values to the next, so that they do not meet in the processor's cache. */
export const STRIDE: number = 8 * MOST_ROWS + 64;

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

/** Columns that hold numbers, the values' and the others'. */
export const NUMBER_COLUMNS = 20;

const WORDS: number = 4 * MOST_ROWS;
const LONGS: number = 8 * MOST_ROWS;

/** Parts of the memory. */
type Part =
  | 'header'
  | 'totals'
  | 'wide'
  | 'toWindow'
  | 'window'
  | 'behindWindow'
  | 'stacks'
  | 'behindStacks'
  | 'stackEnds'
  | 'labelEnds'
  | 'labelKeys'
  | 'labelTexts'
  | 'labelUnits'
  | 'values'
  | 'labelNumbers'
  | 'functionIds'
  | 'functionNames'
  | 'functionSystemNames'
  | 'functionFiles'
  | 'startLines'
  | 'locationIds'
  | 'locationAddresses'
  | 'locationMappings'
  | 'locationFolded'
  | 'lineEnds'
  | 'lineFunctions'
  | 'lines'
  | 'lineColumns'
  | 'stringEnds'
  | 'text';

/** Bytes of each part, in order. */
const sizes: Readonly<Record<Part, number>> = {
  /** {@link Header} */
  header: 128,
  /** Sum of the absolute values of each column of numbers. */
  totals: 8 * NUMBER_COLUMNS,
  /** Of each column of numbers: 1 where it holds 64-bit integers, 0 where it holds doubles. */
  wide: 4 * NUMBER_COLUMNS,
  toWindow: 144,
  window: WINDOW,
  /** A few bytes behind the window may be read in vain. */
  behindWindow: 512,
  /** Locations of the stacks: elements of 2 or 4 bytes, as many as the window has bytes. */
  stacks: 4 * WINDOW,
  behindStacks: 16,
  stackEnds: WORDS,
  labelEnds: WORDS,
  labelKeys: 4 * MOST_LABELS,
  labelTexts: 4 * MOST_LABELS,
  labelUnits: 4 * MOST_LABELS,
  /** Columns of values, {@link STRIDE} bytes each. */
  values: MOST_TYPES * STRIDE,
  labelNumbers: 8 * MOST_LABELS,
  functionIds: LONGS,
  functionNames: WORDS,
  functionSystemNames: WORDS,
  functionFiles: WORDS,
  startLines: LONGS,
  locationIds: LONGS,
  locationAddresses: LONGS,
  locationMappings: WORDS,
  locationFolded: WORDS,
  lineEnds: WORDS,
  lineFunctions: WORDS,
  lines: LONGS,
  lineColumns: LONGS,
  stringEnds: WORDS,
  text: WINDOW,
};

/** Bytes of all. */
export const MEMORY_BYTES: number = Object.values(sizes).reduce((sum, size) => sum + size, 0);

/** Address of each part. */
export const At: Readonly<Record<Part, number>> = addresses();

function addresses(): Readonly<Record<Part, number>> {
  let at = 0;
  const starts = Object.entries(sizes).map(([part, size]) => {
    at += size;
    return [part, at - size] as const;
  });
  return Object.fromEntries(starts) as Record<Part, number>;
}
