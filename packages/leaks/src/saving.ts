// Series and ids as rows of a saved watch, and back.
import type { StackTable } from './frames.ts';
import type { IdRecord, SeriesRecord } from './record.ts';
import type { SavedWatch } from './saved.ts';
import type { StackFrame } from './verdict.ts';

/** The tables of a saved watch: rows of one name rows of another. */
type Tables = Pick<SavedWatch, 'frames' | 'starts' | 'stacks' | 'series' | 'ids' | 'moved'>;

/** Puts series and ids into tables. */
export function tablesOf(
  all: readonly SeriesRecord[],
  alive: ReadonlyMap<number, IdRecord> | null,
  table: StackTable,
): Tables {
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
      table.stack(stack).map((frame) => {
        const known = frameRows.get(frame) ?? frames.push(frame) - 1;
        frameRows.set(frame, known);
        return known;
      }),
    );
    return row;
  };
  const seriesRows = new Map(all.map((series, row) => [series, row]));
  const series = all.map((one) => ({
    ...one,
    stack: rowOf(one.stack),
    labels: one.labels.map(({ key, value }) => [key, value] as const),
    states: [...one.states],
    createdBy: [...one.createdBy],
  }));
  return {
    series,
    frames: frames.map(({ name, file, line, origin }) => [name, file, line, origin] as const),
    starts: frames.map(({ start }) => start ?? 0),
    stacks,
    ids:
      alive === null
        ? null
        : [...alive].flatMap(([id, { first, last, seen, weight, series }]) => {
            const row = seriesRows.get(series);
            // Its stack was forgotten among too many.
            return row === undefined ? [] : [[id, first, last, seen, weight, row] as const];
          }),
    moved: [...(alive ?? [])].flatMap(([id, { outer }]) => (outer < 0 ? [] : [[id, outer] as const])),
  };
}

/** Series and ids of such tables; their stacks go into `table`. */
export function recordsOf(
  read: Tables,
  table: StackTable,
): { readonly all: readonly SeriesRecord[]; readonly alive: Map<number, IdRecord> | null } {
  const stacks = read.stacks.map((rows) =>
    table.adopt(
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
  const alive = read.ids === null ? null : new Map<number, IdRecord>();
  for (const [id, first, last, seen, weight, row] of read.ids ?? []) {
    const series = all[row];
    if (series !== undefined) alive?.set(id, { first, last, seen, weight, series, outer: -1 });
  }
  for (const [id, outer] of read.moved) {
    const record = alive?.get(id);
    if (record !== undefined) record.outer = outer;
  }
  return { all, alive };
}
