// What a ClickHouse store is asked, as SQL. Each answer has two parts: profiles, and hours of which only sums are left.
import { HOUR_MS, type Range } from '../model.ts';
import { thirdsOf } from '../sums.ts';
import { list, num, text, within } from './sql.ts';

/** Profiles of a range, each once, but for those that an hour's sums already hold. */
function profilesOf(series: readonly number[], range: Range): string {
  const of = `series IN ${list(series)}`;
  const summed = `SELECT series, arrayJoin(times) AS time FROM hour WHERE ${of} AND hour > ${num(range.from - HOUR_MS)} AND hour < ${num(range.to)}`;
  return `${of} AND ${within('time', range)} AND (series, time) GLOBAL NOT IN (${summed})`;
}

function hoursOf(series: readonly number[], range: Range): string {
  return `series IN ${list(series)} AND ${within('hour', range)}`;
}

/** How often each of the outer thirds has a row of that time. */
function thirds(range: Range, column: string): readonly [early: string, late: string] {
  const { first, last } = thirdsOf(range);
  return [`${column} < ${num(first)}`, `${column} >= ${num(last)}`];
}

/** Per series: n, Σx, Σx², and how many profiles are in the outer thirds. */
export function pointsQuery(series: readonly number[], range: Range): string {
  const x = `((toFloat64(time) - ${num(range.from)}) / 1000)`;
  const h = `((toFloat64(hour) - ${num(range.from)}) / 1000)`;
  const [early, late] = thirds(range, 'time');
  const [earlyHour, lateHour] = thirds(range, 'hour');
  return `SELECT series, sum(a) AS n, sum(b) AS sum_x, sum(c) AS sum_xx, sum(d) AS n_early, sum(e) AS n_late FROM (
    SELECT series, toFloat64(count()) AS a, sum(${x}) AS b, sum(${x} * ${x}) AS c, toFloat64(countIf(${early})) AS d,
      toFloat64(countIf(${late})) AS e
    FROM profile FINAL WHERE ${profilesOf(series, range)} GROUP BY series
    UNION ALL
    SELECT series, toFloat64(sum(n)) AS a, sum(sx + n * ${h}) AS b, sum(sxx + 2 * ${h} * sx + n * ${h} * ${h}) AS c,
      toFloat64(sumIf(n, ${earlyHour})) AS d, toFloat64(sumIf(n, ${lateHour})) AS e
    FROM hour FINAL WHERE ${hoursOf(series, range)} GROUP BY series
  ) GROUP BY series`;
}

/** Per series and stack: the sums of growth, with Σ of the outer thirds. @param rest is what follows, and may order */
export function sumsQuery(series: readonly number[], range: Range, rest: string): string {
  const x = `((toFloat64(time) - ${num(range.from)}) / 1000)`;
  const h = `((toFloat64(hour) - ${num(range.from)}) / 1000)`;
  const [early, late] = thirds(range, 'time');
  const [earlyHour, lateHour] = thirds(range, 'hour');
  return `SELECT series, stack, sum(a) AS present, sum(b) AS sum_y, sum(c) AS sum_xy, sum(d) AS sum_yy, sum(e) AS y_early, sum(f) AS y_late,
      max(g) AS highest FROM (
    SELECT series, stack, toFloat64(count()) AS a, sum(toFloat64(val)) AS b, sum(${x} * val) AS c, sum(toFloat64(val) * val) AS d,
      sumIf(toFloat64(val), ${early}) AS e, sumIf(toFloat64(val), ${late}) AS f, toFloat64(max(val)) AS g
    FROM profile FINAL ARRAY JOIN stacks AS stack, vals AS val WHERE ${profilesOf(series, range)} GROUP BY series, stack
    UNION ALL
    SELECT series, stack, toFloat64(sum(one_seen)) AS a, sum(one_y) AS b, sum(one_xy + one_y * ${h}) AS c, sum(one_yy) AS d,
      sumIf(one_y, ${earlyHour}) AS e, sumIf(one_y, ${lateHour}) AS f, max(one_peak) AS g
    FROM hour FINAL ARRAY JOIN stacks AS stack, seen AS one_seen, sy AS one_y, sxy AS one_xy, syy AS one_yy, peak AS one_peak
    WHERE ${hoursOf(series, range)} GROUP BY series, stack
  ) GROUP BY series, stack ${rest}`;
}

