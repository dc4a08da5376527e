// Dumps come in one after the other; what is kept of them is enough for a verdict at any time, and bounded.
import { languageOf, type Profile, readWeights } from '@stackpile/profile';
import { addAge, AgeBook } from './ages.ts';
import { columnsOf, type DumpColumns } from './columns.ts';
import { LeaksError } from './errors.ts';
import { IdBook } from './ids.ts';
import { judgeRecord } from './judge.ts';
import { type Measure, measureOf } from './measure.ts';
import type { LeakOptions } from './options.ts';
import { rules as standard, type Rules } from './rules.ts';
import type { LeakRecord } from './record.ts';
import { RunMark } from './run.ts';
import { readSavedWatch, type SavedWatch } from './saved.ts';
import { recordsOf, tablesOf } from './saving.ts';
import { SeriesBook } from './series-book.ts';
import type { Dump, Verdict } from './verdict.ts';

/**
 * Watches one target: add a dump whenever there is one, and get the verdict so far.
 *
 * Memory is bounded by `maxDumps` × `maxSeries` numbers and one small record per living id. A restart of the target (another
 * build, or ids that begin anew) starts the watch afresh: a trend never straddles one.
 */
export class LeakWatch {
  readonly #options: LeakOptions;
  readonly #maxDumps: number;
  readonly #series: SeriesBook;
  readonly #ids = new IdBook();
  readonly #ages = new AgeBook();
  readonly #run = new RunMark();
  #measure: Measure | null = null;
  #times: (number | null)[] = [];
  /** How many dumps came before each kept one. */
  #ordinals: number[] = [];
  #totals: number[] = [];
  #lasting = false;
  #restarts = 0;
  #unit = 1;
  #go = false;

  constructor(options: LeakOptions = {}) {
    this.#options = options;
    this.#maxDumps = Math.max(8, options.maxDumps ?? 96);
    const most = Math.max(16, options.maxSeries ?? 20_000);
    this.#series = new SeriesBook(options.origin ?? {}, most, options.frames);
  }

  /**
   * Takes one more dump and judges all that were seen.
   *
   * @throws LeaksError where this profile cannot be judged, or counts something else than the ones before.
   */
  add(dump: Dump): Verdict {
    this.feed(dump);
    return this.verdict();
  }

