// Turns waiting records into tasks: which of them are leaves, what each one's stack is, how they group.
import type { Weights } from '@stackpile/profile';
import type { TaskCount, TaskDump } from './dump.ts';
import { DumpBuilder } from './dump-builder.ts';
import { Estimate, type Sampled } from './estimate.ts';
import type { FrameTable, StackTree } from './frames.ts';
import type { HandleRecord } from './handles.ts';
import { ACTIVATION, COMBINATOR, DERIVED, type TaskRecord } from './record.ts';
import { stateOf } from './states.ts';

/** What a dump is made from. */
export interface Tracked {
  readonly records: readonly TaskRecord[];
  readonly handles: Iterable<HandleRecord>;
  readonly frames: FrameTable;
  readonly tree: StackTree;
  /** Milliseconds since the tracker's start. */
  readonly now: number;
  readonly weights: Weights;
  readonly notes: readonly string[];
  /** See `Estimate`. */
  readonly weightOf: (look: number) => number;
}

/** Longest chain that is followed; a cycle of promises that wait for each other ends here. */
const LONGEST_CHAIN = 256;
const MAX_FRAMES = 128;
const DEADLOCK = stateOf('deadlock');

/** Node's loader and main script, which everything hangs on. */
function isLoader(file: string): boolean {
  return file.startsWith('node:internal/modules/') || file.startsWith('node:internal/process/');
}

/** Inputs of the combinators, which are reached from below only. */
type Inputs = ReadonlyMap<TaskRecord, readonly TaskRecord[]>;

function inputsOf(records: readonly TaskRecord[]): Inputs {
  const inputs = new Map<TaskRecord, TaskRecord[]>();
  for (const record of records) {
    if (record.kind !== DERIVED || record.up?.kind !== COMBINATOR) continue;
    const known = inputs.get(record.up);
    if (known === undefined) inputs.set(record.up, [record]);
    else known.push(record);
  }
  return inputs;
}

/**
 * Whether some task is drawn through `record` up to `up`: then `up` is a frame of that task and no task itself. A promise
 * that several wait for is drawn under the first of them; the others are tasks of their own.
 */
function carries(record: TaskRecord | null, up: TaskRecord, inputs: Inputs, depth = 0): boolean {
  if (record === null || record.up !== up || record.isDone || depth > LONGEST_CHAIN) return false;
  switch (record.kind) {
    case ACTIVATION:
      if (record.isWaiting) return !isInCycle(record);
      if (record.isLocked) return carries(record.target, record, inputs, depth + 1);
      // Suspended in a run that was not looked at: another sample stands for it.
      return record.isConfirmed;
    case DERIVED:
      return carries(record.target, record, inputs, depth + 1);
    default:
      // Inputs that are kept no more stand under it as well.
      if (record.isConfirmed) return true;
      return (inputs.get(record) ?? []).some((input) => carries(input, record, inputs, depth + 1));
  }
}

/** Whether a record waits for itself in the end: nobody in the circle would be a leaf. */
function isInCycle(record: TaskRecord): boolean {
  let at = record.target;
  for (let i = 0; at !== null && i < LONGEST_CHAIN; i++) {
    if (at === record) return true;
    at = at.isDone ? null : at.target;
  }
  return false;
}

/** Whether a record of a circle is the one that the circle is told by: the function that stands first, the same in every dump. */
function leadsCycle(record: TaskRecord, { frames, tree }: Pick<Tracked, 'frames' | 'tree'>): boolean {
  const own = tree.leaf(record.stack);
  const isBefore = (frame: number): boolean => {
    const [file, other] = [frames.files[own] as string, frames.files[frame] as string];
    if (file !== other) return other < file;
    const [line, otherLine] = [frames.lines[own] as number, frames.lines[frame] as number];
    if (line !== otherLine) return otherLine < line;
    return (frames.columns[frame] as number) < (frames.columns[own] as number);
  };
  let at = record.target;
  for (let i = 0; at !== null && at !== record && i < LONGEST_CHAIN; i++) {
    if (at.kind === ACTIVATION && at.isWaiting) {
      const frame = tree.leaf(at.stack);
      if (isBefore(frame) || (frame === own && at.id < record.id)) return false;
    }
    at = at.target;
  }
  return true;
}

