// The stacks that grow steepest over all targets: of the sums that the store gives, fitted and scored in one place.
import type { Frame, ProfileStore, Series } from './store/index.ts';

export interface Grower {
  readonly series: Series;
  readonly stack: bigint;
  /** Leaf first. */
  readonly frames: readonly Frame[];
  /** In the unit of the series. */
  readonly perHour: number;
  /** How much of the movement the straight line explains, 0…1. */
  readonly fit: number;
  /** Mean of the first third of the range, and of the last. */
  readonly early: number;
  readonly late: number;
  /** Share of the profiles in which it has a value. */
  readonly presence: number;
}

/** Profiles in a range that are enough for a line. */
const LEAST_POINTS = 5;
/** Rows that each series is asked for: those beyond have no chance. */
const PER_SERIES = 50;
const PROFILES = ['goroutine', 'heap'];

/**
 * The steepest growers of the last `span` milliseconds, steepest first within their unit's share of what the series has: so that bytes
 * and tasks stand in one list. A range that holds a restart begins after it.
 *
 * @param only the series that are looked at; all if not given
 */
export async function growersOf(
  store: ProfileStore,
  now: number,
  span: number,
  limit: number,
  only?: readonly Series[],
): Promise<Grower[]> {
  const range = { from: now - span, to: now + 1 };
  const found: { readonly grower: Grower; readonly weight: number }[] = [];
  for (const series of only ?? (await store.series([], range))) {
    if (series.kind !== 'gauge' || !PROFILES.includes(series.profile)) continue;
    const runs = await store.runs([series.id], range);
    const from = Math.max(range.from, runs.at(-1)?.first ?? range.from);
    const [points] = await store.points([series.id], { from, to: range.to });
    if (points === undefined || points.n < LEAST_POINTS) continue;
    const { n, sx, sxx } = points;
    const rows = await store.growthSums({ series: [series.id], from, to: range.to, limit: PER_SERIES });
    const total = rows.reduce((sum, { late }) => sum + late, 0);
    for (const row of rows) {
      const spread = n * sxx - sx * sx;
      const rise = n * row.sxy - sx * row.sy;
      if (spread <= 0 || rise <= 0 || row.late <= row.early) continue;
      const moved = n * row.syy - row.sy * row.sy;
      const fit = moved <= 0 ? 0 : (rise * rise) / (spread * moved);
      found.push({
        grower: {
          series,
          stack: row.stack,
          frames: [],
          perHour: (rise / spread) * 3600,
          fit,
          early: row.early,
          late: row.late,
          presence: row.seen / n,
        },
        weight: total <= 0 ? 0 : (fit * (row.late - row.early)) / total,
      });
    }
  }
  const top = found.sort((a, b) => b.weight - a.weight).slice(0, limit);
  const frames = await store.frames(top.map(({ grower }) => grower.stack));
  return top.map(({ grower }) => ({ ...grower, frames: frames.get(grower.stack) ?? [] }));
}
