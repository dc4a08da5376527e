// Dumps come in one after the other; what is kept of them is enough for a verdict at any time, and bounded.
import { heapIds, languageOf, type Profile, readWeights } from '@stackpile/profile';
import { columnsOf, type DumpColumns, labelKey, type LabelSet } from './columns.ts';
import { LeaksError } from './errors.ts';
import { StackTable } from './frames.ts';
import { judgeRecord } from './judge.ts';
import { type Measure, measureOf } from './measure.ts';
import type { LeakOptions } from './options.ts';
import { rules as standard, type Rules } from './rules.ts';
import type { IdRecord, LeakRecord, SeriesRecord } from './record.ts';
import { readSavedWatch, type SavedWatch } from './saved.ts';
import type { Dump, StackFrame, Verdict } from './verdict.ts';

/** Fewer ids or ages than this that begin anew are chance: a thing that went and came back. */
const fewestAnew = 3;
/** More label sets than this in one dump (request ids, say) and labels tell nothing apart. */
const maxLabelSets = 64;

/**
 * Watches one target: add a dump whenever there is one, and get the verdict so far.
 *
 * Memory is bounded by `maxDumps` × `maxSeries` numbers and one small record per living id. A restart of the target (another
 * build, or ids that begin anew) starts the watch afresh: a trend never straddles one.
 */
export class LeakWatch {
  readonly #options: LeakOptions;
  readonly #maxDumps: number;
  readonly #maxSeries: number;
  #stacks: StackTable;
  #measure: Measure | null = null;
  #series = new Map<string, SeriesRecord>();
  #times: (number | null)[] = [];
  /** How many dumps came before each kept one. */
  #ordinals: number[] = [];
  #totals: number[] = [];
  #idsLost = false;
  #ids: Map<number, IdRecord> | null = null;
  #lastId = -1;
  /** The highest id of each kept dump. */
  #highest: number[] = [];
  /** For each kept dump how many looks its ages count from; null where some do not say, or are of different processes. */
  #looks: number[] | null = [];
  #process = '';
  #lasting = false;
  /** Half of what the last dump counted had waited for so long or longer; -1 where it did not say. */
  #halfWaited = -1;
  #build = '';
  #restarts = 0;
  #unit = 1;
  #labelled = true;
  #go = false;

