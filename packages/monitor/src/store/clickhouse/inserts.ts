// What waits to be kept by a ClickHouse server: gathered for a moment, sent as few large blocks, one round after the other.
import { createHash } from 'node:crypto';
import { storeError } from '../failure.ts';
import { keptValue } from '../hour.ts';
import { HOUR_MS, type HourBatch, type IngestBatch, type ProfileRecord, type SeriesKey } from '../model.ts';
import { keyOf } from '../sound.ts';
import type { StackTree } from '../stack-tree.ts';
import type { Connection } from './connection.ts';
import { RowWriter } from './row-binary.ts';
import type { TableName } from './schema.ts';

export interface Gathering {
  /** How long a batch waits for others, in milliseconds. */
  readonly lingerMs: number;
  /** Values that may wait; what comes beyond is refused. */
  readonly mostWaiting: number;
}

/** Values of one round: some tens of megabytes. */
const ROUND = 2_000_000;
/** Above all stamps of this century. */
const LATEST = 8e15;
const MONTH_HOURS = 30 * 24;

type Work =
  | { readonly kind: 'batch'; readonly batch: IngestBatch }
  | { readonly kind: 'hours'; readonly batch: HourBatch }
  | { readonly kind: 'note'; readonly name: string; readonly text: string };

interface Waiting {
  readonly work: Work;
  readonly weight: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** 53 bits that follow from what tells a series apart: several monitors need not agree on numbers. */
export function seriesId(key: SeriesKey): number {
  const digest = createHash('sha256').update(keyOf(key)).digest();
  return (digest.readUInt32BE(0) % 2 ** 21) * 2 ** 32 + digest.readUInt32BE(4);
}

/** What the server is known to have. */
interface Known {
  series: Set<number>;
  /** Per tree and node the last month + 1 in which the stack was sent. */
  stacks: WeakMap<StackTree, Uint32Array>;
}

export class Inserts {
  readonly #connection: Connection;
  readonly #gathering: Gathering;
  #known: Known = { series: new Set(), stacks: new WeakMap() };
  #waiting: Waiting[] = [];
  #weight = 0;
  #running: Promise<void> | null = null;
  #wake: () => void = () => undefined;
  #isClosing = false;
  #stamped = 0;
  readonly #writers = new Map<TableName, RowWriter>();

  constructor(connection: Connection, gathering: Gathering) {
    this.#connection = connection;
    this.#gathering = gathering;
  }

  /** Resolves when the server has taken it. */
  async add(work: Work): Promise<void> {
    // What cannot be read fails here, by itself.
    if (work.kind === 'batch') for (const { series } of work.batch.profiles) seriesId(series);
    const weight = weightOf(work);
    if (this.#weight > 0 && this.#weight + weight > this.#gathering.mostWaiting)
      throw storeError(this.#connection.name, 'STORE_BUSY');
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ work, weight, done, failed });
      this.#weight += weight;
      if (this.#weight >= ROUND) this.#wake();
      this.#running ??= this.#run();
    });
  }

