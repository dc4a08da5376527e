// What becomes of profiles with time on a ClickHouse server: a day of them is summed hour by hour and dropped, then its sums.
import { HOUR_MS, type RetentionPolicy, type RetentionReport } from '../model.ts';
import type { Connection } from './connection.ts';
import { type Dialect, localName, onCluster } from './schema.ts';
import { numberOf, textOf } from '../rows.ts';

const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
/** After a day's end, profiles of it may still come. */
const GRACE_MS = 5 * 60_000;
/** Profiles whose sums are made in one statement: it bounds the server's memory. */
const PROFILES_AT_ONCE = 20_000;
/** How often a day is summed before it is left for the next time: profiles of it still come. */
const TRIES = 3;

/**
 * Every step may be done twice, or by two monitors at once: sums name the profiles that are in them, an hour is only replaced by one
 * with more, and a day of profiles is dropped when all of them are in sums. It costs nothing but the work: nobody needs a lease.
 */
export class Retention {
  readonly #connection: Connection;
  readonly #dialect: Dialect;

  constructor(connection: Connection, dialect: Dialect) {
    this.#connection = connection;
    this.#dialect = dialect;
  }

  /** By a clock that is not believed nothing is too old. */
  async retain(now: number, policy: RetentionPolicy, isBelieved: boolean): Promise<RetentionReport> {
    const { summed, dropped } = isBelieved ? await this.#age(now, policy) : { summed: 0, dropped: 0 };
    const squeezed = await this.#squeeze(policy.maxBytes);
    if (dropped + squeezed > 0) await this.#dropOrphans();
    return { folded: 0, summed, dropped: dropped + squeezed, bytes: await this.#bytes() };
  }

  /** What is beyond its time becomes sums, or leaves. */
  async #age(now: number, policy: RetentionPolicy): Promise<{ summed: number; dropped: number }> {
    let summed = 0;
    for (const day of await this.#days('profile')) {
      if (day * DAY_MS + DAY_MS + GRACE_MS > now - policy.rawMs) break;
      summed += await this.#sumDay(day);
    }
    let dropped = 0;
    for (const day of await this.#days('hour')) {
      if (day * DAY_MS + DAY_MS > now - policy.rawMs - policy.hourlyMs) break;
      dropped += await this.#hoursIn(day);
      await this.#drop('hour', day);
    }
    return { summed, dropped };
  }

  /** Days of which there is something, oldest first. */
  async #days(table: 'profile' | 'hour'): Promise<number[]> {
    const rows = await this.#connection.rows(
      `SELECT DISTINCT partition FROM ${this.#parts()} WHERE ${this.#where(table)}`,
    );
    return rows.map((row) => Number(textOf(row['partition']))).sort((a, b) => a - b);
  }

  /** The list of parts, of every shard. */
  #parts(): string {
    const { cluster } = this.#dialect;
    return cluster === null ? 'system.parts' : `cluster(${cluster}, system, parts)`;
  }

  #where(...tables: readonly ('profile' | 'hour' | 'stack')[]): string {
    const names = tables.map((table) => `'${localName(table, this.#dialect)}'`).join(', ');
    return `active AND database = '${this.#dialect.database}' AND table IN (${names})`;
  }

  async #drop(table: 'profile' | 'hour' | 'stack', partition: number): Promise<void> {
    const local = `${this.#dialect.database}.${localName(table, this.#dialect)}`;
    await this.#connection.command(
      `ALTER TABLE ${local}${onCluster(this.#dialect)} DROP PARTITION ${partition}`,
    );
  }

  async #hoursIn(day: number): Promise<number> {
    const rows = await this.#connection.rows(
      `SELECT count() AS n FROM hour FINAL WHERE ${inDay('hour', day)}`,
    );
    return numberOf(rows[0]?.['n']);
  }

  /** Returns how many hours of series there were. */
  async #sumDay(day: number): Promise<number> {
    let summed = 0;
    for (let tries = 0; tries < TRIES; tries++) {
      const [waiting] = await this.#connection.rows(
        `SELECT count() AS n, uniqExact(series, intDiv(time, ${HOUR_MS})) AS many FROM profile FINAL WHERE ${uncounted(day)}`,
      );
      const profiles = numberOf(waiting?.['n']);
      if (profiles === 0) {
        await this.#drop('profile', day);
        return summed;
      }
      const groups = Math.ceil(profiles / PROFILES_AT_ONCE);
      for (let group = 0; group < groups; group++) await this.#connection.command(sumDay(day, groups, group));
      summed += numberOf(waiting?.['many']);
    }
    return summed;
  }

  /** Drops the oldest days until the rest fits; the newest day stays, whatever its size. */
  async #squeeze(maxBytes: number): Promise<number> {
    let dropped = 0;
    while ((await this.#bytes()) > maxBytes) {
      const days = [...(await this.#days('hour')), ...(await this.#days('profile'))].sort((a, b) => a - b);
      const [oldest] = days;
      if (oldest === undefined || oldest === days.at(-1)) break;
      dropped += await this.#hoursIn(oldest);
      const rows = await this.#connection.rows(
        `SELECT uniqExact(series, intDiv(time, ${HOUR_MS})) AS n FROM profile WHERE ${inDay('time', oldest)}`,
      );
      dropped += numberOf(rows[0]?.['n']);
      await this.#drop('hour', oldest);
      await this.#drop('profile', oldest);
    }
    return dropped;
  }

  /** Stacks that were sent in months of which nothing is left. */
  async #dropOrphans(): Promise<void> {
    const days = [...(await this.#days('hour')), ...(await this.#days('profile'))];
    const oldest = Math.floor((Math.min(...days) * DAY_MS) / MONTH_MS);
    const rows = await this.#connection.rows(
      `SELECT DISTINCT partition FROM ${this.#parts()} WHERE ${this.#where('stack')}`,
    );
    for (const month of rows.map((row) => Number(textOf(row['partition']))))
      if (month < oldest) await this.#drop('stack', month);
  }

  async #bytes(): Promise<number> {
    const rows = await this.#connection.rows(
      `SELECT sum(bytes_on_disk) AS n FROM ${this.#parts()} WHERE ${this.#where('profile', 'hour', 'stack')}`,
    );
    return numberOf(rows[0]?.['n']);
  }
}

