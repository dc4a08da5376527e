// What becomes of profiles with time: an hour is folded into a chunk, a chunk into sums, and sums are dropped; the oldest first.
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as breath } from 'node:timers/promises';
import { bytesOf, type Row, type Statements } from './database.ts';
import { numberOf } from './rows.ts';
import { decodeProfile, Hour, HourReader } from './hour.ts';
import { HOUR_MS, type RetentionPolicy, type RetentionReport } from './model.ts';
import { StackSums } from './sums.ts';
import { readSums, writeSums } from './summed.ts';

/** After an hour's end, profiles of it may still come. */
const GRACE_MS = 5 * 60_000;
/** What the profile of an hour's end needs beside what is folded: an hour that has this and more is not dropped whole. */
const NOTHING = new Uint8Array();

/** After so much work in one go whoever else waits for the store has a turn, in milliseconds. */
const TURN_MS = 10;

/** What the store knows by heart that is no longer so. */
export interface Forgets {
  /** Hours that waited were folded or are gone. */
  hours(): void;
  /** Rows of stacks may be gone. */
  stacks(): void;
}

/** Thrown where the store was closed in the middle. */
export class Stopped extends Error {}

export class Folding {
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #forgets: Forgets;
  #began = 0;

  constructor(database: DatabaseSync, sql: Statements, forgets: Forgets) {
    this.#database = database;
    this.#sql = sql;
    this.#forgets = forgets;
  }

  /**
   * Does all that is due at `now`. Each hour of a series is a transaction, so that a kill in between loses nothing, and others have
   * their turn between two of them. By a clock that is not believed hours are folded, and nothing leaves.
   */
  async retain(now: number, policy: RetentionPolicy, isBelieved: boolean): Promise<RetentionReport> {
    this.#began = performance.now();
    const folded = await this.#each(
      'SELECT series, hour FROM unfolded WHERE hour <= ?',
      now - HOUR_MS - GRACE_MS,
      (series, hour) => this.#fold(series, hour),
    );
    const { summed, dropped } = isBelieved ? await this.#age(now, policy) : { summed: 0, dropped: 0 };
    const squeezed = await this.#squeeze(policy.maxBytes);
    if (dropped + squeezed > 0) this.#dropOrphans();
    this.#database.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)');
    return { folded, summed, dropped: dropped + squeezed, bytes: this.#bytes() };
  }

  /** What is beyond its time becomes sums, or leaves. */
  async #age(now: number, policy: RetentionPolicy): Promise<{ summed: number; dropped: number }> {
    const summed = await this.#each(
      'SELECT series, hour FROM chunk WHERE hour <= ?',
      now - policy.rawMs - HOUR_MS,
      (series, hour) => this.#sum(series, hour),
    );
    const dropped = await this.#each(
      'SELECT series, hour FROM sums WHERE hour <= ?',
      now - policy.rawMs - policy.hourlyMs - HOUR_MS,
      (series, hour) => this.#drop(series, hour),
    );
    return { summed, dropped };
  }

  /** How often there was something to do. */
  async #each(select: string, until: number, work: (series: number, hour: number) => void): Promise<number> {
    const due = this.#sql.all(select, until);
    for (const row of due) {
      this.#atOnce(() => {
        work(numberOf(row['series']), numberOf(row['hour']));
      });
      await this.#turn();
    }
    return due.length;
  }

  async #turn(): Promise<void> {
    if (performance.now() - this.#began < TURN_MS) return;
    await breath();
    if (!this.#database.isOpen) throw new Stopped();
    this.#began = performance.now();
  }

  #atOnce(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    this.#forgets.hours();
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The profiles of an hour that came since it was folded last become a part of its chunk. */
  #fold(series: number, hour: number): void {
    const fresh = this.#sql.all(
      'SELECT time, payload FROM profile WHERE series = ? AND time >= ? AND time < ? AND payload IS NOT NULL',
      series,
      hour,
      hour + HOUR_MS,
    );
    const before = this.#sql.get('SELECT payload FROM chunk WHERE series = ? AND hour = ?', series, hour);
    const payload = foldedHour(fresh, bytesOf(before?.['payload']));
    this.#sql.run(
      'INSERT OR REPLACE INTO chunk (series, hour, payload) VALUES (?, ?, ?)',
      series,
      hour,
      payload,
    );
    // Deleted and written anew: rows that only get shorter would leave their pages as empty as they are.
    const profiles = this.#profilesOf(series, hour);
    this.#deleteProfiles(series, hour);
    for (const row of profiles)
      this.#sql.run(
        'INSERT INTO profile (series, time, run, total) VALUES (?, ?, ?, ?)',
        series,
        numberOf(row['time']),
        numberOf(row['run']),
        numberOf(row['total']),
      );
    this.#sql.run('DELETE FROM unfolded WHERE series = ? AND hour = ?', series, hour);
  }

  /** Of the profiles of an hour only sums are left. */
  #sum(series: number, hour: number): void {
    const sums = new StackSums();
    const before = this.#sql.get('SELECT * FROM sums WHERE series = ? AND hour = ?', series, hour);
    if (before !== undefined)
      readSums(bytesOf(before['payload']) ?? NOTHING, (stack, read) => sums.addSums(stack, read));
    const chunk = this.#sql.get('SELECT payload FROM chunk WHERE series = ? AND hour = ?', series, hour);
    addChunk(sums, bytesOf(chunk?.['payload']) ?? NOTHING, hour);
    const kept = keptOf(this.#profilesOf(series, hour), hour, before);
    this.#sql.run(
      'INSERT OR REPLACE INTO sums (series, hour, run, n, sx, sxx, total, total_max, total_last, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      series,
      hour,
      kept.run,
      kept.n,
      kept.sx,
      kept.sxx,
      kept.total,
      kept.max,
      kept.last,
      writeSums(sums.rows()),
    );
    this.#sql.run('DELETE FROM chunk WHERE series = ? AND hour = ?', series, hour);
    this.#deleteProfiles(series, hour);
  }

  #profilesOf(series: number, hour: number): Row[] {
    const select =
      'SELECT time, run, total FROM profile WHERE series = ? AND time >= ? AND time < ? ORDER BY time';
    return this.#sql.all(select, series, hour, hour + HOUR_MS);
  }

  #deleteProfiles(series: number, hour: number): void {
    const remove = 'DELETE FROM profile WHERE series = ? AND time >= ? AND time < ?';
    this.#sql.run(remove, series, hour, hour + HOUR_MS);
  }

  #drop(series: number, hour: number): void {
    for (const table of ['sums', 'chunk', 'unfolded'])
      this.#sql.run(`DELETE FROM ${table} WHERE series = ? AND hour = ?`, series, hour);
    this.#deleteProfiles(series, hour);
  }

  /** Drops the oldest hours of all series until the rest fits; the newest hour stays, whatever its size. */
  async #squeeze(maxBytes: number): Promise<number> {
    let dropped = 0;
    while (this.#bytes() > maxBytes) {
      const oldest = this.#oldestHour();
      if (oldest === null || oldest >= this.#newestHour()) break;
      this.#atOnce(() => {
        for (const table of ['sums', 'chunk', 'unfolded'])
          dropped += this.#sql.run(`DELETE FROM ${table} WHERE hour = ?`, oldest).changes;
        this.#sql.run('DELETE FROM profile WHERE time >= ? AND time < ?', oldest, oldest + HOUR_MS);
      });
      await this.#turn();
    }
    return dropped;
  }

  /** An hour is in one of these as long as anything of it is kept. */
  #oldestHour(): number | null {
    const select =
      'SELECT min(hour) AS hour FROM (SELECT hour FROM sums UNION ALL SELECT hour FROM chunk UNION ALL SELECT hour FROM unfolded)';
    const hour = numberOf(this.#sql.get(select)?.['hour']);
    return Number.isNaN(hour) ? null : hour;
  }

  #newestHour(): number {
    const select =
      'SELECT max(hour) AS hour FROM (SELECT hour FROM sums UNION ALL SELECT hour FROM chunk UNION ALL SELECT hour FROM unfolded)';
    return numberOf(this.#sql.get(select)?.['hour']);
  }

  /** What nothing that is kept can name: a stack is seen no earlier than those below it, so whole branches go. */
  #dropOrphans(): void {
    const oldest = (this.#oldestHour() ?? Number.MAX_SAFE_INTEGER) / HOUR_MS;
    this.#atOnce(() => {
      this.#forgets.stacks();
      this.#sql.run('DELETE FROM stack WHERE hour < ?', Math.floor(oldest));
      this.#sql.run('DELETE FROM frame WHERE id NOT IN (SELECT frame FROM stack)');
    });
  }

  /** Of the file, without pages that wait to be used again. */
  #bytes(): number {
    const of = (pragma: string): number => numberOf(this.#sql.get(`PRAGMA ${pragma}`)?.[pragma]);
    return (of('page_count') - of('freelist_count')) * of('page_size');
  }
}