/** The activation that waits for `record`, past `.then`s, combinators and functions that have returned a promise. */
function awaiterOf(record: TaskRecord): TaskRecord | null {
  let up = record.up;
  for (let i = 0; up !== null && i < LONGEST_CHAIN; i++) {
    if (up.isDone) return null;
    if (up.kind === ACTIVATION && up.isWaiting) return up;
    if (up.kind === ACTIVATION && !up.isLocked) return null;
    up = up.up;
  }
  return null;
}

/** Whether a waiting record is a task of its own rather than a frame or a step of another one. */
function isTask(record: TaskRecord, inputs: Inputs, tables: Pick<Tracked, 'frames' | 'tree'>): boolean {
  if (carries(record.target, record, inputs)) return false;
  if (record.kind === ACTIVATION) return !isInCycle(record) || leadsCycle(record, tables);
  if (record.isInternal) return false;
  if (record.target !== null && record.target.kind !== ACTIVATION && record.target.isWaiting) return false;
  if (awaiterOf(record) !== null) return false;
  const { up } = record;
  if (up?.kind !== COMBINATOR) return true;
  // A combinator that nobody awaits is one task, told by the first of its inputs.
  const all = inputs.get(up) ?? [];
  return !up.isDone && all[0] === record && !all.some((input) => carries(input.target, input, inputs));
}

/**
 * Whether the outermost function of a task was entered before the first look. Such a task shows only once it goes on: to count
 * it would be to take what has been there all the time for something that comes.
 */
function isOld(task: TaskRecord): boolean {
  return outermostOf(task).isOld;
}

/** The function that waits for a task in the end, which began it. */
function outermostOf(task: TaskRecord): TaskRecord {
  let outermost = task;
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    const awaiter = awaiterOf(outermost);
    if (awaiter === null || awaiter === task) break;
    outermost = awaiter;
  }
  return outermost;
}

/** The task that a waiting record stands for, whoever it may be. */
function stackOf(task: TaskRecord, tree: StackTree): Task {
  const frames: number[] = [];
  let record = task;
  if (task.kind === DERIVED) {
    const holder = task.up?.kind === COMBINATOR ? task.up : task;
    return { frames: tree.frames(holder.stack), createdBy: 0, outermost: task.id };
  }
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    const awaiter = awaiterOf(record);
    if (awaiter === task) {
      frames.push(tree.leaf(record.stack));
      break;
    }
    if (awaiter === null) {
      const own = tree.frames(record.stack);
      // What ran when it was suspended for the first time started it; what awaited it belongs to it.
      if (record.isInFirstRun) frames.push(own[0] as number);
      else frames.push(...own);
      break;
    }
    frames.push(tree.leaf(record.stack));
    record = awaiter;
  }
  return { frames: frames.slice(0, MAX_FRAMES), createdBy: record.createdBy, outermost: record.id };
}

/** Takes off what everything hangs on: Node's loader and main script. */
function withoutLoader(stack: number[], { files }: FrameTable): number[] {
  while (stack.length > 0 && isLoader(files[stack.at(-1) as number] as string)) stack.pop();
  return stack;
}

/** A task that is shown. */
interface Task {
  /** Leaf first. */
  readonly frames: number[];
  /** Frame that started it, 0 where unknown. */
  readonly createdBy: number;
  /** Number of the outermost suspended function. */
  readonly outermost: number;
}

/** Why a waiting record is not: it is part of another task, or has no frames; began before the first look; is Node's own. */
type Hidden = 'part' | 'old' | 'internal';

/** The task that a waiting record stands for. */
function taskOf(record: TaskRecord, inputs: Inputs, tables: Pick<Tracked, 'frames' | 'tree'>): Task | Hidden {
  if (!isTask(record, inputs, tables)) return 'part';
  if (isOld(record)) return 'old';
  const task = stackOf(record, tables.tree);
  const { files } = tables.frames;
  if (withoutLoader(task.frames, tables.frames).length === 0) return 'part';
  return task.frames.every((frame) => (files[frame] as string).startsWith('node:')) ? 'internal' : task;
}

/** An interval in words. */
export function confidence([low, high]: readonly [number, number]): string {
  return `between ${low} and ${high} with 95 % confidence`;
}

/** An estimate in whole tasks. */
export function taskCount(estimate: Estimate): TaskCount {
  const [low, high] = estimate.between;
  const count = Math.round(estimate.count);
  return { count, between: estimate.error === 0 ? null : [Math.floor(low), Math.ceil(high)] };
}