  constructor(options: LeakOptions = {}) {
    this.#options = options;
    this.#maxDumps = Math.max(8, options.maxDumps ?? 96);
    this.#maxSeries = Math.max(16, options.maxSeries ?? 20_000);
    this.#stacks = new StackTable(options.origin ?? {});
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
    const frames: StackFrame[] = [];
    const frameRows = new Map<StackFrame, number>();
    const stacks: number[][] = [];
    const stackRows = new Map<number, number>();
    const rowOf = (stack: number): number => {
      let row = stackRows.get(stack);
      if (row !== undefined) return row;
      row = stacks.length;
      stackRows.set(stack, row);
      stacks.push(
        this.#stacks.stack(stack).map((frame) => {
          const known = frameRows.get(frame) ?? frames.push(frame) - 1;
          frameRows.set(frame, known);
          return known;
        }),
      );
      return row;
    };
    const all = [...this.#series.values()];
    const seriesRows = new Map(all.map((series, row) => [series, row]));
    return {
      schema: 'stackpile.watch/1',
      measure,
      series: all.map((series) => ({
        ...series,
        stack: rowOf(series.stack),
        labels: series.labels.map(({ key, value }) => [key, value] as const),
        states: [...series.states],
        createdBy: [...series.createdBy],
      })),
      frames: frames.map(({ name, file, line, origin }) => [name, file, line, origin] as const),
      stacks,
      times: this.#times,
      ordinals: this.#ordinals,
      totals: this.#totals,
      ids:
        this.#ids === null
          ? null
          : [...this.#ids].flatMap(([id, { first, last, seen, weight, series }]) => {
              const row = seriesRows.get(series);
              // Its stack was forgotten among too many.
              return row === undefined ? [] : [[id, first, last, seen, weight, row] as const];
            }),
      idsLost: this.#idsLost,
      lastId: this.#lastId,
      highest: this.#highest,
      looks: this.#looks,
      process: this.#process,
      lasting: this.#lasting,
      halfWaited: this.#halfWaited,
      starts: frames.map(({ start }) => start ?? 0),
      moved: [...(this.#ids ?? [])].flatMap(([id, { outer }]) => (outer < 0 ? [] : [[id, outer] as const])),
      build: this.#build,
      restarts: this.#restarts,
      unit: this.#unit,
      labelled: this.#labelled,
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
    const stacks = read.stacks.map((rows) =>
      watch.#stacks.adopt(
        rows.map((row) => {
          const [name = '', file = '', line = 0, origin = 'runtime'] = read.frames[row] ?? [];
          const start = read.starts[row] ?? 0;
          return { name, file, line, ...(start > 0 ? { start } : {}), origin };
        }),
      ),
    );
    const all = read.series.map(
      (one): SeriesRecord => ({
        ...one,
        stack: stacks[one.stack] ?? 0,
        labels: one.labels.map(([key, value]) => ({ key, value })),
        values: [...one.values],
        retained: [...one.retained],
        ages: [...one.ages],
        states: new Map(one.states),
        createdBy: new Map(one.createdBy),
      }),
    );
    watch.#measure = read.measure;
    watch.#labelled = read.labelled;
    for (const series of all) watch.#series.set(watch.#keyOf(series.stack, series.labels), series);
    watch.#times = [...read.times];
    watch.#ordinals = [...read.ordinals];
    watch.#totals = [...read.totals];
    watch.#idsLost = read.idsLost;
    watch.#ids = read.ids === null ? null : new Map();
    for (const [id, first, last, seen, weight, row] of read.ids ?? []) {
      const series = all[row];
      if (series !== undefined) watch.#ids?.set(id, { first, last, seen, weight, series, outer: -1 });
    }
    for (const [id, outer] of read.moved) {
      const record = watch.#ids?.get(id);
      if (record !== undefined) record.outer = outer;
    }
    watch.#lastId = read.lastId;
    watch.#highest = [...read.highest];
    watch.#looks = read.looks === null ? null : [...read.looks];
    watch.#process = read.process;
    watch.#lasting = read.lasting;
    watch.#halfWaited = read.halfWaited;
    watch.#build = read.build;
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
    const rows = columnsOf(dump.profile, measure, this.#stacks);
    this.#measure = measure;
    // Sampled bytes come in units of the sampling period; everything else is counted one by one.
    this.#unit = measure.counts ? weightOf(dump.profile, rows) : Math.max(1, Number(dump.profile.period));
    if (this.#isRestart(dump.profile, rows, dump.time ?? null)) this.#restarted();
    this.#go ||= measure.type.startsWith('goroutine') && namesGo(dump.profile);
    this.#lasting = rows.lasting || this.#go || !isTask(measure.type);
    this.#place(rows, dump.profile, dump.time ?? null);
    this.#thin();
    this.#forget();
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
      stacks: this.#stacks,
      series: [...this.#series.values()],
      times: this.#times,
      ordinals: this.#ordinals,
      totals: this.#totals,
      ids: this.#ids,
      highest: this.#highest,
      looks: measure.type === 'objects' ? this.#looks : null,
      lasting: this.#lasting,
      unit: this.#unit,
      restarts: this.#restarts,
      noun: goroutines ? measure.noun : measure.columns.length > 1 ? 'tasks and handles' : 'tasks',
    };
    return judgeRecord(record, this.#options, rules);
  }

  /**
   * Whether a dump is of another run: another build, ids that all begin anew, or ages that all fell. One thing that went and came
   * back says nothing, and what is older than the time since the last dump was there then.
   */
  #isRestart(profile: Profile, rows: DumpColumns, time: number | null): boolean {
    const { mappings, strings } = profile;
    const build =
      mappings.length === 0 ? '' : `${strings.get(mappings.buildId[0] ?? 0)} ${mappings.start[0] ?? 0n}`;
    const other = this.#build !== '' && build !== '' && build !== this.#build;
    if (build !== '') this.#build = build;
    let highest = -1;
    let identified = 0;
    let known = 0;
    let oldest = -1;
    let aged = rows.length > 0;
    for (let i = 0; i < rows.length; i++) {
      const id = rows.id[i] ?? -1;
      const waited = rows.waited[i] ?? -1;
      if (id >= 0) identified++;
      if (id > highest) highest = id;
      if (this.#ids?.has(id) === true) known++;
      if (waited < 0) aged = false;
      oldest = Math.max(oldest, waited);
    }
    const before = this.#times.at(-1) ?? null;
    const gap = time === null || before === null ? null : time - before;
    const wasThere = gap !== null && oldest > gap;
    const anew =
      identified >= fewestAnew &&
      highest < this.#lastId &&
      known * 10 < Math.min(rows.length, this.#ids?.size ?? 0) &&
      !wasThere;
    const younger =
      identified === 0 &&
      aged &&
      rows.length >= fewestAnew &&
      gap !== null &&
      !wasThere &&
      this.#halfWaited > gap;
    if (highest >= 0) this.#lastId = highest;
    this.#halfWaited = aged ? halfWaited(rows) : -1;
    return this.#totals.length > 0 && (other || anew || younger);
  }

  /** What ended is judged by itself, and the watch begins anew. */
  #restarted(): void {
    if (this.#totals.length > 1) this.#options.onRestart?.(this.verdict());
    this.#startAfresh();
  }

  #startAfresh(): void {
    this.#restarts++;
    this.#series = new Map();
    this.#times = [];
    this.#ordinals = [];
    this.#totals = [];
    this.#highest = [];
    this.#looks = [];
    this.#ids = null;
    this.#idsLost = false;
    this.#labelled = true;
  }

  #keyOf(stack: number, labels: LabelSet): string {
    return this.#labelled && labels.length > 0 ? `${stack}\0${labelKey(labels)}` : `${stack}`;
  }

  #seriesOf(stack: number, labels: LabelSet, index: number): SeriesRecord {
    const key = this.#keyOf(stack, labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = {
        stack,
        labels: this.#labelled ? labels : [],
        values: new Array<number>(index + 1).fill(0),
        retained: new Array<number>(index + 1).fill(0),
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

  #place(rows: DumpColumns, profile: Profile, time: number | null): void {
    const index = this.#totals.length;
    this.#times.push(time);
    this.#ordinals.push(index === 0 ? 0 : (this.#ordinals[index - 1] ?? 0) + 1);
    this.#tellAges(profile);
    const isAged = this.#looks !== null;
    const before = new Map<SeriesRecord, readonly number[]>();
    for (const series of this.#series.values()) {
      series.values.push(0);
      series.retained.push(0);
      if (series.ages.length > 0) before.set(series, series.ages);
      series.ages = [];
      series.states.clear();
      series.createdBy.clear();
      series.heldBy = '';
      series.waited = -1;
      series.error = 0;
      series.anonymous = false;
    }
    if (this.#labelled && rows.labelSets.length > maxLabelSets) this.#dropLabels();
    if (!this.#identified(rows)) {
      this.#ids = null;
      this.#idsLost = true;
    } else if (!this.#idsLost) {
      this.#ids ??= new Map();
    }
    const { strings } = profile;
    const ids = this.#ids;
    // Samples of one stack mostly follow each other or come back: one look-up by number instead of one by text.
    const known = new Map<number, SeriesRecord>();
    let total = 0;
    let highest = -1;
    for (let i = 0; i < rows.length; i++) {
      const stack = rows.stack[i] ?? 0;
      const labels = this.#labelled ? (rows.labels[i] ?? 0) : 0;
      const place = stack * (maxLabelSets + 1) + labels;
      let series = known.get(place);
      if (series === undefined) {
        series = this.#seriesOf(stack, rows.labelSets[labels] ?? [], index);
        known.set(place, series);
      }
      const value = rows.value[i] ?? 0;
      const waited = rows.waited[i] ?? -1;
      const state = rows.state[i] ?? 0;
      const createdBy = rows.createdBy[i] ?? 0;
      const heldBy = rows.heldBy[i] ?? 0;
      total += value;
      series.values[index] = (series.values[index] ?? 0) + value;
      series.retained[index] = (series.retained[index] ?? 0) + (rows.retained[i] ?? 0);
      if (isAged) addAge(series.ages, rows.age[i] ?? 0, value);
      if (state !== 0) addTo(series.states, strings.get(state), value);
      if (createdBy !== 0) addTo(series.createdBy, strings.get(createdBy), value);
      if (heldBy !== 0) series.heldBy = strings.get(heldBy);
      if (waited > series.waited) series.waited = waited;
      series.error = Math.max(series.error, rows.error[i] ?? 0);
      const id = rows.id[i] ?? -1;
      if (id < 0) series.anonymous = true;
      if (id > highest) highest = id;
      if (ids === null || id < 0) continue;
      const record = ids.get(id);
      if (record === undefined) {
        ids.set(id, { first: index, last: index, seen: 1, weight: value, series, outer: -1 });
      } else if (record.last !== index) {
        record.last = index;
        record.seen++;
        record.weight = value;
        if (record.series.stack !== series.stack) {
          const outer = this.#stacks.sharedOuter(record.series.stack, series.stack);
          record.outer = record.outer < 0 ? outer : Math.min(record.outer, outer);
        }
        record.series = series;
      }
    }
    this.#totals.push(total);
    if (isAged) this.#endedByAge(before, index);
    this.#highest.push(highest);
    if (ids !== null) {
      for (const [id, record] of ids) {
        if (record.last === index) continue;
        if (record.seen >= 2) record.series.endedLate++;
        else record.series.endedEarly++;
        ids.delete(id);
      }
    }
  }

  /** Ages count from one look to the next of one process: a dump that does not tell them, or of another process, ends that. */
  #tellAges(profile: Profile): void {
    if (this.#looks === null) return;
    const said = heapIds(profile);
    const isOther = this.#process !== '' && said?.process !== this.#process;
    const last = this.#looks.at(-1) ?? -1;
    if (said?.looks === null || said?.looks === undefined || isOther || said.looks <= last) {
      this.#looks = null;
      return;
    }
    this.#process = said.process;
    this.#looks.push(said.looks);
  }

  /**
   * Who was there at the dump before, and is not any more. An object whose chain of holders is another one now has not ended: of one
   * class and one age, as many as came to other chains have moved there.
   */
  #endedByAge(before: ReadonlyMap<SeriesRecord, readonly number[]>, index: number): void {
    const known = this.#looks?.[index - 1] ?? -1;
    const seenOnce = this.#looks?.[index - 2] ?? -1;
    const none: readonly number[] = [];
    const cells = new Map<string, { lost: number; gained: number }>();
    const each = (
      visit: (
        cell: { lost: number; gained: number },
        left: number,
        series: SeriesRecord,
        age: number,
      ) => void,
    ): void => {
      for (const series of this.#series.values()) {
        const was = before.get(series) ?? none;
        const leaf = this.#stacks.leaf(series.stack);
        for (let age = 0; age <= known; age++) {
          const left = (was[age] ?? 0) - (series.ages[age] ?? 0);
          if (left === 0) continue;
          const key = `${leaf} ${age}`;
          let cell = cells.get(key);
          if (cell === undefined) cells.set(key, (cell = { lost: 0, gained: 0 }));
          visit(cell, left, series, age);
        }
      }
    };
    each((cell, left) => {
      if (left > 0) cell.lost += left;
      else cell.gained -= left;
    });
    each(({ lost, gained }, left, series, age) => {
      if (left <= 0 || gained >= lost) return;
      const ended = (left * (lost - gained)) / lost;
      if (age > seenOnce) series.endedEarly += ended;
      else series.endedLate += ended;
    });
  }

  /** Whether a dump tells its members apart; one without members says nothing against it. */
  #identified(rows: DumpColumns): boolean {
    if (rows.length > (this.#options.maxIds ?? 1_000_000)) return false;
    for (let i = 0; i < rows.length; i++) if ((rows.id[i] ?? -1) >= 0) return true;
    return rows.length === 0 && !this.#idsLost;
  }

  /** Labels turned out to tell nothing apart: series of one stack become one. */
  #dropLabels(): void {
    this.#labelled = false;
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
      known.retained = known.retained.map((value, i) => value + (series.retained[i] ?? 0));
      for (const [age, count] of series.ages.entries()) addAge(known.ages, age, count);
      known.endedEarly += series.endedEarly;
      known.endedLate += series.endedLate;
      known.anonymous ||= series.anonymous;
    }
    this.#series = merged;
    for (const record of this.#ids?.values() ?? [])
      record.series = target.get(record.series) ?? record.series;
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
    const pick = <T>(column: readonly T[]): T[] => keep.map((i) => column[i] as T);
    this.#times = pick(this.#times);
    this.#ordinals = pick(this.#ordinals);
    this.#totals = pick(this.#totals);
    this.#highest = pick(this.#highest);
    if (this.#looks !== null) this.#looks = pick(this.#looks);
    for (const series of this.#series.values()) {
      series.values = pick(series.values);
      series.retained = pick(series.retained);
    }
    // Whoever was first seen in a forgotten dump was there in the next one that is kept.
    const next = new Uint32Array(n);
    for (let i = n - 1, at = keep.length - 1; i >= 0; i--) {
      if (at > 0 && (keep[at - 1] ?? 0) >= i) at--;
      next[i] = at;
    }
    for (const record of this.#ids?.values() ?? []) {
      record.first = next[record.first] ?? 0;
      record.last = next[record.last] ?? 0;
    }
  }

  /** Keeps the number of series and of stacks bounded: forgets those that are gone, the smallest first. */
  #forget(): void {
    if (this.#series.size > this.#maxSeries) {
      const gone = [...this.#series]
        .map(([key, series]) => ({ key, now: series.values.at(-1) ?? 0, peak: Math.max(...series.values) }))
        .sort((a, b) => a.now - b.now || a.peak - b.peak);
      for (const { key } of gone.slice(0, this.#series.size - Math.ceil(this.#maxSeries * 0.9)))
        this.#series.delete(key);
    }
    if (this.#stacks.length <= 4 * this.#maxSeries) return;
    const fresh = new StackTable(this.#options.origin ?? {});
    const series = new Map<string, SeriesRecord>();
    for (const [key, record] of this.#series) {
      const stack = fresh.adopt(this.#stacks.stack(record.stack));
      const moved = Object.assign(record, { stack });
      const labels = key.indexOf('\0');
      series.set(labels < 0 ? `${stack}` : `${stack}${key.slice(labels)}`, moved);
    }
    this.#stacks = fresh;
    this.#series = series;
  }
}

/** The wait that half of all that a dump counts has reached, in milliseconds. */
function halfWaited(rows: DumpColumns): number {
  const order = Array.from({ length: rows.length }, (_, i) => i);
  order.sort((a, b) => (rows.waited[b] ?? 0) - (rows.waited[a] ?? 0));
  const total = order.reduce((sum, i) => sum + (rows.value[i] ?? 0), 0);
  let counted = 0;
  for (const i of order) {
    counted += rows.value[i] ?? 0;
    if (counted * 2 >= total) return rows.waited[i] ?? -1;
  }
  return -1;
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

/** More looks than this are not told apart. */
const mostAges = 4096;

function addAge(ages: number[], age: number, count: number): void {
  const at = Math.min(mostAges, Math.max(0, Math.floor(age)));
  while (ages.length <= at) ages.push(0);
  ages[at] = (ages[at] ?? 0) + count;
}

function namesGo(profile: Profile): boolean {
  const { functions, strings } = profile;
  for (let i = 0; i < functions.length; i++) {
    const file = strings.get(functions.filename[i] ?? 0);
    if (file !== '') return languageOf(file) === 'go';
  }
  return false;
}
