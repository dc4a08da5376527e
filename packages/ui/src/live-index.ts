// What a service says of itself: what it offers as names and counts, its counters as tracks of a timeline.
import type { CounterName, Counters, Offers } from '@stackpile/profile';

/** One line of the index. */
export interface IndexRow {
  readonly name: string;
  /** null where the index gives none. */
  readonly count: number | null;
}

/** The rows of what a service offers. At most 100. */
export function indexOf({ offers }: Offers): IndexRow[] {
  return offers.slice(0, 100).map(({ name, count }) => ({ name, count }));
}

/** Names on the index that are neither counts of anything alive nor, but for the CPU profile, profiles. */
export const notCounts: ReadonlySet<string> = new Set([
  'cmdline',
  'counters',
  'metrics',
  'offers',
  'profile',
  'symbol',
  'trace',
  'ui',
  'workers',
]);

/** One number at one moment. */
export interface Reading {
  readonly unit: 'count' | 'bytes' | 'milliseconds';
  readonly value: number;
  /** What the value must stay below; null where nothing is known. */
  readonly limit: number | null;
}

/** A counter that is drawn. */
interface Track {
  readonly key: CounterName;
  readonly name: string;
  readonly unit: Reading['unit'];
  /** The counter that bounds it, null where none does. */
  readonly limit: CounterName | null;
}

const tracks: readonly Track[] = [
  { key: 'tasks', name: 'tasks', unit: 'count', limit: null },
  { key: 'handles', name: 'handles', unit: 'count', limit: null },
  { key: 'heapUsed', name: 'heap', unit: 'bytes', limit: 'heapLimit' },
  { key: 'rss', name: 'RSS', unit: 'bytes', limit: 'memoryLimit' },
  { key: 'eventLoopLag', name: 'event-loop lag', unit: 'milliseconds', limit: null },
];

/** The tracks of one look, in the order in which they are drawn: the agent's counters, then what the index counts besides. */
export function readingsOf(rows: readonly IndexRow[], counters: Counters | null): Map<string, Reading> {
  const readings = new Map<string, Reading>();
  const number = (key: CounterName): number | null => counters?.[key] ?? null;
  for (const { key, name, unit, limit } of tracks) {
    const value = number(key);
    if (value !== null) readings.set(name, { unit, value, limit: limit === null ? null : number(limit) });
  }
  const counted = readings.size > 0;
  for (const { name, count } of rows) {
    if (count === null || notCounts.has(name)) continue;
    // The agent's own number of tasks is the same, and its heap has no count.
    if (counted && (count === 0 || (name === 'goroutine' && readings.has('tasks')))) continue;
    if (!readings.has(name)) readings.set(name, { unit: 'count', value: count, limit: null });
  }
  return readings;
}

/** Where memory is heading. */
export interface Outlook {
  /** Bytes per minute, by least squares over the last ten minutes at most. */
  readonly perMinute: number;
  readonly limit: number | null;
  /** Milliseconds until the limit at this rate; null where nothing grows or no limit is known. */
  readonly untilLimit: number | null;
}

const least = 30_000;
const window = 600_000;

/** The trend of resident memory; null where it was not watched for half a minute yet. */
export function outlook(
  times: readonly number[],
  values: readonly (number | null)[],
  limit: number | null,
): Outlook | null {
  const last = times.at(-1) ?? 0;
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  let first = last;
  let latest = 0;
  for (const [row, time] of times.entries()) {
    const value = values[row] ?? null;
    if (value === null || last - time > window) continue;
    first = Math.min(first, time);
    const x = (time - last) / 60_000;
    n++;
    sumX += x;
    sumY += value;
    sumXX += x * x;
    sumXY += x * value;
    latest = value;
  }
  const spread = n * sumXX - sumX * sumX;
  if (last - first < least || n < 5 || spread <= 0) return null;
  const perMinute = (n * sumXY - sumX * sumY) / spread;
  // Less than a hundredth of it in ten minutes is what garbage does by itself.
  const grows = perMinute > latest / 1000;
  return {
    perMinute,
    limit,
    untilLimit: grows && limit !== null && limit > latest ? ((limit - latest) / perMinute) * 60_000 : null,
  };
}
