// Dumps that were taken while a service was watched, kept for the report: a few of each kind, spread over the whole time.
import type { Capture } from '@stackpile/sources';

/** Dumps of one kind. */
const MOST = 12;
/** … and their bytes. */
const MOST_BYTES = 16 << 20;

/** Dumps of one kind, oldest first, and how many are left out between two of them. */
interface Series {
  dumps: Capture[];
  step: number;
  next: number;
}

/** The dumps of one service. */
export class Kept {
  readonly #series = new Map<string, Series>();

  /** All that is kept, by kind, oldest first. */
  get dumps(): Capture[] {
    return [...this.#series.values()].flatMap(({ dumps }) => dumps);
  }

  add(captures: readonly Capture[]): void {
    for (const capture of captures) {
      // What the service refused came without a body.
      if (capture.body.length > 0) this.#keep(capture);
    }
  }

  #keep(capture: Capture): void {
    const series = this.#series.get(capture.name) ?? { dumps: [], step: 1, next: 0 };
    this.#series.set(capture.name, series);
    // The newest is always there; of those before it one of so many.
    if (series.dumps.length > 1 && series.next % series.step !== 0) series.dumps.pop();
    series.dumps.push(capture);
    series.next++;
    while (series.dumps.length > 2 && (series.dumps.length > MOST || bytesOf(series.dumps) > MOST_BYTES)) {
      const newest = series.dumps.length - 1;
      series.dumps = series.dumps.filter((_, i) => i % 2 === 0 || i === newest);
      series.step *= 2;
      series.next = 1;
    }
  }
}

function bytesOf(dumps: readonly Capture[]): number {
  return dumps.reduce((sum, { body }) => sum + body.length, 0);
}
