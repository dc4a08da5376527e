// The store of one machine: one SQLite file, a blob per profile, and an hour of them folded stack by stack.
import type { DatabaseSync } from 'node:sqlite';
import { CutShort } from './bytes.ts';
import { CLOCK_NOTE, judgeClock } from './clock.ts';
import { openDatabase, Statements, translated } from './database.ts';
import { storeError } from './failure.ts';
import { Folding, Stopped } from './folding.ts';
import { encodeProfile, keptValue } from './hour.ts';
import {
  type Aggregation,
  type GrowthQuery,
  type GrowthRow,
  HOUR_MS,
  type HourBatch,
  type IngestBatch,
  type KeptHour,
  type KeptProfile,
  type LabelMatcher,
  type Point,
  type PointSums,
  type ProfileRecord,
  type ProfileStore,
  type Range,
  type RetentionPolicy,
  type RetentionReport,
  type Run,
  type Series,
  type SeriesKey,
  type Summed,
} from './model.ts';
import type { Frame, StackTree } from './stack-tree.ts';
import { Notes } from './notes.ts';
import { Pieces } from './pieces.ts';
import { hourOf, numberOf, seriesOf } from './rows.ts';
import { StackRows } from './stacks.ts';
import { DEFAULT_LIMIT, keyOf, labelOf, Sound } from './sound.ts';
import { Steps } from './steps.ts';
import { StackSums } from './sums.ts';

/**
 * Opens a store, or makes it; `:memory:` for one that is gone with the process. It belongs to this process until it is closed.
 *
 * The work is done where it is called: give it a thread of its own where a few milliseconds matter.
 *
 * @throws StoreError
 */
export async function openSqliteStore(path: string): Promise<ProfileStore> {
  return new SqliteStore(path, await openDatabase(path));
}

interface Waiting {
  readonly batch: IngestBatch;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

class SqliteStore implements ProfileStore {
  readonly #name: string;
  #database: DatabaseSync | null;
  readonly #sql: Statements;
  readonly #stacks: StackRows;
  readonly #folding: Folding;
  readonly #pieces: Pieces;
  readonly #notes: Notes;
  readonly #sound: Sound;
  #retaining: Promise<unknown> = Promise.resolve();
  /** Series by key, and the hours of each that are known to wait for folding. */
  readonly #series = new Map<string, number>();
  readonly #unfolded = new Set<string>();
  #waiting: Waiting[] = [];
  /** One value per row, added up per profile; only the rows in `#touched` are not 0. */
  #values = new Float64Array(1024);

