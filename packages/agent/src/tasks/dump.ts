// What the tracker hands to the sidecar: tasks as columns of numbers and tables of text, plain JSON.
import type { Weights } from '@stackpile/profile';

/** A number of tasks. */
export interface TaskCount {
  readonly count: number;
  /** The interval that holds the true number in 95 of 100 cases; null where all were counted. */
  readonly between: readonly [low: number, high: number] | null;
}

/** The frames of a dump, as columns. */
export interface FrameColumns {
  /** Frames: name, script URL or path, line, column; the columns are equally long. */
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly lines: readonly number[];
  readonly columns: readonly number[];
  /** Where the frame's function begins; 0 where unknown. */
  readonly beginLines: readonly number[];
  readonly beginColumns: readonly number[];
}

/** A dump of tasks. Stacks are leaf first. */
export interface TaskDump extends FrameColumns {
  readonly stacks: readonly (readonly number[])[];
  readonly states: readonly string[];
  /** User labels, one object per distinct set; row 0 is the empty set. */
  readonly labels: readonly (readonly (readonly [string, string])[])[];
  /** One row per task or handle, or per group of equal stack, state and labels. */
  readonly rows: {
    /** Number of the task, of the oldest one in a group. */
    readonly id: readonly number[];
    /** Number of its outermost suspended function, which is the task's for life; several inputs of one `Promise.all` share it. */
    readonly outermost: readonly number[];
    /** 1 for a handle, 0 for a task. */
    readonly handle: readonly number[];
    readonly stack: readonly number[];
    readonly state: readonly number[];
    readonly label: readonly number[];
    /** Frame that started the task, -1 where unknown. */
    readonly createdBy: readonly number[];
    /** Milliseconds that the task, or the oldest of a group, has waited. */
    readonly waited: readonly number[];
    /** Tasks that the row stands for; not whole where tasks were sampled. */
    readonly count: readonly number[];
    /** By how many percent there may be more of the row's stack, state and labels than all its rows say; 0 where all were counted. */
    readonly error: readonly number[];
  };
  readonly total: TaskCount;
  /** Whether tasks were counted or sampled. */
  readonly weights: Weights;
  /** Sentences for the profile's comments. */
  readonly notes: readonly string[];
}