function foldedHour(fresh: readonly Row[], before: Uint8Array | null): Uint8Array {
  const old = before === null ? null : new HourReader(before);
  const times = Float64Array.from([
    ...(old?.times ?? []),
    ...fresh.map((row) => numberOf(row['time'])),
  ]).sort();
  const rowOf = new Map([...times].map((time, row) => [time, row]));
  const hour = new Hour(times);
  old?.runs((stack, value, start, end) => {
    for (let i = start; i < end; i++) hour.set(stack, rowOf.get(old.times[i] ?? 0) ?? 0, value);
  });
  for (const row of fresh) {
    const at = rowOf.get(numberOf(row['time'])) ?? 0;
    decodeProfile(bytesOf(row['payload']) ?? NOTHING, (stack, value) => {
      hour.set(stack, at, value);
    });
  }
  return hour.encode();
}

function addChunk(sums: StackSums, chunk: Uint8Array, hour: number): void {
  if (chunk.length === 0) return;
  const reader = new HourReader(chunk);
  const sx = new Float64Array(reader.times.length + 1);
  for (const [i, time] of reader.times.entries()) sx[i + 1] = (sx[i] ?? 0) + (time - hour) / 1000;
  reader.runs((stack, value, start, end) => {
    sums.add(stack, value, end - start, (sx[end] ?? 0) - (sx[start] ?? 0), 0, 0);
  });
}

interface Kept {
  run: number;
  n: number;
  sx: number;
  sxx: number;
  total: number;
  max: number;
  last: number;
}

/** Of the profiles themselves, and of those that were summed before them. */
function keptOf(profiles: readonly Row[], hour: number, before: Row | undefined): Kept {
  const of = (column: string): number => (before === undefined ? 0 : numberOf(before[column]));
  const kept: Kept = {
    run: of('run'),
    n: of('n'),
    sx: of('sx'),
    sxx: of('sxx'),
    total: of('total'),
    max: before === undefined ? Number.NEGATIVE_INFINITY : of('total_max'),
    last: of('total_last'),
  };
  for (const row of profiles) {
    const [x, total] = [(numberOf(row['time']) - hour) / 1000, numberOf(row['total'])];
    kept.n++;
    kept.sx += x;
    kept.sxx += x * x;
    kept.total += total;
    kept.max = Math.max(kept.max, total);
    kept.last = total;
    kept.run = numberOf(row['run']);
  }
  return kept;
}
