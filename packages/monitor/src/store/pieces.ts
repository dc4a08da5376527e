// What a SQLite store has of a series in a range: single profiles, chunks of an hour, sums of an hour; and the sums over all of them.
import { bytesOf, type Row, type Statements } from './database.ts';
import { numberOf } from './rows.ts';
import { decodeProfile, HourReader, type RunVisitor } from './hour.ts';
import { HOUR_MS, type HourSums, type Range, type Summed } from './model.ts';
import { StackSums, thirdsOf } from './sums.ts';
import { readSums, writeSums } from './summed.ts';

/** A profile by the rows of its stacks. */
interface KeptRows {
  readonly time: number;
  readonly run: number;
  readonly stacks: number[];
  readonly values: number[];
}

export class Pieces {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  profileRows(series: number, { from, to }: Range): Row[] {
    const select =
      'SELECT time, total FROM profile WHERE series = ? AND time >= ? AND time < ? ORDER BY time';
    return this.#sql.all(select, series, from, to);
  }

  /** Hours of which only sums are left and whose start is in the range. */
  summedRows(series: number, { from, to }: Range): Row[] {
    const select = 'SELECT * FROM sums WHERE series = ? AND hour >= ? AND hour < ? ORDER BY hour';
    return this.#sql.all(select, series, from, to);
  }

  readSums(row: Row, visit: Parameters<typeof readSums>[1]): void {
    readSums(bytesOf(row['payload']) ?? new Uint8Array(), visit);
  }

  /** Keeps an hour's sums, unless they are there. */
  putSums(series: number, hour: HourSums, sums: Iterable<readonly [stack: number, sums: Summed]>): void {
    const insert =
      'INSERT OR IGNORE INTO sums (series, hour, run, n, sx, sxx, total, total_max, total_last, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
    const { run, n, sx, sxx, total, totalMax, totalLast } = hour;
    const numbers = [run, n, sx, sxx, total, totalMax, totalLast];
    this.#sql.run(insert, series, hour.hour, ...numbers, writeSums(sums));
  }

  /** The profiles of a range, oldest first, by rows of stacks. */
  kept(series: number, range: Range): KeptRows[] {
    const select = 'SELECT time, run FROM profile WHERE series = ? AND time >= ? AND time < ? ORDER BY time';
    const kept = new Map<number, KeptRows>();
    for (const row of this.#sql.all(select, series, range.from, range.to)) {
      const [time, run] = [numberOf(row['time']), numberOf(row['run'])];
      kept.set(time, { time, run, stacks: [], values: [] });
    }
    this.visit(series, range, (times, runs) => {
      runs((stack, value, start, end) => {
        for (let i = start; i < end; i++) {
          const profile = kept.get(times[i] ?? 0);
          profile?.stacks.push(stack);
          profile?.values.push(value);
        }
      });
    });
    return [...kept.values()];
  }

