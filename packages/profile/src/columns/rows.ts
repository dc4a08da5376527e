// Small table operations that several transforms share.
import type { IndexColumn, Int64Column, LabelTable, SampleTable } from '../profile.ts';

/** The rows `rows` of a column, in that order. */
export function pickInt64(column: Int64Column, rows: Uint32Array): Int64Column {
  const picked =
    column instanceof Float64Array ? new Float64Array(rows.length) : new BigInt64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i] as number] as never;
  return picked;
}

/** Stacks of samples: offsets, one more than there are samples, and the locations between them. */
export interface StackColumns {
  readonly start: Uint32Array;
  readonly locations: IndexColumn;
}

/** The samples `rows` (rising) with their labels, and with their stacks or, one for each of the rows, with `stacks`. */
export function pickSamples(
  samples: SampleTable,
  rows: Uint32Array,
  stacks: StackColumns | null = null,
): SampleTable {
  const { start, locations } = stacks ?? pickStacks(samples, rows);
  if (rows.length === samples.length) return { ...samples, stackStart: start, stackLocations: locations };
  const { labelStart, labels } = samples;
  const labelStarts = new Uint32Array(rows.length + 1);
  let labelCount = 0;
  for (const row of rows) labelCount += (labelStart[row + 1] as number) - (labelStart[row] as number);
  const labelRows = new Uint32Array(labelCount);
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const end = labelStart[row + 1] as number;
    for (let k = labelStart[row] as number; k < end; k++) labelRows[at++] = k;
    labelStarts[i + 1] = at;
  }
  return {
    length: rows.length,
    stackStart: start,
    stackLocations: locations,
    values: samples.values.map((column) => pickInt64(column, rows)),
    labelStart: labelStarts,
    labels: labelCount === labels.length ? labels : pickLabels(labels, labelRows),
  };
}

function pickStacks({ length, stackStart, stackLocations }: SampleTable, rows: Uint32Array): StackColumns {
  if (rows.length === length) return { start: stackStart, locations: stackLocations };
  const start = new Uint32Array(rows.length + 1);
  let size = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    size += (stackStart[row + 1] as number) - (stackStart[row] as number);
    start[i + 1] = size;
  }
  const locations = stackLocations instanceof Uint16Array ? new Uint16Array(size) : new Uint32Array(size);
  let at = 0;
  for (const row of rows) {
    const end = stackStart[row + 1] as number;
    for (let k = stackStart[row] as number; k < end; k++) locations[at++] = stackLocations[k] as number;
  }
  return { start, locations };
}

/** The rows `rows` of a table of labels, in that order. */
export function pickLabels(labels: LabelTable, rows: Uint32Array): LabelTable {
  const pick = (column: Uint32Array): Uint32Array => {
    const picked = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i] as number] as number;
    return picked;
  };
  return {
    length: rows.length,
    key: pick(labels.key),
    text: pick(labels.text),
    number: pickInt64(labels.number, rows),
    unit: pick(labels.unit),
  };
}
