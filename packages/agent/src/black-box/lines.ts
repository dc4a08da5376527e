// Which line a process has crossed: pure, so that it is tested without a process.
import type { BlackBoxSettings, Line } from '../black-box-settings.ts';

/** The numbers that are watched; null where one is not known. Bytes, milliseconds, descriptors. */
export interface Vitals {
  readonly rss: number | null;
  readonly rssLimit: number | null;
  readonly heap: number | null;
  readonly heapLimit: number | null;
  readonly descriptors: number | null;
  readonly descriptorLimit: number | null;
  readonly lag: number | null;
}

/** What can cross its line; from outside also the space of addresses (`ulimit -v`) and the number of tasks. */
export type Watched = 'rss' | 'heap' | 'descriptors' | 'lag' | 'addresses' | 'tasks';

/** How far something is on the way to its line: 1 is the line. */
export interface Progress {
  readonly what: Watched;
  readonly value: number;
  readonly line: number;
  readonly limit: number | null;
}

function progressOf(what: Watched, value: number | null, limit: number | null, at: Line): Progress[] {
  if (value === null) return [];
  if (at.kind === 'value') return [{ what, value, line: at.value, limit }];
  return limit === null || limit <= 0 ? [] : [{ what, value, line: limit * at.share, limit }];
}

/** How far each is, the furthest first; what has no limit and no size of its own is not told. */
export function progress(vitals: Vitals, settings: BlackBoxSettings): Progress[] {
  const all = [
    ...progressOf('rss', vitals.rss, vitals.rssLimit, settings.rss),
    ...progressOf('heap', vitals.heap, vitals.heapLimit, settings.heap),
    ...progressOf('descriptors', vitals.descriptors, vitals.descriptorLimit, settings.descriptors),
    ...(settings.lag === null
      ? []
      : progressOf('lag', vitals.lag, null, { kind: 'value', value: settings.lag })),
  ];
  return all.sort((a, b) => b.value / b.line - a.value / a.line);
}

/** How far a value has to fall below its line, or how long ago a bundle has to be, before there is another for it. */
const REARM = 0.9;
const REST_MS = 600_000;
/** When one is tried again that could not be written: disks are emptied, folders made. */
const RETRY_MS = 30_000;

/** Tells the crossings that deserve a bundle. */
export class Crossings {
  readonly #last = new Map<Watched, number>();

  /** @param now milliseconds of a clock that only goes forward */
  crossed(all: readonly Progress[], now: number): Progress | null {
    for (const { what, value, line } of all) if (value < line * REARM) this.#last.delete(what);
    const found = all.find(
      ({ what, value, line }) => value >= line && now - (this.#last.get(what) ?? -Infinity) > REST_MS,
    );
    if (found === undefined) return null;
    this.#last.set(found.what, now);
    return found;
  }

  /** There is no bundle for the crossing after all: it deserves one still. */
  failed({ what }: Progress, now: number): void {
    this.#last.set(what, now - REST_MS + RETRY_MS);
  }
}