function inDay(column: string, day: number): string {
  return `${column} >= ${day * DAY_MS} AND ${column} < ${(day + 1) * DAY_MS}`;
}

/** Profiles of a day that are in no hour's sums. */
function uncounted(day: number): string {
  return `${inDay('time', day)} AND (series, time) GLOBAL NOT IN (SELECT series, arrayJoin(times) AS time FROM hour WHERE ${inDay('hour', day)})`;
}

/** Adds the profiles of a day to the sums of their hours, for one group of series. */
function sumDay(day: number, groups: number, group: number): string {
  const ours = `series % ${groups} = ${group}`;
  const summed = `${inDay('hour', day)} AND ${ours}`;
  const fresh = `${uncounted(day)} AND ${ours}`;
  const start = `(intDiv(time, ${HOUR_MS}) * ${HOUR_MS})`;
  const x = `(toFloat64(time - ${start}) / 1000)`;
  const profiles = `SELECT series, at, argMax(r, l) AS last_run, sum(a) AS all_n, sum(b) AS all_x, sum(c) AS all_xx, sum(d) AS all_total,
      max(e) AS all_max, argMax(f, l) AS all_last, groupArrayArray(g) AS all_times FROM (
    SELECT series, ${start} AS at, argMax(run, time) AS r, max(time) AS l, count() AS a, sum(${x}) AS b, sum(${x} * ${x}) AS c,
      sum(total) AS d, max(total) AS e, argMax(total, time) AS f, groupArray(time) AS g
    FROM profile FINAL WHERE ${fresh} GROUP BY series, at
    UNION ALL
    SELECT series, hour AS at, run AS r, arrayReduce('max', times) AS l, n AS a, sx AS b, sxx AS c, total AS d, total_max AS e,
      total_last AS f, times AS g
    FROM hour FINAL WHERE ${summed}
  ) GROUP BY series, at`;
  const stacks = `SELECT series, at, groupArray(stack) AS all_stacks, groupArray(p) AS all_seen, groupArray(q) AS all_y,
      groupArray(s) AS all_xy, groupArray(t) AS all_yy, groupArray(u) AS all_peak FROM (
    SELECT series, at, stack, sum(a) AS p, sum(b) AS q, sum(c) AS s, sum(d) AS t, max(e) AS u FROM (
      SELECT series, ${start} AS at, stack, count() AS a, sum(toFloat64(val)) AS b, sum(${x} * val) AS c,
        sum(toFloat64(val) * val) AS d, toFloat64(max(val)) AS e
      FROM profile FINAL ARRAY JOIN stacks AS stack, vals AS val WHERE ${fresh} GROUP BY series, at, stack
      UNION ALL
      SELECT series, hour AS at, stack, one_seen AS a, one_y AS b, one_xy AS c, one_yy AS d, one_peak AS e
      FROM hour FINAL ARRAY JOIN stacks AS stack, seen AS one_seen, sy AS one_y, sxy AS one_xy, syy AS one_yy, peak AS one_peak
      WHERE ${summed}
    ) GROUP BY series, at, stack ORDER BY series, at, stack
  ) GROUP BY series, at`;
  return `INSERT INTO hour (series, hour, run, n, sx, sxx, total, total_max, total_last, times, stacks, seen, sy, sxy, syy, peak)
    SELECT series, at, last_run, all_n, all_x, all_xx, all_total, all_max, all_last, all_times, all_stacks, all_seen, all_y,
      all_xy, all_yy, all_peak
    FROM (${profiles}) AS of_profiles ANY LEFT JOIN (${stacks}) AS of_stacks USING (series, at)`;
}