  /** Sends at once what waits, and resolves when nothing does. */
  async drained(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#linger();
      const round = this.#taken();
      try {
        await this.#send(round);
        for (const { done } of round) done();
      } catch (error) {
        // Of what was to be known now nothing is sure.
        this.#known = { series: new Set(), stacks: new WeakMap() };
        for (const { failed } of round) failed(error);
      }
      for (const { weight } of round) this.#weight -= weight;
    }
    this.#running = null;
  }

  async #linger(): Promise<void> {
    const { lingerMs } = this.#gathering;
    if (lingerMs === 0 || this.#isClosing || this.#weight >= ROUND) return Promise.resolve();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  /** As much of what waits as one round may have; one at least. */
  #taken(): Waiting[] {
    let weight = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count > 0 && weight + one.weight > ROUND) break;
      weight += one.weight;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Names first: of what is named in a profile nothing is ever missing. */
  async #send(round: readonly Waiting[]): Promise<void> {
    try {
      for (const { work } of round) this.#write(work);
      for (const table of ['series', 'stack', 'profile', 'hour', 'note'] as const) {
        const writer = this.#writers.get(table);
        if (writer !== undefined && writer.rows > 0) await this.#connection.insert(table, writer.taken());
      }
    } finally {
      for (const writer of this.#writers.values()) writer.taken();
    }
  }

  #write(work: Work): void {
    switch (work.kind) {
      case 'batch':
        for (const profile of work.batch.profiles) this.#profile(profile, work.batch.tree);
        break;
      case 'hours':
        this.#hours(work.batch);
        break;
      case 'note': {
        const row = this.#row('note');
        row.text(work.name);
        row.text(work.text);
        row.int64(this.#stamp());
      }
    }
  }

  #row(table: TableName): RowWriter {
    let writer = this.#writers.get(table);
    if (writer === undefined) this.#writers.set(table, (writer = new RowWriter()));
    writer.rows++;
    return writer;
  }

  #profile({ series, time, run, nodes, values }: ProfileRecord, tree: StackTree): void {
    const id = this.#series(series);
    const columns = columnsOf(nodes, values);
    this.#stacks(tree, columns.nodes, time);
    const row = this.#row('profile');
    row.int64(id);
    row.int64(time);
    row.int64(run);
    row.float64(columns.values.reduce((a, b) => a + b, 0));
    row.count(columns.nodes.length);
    for (const node of columns.nodes) row.halves(...tree.halves(node));
    row.count(columns.values.length);
    for (const value of columns.values) row.int64(value);
    // Of two profiles of one time the first stays.
    row.int64(LATEST - this.#stamp());
  }

  #hours({ tree, hours }: HourBatch): void {
    for (const hour of hours) {
      const id = this.#series(hour.series);
      this.#stacks(tree, hour.nodes, hour.hour);
      const row = this.#row('hour');
      row.int64(id);
      for (const whole of [hour.hour, hour.run, hour.n]) row.int64(whole);
      for (const sum of [hour.sx, hour.sxx, hour.total, hour.totalMax, hour.totalLast]) row.float64(sum);
      row.count(hour.times.length);
      for (const time of hour.times) row.int64(time);
      row.count(hour.nodes.length);
      for (const node of hour.nodes) row.halves(...tree.halves(node));
      row.count(hour.sums.length);
      for (const { seen } of hour.sums) row.int64(seen);
      for (const column of ['sy', 'sxy', 'syy', 'peak'] as const) {
        row.count(hour.sums.length);
        for (const sums of hour.sums) row.float64(sums[column]);
      }
    }
  }

  #series(series: SeriesKey): number {
    const id = seriesId(series);
    if (this.#known.series.has(id)) return id;
    this.#known.series.add(id);
    const labels = Object.entries(series.labels);
    const row = this.#row('series');
    row.int64(id);
    row.text(keyOf(series));
    row.text(JSON.stringify(series.labels));
    for (const column of [0, 1] as const) {
      row.count(labels.length);
      for (const label of labels) row.text(label[column]);
    }
    for (const text of [series.profile, series.sampleType, series.unit, series.kind]) row.text(text);
    return id;
  }

  /** Each stack once a month: months of which nothing is left are dropped with their stacks. */
  #stacks(tree: StackTree, nodes: Iterable<number>, time: number): void {
    let months = this.#known.stacks.get(tree);
    if (months === undefined || months.length < tree.length) {
      const larger = new Uint32Array(Math.max(1024, tree.length * 2));
      larger.set(months ?? []);
      this.#known.stacks.set(tree, (months = larger));
    }
    const month = Math.floor(time / HOUR_MS / MONTH_HOURS);
    for (const node of nodes) {
      if (months[node] === month + 1) continue;
      months[node] = month + 1;
      const frames = tree.framesOf(node);
      const row = this.#row('stack');
      row.halves(...tree.halves(node));
      row.uint32(month);
      row.count(frames.length);
      for (const frame of frames) row.text(frame.function);
      row.count(frames.length);
      for (const frame of frames) row.text(frame.file);
      row.count(frames.length);
      for (const frame of frames) row.int64(frame.line);
    }
  }

  /** Microseconds since 1970; no two are the same, and none is lower than the one before. */
  #stamp(): number {
    this.#stamped = Math.max(this.#stamped + 1, Math.round(Date.now() * 1000));
    return this.#stamped;
  }
}

function weightOf(work: Work): number {
  switch (work.kind) {
    case 'batch':
      return work.batch.profiles.reduce((sum, { nodes }) => sum + nodes.length + 10, 0);
    case 'hours':
      return work.batch.hours.reduce(
        (sum, { nodes, times }) => sum + 5 * nodes.length + times.length + 20,
        0,
      );
    case 'note':
      return 10 + work.text.length / 16;
  }
}

/** Each node once, ascending, with its values added up; without zeros. */
function columnsOf(nodes: Uint32Array, values: Float64Array): { nodes: number[]; values: number[] } {
  const sums = new Map<number, number>();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] ?? 0;
    sums.set(node, (sums.get(node) ?? 0) + (values[i] ?? 0));
  }
  const kept = [...sums]
    .map(([node, sum]) => [node, keptValue(sum)] as const)
    .filter(([, value]) => value !== 0)
    .sort(([a], [b]) => a - b);
  return { nodes: kept.map(([node]) => node), values: kept.map(([, value]) => value) };
}
