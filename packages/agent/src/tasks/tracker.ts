// Tracks suspended tasks on the main thread: looks at the stack of new promises, as far as the budget allows, and links them.
import { AsyncLocalStorage } from 'node:async_hooks';
import v8 from 'node:v8';
import { messageOf } from '../errors.ts';
import { setTimeout } from '../own-timers.ts';
import type { CaptureSettings } from '../options.ts';
import { Attention } from './attention.ts';
import { Budget } from './budget.ts';
import { collectHandles, collectTasks, countTasks, hasTaskOf, taskCount, type Tracked } from './collect.ts';
import type { TaskCount, TaskDump } from './dump.ts';
import { callCost, CALLS_PART, CALLS_PER_RUN, CHARGE_CALLS, Duty, LOOKS_PER_WINDOW } from './duty.ts';
import { HandleTable } from './handles.ts';
import { FrameTable, NONE, StackReader, StackTree } from './frames.ts';
import { trackingNotes } from './notes.ts';
import { ACTIVATION, COMBINATOR, DERIVED, TaskRecord } from './record.ts';
import { Run } from './run.ts';
import { Stamp } from './stamp.ts';
import {
  combinators,
  derivers,
  PlainMark,
  plainMarks,
  steppers,
  THEN,
  THREADS,
  vague,
} from './promise-kinds.ts';
import { stateOf, stateOfFile } from './states.ts';
import { WaitingList } from './waiting.ts';

/** Promises after which a run that never ends is counted as a new one, so that the budget can stop looking. */
const LONGEST_RUN = 16;
/** Frames that are enough where the callers are known already. */
const SHALLOW = 4;
/** Frames that tell a function and its caller, where none of Node's own stand between. */
const JUST_CALLED = 3;
/** Frames that tell what kind of promise it is. */
const ROOT_DEPTH = 5;
/** Frames between `new Promise` and the request that its executor makes, Node's own included. */
const EXECUTOR_DEPTH = 16;
/** Most handles that are kept at once. */
const MAX_HANDLES = 200_000;
/** Failures of the hook after which it is taken off. */
const MOST_FAILURES = 10;

/**
 * The tracker. A run is a piece of JavaScript between two promise reactions; the budget admits whole runs, so that what is
 * created and awaited within one is linked by identity. Within an admitted run:
 *
 * - A promise without parent, made where an async function is entered, is that function's own (an activation).
 * - A promise with a parent, made by a function itself rather than by `then`, is made by `await`: the function that is
 *   entered last and matches the stack is suspended, waiting for the parent.
 * - `then` makes derived promises; inside of `Promise.all` and its like they are inputs of that combinator.
 *
 * Neither promises nor call sites are kept: records hang on promises, and refer to them weakly.
 */