function stepOf(range: Range, stepMs: number): string {
  return `floor((toFloat64(time) - ${num(range.from)}) / ${num(stepMs)})`;
}

/** Per series and step: how many profiles, and of `value` the sum, the highest and the last. */
export function stepsQuery(series: readonly number[], range: Range, stepMs: number, value: string): string {
  return `SELECT series, step, min(time) AS first, count() AS n, sum(y) AS total, max(y) AS highest, argMax(y, time) AS latest FROM (
    SELECT series, time, ${stepOf(range, stepMs)} AS step, toFloat64(${value}) AS y FROM profile FINAL WHERE ${profilesOf(series, range)}
  ) GROUP BY series, step ORDER BY series, step`;
}

/** The value of one stack in a row of profiles or hours; 0 where it is not named. */
export function valueOf(column: string, stack: bigint): string {
  return `${column}[indexOf(stacks, toInt64(${stack}))]`;
}

/** Hours, with what is asked for of each. */
export function hoursQuery(series: readonly number[], range: Range, columns: string): string {
  return `SELECT series, hour, run, n, ${columns} FROM hour FINAL WHERE ${hoursOf(series, range)} ORDER BY series, hour`;
}

export function lastQuery(series: readonly number[], range: Range): string {
  return `SELECT series, max(time) AS latest FROM profile WHERE ${profilesOf(series, range)} GROUP BY series`;
}

/** Values by series and stack of single profiles. */
export function valuesQuery(at: readonly (readonly [series: number, time: number])[]): string {
  const wanted = at.map(([series, time]) => `(${series},${num(time)})`).join(',');
  return `SELECT series, stack, sum(toFloat64(val)) AS sum_y FROM profile FINAL ARRAY JOIN stacks AS stack, vals AS val
    WHERE (series, time) IN (${wanted}) GROUP BY series, stack`;
}

export function runsQuery(series: readonly number[], range: Range): string {
  return `SELECT series, run, min(time) AS first, max(time) AS latest FROM profile FINAL WHERE ${profilesOf(series, range)} GROUP BY series, run`;
}

export function keptQuery(series: number, range: Range): string {
  return `SELECT time, run, stacks, vals FROM profile FINAL WHERE ${profilesOf([series], range)} ORDER BY time`;
}

/** Series by their labels that have something in the range. */
export function seriesQuery(
  matchers: readonly (readonly [name: string, value: string])[],
  range: Range,
): string {
  const columns: Readonly<Record<string, string>> = {
    profile: 'profile',
    sampleType: 'sample_type',
    unit: 'unit',
  };
  const conditions = matchers.map(([name, value]) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (column !== undefined) return `${column} = ${text(value)}`;
    return `(has(names, ${text(name)}) AND texts[indexOf(names, ${text(name)})] = ${text(value)})`;
  });
  const hours = { from: Math.floor(range.from / HOUR_MS) * HOUR_MS, to: range.to };
  const there = `(id GLOBAL IN (SELECT series FROM profile WHERE ${within('time', range)} GROUP BY series)
    OR id GLOBAL IN (SELECT series FROM hour WHERE ${within('hour', hours)} GROUP BY series))`;
  return `SELECT id, labels, profile, sample_type, unit, kind FROM series WHERE ${[...conditions, there].join(' AND ')} ORDER BY id LIMIT 1 BY id`;
}

export function framesQuery(stacks: readonly bigint[]): string {
  return `SELECT id, functions, files, lines FROM stack WHERE id IN ${list(stacks)} LIMIT 1 BY id`;
}

export function noteQuery(name: string): string {
  return `SELECT text FROM note WHERE name = ${text(name)} ORDER BY version DESC LIMIT 1`;
}
