// What is kept of the dumps: all that a verdict is made from.
import type { Born } from './born.ts';
import type { LabelSet } from './columns.ts';
import type { StackTable } from './frames.ts';
import type { Measure } from './measure.ts';

/** One stack (and its text labels) over time. */
export interface SeriesRecord {
  /** Row of the stack table. */
  stack: number;
  readonly labels: LabelSet;
  /** One value per kept dump. */
  values: number[];
  /** Retained bytes, one per kept dump; empty where none was ever told of it. */
  retained: number[];
  /** Objects of a heap snapshot that were alive in the last dump, by how many looks they were born after; empty where it does not say. */
  ages: number[];
  // What the last dump says.
  states: Map<string, number>;
  createdBy: Map<string, number>;
  heldBy: string;
  /** Longest wait in milliseconds; -1 where unknown. */
  waited: number;
  /** Percent by which there may be more of it, where it was sampled; 0 where it was counted. */
  error: number;
  // What the ids say.
  /** Ids that ended after they had been seen in two dumps or more. */
  endedLate: number;
  /** Ids that ended after one dump. */
  endedEarly: number;
  /** Whether some of it carries no id in the last dump: then ids say nothing about it. */
  anonymous: boolean;
}

/** An id that is alive: when it was first seen, in how many dumps, and where it was last. */
export interface IdRecord {
  /** Row of the dump. */
  first: number;
  last: number;
  seen: number;
  /** How many it stands for, where tasks are sampled. */
  weight: number;
  series: SeriesRecord;
  /** How many of its outermost frames were the same in all dumps; -1 while it stands where it was first seen. */
  outer: number;
}

/** All that a verdict is made from. */
export interface LeakRecord {
  readonly measure: Measure;
  readonly stacks: StackTable;
  readonly series: readonly SeriesRecord[];
  /** One per kept dump; null where unknown. */
  readonly times: readonly (number | null)[];
  /** How many dumps came before each kept one. */
  readonly ordinals: readonly number[];
  readonly totals: readonly number[];
  /** Alive now; null where the dumps carry no ids. */
  readonly ids: ReadonlyMap<number, Readonly<IdRecord>> | null;
  /** For each dump how many looks its ages count from; null where the dumps do not tell ages. */
  readonly looks: readonly number[] | null;
  /** What was born since the first dump and is still there; null where the dumps do not tell ages. */
  readonly born: Born | null;
  /** The highest id of each dump, -1 where there was none: ids are given one after the other, so it tells how many came. */
  readonly highest: readonly number[];
  /** Whether ids stay with what they name; see `DumpColumns`. */
  readonly lasting: boolean;
  /** Variance that sampling gives per unit of value. */
  readonly unit: number;
  readonly restarts: number;
  readonly noun: string;
}
