// What a judgement says: the verdict, its findings, and the numbers behind them.
import type { Born } from './born.ts';
import type { Origin, Profile, ValueType } from '@stackpile/profile';

/** One profile of one target at one moment. */
export interface Dump {
  readonly profile: Profile;
  /** When it was taken, milliseconds since 1970; null or absent where nobody knows (growth is then counted per dump). */
  readonly time?: number | null;
  /** For messages: a file name, a URL. */
  readonly name?: string;
}

/** One frame of a stack as a person reads it. */
export interface StackFrame {
  readonly name: string;
  /** '' where unknown. */
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
  /** Line on which the function begins; absent where unknown. Tells functions without a name apart. */
  readonly start?: number;
  readonly origin: Origin;
}

/** A leak that is recognised by its library frames alone. */
export interface LeakPattern {
  /** Stable: `http-body-unclosed`, `http-idle-connections`, … */
  readonly id: string;
  /** What it is, in words: `an HTTP response body that is never closed`. */
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly advice: string;
}

/** How fast something grows. */
export interface Growth {
  /** Last dump minus first dump. */
  readonly total: number;
  /** Robust slope per dump. */
  readonly perDump: number;
  /** Robust slope per minute; null where the times of the dumps are unknown. */
  readonly perMinute: number | null;
}

/** What the ids of goroutines or tasks say; only where dumps carry ids (`debug=2`). */
export interface Survival {
  /** Seen before the last dump. */
  readonly seen: number;
  /** Of those, still there in the last dump. */
  readonly survived: number;
  /** Of those, gone in the last dump. */
  readonly ended: number;
  /** There in the last dump and in no earlier one. */
  readonly fresh: number;
  /** Of those that are there now, how many had been seen by dump i; one entry per dump. Rises while a pile grows. */
  readonly arrivals: readonly number[];
}

/** How long the oldest has waited. */
export interface Age {
  readonly ms: number;
  /** True where it is only known to be this old or older. */
  readonly atLeast: boolean;
}

/** Memory that a group keeps alive, where the dumps say so (heap snapshots). */
export interface Retained {
  /** In the last dump. */
  readonly bytes: number;
  /** Last dump minus first dump. */
  readonly growth: number;
  /** `Socket ← listener 'message' ← …`, or null. */
  readonly heldBy: string | null;
}

/** Another stack that belongs to a finding. */
export interface RelatedStack {
  readonly stack: readonly StackFrame[];
  readonly count: number;
}

interface FindingFacts {
  /** Leaf first. */
  readonly stack: readonly StackFrame[];
  /** First frame of the user's own code (past runtime and library), or null. */
  readonly culprit: StackFrame | null;
  /** Row of `culprit` in `stack`; -1 where the culprit started the stack but is not on it (`createdBy`), or is null. */
  readonly culpritIndex: number;
  readonly pattern: LeakPattern | null;
  /** `symbol file:line` of whoever started it, made it, or put it where it is, or ''. */
  readonly createdBy: string;
  /** What that has to do with it, in words that stand before it: `started by`, `put there by`, `called by`; '' where `createdBy` is. */
  readonly createdHow: string;
  /** What it waits for in Go's words (`chan receive`, `IO wait`, `await`), or ''. */
  readonly state: string;
  /** Text labels that all of it carries in the last dump. */
  readonly labels: readonly { readonly key: string; readonly value: string }[];
  /** One value per dump, in the verdict's unit. */
  readonly counts: readonly number[];
  readonly first: number;
  /** Value in the last dump. */
  readonly count: number;
  /** `count` over the total of the last dump, 0…1. */
  readonly share: number;
  /** Percent by which there may be more than `count`, with 95 % confidence, where the tasks of the last dump were sampled; 0 where they were counted. */
  readonly error: number;
  readonly growth: Growth;
  readonly oldest: Age | null;
  readonly survival: Survival | null;
  /** With 99 % confidence it grows no faster than this, per minute (per dump where times are unknown); null where two dumps are too few to say. */
  readonly atMost: number | null;
  /** What to do about it, in the language's own idiom; '' where nothing is known that a reader would not know. */
  readonly advice: string;
  readonly retained: Retained | null;
  /** How sure, 0…1: of the leak for `leak`, of the growth for `growing`, of the calm for `steady`. */
  readonly confidence: number;
  /** Milliseconds until the limit is reached at this rate; null where no limit or no time is known. */
  readonly untilLimit: number | null;
  /** Further stacks that were counted into this one because they grow with it and share its culprit or pattern. */
  readonly also: readonly RelatedStack[];
  /** For a pile on a lock: stacks that were there before it and may hold the lock, likeliest first; else empty. */
  readonly holders: readonly RelatedStack[];
  /** One sentence that says it all. */
  readonly sentence: string;
}

/** It piles up. */
export interface LeakFinding extends FindingFacts {
  readonly kind: 'leak';
}

/**
 * `load`: work in flight; `slowing`: it may be settling; `jumped`: in a step or two; `few`: too few dumps to tell; `unheld`: it piles up,
 * but nothing of the program holds it, or no code of the program allocates it; `pool`: so few are as well a pool that fills.
 */
export type GrowingReason = 'load' | 'slowing' | 'jumped' | 'few' | 'unheld' | 'pool';

/** It grows, and something harmless could explain it. */
export interface GrowingFinding extends FindingFacts {
  readonly kind: 'growing';
  readonly reason: GrowingReason;
}

/** It does not grow. */
export interface SteadyFinding extends FindingFacts {
  readonly kind: 'steady';
  /** `flat`; `settled`: grew to a level and stays; `returned`: rose and fell; `turnover`: grows in number, but nothing stays; `noise`. */
  readonly reason: 'flat' | 'settled' | 'returned' | 'turnover' | 'noise';
}

export type Finding = LeakFinding | GrowingFinding | SteadyFinding;

/** What was judged. */
export interface Series {
  /** The sample type that was counted: `goroutine/count`, `inuse_space/bytes`, `tasks/count`, … */
  readonly measure: ValueType;
  /** `goroutines`, `tasks`, `bytes`. */
  readonly noun: string;
  /** Number of dumps that were judged (after a restart: since then). */
  readonly dumps: number;
  /** Times of the dumps, milliseconds since 1970; null where unknown. */
  readonly times: readonly number[] | null;
  /** Milliseconds from the first to the last dump; null where unknown. */
  readonly span: number | null;
  /** Total of each dump. */
  readonly totals: readonly number[];
  /** Bytes that all of a dump keep alive, where objects are counted: the live heap, exactly; null where that is not told. */
  readonly retained: readonly number[] | null;
  /** Bytes of objects that came since the first dump and are still there: the heap has gained no more. null where ages are not told. */
  readonly born: Born | null;
  readonly growth: Growth;
  /** Whether ids told survivors from turnover. */
  readonly ids: boolean;
  /** Restarts of the target that were seen; only dumps after the last one count. */
  readonly restarts: number;
}

/** The answer. */
export interface Verdict {
  /** `leak`: convicted; `none`: acquitted; `unsure`: could not tell. */
  readonly kind: 'leak' | 'none' | 'unsure';
  /** One sentence. */
  readonly sentence: string;
  readonly series: Series;
  /** Ranked: leaks, then growing, then the largest steady ones. */
  readonly findings: readonly Finding[];
}
