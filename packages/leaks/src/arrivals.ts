// Who stays: of those alive now, how many had come by each dump, as ids or ages tell it.
import type { LeakRecord, SeriesRecord } from './record.ts';

/** Of those alive now, how many had been seen by dump i, and how many they stand for. */
export interface Arrivals {
  readonly seen: number[];
  readonly weight: number[];
  /** The fewest outermost frames that stayed the same while one of them went on elsewhere; -1 where none did. */
  outer: number;
}

/** Ages say of each object at which look it was there first. */
function arrivalsByAge(record: LeakRecord, looks: readonly number[]): Map<SeriesRecord, Arrivals> {
  return new Map(
    record.series.map((series) => {
      const seen = looks.map((look) => series.ages.slice(0, look + 1).reduce((sum, one) => sum + one, 0));
      return [series, { seen, weight: seen, outer: -1 }];
    }),
  );
}

/** Arrivals by series; null where nothing tells who came when. */
export function arrivalsOf(record: LeakRecord): Map<SeriesRecord, Arrivals> | null {
  if (record.looks !== null) return arrivalsByAge(record, record.looks);
  if (record.ids === null) return null;
  const n = record.totals.length;
  const result = new Map<SeriesRecord, Arrivals>();
  for (const { first, series, weight, outer } of record.ids.values()) {
    let columns = result.get(series);
    if (columns === undefined) {
      columns = { seen: new Array<number>(n).fill(0), weight: new Array<number>(n).fill(0), outer: -1 };
      result.set(series, columns);
    }
    if (outer >= 0) columns.outer = columns.outer < 0 ? outer : Math.min(columns.outer, outer);
    columns.seen[first] = (columns.seen[first] ?? 0) + 1;
    columns.weight[first] = (columns.weight[first] ?? 0) + weight;
  }
  for (const { seen, weight } of result.values()) {
    for (const column of [seen, weight])
      for (let i = 1; i < n; i++) column[i] = (column[i] ?? 0) + (column[i - 1] ?? 0);
  }
  return result;
}