export class TaskTracker {
  readonly settings: NonNullable<CaptureSettings['tasks']>;
  readonly #frames = new FrameTable();
  readonly #tree = new StackTree();
  readonly #tables = {
    frames: this.#frames,
    tree: this.#tree,
    weightOf: (look: number): number => this.#budget.weightOf(look),
  };
  readonly #reader = new StackReader(this.#frames);
  readonly #budget: Budget;
  readonly #handles: HandleTable;
  readonly #started = performance.now();
  #running = false;
  /** When tracking began. */
  #tracked = this.#started;
  #outside = (run: () => unknown): void => void run();
  readonly #waiting: WaitingList;
  readonly #run = new Run();
  #open = true;
  /** Whether a function that nobody saw entering was entered before the first look: each run since then was looked at. */
  #knowsOld = false;
  #left = LONGEST_RUN;
  #busy = false;
  #failures = 0;
  #failure = '';
  #stopHook: (() => void) | null = null;
  #duty: Duty | null = null;
  #attention: Attention | null = null;
  #charge = CHARGE_CALLS;
  constructor(settings: NonNullable<CaptureSettings['tasks']>) {
    this.settings = settings;
    this.#budget = new Budget(settings.budget * (1 - CALLS_PART));
    this.#waiting = new WaitingList(this.#budget, settings.maxTasks, this.#started);
    this.#handles = new HandleTable({
      reader: this.#reader,
      tree: this.#tree,
      depth: settings.stackDepth,
      limit: MAX_HANDLES,
      now: () => performance.now() - this.#started,
      budget: this.#budget,
      onResource: this.#onResource,
    });
  }

  /** Starts; tasks are tracked from now on, or from the first look on. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    // Timers are made in the context of the start: in that of a request they would keep the request alive.
    this.#outside = AsyncLocalStorage.snapshot();
    if (this.settings.from === 'start') this.#track();
    if (this.settings.handles !== false) this.#handles.start(this.settings.handles === true);
  }

  /** Arms the hook, where that has not been done yet. */
  #track(): void {
    if (!this.#running || this.#duty !== null || this.settings.budget <= 0) return;
    this.#tracked = performance.now();
    this.#busy = true;
    const cost = callCost(() => {
      this.#arm();
      return this.#disarm;
    });
    this.#busy = false;
    this.#charge = CHARGE_CALLS;
    const outside = this.#outside;
    this.#duty = new Duty(this.settings.budget * CALLS_PART, cost, {
      arm: this.#reopen,
      disarm: this.#windowEnds,
      later: (ms, run) => outside(() => setTimeout(run, Math.max(1, Math.ceil(ms))).unref()),
      now: () => performance.now(),
      random: Math.random,
      spent: () => this.#budget.spent,
      correct: this.#waiting.correct,
    });
    this.#waiting.duty = this.#duty;
    this.#attention = new Attention([this.#budget, this.#duty]);
    this.#knowsOld = this.settings.from === 'first look';
    this.#arm();
  }

  /** Takes the hook off and forgets everything. */
  stop(): void {
    this.#running = false;
    this.#duty?.stop();
    this.#duty = null;
    this.#attention = null;
    this.#waiting.duty = null;
    this.#disarm();
    this.#handles.stop();
    this.#waiting.clear();
  }

  #arm(): void {
    this.#stopHook ??= v8.promiseHooks.createHook({ init: this.#init, before: this.#before }) as () => void;
  }

  readonly #disarm = (): void => {
    this.#stopHook?.();
    this.#stopHook = null;
    this.#knowsOld = false;
  };

  /** A window of the hook begins, or one that has no end: what is left of the last one means nothing any more. */
  readonly #reopen = (): void => {
    this.#run.reset();
    this.#left = LONGEST_RUN;
    const window = this.#duty?.window ?? null;
    if (window === null) this.#budget.unplan();
    else {
      const { off, on, calls } = window;
      this.#budget.plan(off + on, calls / CALLS_PER_RUN, on * LOOKS_PER_WINDOW);
    }
    this.#open = this.#budget.next();
    this.#arm();
  };

  readonly #windowEnds = (): void => {
    this.#disarm();
    this.#budget.unplan();
  };

  #charged(): void {
    this.#charge = CHARGE_CALLS;
    const busy = this.#busy;
    this.#busy = true;
    this.#attention?.check();
    this.#duty?.charge();
    this.#busy = busy;
  }

  /** Number of tasks. */
  count(): number {
    return this.estimate().count;
  }

  /** Number of tasks, and where they are sampled the interval that holds it in 95 of 100 cases. */
  estimate(): TaskCount {
    this.#track();
    return taskCount(countTasks(this.#waiting.swept(), this.#tables));
  }

  /** A dump; one row per task, or per group of equal stack, state and labels. */
  dump(each: boolean): TaskDump {
    this.#track();
    this.#attention?.looked();
    const now = Math.round(performance.now() - this.#started);
    const tracked: Tracked = {
      records: this.#waiting.swept(),
      handles: this.#handles.live(),
      ...this.#tables,
      now,
      weights: this.#isExact ? 'counted' : 'weighted',
      notes: this.#notes(),
    };
    return collectTasks(tracked, each);
  }

  /** A handle or request is made that somebody else has seen: what the executor of a promise makes is what the promise waits for. */
  resourceMade(state: number): void {
    this.#onResource(state, null);
  }

  /** Numbers of what was begun after number `since` and waits, but for what waits for whoever asks. */
  waitingSince(since: number): ReadonlySet<number> {
    const running = this.running();
    return this.#waiting.numbersAfter(since, running);
  }

  /** Whether a task that began with one of these numbers may be there still; a dump tells. */
  mayWait(numbers: ReadonlySet<number>): boolean {
    return hasTaskOf(this.#waiting.records, numbers, this.#tables);
  }

  /** Numbers of the functions that run now, as far as they were seen to be entered, and of those that wait for them in the end. */
  running(): ReadonlySet<number> {
    return this.#run.numbers();
  }

  /** Seconds that looking at promises and handles has taken. */
  get spentSeconds(): number {
    return this.#budget.spent / 1e3;
  }

  /** Workers and child processes that live; null where no handles are looked at. */
  dumpThreads(): TaskDump | null {
    if (this.settings.handles === false) return null;
    const now = Math.round(performance.now() - this.#started);
    return collectHandles({ handles: this.#handles.live(), ...this.#tables, now }, THREADS);
  }

  /** Whether every promise is looked at. */
  get #isExact(): boolean {
    return this.#budget.exact && this.#waiting.thinning === 1 && (this.#duty?.window ?? null) === null;
  }

  #notes(): string[] {
    return trackingNotes({
      settings: this.settings,
      budget: this.#budget,
      duty: this.#duty,
      seconds: (performance.now() - this.#tracked) / 1000,
      rested: this.#attention?.rested ?? 0,
      thinning: this.#waiting.thinning,
      dropped: { handles: this.#handles.dropped, frames: this.#frames.dropped },
      failures: this.#failures,
      failure: this.#failure,
    });
  }

  /** Called for every new promise. */
  readonly #init = (promise: object, parent: object | undefined): void => {
    if (--this.#charge === 0) this.#charged();
    if (--this.#left <= 0) {
      this.#left = LONGEST_RUN;
      const open = this.#budget.next();
      if (open && !this.#open) this.#run.reset();
      this.#open = open;
      this.#knowsOld &&= open;
    }
    if (!this.#open || this.#busy) return;
    this.#busy = true;
    this.#run.isDirty = true;
    const began = performance.now();
    try {
      this.#look(promise, parent, began);
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = false;
    this.#budget.spend(performance.now() - began);
  };

  /** Called before every reaction: a new run begins. */
  readonly #before = (promise: object): void => {
    if (--this.#charge === 0) this.#charged();
    this.#left = LONGEST_RUN;
    this.#open = this.#budget.next();
    this.#knowsOld &&= this.#open;
    const run = this.#run;
    if (run.isDirty) run.reset();
    const record = Stamp.get(promise);
    if (!(record instanceof TaskRecord)) return;
    run.isDirty = true;
    if (record.kind !== COMBINATOR && !record.isWaiting) {
      // Its function, or its handler, has returned a promise or another thenable, whose `then` is called now.
      run.adopting = record;
      return;
    }
    this.#waiting.end(record);
    if (record.kind === ACTIVATION) run.resume(record);
  };

  /** A handle or request is made: what the executor of a promise makes is what the promise waits for. */
  readonly #onResource = (state: number, running: readonly number[] | null): void => {
    if (!this.#open) return;
    if (running !== null)
      this.#run.make(state, () => running.map((frame) => this.#frames.functions[frame] as number));
    const plain = this.#run.takePlain();
    if (plain === null) return;
    let stack = running;
    if (stack === null) {
      const began = performance.now();
      this.#reader.read(EXECUTOR_DEPTH, this.#onResource);
      this.#budget.spend(performance.now() - began);
      stack = this.#reader.sight.running;
    }
    // The executor runs still: who called `new Promise` stands below it, at the same place.
    if (stack.includes(this.#run.plainFrame, 1)) Stamp.put(plain, plainMarks[state] as PlainMark);
  };

  /** Looks at a new promise and makes the record it deserves. */
  #look(promise: object, parent: object | undefined, now: number): void {
    const run = this.#run;
    run.plain = null;
    const { stackDepth } = this.settings;
    const most = parent === undefined ? ROOT_DEPTH : run.knowsCallers ? SHALLOW : stackDepth;
    // V8 takes its time for each frame, and a function that somebody has just called is told by itself and its caller.
    const depth = parent === undefined || run.isInCall ? Math.min(JUST_CALLED, most) : most;
    if (!this.#reader.read(depth, this.#init)) return;
    if (depth < most && !this.#reader.isJustCalled && !this.#reader.read(most, this.#init)) return;
    const { builtins, running } = this.#reader.sight;
    const builtin = builtins[0];
    if (parent === undefined) {
      this.#lookAtRoot(promise, builtin);
      return;
    }
    const target = Stamp.get(parent);
    if (running.length === 0 && run.adopting !== null) {
      // `return promise` in an async function: its own promise follows the returned one from now on.
      run.adopting.follow(target instanceof TaskRecord ? target : null);
      return;
    }
    if (running.length === 0 && builtin !== undefined) return;
    const state = target instanceof PlainMark || target instanceof TaskRecord ? target.state : 0;
    const awaited = target instanceof TaskRecord ? target : null;
    if (builtin === undefined) this.#suspend(promise, awaited, state, now);
    else if (derivers.has(builtin)) this.#derive(promise, awaited, state, now);
  }

  #lookAtRoot(promise: object, builtin: string | undefined): void {
    const { running, builtins } = this.#reader.sight;
    const top = running[0];
    if (top === undefined) return;
    if (builtin === undefined) {
      if (this.#frames.isEntry(top)) {
        const record = TaskRecord.activation(this.#frames.functions[top] as number);
        record.state = this.#stateOfFrames(running);
        Stamp.put(promise, record);
        this.#run.enter(record);
        return;
      }
    } else if (steppers.has(builtin)) {
      const record = TaskRecord.step();
      Stamp.put(promise, record);
      this.#run.enter(record);
      return;
    } else {
      const state = builtins.length === 1 ? combinators.get(builtin) : undefined;
      if (state !== undefined) {
        const record = TaskRecord.combinator();
        record.state = state;
        record.stack = this.#stackOf(running, 0);
        Stamp.put(promise, record);
        this.#run.combinator = record;
        return;
      }
    }
    const state = this.#stateOfFrames(running);
    if (state !== 0) Stamp.put(promise, plainMarks[state] as PlainMark);
    else {
      this.#run.plain = promise;
      this.#run.plainFrame = top;
    }
  }

  /** An `await`: the function on top of the stack is suspended. */
  #suspend(promise: object, target: TaskRecord | null, state: number, now: number): void {
    const { running, awaiting, fromNext } = this.#reader.sight;
    const top = running[0] ?? NONE;
    const fn = this.#frames.functions[top] as number;
    if (this.#isWrapper(promise, target, top)) return;
    const run = this.#run;
    const record = run.suspend(fn, target, fromNext);
    record.confirm();
    record.isInFirstRun = running.length > 1 && record !== run.resumed;
    if (record.isInFirstRun) {
      if (record.createdBy === NONE) record.createdBy = this.#frames.starter(running);
    } else if (record === run.wrapper && this.#knowsOld) record.markOld();
    let node = NONE;
    if (record.isInFirstRun) node = this.#stackOf(running, 1);
    else for (let i = awaiting.length - 1; i >= 0; i--) node = this.#tree.push(node, awaiting[i] as number);
    record.stack = this.#tree.push(node, top);
    const own = stateOfFile(this.#frames.files[top] as string);
    // The state of a function that waits itself is its own; of one that has returned a promise it says what that one is.
    const follows =
      target === null ||
      (target.kind === ACTIVATION ? !target.isConfirmed : target.kind === DERIVED && state !== THEN);
    const inherited = follows ? state : 0;
    record.state = own === 0 ? inherited : own;
    // An event, or a callback, that is awaited by the function that just made a child or a worker is that one's.
    const made = run.madeBy(fn);
    if (made !== 0 && target?.isConfirmed !== true && vague.has(record.state)) record.state = made;
    record.target = target;
    if (target !== null && (target.up === null || target.up.kind === DERIVED)) target.up = record;
    this.#waiting.add(record, promise, now);
  }

  /**
   * For a value that is no promise `await` first wraps it, in a promise whose parent is the function's own. Such a wrapper gets its
   * mark here: it is no wait of the function on top.
   */
  #isWrapper(promise: object, target: TaskRecord | null, top: number): boolean {
    if (target === null) return false;
    const run = this.#run;
    const fn = this.#frames.functions[top] as number;
    const { fromNext } = this.#reader.sight;
    if (target.kind === ACTIVATION && run.isEntered(target) && target.isCallOf(fn, fromNext)) {
      // Where the value is a thenable its `then` is called in a run of the wrapper's, and what that calls stands below.
      const wrapper = TaskRecord.derived();
      wrapper.markInternal();
      Stamp.put(promise, wrapper);
      return true;
    }
    // The same for a function that nobody saw entering: what looked like its wait was the wrapper.
    if (target !== run.wrapper || target.fn !== fn || this.#tree.leaf(target.stack) !== top) return false;
    target.ref = new WeakRef(promise);
    Stamp.put(promise, target);
    run.wrapper = null;
    return true;
  }

  /** A `.then`, by the user or inside of a combinator. */
  #derive(promise: object, target: TaskRecord | null, state: number, now: number): void {
    const { running, builtins } = this.#reader.sight;
    const record = TaskRecord.derived();
    const inside = builtins[1] !== undefined && combinators.has(builtins[1]) ? this.#run.combinator : null;
    record.state = state === 0 || target !== null ? stateOf('then') : state;
    record.target = target;
    if (inside !== null) record.up = inside;
    else record.stack = this.#stackOf(running, 0);
    const maker = running[0];
    if (maker === undefined || (this.#frames.files[maker] as string).startsWith('node:'))
      record.markInternal();
    if (target !== null && (target.up === null || (target.up.kind === DERIVED && inside !== null)))
      target.up = record;
    // A thenable's `then` that calls the `then` of a promise hands on what it was given.
    const { adopting } = this.#run;
    if (adopting?.kind === DERIVED && adopting.target === null && inside === null) adopting.follow(record);
    this.#waiting.add(record, promise, now);
  }

  /** Frames from `from` on as a stack, with the frames that await them below. */
  #stackOf(running: readonly number[], from: number): number {
    const { awaiting } = this.#reader.sight;
    let node = NONE;
    for (let i = awaiting.length - 1; i >= 0; i--) node = this.#tree.push(node, awaiting[i] as number);
    for (let i = running.length - 1; i >= from; i--) node = this.#tree.push(node, running[i] as number);
    return node;
  }

  #stateOfFrames(running: readonly number[]): number {
    for (const frame of running) {
      const file = this.#frames.files[frame] as string;
      if (!file.startsWith('node:')) return 0;
      const state = stateOfFile(file);
      if (state !== 0) return state;
    }
    return 0;
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.#failure = messageOf(error);
    if (this.#failures >= MOST_FAILURES) {
      this.#duty?.stop();
      this.#disarm();
    }
  }
}
