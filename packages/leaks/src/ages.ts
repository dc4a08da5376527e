// Ages as heap snapshots tell them (`born_after`): who of the objects of one process ended, though none of them has an id.
import { heapIds, type Profile } from '@stackpile/profile';
import type { Born, BornBytes } from './born.ts';
import type { DumpColumns } from './columns.ts';
import type { StackTable } from './frames.ts';
import type { SeriesRecord } from './record.ts';

/** More looks than this are not told apart. */
const mostAges = 4096;

/** `count` more objects that were born after `age` looks. */
export function addAge(ages: number[], age: number, count: number): void {
  const at = Math.min(mostAges, Math.max(0, Math.floor(age)));
  while (ages.length <= at) ages.push(0);
  ages[at] = (ages[at] ?? 0) + count;
}

/** Objects of one class and one age, over all chains of holders: how many left one, and how many came to one. */
interface Cell {
  lost: number;
  gained: number;
}

/** Of which class and age, in which series, how many left since the dump before (below 0: came), for ages up to `known`. */
function* changes(
  all: readonly SeriesRecord[],
  before: ReadonlyMap<SeriesRecord, readonly number[]>,
  stacks: StackTable,
  known: number,
): Generator<{ key: string; left: number; series: SeriesRecord; age: number }> {
  for (const series of all) {
    const was = before.get(series) ?? [];
    const leaf = stacks.leaf(series.stack);
    for (let age = 0; age <= known; age++) {
      const left = (was[age] ?? 0) - (series.ages[age] ?? 0);
      if (left !== 0) yield { key: `${leaf} ${age}`, left, series, age };
    }
  }
}

/** Classes of what V8 makes for itself while a program runs. */
const ofV8: ReadonlySet<string> = new Set(['(V8 code)', '(V8 object shapes)', '(V8 system)']);

/** The first dump after half of the time, but the last; null where there is none, or times are not told. */
function halfTime(times: readonly (number | null)[]): { readonly index: number; readonly ms: number } | null {
  const begin = times[0] ?? null;
  const end = times.at(-1) ?? null;
  if (begin === null || end === null || end <= begin) return null;
  const index = times.findIndex((time) => time !== null && time - begin >= (end - begin) / 2);
  const time = times[index] ?? null;
  return time === null || index >= times.length - 1 ? null : { index, ms: time - begin };
}

/** Bytes of what was born after one look and by another, as numbers of looks. */
function bornWithin(rows: DumpColumns, stacks: StackTable, after: number, by: number): BornBytes {
  let bytes = 0;
  let code = 0;
  for (let i = 0; i < rows.length; i++) {
    const age = rows.age[i] ?? 0;
    if (age <= after || age > by) continue;
    const kept = rows.retained[i] ?? 0;
    bytes += kept;
    if (ofV8.has(stacks.stack(rows.stack[i] ?? 0)[0]?.name ?? '')) code += kept;
  }
  return { bytes, code };
}

/** What the ages of the dumps count from. */
export class AgeBook {
  /** What the heap has gained at most since the first dump: nothing else came. null where ages are not told. */
  born: Born | null = null;
  /** For each kept dump how many looks its ages count from; null where some do not say, or are of different processes. */
  looks: number[] | null = [];
  /** The process that ages are of; '' where none is known. */
  process = '';

  /** Ages count from one look to the next of one process: a dump that does not tell them, or of another process, ends that. */
  tell(profile: Profile): void {
    if (this.looks === null) return;
    const said = heapIds(profile);
    const isOther = this.process !== '' && said?.process !== this.process;
    const last = this.looks.at(-1) ?? -1;
    if (said?.looks === null || said?.looks === undefined || isOther || said.looks <= last) {
      this.looks = null;
      return;
    }
    this.process = said.process;
    this.looks.push(said.looks);
  }

  /**
   * Who was there at the dump before that of row `index`, and is not any more. An object whose chain of holders is another one now
   * has not ended: of one class and one age, as many as came to other chains have moved there.
   *
   * @param before ages of each series at the dump before
   */
  end(
    all: readonly SeriesRecord[],
    before: ReadonlyMap<SeriesRecord, readonly number[]>,
    stacks: StackTable,
    index: number,
  ): void {
    const known = this.looks?.[index - 1] ?? -1;
    const seenOnce = this.looks?.[index - 2] ?? -1;
    const cells = new Map<string, Cell>();
    for (const { key, left } of changes(all, before, stacks, known)) {
      let cell = cells.get(key);
      if (cell === undefined) cells.set(key, (cell = { lost: 0, gained: 0 }));
      if (left > 0) cell.lost += left;
      else cell.gained -= left;
    }
    for (const { key, left, series, age } of changes(all, before, stacks, known)) {
      const { lost, gained } = cells.get(key) ?? { lost: 0, gained: 0 };
      if (left <= 0 || gained >= lost) continue;
      const ended = (left * (lost - gained)) / lost;
      if (age > seenOnce) series.endedEarly += ended;
      else series.endedLate += ended;
    }
  }

  /**
   * Adds up what was born since the first dump.
   *
   * @param times of the dumps, in milliseconds; null of those that do not say when they were taken
   */
  bear(rows: DumpColumns, stacks: StackTable, times: readonly (number | null)[]): void {
    const first = this.looks?.[0];
    this.born = null;
    if (first === undefined) return;
    const until = halfTime(times);
    const seenBy = until === null ? undefined : this.looks?.[until.index];
    this.born = {
      ...bornWithin(rows, stacks, first, Number.POSITIVE_INFINITY),
      early:
        until === null || seenBy === undefined
          ? null
          : { ...bornWithin(rows, stacks, first, seenBy), ms: until.ms },
    };
  }

  /** Of the dumps, only those of the rows `keep` are kept. */
  thin(keep: readonly number[]): void {
    const { looks } = this;
    if (looks !== null) this.looks = keep.map((i) => looks[i] ?? 0);
  }
}
