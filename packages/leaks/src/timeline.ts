// When dumps were taken: in minutes where that is known, else one after the other.
import type { LeakRecord } from './record.ts';

/** The times of a record's dumps, as the judge goes by them. */
export interface Timeline {
  /** Minutes since the first dump, or numbers of dumps where their times are not known. */
  readonly x: readonly number[];
  readonly times: readonly number[] | null;
  readonly span: number | null;
}

/** When the dumps were taken, where all of them say so and go on in time. */
export function timelineOf(record: LeakRecord): Timeline {
  const times: number[] = [];
  for (const time of record.times) {
    const before = times.at(-1);
    if (time === null || (before !== undefined && time <= before))
      return { x: record.ordinals, times: null, span: null };
    times.push(time);
  }
  const begin = times[0] ?? 0;
  return { x: times.map((time) => (time - begin) / 60_000), times, span: (times.at(-1) ?? begin) - begin };
}
