// Counts of groups over time, within bounds, and which of them keep growing.

/** Readings that are kept; of more every second one is forgotten, so that they span all the time there was. */
const MOST_READINGS = 60;
/** Groups that are followed, the largest ones. */
const MOST_GROUPS = 2000;
/** Milliseconds between two readings that count as two. */
const SPACING_MS = 5000;
/** Fewer readings show no growth. */
const FEWEST_READINGS = 3;
/** What grows may fall by one part in so many of what it rises. */
const FALLS = 4;

/** Counts by group at some moments. */
export class GroupHistory {
  #times: number[] = [];
  readonly #series = new Map<string, number[]>();
  /** The last reading, whether it counts or not. */
  #latest: ReadonlyMap<string, number> = new Map();

  /** Readings that count. */
  get length(): number {
    return this.#times.length;
  }

  /** When the first reading was taken, in milliseconds; null before. */
  get since(): number | null {
    return this.#times[0] ?? null;
  }

  /**
   * Adds a reading.
   *
   * @param time milliseconds, rising
   */
  add(time: number, counts: ReadonlyMap<string, number>): void {
    this.#latest = counts;
    if (time - (this.#times.at(-1) ?? -Infinity) < SPACING_MS) return;
    if (this.#times.length >= MOST_READINGS) this.#thin();
    const before = this.#times.length;
    this.#times.push(time);
    const largest = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MOST_GROUPS);
    for (const [key, count] of largest) {
      let series = this.#series.get(key);
      if (series === undefined) this.#series.set(key, (series = new Array<number>(before).fill(0)));
      series.push(count);
    }
    for (const [key, series] of this.#series) {
      if (series.length === before) series.push(counts.get(key) ?? 0);
      if (series.every((count) => count === 0)) this.#series.delete(key);
    }
    this.#dropSmallest();
  }

  /** Groups that keep growing, and by how many since the first reading. */
  growing(): Map<string, number> {
    const found = new Map<string, number>();
    if (this.length < FEWEST_READINGS) return found;
    for (const [key, series] of this.#series) {
      const latest = this.#latest.get(key) ?? 0;
      const growth = latest - (series[0] ?? 0);
      if (growth > 0 && keepsGrowing([...series, latest])) found.set(key, growth);
    }
    return found;
  }

  #thin(): void {
    const kept = (_: number, i: number): boolean => i % 2 === 0;
    this.#times = this.#times.filter(kept);
    for (const [key, series] of this.#series) this.#series.set(key, series.filter(kept));
  }

  #dropSmallest(): void {
    if (this.#series.size <= MOST_GROUPS) return;
    const bySize = [...this.#series].toSorted(([, a], [, b]) => (b.at(-1) ?? 0) - (a.at(-1) ?? 0));
    for (const [key] of bySize.slice(MOST_GROUPS)) this.#series.delete(key);
  }
}

/** Whether all of the last third is above all of the first, in more than one rise and with few falls between. */
function keepsGrowing(series: readonly number[]): boolean {
  const third = Math.ceil(series.length / 3);
  if (Math.min(...series.slice(-third)) <= Math.max(...series.slice(0, third))) return false;
  let [rises, risen, fallen] = [0, 0, 0];
  for (let i = 1; i < series.length; i++) {
    const step = (series[i] ?? 0) - (series[i - 1] ?? 0);
    if (step > 0) rises++;
    if (step > 0) risen += step;
    else fallen -= step;
  }
  return rises >= 2 && fallen * FALLS <= risen;
}