  /** All that the watch remembers, for {@link LeakWatch.restore}; null before the first dump. */
  save(): SavedWatch | null {
    const measure = this.#measure;
    if (measure === null) return null;
    return {
      schema: 'stackpile.watch/1',
      measure,
      ...tablesOf([...this.#series.all()], this.#ids.alive, this.#series.stacks),
      times: this.#times,
      ordinals: this.#ordinals,
      totals: this.#totals,
      idsLost: this.#ids.lost,
      highest: this.#ids.highest,
      looks: this.#ages.looks,
      process: this.#ages.process,
      born: this.#ages.born,
      lastId: this.#run.lastId,
      halfWaited: this.#run.halfWaited,
      build: this.#run.build,
      lasting: this.#lasting,
      restarts: this.#restarts,
      unit: this.#unit,
      labelled: this.#series.labelled,
      go: this.#go,
    };
  }

  /**
   * A watch that goes on where another one was saved. Give it the options of that one.
   *
   * @param saved what `JSON.parse` made of what {@link LeakWatch.save} gave
   * @throws LeaksError `LEAKS_SAVED` where it is no such thing
   */
  static restore(saved: unknown, options: LeakOptions = {}): LeakWatch {
    const read = readSavedWatch(saved);
    const watch = new LeakWatch(options);
    const { all, alive } = recordsOf(read, watch.#series.stacks);
    watch.#measure = read.measure;
    watch.#series.labelled = read.labelled;
    for (const series of all) watch.#series.adopt(series);
    watch.#times = [...read.times];
    watch.#ordinals = [...read.ordinals];
    watch.#totals = [...read.totals];
    watch.#ids.alive = alive;
    watch.#ids.lost = read.idsLost;
    watch.#ids.highest = [...read.highest];
    watch.#ages.looks = read.looks === null ? null : [...read.looks];
    watch.#ages.process = read.process;
    watch.#ages.born = read.born;
    watch.#run.lastId = read.lastId;
    watch.#run.halfWaited = read.halfWaited;
    watch.#run.build = read.build;
    watch.#lasting = read.lasting;
    watch.#restarts = read.restarts;
    watch.#unit = read.unit;
    watch.#go = read.go;
    return watch;
  }

  /** Takes one more dump without judging. */
  feed(dump: Dump): void {
    const measure = measureOf(dump.profile, this.#options.sampleType, this.#measure?.type);
    if (this.#measure !== null && measure.unit !== this.#measure.unit) {
      throw new LeaksError(
        'LEAKS_MIXED',
        `it counts ${measure.type}/${measure.unit}, the dumps before it ${this.#measure.type}/${this.#measure.unit}`,
      );
    }
    const rows = columnsOf(dump.profile, measure, this.#series.stacks);
    this.#measure = measure;
    // Sampled bytes come in units of the sampling period; everything else is counted one by one.
    this.#unit = measure.counts ? weightOf(dump.profile, rows) : Math.max(1, Number(dump.profile.period));
    if (this.#isRestart(dump.profile, rows, dump.time ?? null)) this.#restarted();
    this.#go ||= measure.type.startsWith('goroutine') && namesGo(dump.profile);
    this.#lasting = rows.lasting || this.#go || !isTask(measure.type);
    this.#place(rows, dump.profile, dump.time ?? null);
    this.#thin();
    this.#series.forget();
  }

  /**
   * The verdict on all dumps so far; `unsure` before the second.
   *
   * @param rules The numbers to judge by; for those who try what each of them is good for.
   */
  verdict(rules: Rules = standard): Verdict {
    const measure = this.#measure;
    if (measure === null) {
      throw new LeaksError('LEAKS_NO_MEASURE', 'there is no dump to judge');
    }
    const goroutines = measure.type !== 'goroutine' || this.#go;
    const record: LeakRecord = {
      measure,
      stacks: this.#series.stacks,
      series: [...this.#series.all()],
      times: this.#times,
      ordinals: this.#ordinals,
      totals: this.#totals,
      ids: this.#ids.alive,
      highest: this.#ids.highest,
      looks: measure.type === 'objects' ? this.#ages.looks : null,
      born: measure.type === 'objects' && measure.retained >= 0 ? this.#ages.born : null,
      lasting: this.#lasting,
      unit: this.#unit,
      restarts: this.#restarts,
      noun: goroutines ? measure.noun : measure.columns.length > 1 ? 'tasks and handles' : 'tasks',
    };
    return judgeRecord(record, this.#options, rules);
  }

  /** Whether a dump is of another run than those before it. */
  #isRestart(profile: Profile, rows: DumpColumns, time: number | null): boolean {
    const before = this.#times.at(-1) ?? null;
    const gap = time === null || before === null ? null : time - before;
    return this.#run.isOther(profile, rows, this.#ids.alive, gap) && this.#totals.length > 0;
  }

  /** What ended is judged by itself, and the watch begins anew. */
  #restarted(): void {
    if (this.#totals.length > 1) this.#options.onRestart?.(this.verdict());
    this.#restarts++;
    this.#series.clear();
    this.#times = [];
    this.#ordinals = [];
    this.#totals = [];
    this.#ids.clear();
    this.#ages.looks = [];
    this.#ages.process = '';
    this.#ages.born = null;
  }

  #place(rows: DumpColumns, profile: Profile, time: number | null): void {
    const index = this.#totals.length;
    this.#times.push(time);
    this.#ordinals.push(index === 0 ? 0 : (this.#ordinals[index - 1] ?? 0) + 1);
    this.#ages.tell(profile);
    const isAged = this.#ages.looks !== null;
    const before = this.#series.open();
    if (this.#series.hasTooManyLabels(rows)) this.#ids.move(this.#series.dropLabels());
    this.#ids.open(rows, this.#options.maxIds ?? 1_000_000);
    const { strings } = profile;
    const { stacks } = this.#series;
    const seriesOf = this.#series.finder(rows, index);
    let total = 0;
    let highest = -1;
    for (let i = 0; i < rows.length; i++) {
      const series = seriesOf(i);
      const value = rows.value[i] ?? 0;
      const waited = rows.waited[i] ?? -1;
      const state = rows.state[i] ?? 0;
      const createdBy = rows.createdBy[i] ?? 0;
      const heldBy = rows.heldBy[i] ?? 0;
      total += value;
      series.values[index] = (series.values[index] ?? 0) + value;
      const kept = rows.retained[i] ?? 0;
      if (kept !== 0) {
        while (series.retained.length <= index) series.retained.push(0);
        series.retained[index] = (series.retained[index] ?? 0) + kept;
      }
      if (isAged) addAge(series.ages, rows.age[i] ?? 0, value);
      if (state !== 0) addTo(series.states, strings.get(state), value);
      if (createdBy !== 0) addTo(series.createdBy, strings.get(createdBy), value);
      if (heldBy !== 0) series.heldBy = strings.get(heldBy);
      if (waited > series.waited) series.waited = waited;
      series.error = Math.max(series.error, rows.error[i] ?? 0);
      const id = rows.id[i] ?? -1;
      if (id > highest) highest = id;
      if (id < 0) series.anonymous = true;
      else this.#ids.see(id, index, value, series, stacks);
    }
    this.#totals.push(total);
    this.#ages.bear(rows, stacks, this.#times);
    if (isAged) this.#ages.end([...this.#series.all()], before, stacks, index);
    this.#ids.close(index, highest);
  }

  /** Keeps the number of points bounded, and what is kept evenly spread over all that was seen. */
  #thin(): void {
    const n = this.#totals.length;
    if (n <= this.#maxDumps) return;
    const keep = this.#ordinals.map((_, i) => i);
    const gap = (at: number): number =>
      (this.#ordinals[keep[at + 1] ?? 0] ?? 0) - (this.#ordinals[keep[at - 1] ?? 0] ?? 0);
    while (keep.length > this.#maxDumps * 0.75) {
      let least = 1;
      for (let at = 2; at < keep.length - 1; at++) if (gap(at) < gap(least)) least = at;
      keep.splice(least, 1);
    }
    this.#times = keep.map((i) => this.#times[i] ?? null);
    this.#ordinals = keep.map((i) => this.#ordinals[i] ?? 0);
    this.#totals = keep.map((i) => this.#totals[i] ?? 0);
    this.#series.thin(keep);
    this.#ids.thin(keep);
    this.#ages.thin(keep);
  }
}

/** Whether a sample type counts tasks: what they are named by may change while they live. */
function isTask(type: string): boolean {
  return type === 'goroutine' || type === 'tasks' || type === 'task';
}

/** What one counted task stands for: 1, or where the agent says that it sampled, about the smallest count there is. */
function weightOf(profile: Profile, rows: DumpColumns): number {
  if (rows.weight > 1) return rows.weight;
  if (readWeights(profile.comments) !== 'weighted') return 1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) least = Math.min(least, Math.max(1, rows.value[i] ?? 1));
  return Number.isFinite(least) ? least + 1 : 1;
}

function addTo(counts: Map<string, number>, word: string, count: number): void {
  counts.set(word, (counts.get(word) ?? 0) + count);
}

function namesGo(profile: Profile): boolean {
  const { functions, strings } = profile;
  for (let i = 0; i < functions.length; i++) {
    const file = strings.get(functions.filename[i] ?? 0);
    if (file !== '') return languageOf(file) === 'go';
  }
  return false;
}
