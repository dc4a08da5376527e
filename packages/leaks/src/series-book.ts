// The series of one run, by stack and labels: bounded in number, and without labels where those tell nothing apart.
import type { OriginOptions } from '@stackpile/profile';
import { addAge } from './ages.ts';
import { type DumpColumns, labelKey, type LabelSet } from './columns.ts';
import { SharedFrames, StackTable } from './frames.ts';
import { sum } from './members.ts';
import type { SeriesRecord } from './record.ts';

/** More label sets than this in one dump (request ids, say) and labels tell nothing apart. */
const maxLabelSets = 64;

/** All series that are kept, with their stacks. */
export class SeriesBook {
  readonly #origin: OriginOptions;
  readonly #most: number;
  readonly #frames: SharedFrames;
  #series = new Map<string, SeriesRecord>();
  stacks: StackTable;
  labelled = true;

  constructor(origin: OriginOptions, most: number, frames: SharedFrames = new SharedFrames()) {
    this.#origin = origin;
    this.#most = most;
    this.#frames = frames;
    this.stacks = new StackTable(origin, frames);
  }

  all(): IterableIterator<SeriesRecord> {
    return this.#series.values();
  }

  /** Forgets all series, and no stack. */
  clear(): void {
    this.#series = new Map();
    this.labelled = true;
  }

  /** Takes a series that was saved. */
  adopt(series: SeriesRecord): void {
    this.#series.set(this.#keyOf(series.stack, series.labels), series);
  }

  #keyOf(stack: number, labels: LabelSet): string {
    return this.labelled && labels.length > 0 ? `${stack}\0${labelKey(labels)}` : `${stack}`;
  }

  /**
   * A point more for each series, 0 as yet.
   *
   * @returns the ages that each series had at the dump before
   */
  open(): Map<SeriesRecord, readonly number[]> {
    const before = new Map<SeriesRecord, readonly number[]>();
    for (const series of this.#series.values()) {
      series.values.push(0);
      if (series.retained.length > 0) series.retained.push(0);
      if (series.ages.length > 0) before.set(series, series.ages);
      series.ages = [];
      series.states.clear();
      series.createdBy.clear();
      series.heldBy = '';
      series.waited = -1;
      series.error = 0;
      series.anonymous = false;
    }
    return before;
  }

  /** Whether a dump has so many label sets that they tell nothing apart any more. */
  hasTooManyLabels(rows: DumpColumns): boolean {
    return this.labelled && rows.labelSets.length > maxLabelSets;
  }

  /** How to find the series of a sample of the dump of row `index`. */
  finder(rows: DumpColumns, index: number): (row: number) => SeriesRecord {
    // Samples of one stack mostly follow each other or come back: one look-up by number instead of one by text.
    const known = new Map<number, SeriesRecord>();
    return (row) => {
      const stack = rows.stack[row] ?? 0;
      const labels = this.labelled ? (rows.labels[row] ?? 0) : 0;
      const place = stack * (maxLabelSets + 1) + labels;
      let series = known.get(place);
      if (series === undefined) {
        series = this.#seriesOf(stack, rows.labelSets[labels] ?? [], index);
        known.set(place, series);
      }
      return series;
    };
  }

  #seriesOf(stack: number, labels: LabelSet, index: number): SeriesRecord {
    const key = this.#keyOf(stack, labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = {
        stack,
        labels: this.labelled ? labels : [],
        values: new Array<number>(index + 1).fill(0),
        retained: [],
        ages: [],
        states: new Map(),
        createdBy: new Map(),
        heldBy: '',
        waited: -1,
        error: 0,
        endedLate: 0,
        endedEarly: 0,
        anonymous: false,
      };
      this.#series.set(key, series);
    }
    return series;
  }

  /**
   * Labels turned out to tell nothing apart: series of one stack become one.
   *
   * @returns what each series has become
   */
  dropLabels(): ReadonlyMap<SeriesRecord, SeriesRecord> {
    this.labelled = false;
    const merged = new Map<string, SeriesRecord>();
    const target = new Map<SeriesRecord, SeriesRecord>();
    for (const series of this.#series.values()) {
      const key = `${series.stack}`;
      const known = merged.get(key);
      if (known === undefined) {
        const plain: SeriesRecord = { ...series, ages: [...series.ages], labels: [] };
        merged.set(key, plain);
        target.set(series, plain);
        continue;
      }
      target.set(series, known);
      known.values = known.values.map((value, i) => value + (series.values[i] ?? 0));
      known.retained = sum([known.retained, series.retained]);
      for (const [age, count] of series.ages.entries()) addAge(known.ages, age, count);
      known.endedEarly += series.endedEarly;
      known.endedLate += series.endedLate;
      known.anonymous ||= series.anonymous;
    }
    this.#series = merged;
    return target;
  }

  /** Of the dumps, only those of the rows `keep` are kept. */
  thin(keep: readonly number[]): void {
    for (const series of this.#series.values()) {
      series.values = keep.map((i) => series.values[i] ?? 0);
      if (series.retained.length > 0) series.retained = keep.map((i) => series.retained[i] ?? 0);
    }
  }

  /** Keeps the number of series and of stacks bounded: forgets those that are gone, the smallest first. */
  forget(): void {
    if (this.#series.size > this.#most) {
      const gone = [...this.#series]
        .map(([key, series]) => ({ key, now: series.values.at(-1) ?? 0, peak: Math.max(...series.values) }))
        .sort((a, b) => a.now - b.now || a.peak - b.peak);
      for (const { key } of gone.slice(0, this.#series.size - Math.ceil(this.#most * 0.9)))
        this.#series.delete(key);
    }
    if (this.stacks.length <= 4 * this.#most) return;
    const fresh = new StackTable(this.#origin, this.#frames);
    const series = new Map<string, SeriesRecord>();
    for (const [key, record] of this.#series) {
      const stack = fresh.adopt(this.stacks.stack(record.stack));
      const moved = Object.assign(record, { stack });
      const labels = key.indexOf('\0');
      series.set(labels < 0 ? `${stack}` : `${stack}${key.slice(labels)}`, moved);
    }
    this.stacks = fresh;
    this.#series = series;
  }
}
