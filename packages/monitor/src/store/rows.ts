// Rows of a store's tables, whichever database they come from, as what the store answers.
import type { HourSums, Series } from './model.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A number out of a row; whole ones of 64 bits come as such, or as texts. NaN where there is none. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' || typeof value === 'string' ? Number(value) : Number.NaN;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An hour of a stack, but its sums. */
export function hourOf(row: Row): Omit<HourSums, 'sums'> {
  return {
    hour: numberOf(row['hour']),
    run: numberOf(row['run']),
    n: numberOf(row['n']),
    sx: numberOf(row['sx']),
    sxx: numberOf(row['sxx']),
    total: numberOf(row['total']),
    totalMax: numberOf(row['total_max']),
    totalLast: numberOf(row['total_last']),
    times: new Float64Array(),
  };
}

/** A series, as its row says it. */
export function seriesOf(row: Row): Series {
  return {
    id: numberOf(row['id']),
    labels: JSON.parse(textOf(row['labels'])) as Record<string, string>,
    profile: textOf(row['profile']),
    sampleType: textOf(row['sample_type']),
    unit: textOf(row['unit']),
    kind: row['kind'] === 'delta' ? 'delta' : 'gauge',
  };
}
