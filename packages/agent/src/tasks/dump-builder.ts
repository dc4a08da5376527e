// Puts tasks and handles into the columns of a dump, one row each or one per group.
import type { TaskDump } from './dump.ts';
import { Estimate, type Sampled } from './estimate.ts';
import type { FrameTable } from './frames.ts';
import type { LabelPairs } from './labels.ts';
import { STATES } from './states.ts';

/** A task or a handle. */
export interface Row {
  readonly id: number;
  /** Number of its outermost suspended function; of a handle its own. */
  readonly outermost: number;
  readonly handle: 0 | 1;
  /** Leaf first. */
  readonly frames: readonly number[];
  /** Frame that started it, 0 where unknown. */
  readonly createdBy: number;
  readonly state: number;
  readonly labels: LabelPairs | null;
  /** Milliseconds. */
  readonly waited: number;
  readonly sampled: Sampled;
}

/** Interns rows of a table by a text key. */
class Rows<T> {
  readonly rows: T[] = [];
  readonly #byKey = new Map<string, number>();
  add(key: string, make: () => T): number {
    let row = this.#byKey.get(key);
    if (row === undefined) this.#byKey.set(key, (row = this.rows.push(make()) - 1));
    return row;
  }
}

/** The frames that a dump needs, numbered anew. */
class DumpFrames {
  readonly names: string[] = [];
  readonly files: string[] = [];
  readonly lines: number[] = [];
  readonly columns: number[] = [];
  readonly beginLines: number[] = [];
  readonly beginColumns: number[] = [];
  readonly #table: FrameTable;
  readonly #used = new Map<number, number>();

  constructor(table: FrameTable) {
    this.#table = table;
  }

  /** Row of a frame of the table. */
  add(frame: number): number {
    const known = this.#used.get(frame);
    if (known !== undefined) return known;
    const { names, files, lines, columns, beginLines, beginColumns } = this.#table;
    const row = this.names.push(names[frame] as string) - 1;
    this.files.push(files[frame] as string);
    this.lines.push(lines[frame] as number);
    this.columns.push(columns[frame] as number);
    this.beginLines.push(beginLines[frame] as number);
    this.beginColumns.push(beginColumns[frame] as number);
    this.#used.set(frame, row);
    return row;
  }
}

/** Everything of a dump but what is said of all of it. */
export type DumpTables = Omit<TaskDump, 'total' | 'weights' | 'notes'>;

/** Builds the tables of one dump. */
export class DumpBuilder {
  readonly #each: boolean;
  readonly #weightOf: (look: number) => number;
  readonly #frames: DumpFrames;
  readonly #stacks = new Rows<number[]>();
  readonly #labels = new Rows<LabelPairs>();
  /** By stack, state and labels. */
  readonly #groups = new Map<string, { readonly row: number; readonly estimate: Estimate }>();
  readonly #estimates: Estimate[] = [];
  readonly #rows = {
    id: [] as number[],
    outermost: [] as number[],
    handle: [] as number[],
    stack: [] as number[],
    state: [] as number[],
    label: [] as number[],
    createdBy: [] as number[],
    waited: [] as number[],
    count: [] as number[],
  };

  /**
   * @param each a row for each that is added, rather than for each group of equal stack, state and labels
   * @param weightOf see `Estimate`
   */
  constructor(frames: FrameTable, each: boolean, weightOf: (look: number) => number) {
    this.#each = each;
    this.#weightOf = weightOf;
    this.#frames = new DumpFrames(frames);
    this.#labels.add('[]', () => []);
  }

  /** Adds a task or a handle. */
  add(row: Row): void {
    const { frames, labels, state, handle, sampled } = row;
    const stack = this.#stacks.add(frames.join(), () => frames.map((frame) => this.#frames.add(frame)));
    const pairs = labels ?? [];
    const label = pairs.length === 0 ? 0 : this.#labels.add(JSON.stringify(pairs), () => pairs);
    const key = `${stack},${state},${label},${handle}`;
    let group = this.#groups.get(key);
    const isNew = group === undefined;
    if (group === undefined) {
      group = { row: this.#rows.stack.length, estimate: new Estimate(this.#weightOf) };
      this.#groups.set(key, group);
    }
    group.estimate.add(sampled);
    if (isNew || this.#each) this.#append(row, stack, label, group.estimate);
    else this.#count(row, group.row);
  }

  #append(
    { id, outermost, handle, state, createdBy, waited, sampled }: Row,
    stack: number,
    label: number,
    of: Estimate,
  ): void {
    const rows = this.#rows;
    this.#estimates.push(of);
    rows.id.push(id);
    rows.outermost.push(outermost);
    rows.handle.push(handle);
    rows.stack.push(stack);
    rows.state.push(state);
    rows.label.push(label);
    rows.createdBy.push(createdBy === 0 ? -1 : this.#frames.add(createdBy));
    rows.waited.push(waited);
    rows.count.push(sampled.weight);
  }

  /** One more of a group, which is told by its oldest one. */
  #count({ id, outermost, waited, sampled }: Row, at: number): void {
    const rows = this.#rows;
    (rows.count[at] as number) += sampled.weight;
    if (waited <= (rows.waited[at] as number)) return;
    rows.waited[at] = waited;
    rows.id[at] = id;
    rows.outermost[at] = outermost;
  }

  /** What was added. */
  tables(): DumpTables {
    const { names, files, lines, columns, beginLines, beginColumns } = this.#frames;
    const percents = new Map<Estimate, number>();
    const percentOf = (estimate: Estimate): number => {
      let percent = percents.get(estimate);
      if (percent === undefined) percents.set(estimate, (percent = estimate.percent));
      return percent;
    };
    return {
      names,
      files,
      lines,
      columns,
      beginLines,
      beginColumns,
      stacks: this.#stacks.rows,
      states: STATES,
      labels: this.#labels.rows,
      rows: { ...this.#rows, error: this.#estimates.map(percentOf) },
    };
  }
}
