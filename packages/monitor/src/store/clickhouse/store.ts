// The store of a fleet: a ClickHouse server or cluster that several monitors share.
import { CLOCK_NOTE, isOwnNote, judgeClock } from '../clock.ts';
import { storeError } from '../failure.ts';
import {
  type Aggregation,
  type GrowthQuery,
  type GrowthRow,
  type HourBatch,
  type IngestBatch,
  type KeptHour,
  type KeptProfile,
  type LabelMatcher,
  type Point,
  type PointSums,
  type ProfileStore,
  type Range,
  type RetentionPolicy,
  type RetentionReport,
  type Run,
  type Series,
} from '../model.ts';
import { hourOf as sumsOf, numberOf, type Row, seriesOf, textOf } from '../rows.ts';
import { DEFAULT_LIMIT, Sound } from '../sound.ts';
import type { Frame } from '../stack-tree.ts';
import { Steps } from '../steps.ts';
import { parseClickHouseAddress } from './address.ts';
import { Connection } from './connection.ts';
import { Inserts } from './inserts.ts';
import * as ask from './questions.ts';
import { Retention } from './retention.ts';
import { ddlOf, type Dialect } from './schema.ts';
import { bigOf, listOf } from './sql.ts';

export interface ClickHouseOptions {
  /** How long a batch waits for others, in milliseconds; 500 if not given. A server wants few and large blocks. */
  readonly lingerMs?: number;
  /** For how long rows that the server does not take are sent again, in milliseconds; 30 s if not given. */
  readonly retryMs?: number;
  /** For one answer, in milliseconds; 30 s if not given. */
  readonly timeoutMs?: number;
  /** Values that may wait to be sent; 20 million, some 300 MB, if not given. What comes beyond is refused with `STORE_BUSY`. */
  readonly mostWaiting?: number;
}

const SCHEMA_NOTE = '(schema)';
const SCHEMA_VERSION = '1';
/** Of one question: its text has to stay below what servers read. */
const SERIES_AT_ONCE = 1000;
const STACKS_AT_ONCE = 5000;
const POINTS_AT_ONCE = 3000;

/**
 * Opens a store on a server, and makes its tables where they are missing: `clickhouse:http://USER:PASSWORD@HOST:8123/DATABASE`, and
 * `?cluster=NAME` for tables on all servers of a cluster, spread over its shards by series. Needs the package `@clickhouse/client`.
 *
 * Rows that were sent twice count once, so that whatever fails is sent again. A batch is on the server when it resolves; where it
 * rejects, the server may still have it.
 *
 * @throws StoreError
 */
