// What there was when somebody looked at the index before: so that a second look needs no memory.
import type { CaptureContext } from '../captures/capture.ts';

/** A look that is younger is not the one before, but the same reader's reload. */
const YOUNGEST_MS = 10_000;
/** Looks that are kept until one of them is old enough. */
const MOST_LOOKS = 32;

/** A count. */
interface Counted {
  /** Null where it is not known. */
  readonly count: number | null;
  /** When it was counted. */
  readonly at: number;
}

/** Counts by name, at a moment. */
export interface Look {
  /** Milliseconds of a clock that only rises. */
  readonly time: number;
  readonly counts: ReadonlyMap<string, Counted>;
}

/** By how many a count has changed; null where one of both is not known, or the later one is the earlier one again. */
export function changeOf(name: string, before: Look['counts'], now: Look['counts']): number | null {
  const [was, is] = [before.get(name), now.get(name)];
  if (was === undefined || is === undefined || was.at === is.at) return null;
  return was.count === null || is.count === null ? null : is.count - was.count;
}

/** The looks of one sidecar. */
export class Looks {
  readonly #looks: Look[] = [];

  /** The last look that is old enough to compare with `now`, null where there is none; this one is the last from now on. */
  next(now: Look): Look | null {
    const before = this.#looks.findLast(({ time }) => now.time - time >= YOUNGEST_MS) ?? null;
    // Where somebody reloads all the time the youngest give way, so that one grows old.
    if (this.#looks.length >= MOST_LOOKS) this.#looks.splice(before === null ? 1 : 0, 1);
    this.#looks.push(now);
    return before;
  }
}

const looks = new WeakMap<CaptureContext, Looks>();

/** The looks of a sidecar. */
export function looksOf(context: CaptureContext): Looks {
  let known = looks.get(context);
  if (known === undefined) looks.set(context, (known = new Looks()));
  return known;
}