/** Number of tasks, weighted: as many as {@link collectTasks} shows, handles aside. */
export function countTasks(
  records: readonly TaskRecord[],
  tables: Pick<Tracked, 'frames' | 'tree' | 'weightOf'>,
): Estimate {
  const inputs = inputsOf(records);
  const estimate = new Estimate(tables.weightOf);
  for (const record of records) if (typeof taskOf(record, inputs, tables) !== 'string') estimate.add(record);
  return estimate;
}

/** Whether one of the tasks began with one of these numbers. */
export function hasTaskOf(
  records: readonly TaskRecord[],
  numbers: ReadonlySet<number>,
  tables: Pick<Tracked, 'frames' | 'tree'>,
): boolean {
  if (numbers.size === 0) return false;
  const inputs = inputsOf(records);
  return records.some((record) => {
    if (!numbers.has(outermostOf(record).id)) return false;
    const task = taskOf(record, inputs, tables);
    return typeof task !== 'string' && numbers.has(task.outermost);
  });
}

/** Handles are never sampled. */
const COUNTED: Sampled = { weight: 1, guessed: 0, cluster: 0, edge: false };

/** How many waiting records are not shown, by why. */
type HiddenCounts = Record<Hidden, number>;

/** Makes the dump; see {@link TaskDump}. */
export function collectTasks(tracked: Tracked, each: boolean): TaskDump {
  const builder = new DumpBuilder(tracked.frames, each, tracked.weightOf);
  const total = new Estimate(tracked.weightOf);
  const hidden = addTasks(builder, total, tracked, each);
  addHandles(builder, tracked);
  const count = taskCount(total);
  const notes = [...tracked.notes, ...notesOf(count, hidden)];
  return { ...builder.tables(), total: count, weights: tracked.weights, notes };
}

/** Adds every task to the dump and to `total`, roughly by age where `each` is true, as in Go's list. */
function addTasks(builder: DumpBuilder, total: Estimate, tracked: Tracked, each: boolean): HiddenCounts {
  const { records, now } = tracked;
  const inputs = inputsOf(records);
  const hidden: HiddenCounts = { part: 0, old: 0, internal: 0 };
  for (const record of each ? [...records].sort((a, b) => a.id - b.id) : records) {
    const task = taskOf(record, inputs, tracked);
    if (typeof task === 'string') {
      hidden[task] += record.weight;
      continue;
    }
    const holder = record.kind === DERIVED && record.up?.kind === COMBINATOR ? record.up : record;
    const { id, since, labels } = record;
    total.add(record);
    const state = isInCycle(record) ? DEADLOCK : holder.state;
    builder.add({ id, handle: 0, ...task, state, labels, waited: now - since, sampled: record });
  }
  return hidden;
}

/** What handles alone are collected from. */
type TrackedHandles = Pick<Tracked, 'handles' | 'tree' | 'frames' | 'now' | 'weightOf'>;

/** The dump of handles alone, of some states. */
export function collectHandles(tracked: TrackedHandles, states: ReadonlySet<number>): TaskDump {
  const { frames, weightOf } = tracked;
  const builder = new DumpBuilder(frames, false, weightOf);
  const handles = [...tracked.handles].filter(({ state }) => states.has(state));
  addHandles(builder, { ...tracked, handles });
  return { ...builder.tables(), total: { count: 0, between: null }, weights: 'counted', notes: [] };
}

function addHandles(builder: DumpBuilder, { handles, tree, frames: table, now }: TrackedHandles): void {
  for (const { id, since, stack, state, labels } of handles) {
    const frames = withoutLoader(tree.frames(stack), table);
    if (frames.length === 0) continue;
    const waited = Math.round(now - since);
    builder.add({
      id,
      outermost: id,
      handle: 1,
      frames,
      createdBy: 0,
      state,
      labels,
      waited,
      sampled: COUNTED,
    });
  }
}

function notesOf({ count, between }: TaskCount, { internal, old }: HiddenCounts): string[] {
  const notes: string[] = [];
  if (between !== null) notes.push(`tasks: ${count}, ${confidence(between)}`);
  if (internal > 0) notes.push(`tasks: ${Math.round(internal)} of Node's own are left out`);
  if (old > 0) notes.push(`tasks: ${Math.round(old)} that were under way at the first look are left out`);
  return notes;
}