export async function openClickHouseStore(
  text: string,
  options: ClickHouseOptions = {},
): Promise<ProfileStore> {
  const address = parseClickHouseAddress(text);
  const patience = { timeoutMs: options.timeoutMs ?? 30_000, retryMs: options.retryMs ?? 30_000 };
  const connection = await Connection.open(address, patience);
  try {
    const dialect = { modern: connection.modern, database: address.database, cluster: address.cluster };
    for (const statement of ddlOf(dialect)) await connection.command(statement);
    const gathering = { lingerMs: options.lingerMs ?? 500, mostWaiting: options.mostWaiting ?? 20_000_000 };
    const store = new ClickHouseStore(connection, dialect, new Inserts(connection, gathering));
    const version = await store.remembered(SCHEMA_NOTE);
    if (version === null)
      await connection.command(
        `INSERT INTO note (name, text, version) VALUES ('${SCHEMA_NOTE}', '${SCHEMA_VERSION}', 1)`,
      );
    else if (version !== SCHEMA_VERSION)
      throw storeError(
        address.name,
        'STORE_VERSION',
        `version ${version.slice(0, 20)}, not ${SCHEMA_VERSION}`,
      );
    return store;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class ClickHouseStore implements ProfileStore {
  readonly #connection: Connection;
  readonly #inserts: Inserts;
  readonly #retention: Retention;
  readonly #sound: Sound;
  #isClosed = false;

  constructor(connection: Connection, dialect: Dialect, inserts: Inserts) {
    this.#connection = connection;
    this.#inserts = inserts;
    this.#retention = new Retention(connection, dialect);
    this.#sound = new Sound(connection.name);
  }

  async putBatch(batch: IngestBatch): Promise<void> {
    this.#expectOpen();
    this.#sound.batch(batch);
    if (batch.profiles.length > 0) await this.#inserts.add({ kind: 'batch', batch });
  }

  async putHours(batch: HourBatch): Promise<void> {
    this.#expectOpen();
    if (batch.hours.length > 0) await this.#inserts.add({ kind: 'hours', batch });
  }

  async series(matchers: readonly LabelMatcher[], range: Range): Promise<Series[]> {
    this.#sound.range(range);
    return (await this.#ask(ask.seriesQuery(matchers, range))).map(seriesOf);
  }

  async timeline(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    const hours = 'total AS hour_sum, total_max AS hour_max, total_last AS hour_last';
    return this.#steps(series, range, stepMs, aggregation, 'total', hours);
  }

  async stackSeries(
    series: readonly number[],
    stack: bigint,
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    const of = (column: string): string => ask.valueOf(column, stack);
    const sy = of('sy');
    // A stack that is not in every profile was 0 in the others.
    const highest = `if(${of('seen')} < n AND ${of('peak')} < 0, 0., ${of('peak')})`;
    const hours = `${sy} AS hour_sum, ${highest} AS hour_max, ${sy} / n AS hour_last`;
    return this.#steps(series, range, stepMs, aggregation, of('vals'), hours);
  }

  async growthSums(query: GrowthQuery): Promise<GrowthRow[]> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    this.#sound.limit(limit);
    this.#sound.range(query);
    const found: { readonly row: GrowthRow; readonly steep: number }[] = [];
    for (const series of pieces(query.series, SERIES_AT_ONCE)) {
      const points = await this.#points(series, query);
      if (points.size === 0) continue;
      const ids = [...points.keys()];
      const of = (column: 'n' | 'sx'): string =>
        `transform(series, [${ids.join(',')}], [${ids.map((id) => `toFloat64(${points.get(id)?.[column] ?? 0})`).join(',')}], toFloat64(0))`;
      const order = `ORDER BY ${of('n')} * sum_xy - ${of('sx')} * sum_y DESC LIMIT ${limit}`;
      for (const row of await this.#ask(ask.sumsQuery(ids, query, order))) {
        const counted = points.get(numberOf(row['series']));
        if (counted !== undefined) found.push(growthOf(row, counted));
      }
    }
    return found
      .sort((a, b) => b.steep - a.steep)
      .slice(0, limit)
      .map(({ row }) => row);
  }

  async points(series: readonly number[], range: Range): Promise<PointSums[]> {
    this.#sound.range(range);
    const all = new Map<number, Counted>();
    for (const piece of pieces(series, SERIES_AT_ONCE))
      for (const [id, counted] of await this.#points(piece, range)) all.set(id, counted);
    return series.map((id) => {
      const { n, sx, sxx } = all.get(id) ?? NOTHING;
      return { series: id, n, sx, sxx };
    });
  }

  async merge(
    series: readonly number[],
    range: Range,
    aggregation: Exclude<Aggregation, 'max'>,
  ): Promise<ReadonlyMap<bigint, number>> {
    this.#sound.range(range);
    const merged = new Map<bigint, number>();
    const add = (rows: readonly Row[], by: (series: number) => number): void => {
      for (const row of rows) {
        const [stack, sum] = [bigOf(row['stack']), numberOf(row['sum_y'])];
        merged.set(stack, (merged.get(stack) ?? 0) + sum / by(numberOf(row['series'])));
      }
    };
    for (const piece of pieces(series, SERIES_AT_ONCE)) {
      if (aggregation === 'last') await this.#addLast(piece, range, add);
      else {
        const points = aggregation === 'avg' ? await this.#points(piece, range) : null;
        const rows = await this.#ask(ask.sumsQuery(piece, range, ''));
        add(rows, (id) => (points === null ? 1 : (points.get(id)?.n ?? 1)));
      }
    }
    return new Map([...merged].filter(([, value]) => value !== 0));
  }

  async frames(stacks: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly Frame[]>> {
    const found = new Map<bigint, readonly Frame[]>();
    for (const piece of pieces(stacks, STACKS_AT_ONCE))
      for (const row of await this.#ask(ask.framesQuery(piece))) found.set(bigOf(row['id']), framesOf(row));
    return found;
  }

  async runs(series: readonly number[], range: Range): Promise<Run[]> {
    this.#sound.range(range);
    const runs = new Map<string, Run>();
    const see = (id: number, run: number, first: number, last: number): void => {
      const known = runs.get(`${id} ${run}`) ?? { series: id, run, first, last };
      const [from, to] = [Math.min(known.first, first), Math.max(known.last, last)];
      runs.set(`${id} ${run}`, { series: id, run, first: from, last: to });
    };
    for (const piece of pieces(series, SERIES_AT_ONCE)) {
      for (const row of await this.#ask(ask.hoursQuery(piece, range, '0 AS nothing')))
        see(numberOf(row['series']), numberOf(row['run']), numberOf(row['hour']), numberOf(row['hour']));
      for (const row of await this.#ask(ask.runsQuery(piece, range)))
        see(numberOf(row['series']), numberOf(row['run']), numberOf(row['first']), numberOf(row['latest']));
    }
    return [...runs.values()].sort((a, b) => a.first - b.first || a.series - b.series);
  }

  async profiles(series: number, range: Range): Promise<KeptProfile[]> {
    this.#sound.range(range);
    return (await this.#ask(ask.keptQuery(series, range))).map((row) => ({
      time: numberOf(row['time']),
      run: numberOf(row['run']),
      stacks: BigInt64Array.from(listOf(row['stacks']), bigOf),
      values: Float64Array.from(listOf(row['vals']), numberOf),
    }));
  }

  async hours(series: number, range: Range): Promise<KeptHour[]> {
    this.#sound.range(range);
    const columns = 'sx, sxx, total, total_max, total_last, times, stacks, seen, sy, sxy, syy, peak';
    return (await this.#ask(ask.hoursQuery([series], range, columns))).map(hourOf);
  }

  async retention(now: number, policy: RetentionPolicy): Promise<RetentionReport> {
    this.#expectOpen();
    const { isBelieved, note } = judgeClock(now, await this.remembered(CLOCK_NOTE));
    await this.remember(CLOCK_NOTE, note);
    return this.#retention.retain(now, policy, isBelieved);
  }

  async remember(name: string, text: string): Promise<void> {
    this.#expectOpen();
    await this.#inserts.add({ kind: 'note', name, text });
  }

  async remembered(name: string): Promise<string | null> {
    const row = (await this.#ask(ask.noteQuery(name)))[0];
    return row === undefined ? null : textOf(row['text']);
  }

  async notes(): Promise<string[]> {
    const rows = await this.#ask('SELECT name FROM note GROUP BY name ORDER BY name');
    return rows.map((row) => textOf(row['name'])).filter((name) => !isOwnNote(name));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#inserts.drained();
    await this.#connection.close();
  }

  #expectOpen(): void {
    if (this.#isClosed) throw storeError(this.#connection.name, 'STORE_CLOSED');
  }

  async #ask(query: string): Promise<Row[]> {
    this.#expectOpen();
    return this.#connection.rows(query);
  }

  async #points(series: readonly number[], range: Range): Promise<Map<number, Counted>> {
    const rows = series.length === 0 ? [] : await this.#ask(ask.pointsQuery(series, range));
    return new Map(
      rows.map((row) => [
        numberOf(row['series']),
        {
          n: numberOf(row['n']),
          sx: numberOf(row['sum_x']),
          sxx: numberOf(row['sum_xx']),
          early: numberOf(row['n_early']),
          late: numberOf(row['n_late']),
        },
      ]),
    );
  }

  async #steps(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
    value: string,
    hours: string,
  ): Promise<Point[]> {
    this.#sound.range(range);
    this.#sound.step(stepMs);
    const steps = new Steps(range.from, stepMs, aggregation);
    for (const piece of pieces(series, SERIES_AT_ONCE)) {
      const bySeries = new Map<number, Row[]>(piece.map((id) => [id, []]));
      for (const query of [ask.hoursQuery(piece, range, hours), ask.stepsQuery(piece, range, stepMs, value)])
        for (const row of await this.#ask(query)) bySeries.get(numberOf(row['series']))?.push(row);
      for (const rows of bySeries.values()) {
        steps.begin();
        for (const row of rows) steps.addMany(...manyOf(row));
      }
    }
    return steps.points();
  }

  async #addLast(
    series: readonly number[],
    range: Range,
    add: (rows: readonly Row[], by: (series: number) => number) => void,
  ): Promise<void> {
    const last = await this.#ask(ask.lastQuery(series, range));
    const at = last.map((row) => [numberOf(row['series']), numberOf(row['latest'])] as const);
    for (const piece of pieces(at, POINTS_AT_ONCE)) add(await this.#ask(ask.valuesQuery(piece)), () => 1);
    const have = new Set(at.map(([id]) => id));
    const others = series.filter((id) => !have.has(id));
    if (others.length === 0) return;
    const latest = new Map<number, Row>();
    for (const row of await this.#ask(ask.hoursQuery(others, range, 'stacks, sy')))
      latest.set(numberOf(row['series']), row);
    for (const [id, row] of latest) {
      const [stacks, sy] = [listOf(row['stacks']), listOf(row['sy'])];
      const rows = stacks.map((stack, i) => ({ series: id, stack, sum_y: sy[i] }));
      add(rows, () => numberOf(row['n']));
    }
  }
}

/** Of the profiles of a series in a range. */
interface Counted {
  readonly n: number;
  readonly sx: number;
  readonly sxx: number;
  readonly early: number;
  readonly late: number;
}

const NOTHING: Counted = { n: 0, sx: 0, sxx: 0, early: 0, late: 0 };

function growthOf(row: Row, { n, sx, early, late }: Counted): { row: GrowthRow; steep: number } {
  const [seen, sy, sxy] = [numberOf(row['present']), numberOf(row['sum_y']), numberOf(row['sum_xy'])];
  const highest = numberOf(row['highest']);
  const mean = (sum: unknown, count: number): number => (count === 0 ? 0 : numberOf(sum) / count);
  return {
    row: {
      series: numberOf(row['series']),
      stack: bigOf(row['stack']),
      seen,
      sy,
      sxy,
      syy: numberOf(row['sum_yy']),
      early: mean(row['y_early'], early),
      late: mean(row['y_late'], late),
      // A stack that is not in every profile was 0 in the others.
      peak: seen < n ? Math.max(0, highest) : highest,
    },
    steep: n * sxy - sx * sy,
  };
}

function manyOf(row: Row): Parameters<Steps['addMany']> {
  const n = numberOf(row['n']);
  if ('hour' in row) {
    const [sum, max, last] = [row['hour_sum'], row['hour_max'], row['hour_last']].map(numberOf);
    return [numberOf(row['hour']), { n, sum: sum ?? 0, max: max ?? 0, last: last ?? 0 }];
  }
  const [sum, max, last] = [row['total'], row['highest'], row['latest']].map(numberOf);
  return [numberOf(row['first']), { n, sum: sum ?? 0, max: max ?? 0, last: last ?? 0 }];
}

function framesOf(row: Row): Frame[] {
  const [files, lines] = [listOf(row['files']), listOf(row['lines'])];
  return listOf(row['functions']).map((name, i) => ({
    function: textOf(name),
    file: textOf(files[i]),
    line: numberOf(lines[i]),
  }));
}

function hourOf(row: Row): KeptHour {
  const columns = (['seen', 'sy', 'sxy', 'syy', 'peak'] as const).map((name) =>
    listOf(row[name]).map(numberOf),
  );
  const at = (column: number, i: number): number => columns[column]?.[i] ?? 0;
  return {
    ...sumsOf(row),
    times: Float64Array.from(listOf(row['times']), numberOf),
    stacks: BigInt64Array.from(listOf(row['stacks']), bigOf),
    sums: listOf(row['stacks']).map((_, i) => ({
      seen: at(0, i),
      sy: at(1, i),
      sxy: at(2, i),
      syy: at(3, i),
      early: 0,
      late: 0,
      peak: at(4, i),
    })),
  };
}

function pieces<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}
