// What is said of a whole process: the balance of its counters, what explains each, and what nobody looked at.
import type { CounterName, Evidence } from './counter-kinds.ts';
import type { CounterState, CounterTrend } from './ledger.ts';
import type { Finding, Verdict } from './verdict.ts';

/** One line of the balance: a counter, how it moved, and what explains that. */
export interface LedgerRow {
  readonly counter: CounterName;
  /** As it stands in a sentence: `tasks`, `open files`, `live heap`. */
  readonly noun: string;
  readonly unit: 'count' | 'bytes';
  readonly state: CounterState;
  readonly note: CounterTrend['note'];
  /** One per look; null where a look did not know it. */
  readonly values: readonly (number | null)[];
  readonly first: number;
  readonly last: number;
  readonly gain: number;
  /** Robust slope per minute. */
  readonly perMinute: number;
  /** With 99 % confidence nothing in it grows faster than this, per minute; null where even that is not known. */
  readonly atMost: number | null;
  /** How much of `gain` the findings explain, in the same unit; null where none does, or not in this unit. */
  readonly explained: number | null;
  /** What explains it, each as it stands in a sentence; also counters whose growth this one follows. */
  readonly by: readonly string[];
  /** Where it ends, in its unit, and in how many milliseconds at this rate; null where that is not known. */
  readonly limit: number | null;
  readonly untilLimit: number | null;
  /** The one command or option that looks there. */
  readonly look: string;
}

/** Something that nobody looked at. */
export interface Unseen {
  /** Stable: `tasks`, `handles`, `workers`, `children`, `memory`, …; free for callers. */
  readonly id: string;
  /** What it is, and why it was not looked at: `2 workers were not visited`. */
  readonly text: string;
  /** The one command or option that looks there; '' where there is none. */
  readonly look: string;
  /** Whether a leak could be there of which no counter that was read would tell: then nobody is acquitted. */
  readonly blocks: boolean;
}

/** A finding with the kind of evidence that it rests on. */
export interface ProcessFinding {
  readonly evidence: Evidence;
  readonly finding: Finding;
  /** Name of the part of the process (`worker 3`) that it was found in; '' for the main thread. */
  readonly part: string;
}

/** The verdict on one process. Within version 1 of `stackpile.leaks` fields are only ever added. */
export interface ProcessVerdict {
  /** `leak`: something is convicted; `none`: every counter is flat, and nothing was left out; `unsure`: neither. */
  readonly kind: 'leak' | 'none' | 'unsure';
  readonly exitStatus: 0 | 1 | 2;
  /** One sentence. */
  readonly sentence: string;
  /** What leaks, the place to mend first; empty where nothing is convicted. */
  readonly convicted: readonly ProcessFinding[];
  readonly ledger: readonly LedgerRow[];
  readonly unseen: readonly Unseen[];
  /** `below 3 tasks or 1.2 MB per minute`: how large a leak would have gone unseen; '' where nothing bounds it. */
  readonly bound: string;
  /** The command, option or wait that would tell more; '' where there is nothing to add. */
  readonly next: string;
  /** Milliseconds to go on watching before an acquittal could be honest; null where watching is of no use or not needed. */
  readonly watchFor: number | null;
  readonly looks: number;
  /** Milliseconds from the first look to the last, of this run. */
  readonly span: number;
  /** Restarts that were seen. */
  readonly restarts: number;
  /** Verdicts on runs before the last restart, oldest first: of those that could be judged. */
  readonly earlier: readonly ProcessVerdict[];
  /** The verdict of every kind of evidence. */
  readonly verdicts: readonly (Verdict & { readonly evidence: Evidence; readonly part: string })[];
}