  lastProfile(series: number, range: Range): Range | null {
    const select = 'SELECT max(time) AS time FROM profile WHERE series = ? AND time >= ? AND time < ?';
    const time = numberOf(this.#sql.get(select, series, range.from, range.to)?.['time']);
    if (!Number.isNaN(time)) return { from: time, to: time + 1 };
    const hour = numberOf(this.summedRows(series, range).at(-1)?.['hour']);
    return Number.isNaN(hour) ? null : { from: hour, to: hour + 1 };
  }

  /** Adds all profiles of a range, which says how many there are and where, to the sums. */
  countProfiles(series: number, range: Range, sums: StackSums): void {
    const thirds = thirdsOf(range);
    // A week has ten thousand: they are counted where they are.
    const select = `SELECT count(*) AS n, total(x) AS sx, total(x * x) AS sxx, total(time < ?) AS early, total(time >= ?) AS late
      FROM (SELECT time, (time - ?) / 1000.0 AS x FROM profile WHERE series = ? AND time >= ? AND time < ?)`;
    const { from, to } = range;
    const of = this.#sql.get(select, thirds.first, thirds.last, from, series, from, to) ?? {};
    sums.addProfiles(
      numberOf(of['n']),
      numberOf(of['sx']),
      numberOf(of['sxx']),
      numberOf(of['early']),
      numberOf(of['late']),
    );
    for (const row of this.summedRows(series, range)) {
      const [hour, n] = [numberOf(row['hour']), numberOf(row['n'])];
      const [sx, sxx] = [numberOf(row['sx']), numberOf(row['sxx'])];
      const x = (hour - range.from) / 1000;
      const [early, late] = [hour < thirds.first ? n : 0, hour >= thirds.last ? n : 0];
      sums.addProfiles(n, sx + n * x, sxx + 2 * x * sx + n * x * x, early, late);
    }
  }

  sumsOf(series: number, range: Range): StackSums {
    const sums = new StackSums();
    this.countProfiles(series, range, sums);
    const thirds = thirdsOf(range);
    this.visit(series, range, (times, runs) => {
      // Σx, and how many are early and late, up to each profile.
      const sx = new Float64Array(times.length + 1);
      const early = new Uint32Array(times.length + 1);
      const late = new Uint32Array(times.length + 1);
      for (const [i, time] of times.entries()) {
        sx[i + 1] = (sx[i] ?? 0) + (time - range.from) / 1000;
        early[i + 1] = (early[i] ?? 0) + (time < thirds.first ? 1 : 0);
        late[i + 1] = (late[i] ?? 0) + (time >= thirds.last ? 1 : 0);
      }
      runs((stack, value, start, end) => {
        sums.add(
          stack,
          value,
          end - start,
          (sx[end] ?? 0) - (sx[start] ?? 0),
          (early[end] ?? 0) - (early[start] ?? 0),
          (late[end] ?? 0) - (late[start] ?? 0),
        );
      });
    });
    for (const row of this.summedRows(series, range)) {
      const hour = numberOf(row['hour']);
      const x = (hour - range.from) / 1000;
      const [isEarly, isLate] = [hour < thirds.first, hour >= thirds.last];
      this.readSums(row, (stack, read) => {
        const { sy, sxy } = read;
        sums.addSums(stack, {
          ...read,
          sxy: sxy + sy * x,
          early: isEarly ? sy : 0,
          late: isLate ? sy : 0,
        });
      });
    }
    return sums;
  }

  /** The profiles of a range as they came, in pieces: times, and the runs of equal values between them, cut to the range. */
  visit(
    series: number,
    { from, to }: Range,
    piece: (times: Float64Array, runs: (visit: RunVisitor) => void) => void,
  ): void {
    const chunks = this.#sql.all(
      'SELECT payload FROM chunk WHERE series = ? AND hour > ? AND hour < ? ORDER BY hour',
      series,
      from - HOUR_MS,
      to,
    );
    for (const row of chunks) {
      const reader = new HourReader(bytesOf(row['payload']) ?? new Uint8Array());
      const { times } = reader;
      const first = times.findIndex((time) => time >= from);
      const after = times.findIndex((time) => time >= to);
      const [start, end] = [first < 0 ? times.length : first, after < 0 ? times.length : after];
      if (start >= end) continue;
      const isWhole = start === 0 && end === times.length;
      piece(times, (visit) => {
        if (isWhole) return reader.runs(visit);
        reader.runs((stack, value, begins, ends) => {
          const [a, b] = [Math.max(begins, start), Math.min(ends, end)];
          if (a < b) visit(stack, value, a, b);
        });
      });
    }
    const fresh = this.#sql.all(
      'SELECT time, payload FROM profile WHERE series = ? AND time >= ? AND time < ? AND payload IS NOT NULL ORDER BY time',
      series,
      from,
      to,
    );
    for (const row of fresh) {
      piece(Float64Array.of(numberOf(row['time'])), (visit) => {
        decodeProfile(bytesOf(row['payload']) ?? new Uint8Array(), (stack, value) =>
          visit(stack, value, 0, 1),
        );
      });
    }
  }
}