  constructor(name: string, database: DatabaseSync) {
    this.#name = name;
    this.#database = database;
    this.#sql = new Statements(database);
    this.#stacks = new StackRows(this.#sql);
    this.#folding = new Folding(database, this.#sql, {
      hours: () => {
        this.#unfolded.clear();
      },
      stacks: () => {
        this.#stacks.reset();
      },
    });
    this.#pieces = new Pieces(this.#sql);
    this.#notes = new Notes(this.#sql);
    this.#sound = new Sound(name);
  }

  /** Batches that come while others wait are written together: a transaction costs as much as some profiles. */
  putBatch(batch: IngestBatch): Promise<void> {
    return this.#tried(() => {
      this.#sound.batch(batch);
      return new Promise((done, failed) => {
        this.#waiting.push({ batch, done, failed });
        if (this.#waiting.length === 1) setImmediate(() => this.#write());
      });
    });
  }

  /** Writes what waits; all at once, or, where that fails, each by itself, so that one does not take others with it. */
  #write(): void {
    const all = this.#waiting;
    if (all.length === 0) return;
    this.#waiting = [];
    const put = ({ tree, profiles }: IngestBatch): void => {
      for (const profile of profiles) this.#put(profile, tree);
    };
    try {
      this.#atOnce(() => {
        for (const { batch } of all) put(batch);
      });
      for (const { done } of all) done();
    } catch {
      for (const { batch, done, failed } of all) {
        try {
          this.#atOnce(() => {
            put(batch);
          });
          done();
        } catch (error) {
          failed(error);
        }
      }
    }
  }

  series(matchers: readonly LabelMatcher[], range: Range): Promise<Series[]> {
    return this.#do(() => {
      this.#sound.range(range);
      const hours = [Math.floor(range.from / HOUR_MS) * HOUR_MS, range.to];
      return this.#sql
        .all(
          `SELECT * FROM series WHERE EXISTS (SELECT 1 FROM profile WHERE series = id AND time >= ? AND time < ?)
            OR EXISTS (SELECT 1 FROM sums WHERE series = id AND hour >= ? AND hour < ?) ORDER BY id`,
          range.from,
          range.to,
          ...hours,
        )
        .map(seriesOf)
        .filter((series) => matchers.every(([name, value]) => labelOf(series, name) === value));
    });
  }

  timeline(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return this.#do(() => {
      const steps = this.#steps(range, stepMs, aggregation);
      for (const id of series) {
        steps.begin();
        for (const row of this.#pieces.summedRows(id, range)) {
          const [n, total] = [numberOf(row['n']), numberOf(row['total'])];
          const [max, last] = [numberOf(row['total_max']), numberOf(row['total_last'])];
          steps.addMany(numberOf(row['hour']), { n, sum: total, max, last });
        }
        for (const row of this.#pieces.profileRows(id, range))
          steps.add(numberOf(row['time']), numberOf(row['total']));
      }
      return steps.points();
    });
  }

  stackSeries(
    series: readonly number[],
    stack: bigint,
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return this.#do(() => {
      const steps = this.#steps(range, stepMs, aggregation);
      const wanted = this.#stacks.find(stack);
      for (const id of series) {
        steps.begin();
        for (const row of this.#pieces.summedRows(id, range)) {
          const n = numberOf(row['n']);
          let many = { n, sum: 0, max: 0, last: 0 };
          this.#pieces.readSums(row, (at, { seen, sy, peak }) => {
            if (at === wanted) many = { n, sum: sy, max: seen < n ? Math.max(0, peak) : peak, last: sy / n };
          });
          steps.addMany(numberOf(row['hour']), many);
        }
        // A profile without the stack is a 0, no gap.
        for (const row of this.#pieces.profileRows(id, range)) steps.add(numberOf(row['time']), 0);
        if (wanted === undefined) continue;
        this.#pieces.visit(id, range, (times, runs) => {
          runs((at, value, start, end) => {
            if (at !== wanted) return;
            for (let i = start; i < end; i++) steps.add(times[i] ?? 0, value);
          });
        });
      }
      return steps.points();
    });
  }

  growthSums(query: GrowthQuery): Promise<GrowthRow[]> {
    return this.#do(() => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      this.#sound.limit(limit);
      const found = query.series.flatMap((series) => {
        this.#sound.range(query);
        const sums = this.#pieces.sumsOf(series, query);
        const { n, sx } = sums;
        return sums
          .steepest(limit)
          .map(({ stack, sums: row }) => ({ series, stack, row, steep: n * row.sxy - sx * row.sy }));
      });
      found.sort((a, b) => b.steep - a.steep);
      return found
        .slice(0, limit)
        .map(({ series, stack, row }) => ({ series, stack: this.#stacks.idOf(stack), ...row }));
    });
  }

  points(series: readonly number[], range: Range): Promise<PointSums[]> {
    return this.#do(() =>
      series.map((id) => {
        const sums = new StackSums();
        this.#pieces.countProfiles(id, range, sums);
        return { series: id, n: sums.n, sx: sums.sx, sxx: sums.sxx };
      }),
    );
  }

  merge(
    series: readonly number[],
    range: Range,
    aggregation: Exclude<Aggregation, 'max'>,
  ): Promise<ReadonlyMap<bigint, number>> {
    return this.#do(() => {
      const merged = new Map<number, number>();
      for (const id of series) {
        const within = aggregation === 'last' ? this.#pieces.lastProfile(id, range) : range;
        if (within === null) continue;
        const sums = this.#pieces.sumsOf(id, within);
        const by = aggregation === 'sum' ? 1 : sums.n;
        for (const [stack, sum] of sums.totals()) merged.set(stack, (merged.get(stack) ?? 0) + sum / by);
      }
      return new Map(
        [...merged]
          .filter(([, value]) => value !== 0)
          .map(([stack, value]) => [this.#stacks.idOf(stack), value]),
      );
    });
  }

  frames(stacks: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly Frame[]>> {
    return this.#do(
      () =>
        new Map(
          stacks.flatMap((stack) => {
            const row = this.#stacks.find(stack);
            return row === undefined ? [] : [[stack, this.#stacks.framesOf(row)] as const];
          }),
        ),
    );
  }

  runs(series: readonly number[], range: Range): Promise<Run[]> {
    return this.#do(() => {
      const runs = new Map<string, Run>();
      const see = (id: number, run: number, first: number, last: number): void => {
        const key = `${id} ${run}`;
        const known = runs.get(key) ?? { series: id, run, first, last };
        const [from, to] = [Math.min(known.first, first), Math.max(known.last, last)];
        runs.set(key, { series: id, run, first: from, last: to });
      };
      for (const id of series) {
        for (const row of this.#pieces.summedRows(id, range))
          see(id, numberOf(row['run']), numberOf(row['hour']), numberOf(row['hour']));
        const grouped = this.#sql.all(
          'SELECT run, min(time) AS first, max(time) AS last FROM profile WHERE series = ? AND time >= ? AND time < ? GROUP BY run',
          id,
          range.from,
          range.to,
        );
        for (const row of grouped)
          see(id, numberOf(row['run']), numberOf(row['first']), numberOf(row['last']));
      }
      return [...runs.values()].sort((a, b) => a.first - b.first || a.series - b.series);
    });
  }

  profiles(series: number, range: Range): Promise<KeptProfile[]> {
    return this.#do(() => {
      this.#sound.range(range);
      return this.#pieces.kept(series, range).map(({ time, run, stacks, values }) => ({
        time,
        run,
        stacks: BigInt64Array.from(stacks, (row) => this.#stacks.idOf(row)),
        values: Float64Array.from(values),
      }));
    });
  }

  hours(series: number, range: Range): Promise<KeptHour[]> {
    return this.#do(() => {
      this.#sound.range(range);
      return this.#pieces.summedRows(series, range).map((row) => {
        const stacks: bigint[] = [];
        const sums: Summed[] = [];
        this.#pieces.readSums(row, (stack, read) => {
          stacks.push(this.#stacks.idOf(stack));
          sums.push(read);
        });
        return { ...hourOf(row), stacks: BigInt64Array.from(stacks), sums };
      });
    });
  }

  putHours({ tree, hours }: HourBatch): Promise<void> {
    return this.#do(() => {
      this.#atOnce(() => {
        for (const hour of hours) {
          const rows = this.#stacks.resolve(tree, hour.nodes, Math.floor(hour.hour / HOUR_MS));
          const sums = hour.sums.map((one, i) => [rows[hour.nodes[i] ?? 0] ?? 0, one] as const);
          this.#pieces.putSums(this.#seriesId(hour.series), hour, sums);
        }
      });
    });
  }

  /** One after the other: what is due is looked up once. */
  retention(now: number, policy: RetentionPolicy): Promise<RetentionReport> {
    const before = this.#retaining.catch(() => undefined);
    const retained = before.then(() => this.#do(() => this.#retain(now, policy)));
    this.#retaining = retained;
    return retained;
  }

  #retain(now: number, policy: RetentionPolicy): Promise<RetentionReport> {
    const { isBelieved, note } = judgeClock(now, this.#notes.get(CLOCK_NOTE));
    this.#notes.put(CLOCK_NOTE, note);
    return this.#folding.retain(now, policy, isBelieved);
  }

  remember(name: string, text: string): Promise<void> {
    return this.#do(() => {
      this.#notes.put(name, text);
    });
  }

  remembered(name: string): Promise<string | null> {
    return this.#do(() => this.#notes.get(name));
  }

  notes(): Promise<string[]> {
    return this.#do(() => this.#notes.names());
  }

  close(): Promise<void> {
    this.#write();
    this.#database?.close();
    this.#database = null;
    return Promise.resolve();
  }

  /** Runs `work` at once, on all that was put before; its errors become this room's. */
  #do<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#tried(() => {
      this.#write();
      return work();
    });
  }

  async #tried<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      if (this.#database === null) throw storeError(this.#name, 'STORE_CLOSED');
      return await work();
    } catch (error) {
      if (error instanceof CutShort)
        throw storeError(this.#name, 'STORE_CORRUPT', 'a blob is cut short', error);
      if (error instanceof Stopped) throw storeError(this.#name, 'STORE_CLOSED', undefined, error);
      throw translated(this.#name, error);
    }
  }

  /** All of it, or nothing. */
  #atOnce(work: () => void): void {
    this.#database?.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database?.exec('COMMIT');
    } catch (error) {
      if (this.#database?.isTransaction === true) this.#database.exec('ROLLBACK');
      // Rows that were made are not there.
      this.#stacks.reset();
      this.#series.clear();
      this.#unfolded.clear();
      throw error;
    }
  }

  #put(profile: ProfileRecord, tree: StackTree): void {
    const id = this.#seriesId(profile.series);
    const hour = Math.floor(profile.time / HOUR_MS);
    const rows = this.#stacks.resolve(tree, profile.nodes, hour);
    const { stacks, values, total } = this.#columnsOf(profile, rows);
    const { changes } = this.#sql.run(
      'INSERT OR IGNORE INTO profile (series, time, run, total, payload) VALUES (?, ?, ?, ?, ?)',
      id,
      profile.time,
      profile.run,
      total,
      encodeProfile({ stacks, values }),
    );
    const waiting = `${id} ${hour}`;
    if (changes === 0 || this.#unfolded.has(waiting)) return;
    this.#sql.run('INSERT OR IGNORE INTO unfolded (series, hour) VALUES (?, ?)', id, hour * HOUR_MS);
    this.#unfolded.add(waiting);
  }

  /** The values by row, each row once, in order. Loops by number: this runs for every sample that comes in. */
  #columnsOf(
    { nodes, values }: ProfileRecord,
    rows: Uint32Array,
  ): { stacks: Uint32Array; values: Float64Array; total: number } {
    const stacks = new Uint32Array(nodes.length);
    for (let i = 0; i < nodes.length; i++) stacks[i] = rows[nodes[i] ?? 0] ?? 0;
    let highest = 0;
    for (let i = 0; i < stacks.length; i++) highest = Math.max(highest, stacks[i] ?? 0);
    if (highest >= this.#values.length) this.#values = new Float64Array(2 * highest);
    const byRow = this.#values;
    for (let i = 0; i < stacks.length; i++) {
      const row = stacks[i] ?? 0;
      byRow[row] = (byRow[row] ?? 0) + (values[i] ?? 0);
    }
    stacks.sort();
    let total = 0;
    const sorted = new Float64Array(stacks.length);
    for (let i = 0; i < stacks.length; i++) {
      const row = stacks[i] ?? 0;
      // The second time that a row stands here it has nothing left.
      const value = keptValue(byRow[row] ?? 0);
      byRow[row] = 0;
      sorted[i] = value;
      total += value;
    }
    return { stacks, values: sorted, total };
  }

  #seriesId(series: SeriesKey): number {
    const key = keyOf(series);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const there = this.#sql.get('SELECT id FROM series WHERE key = ?', key);
    const id =
      there === undefined
        ? this.#sql.run(
            'INSERT INTO series (key, labels, profile, sample_type, unit, kind) VALUES (?, ?, ?, ?, ?, ?)',
            key,
            JSON.stringify(series.labels),
            series.profile,
            series.sampleType,
            series.unit,
            series.kind,
          ).id
        : numberOf(there['id']);
    this.#series.set(key, id);
    return id;
  }

  #steps(range: Range, stepMs: number, aggregation: Aggregation): Steps {
    this.#sound.range(range);
    this.#sound.step(stepMs);
    return new Steps(range.from, stepMs, aggregation);
  }
}
