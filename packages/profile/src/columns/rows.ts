// Small table operations that several transforms share.
import type { Int64Column, LabelTable, SampleTable } from '../profile.ts';

/** The rows `rows` of a column, in that order. */
export function pickInt64(column: Int64Column, rows: Uint32Array): Int64Column {
  const picked =
    column instanceof Float64Array ? new Float64Array(rows.length) : new BigInt64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i] as number] as never;
  return picked;
}

/** The samples `rows` (rising) with their stacks and labels. */
export function pickSamples(samples: SampleTable, rows: Uint32Array): SampleTable {
  if (rows.length === samples.length) return samples;
  const { stackStart, stackLocations, labelStart, labels } = samples;
  let frames = 0;
  let labelCount = 0;
  for (const row of rows) {
    frames += (stackStart[row + 1] as number) - (stackStart[row] as number);
    labelCount += (labelStart[row + 1] as number) - (labelStart[row] as number);
  }
  const stack = stackLocations instanceof Uint16Array ? new Uint16Array(frames) : new Uint32Array(frames);
  const starts = new Uint32Array(rows.length + 1);
  const labelStarts = new Uint32Array(rows.length + 1);
  const labelRows = new Uint32Array(labelCount);
  let at = 0;
  let labelAt = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    starts[i] = at;
    labelStarts[i] = labelAt;
    const end = stackStart[row + 1] as number;
    for (let k = stackStart[row] as number; k < end; k++) stack[at++] = stackLocations[k] as number;
    const labelEnd = labelStart[row + 1] as number;
    for (let k = labelStart[row] as number; k < labelEnd; k++) labelRows[labelAt++] = k;
  }
  starts[rows.length] = at;
  labelStarts[rows.length] = labelAt;
  return {
    length: rows.length,
    stackStart: starts,
    stackLocations: stack,
    values: samples.values.map((column) => pickInt64(column, rows)),
    labelStart: labelStarts,
    labels: labelCount === labels.length ? labels : pickLabels(labels, labelRows),
  };
}

function pickLabels(labels: LabelTable, rows: Uint32Array): LabelTable {
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
