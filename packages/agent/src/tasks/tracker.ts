// Tracks suspended tasks on the main thread: looks at the stack of new promises, as far as the budget allows, and links them.
import { AsyncLocalStorage } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import { messageOf } from '../errors.ts';
import type { CaptureSettings } from '../options.ts';
import { Budget } from './budget.ts';
import { collectTasks, countTasks, taskCount, type Tracked } from './collect.ts';
import type { TaskCount, TaskDump } from './dump.ts';
import { callCost, CHARGE_CALLS, Duty } from './duty.ts';
import { HandleTable } from './handles.ts';
import { FrameTable, NONE, StackReader, StackTree } from './frames.ts';
import { currentLabels } from './labels.ts';
import {
  ACTIVATION,
  ANY_FUNCTION,
  COMBINATOR,
  CONFIRMED,
  DERIVED,
  DONE,
  FIRST_RUN,
  INTERNAL,
  LOCKED,
  OLD,
  TaskRecord,
  WAITING,
} from './record.ts';
import { isPending } from './settled.ts';
import { Stamp } from './stamp.ts';
import { STATES, stateOf, stateOfFile } from './states.ts';

/** Promises after which a run that never ends is counted as a new one, so that the budget can stop looking. */
const LONGEST_RUN = 16;
/** Frames that are enough where the callers are known already. */
const SHALLOW = 4;
/** Frames that tell what kind of promise it is. */
const ROOT_DEPTH = 5;
/** Frames between `new Promise` and the request that its executor makes, Node's own included. */
const EXECUTOR_DEPTH = 16;
/** Waiting records after which those are looked for that wait no more. */
const FIRST_SWEEP = 1024;
/** Most handles that are kept at once. */
const MAX_HANDLES = 200_000;
/** Failures of the hook after which it is taken off. */
const MOST_FAILURES = 10;
/** Part of the budget that is for being called at all; the rest is for looking. */
const CALLS_PART = 0.25;
/** Part of a window's time that may go into looking. */
const LOOKS_PER_WINDOW = 0.3;
/** Calls of the hook per run, roughly. */
const CALLS_PER_RUN = 2.5;
/** Calls of the hook per promise, roughly: each is made, and about every second one has a reaction. */
const CALLS_PER_PROMISE = 1.5;
/** Promises per second from which on what V8 inlines no more is worth a word. */
const MANY_PROMISES = 500_000;

/** Numbers are never used twice in a process. */
let nextId = 1;

/** Mark of a promise that no async function made: only what it waits for is known. */
class PlainMark {
  readonly state: number;
  constructor(state: number) {
    this.state = state;
  }
}

/** Mark of a wait that is kept no more. */
class ThinnedMark {}

const THINNED = new ThinnedMark();

const plainMarks = STATES.map((_, state) => new PlainMark(state));

const combinators: ReadonlyMap<string, number> = new Map([
  ['all', stateOf('promise all')],
  ['race', stateOf('promise race')],
  ['any', stateOf('promise any')],
  ['allSettled', stateOf('promise allSettled')],
]);
const RACE = stateOf('promise race');
const THEN = stateOf('then');
const derivers: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);
const steppers: ReadonlySet<string> = new Set(['next', 'return', 'throw']);

/** Handles that a function makes in order to wait for them, and the states that leave open what is waited for. */
const starters: ReadonlySet<number> = new Set([stateOf('child process'), stateOf('worker')]);
const vague: ReadonlySet<number> = new Set([stateOf('await'), stateOf('event'), stateOf('timer')]);

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
  /** All waiting records. */
  readonly #waiting: TaskRecord[] = [];
  /** Activations that run or were entered in this run, outermost first. */
  readonly #entered: TaskRecord[] = [];
  #open = true;
  /** Whether a function that nobody saw entering was entered before the first look: each run since then was looked at. */
  #knowsOld = false;
  #left = LONGEST_RUN;
  #busy = false;
  /** Whether the run has left something behind that the next one must not see. */
  #dirty = false;
  /** Activation that this run resumed. */
  #resumed: TaskRecord | null = null;
  /** Activation whose returned promise is being adopted in this run. */
  #adopting: TaskRecord | null = null;
  #combinator: TaskRecord | null = null;
  /** The record made last for a function that nobody saw entering. */
  #wrapper: TaskRecord | null = null;
  /** The promise made last by `new Promise`, whose executor may make a handle, and the frame that called `new Promise`. */
  #lastPlain: object | null = null;
  #lastPlainFrame = NONE;
  /** State of the child or worker that was made last in this run, 0 for none, and the functions that were running then. */
  #resource = 0;
  #resourceFunctions: readonly number[] = [];
  /** One run in this many is looked at because there are so many live tasks; a power of two. */
  #thinning = 1;
  #sweepAt: number;
  #failures = 0;
  #failure = '';
  #stopHook: (() => void) | null = null;
  #duty: Duty | null = null;
  #charge = CHARGE_CALLS;
  /** Records of this turn of the loop, or of this window: how much they stand for is known when it has ended. */
  readonly #inWindow = new Set<TaskRecord>();

  constructor(settings: NonNullable<CaptureSettings['tasks']>) {
    this.settings = settings;
    this.#sweepAt = Math.min(FIRST_SWEEP, settings.maxTasks);
    this.#budget = new Budget(settings.budget * (1 - CALLS_PART));
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
      correct: this.#correct,
    });
    this.#knowsOld = this.settings.from === 'first look';
    this.#arm();
  }

  /** Takes the hook off and forgets everything. */
  stop(): void {
    this.#running = false;
    this.#duty?.stop();
    this.#duty = null;
    this.#disarm();
    this.#inWindow.clear();
    this.#handles.stop();
    // The records live on with their promises, and must not meet the list of another tracker.
    for (const record of this.#waiting) {
      record.slot = -1;
      record.ref = null;
      record.flags = (record.flags & ~WAITING) | DONE;
    }
    this.#waiting.length = 0;
  }

  #arm(): void {
    this.#stopHook ??= promiseHooks.createHook({ init: this.#init, before: this.#before }) as () => void;
  }

  readonly #disarm = (): void => {
    this.#stopHook?.();
    this.#stopHook = null;
    this.#knowsOld = false;
  };

  /** A window of the hook begins, or one that has no end: what is left of the last one means nothing any more. */
  readonly #reopen = (): void => {
    this.#forgetRun();
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

  /** What was seen in this window until now stands for `factor` times as much. */
  readonly #correct = (factor: number): void => {
    if (factor !== 1) for (const record of this.#inWindow) record.scale(factor, true);
    this.#inWindow.clear();
  };

  #charged(): void {
    this.#charge = CHARGE_CALLS;
    const busy = this.#busy;
    this.#busy = true;
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
    return taskCount(countTasks(this.#swept(), this.#tables));
  }

  /** A dump; one row per task, or per group of equal stack, state and labels. */
  dump(each: boolean): TaskDump {
    this.#track();
    const now = Math.round(performance.now() - this.#started);
    const tracked: Tracked = {
      records: this.#swept(),
      handles: this.#handles.live(),
      ...this.#tables,
      now,
      weights: this.#isExact ? 'counted' : 'weighted',
      notes: this.#notes(),
    };
    return collectTasks(tracked, each);
  }

  /** Whether every promise is looked at. */
  get #isExact(): boolean {
    return this.#budget.exact && this.#thinning === 1 && (this.#duty?.window ?? null) === null;
  }

  #notes(): string[] {
    const seconds = (performance.now() - this.#tracked) / 1000;
    const spent = this.#budget.spent + (this.#duty?.spent ?? 0);
    const share = ((spent / 1000 / seconds) * 100).toFixed(2);
    const notes = [
      `tasks: tracking took ${share} % of one CPU, the budget is ${this.settings.budget * 100} %`,
    ];
    if (this.settings.from === 'first look')
      notes.push(
        `tasks: tracked for ${seconds.toFixed(1)} s, since the first look; what was suspended before is in goroutine?source=heap`,
      );
    const promises = (this.#duty?.rate ?? 0) / CALLS_PER_PROMISE;
    if (promises > MANY_PROMISES)
      notes.push(
        `tasks: about ${(promises / 1e6).toFixed(1)} million promises a second; V8 inlines less of each once a hook was set: in the order of 10 ns, which are not in the budget`,
      );
    const unseen = this.#duty?.unseen ?? 0;
    if (unseen > 0)
      notes.push(
        `tasks: a turn of the event loop made so many promises that its last ${Math.ceil(unseen)} ms were not looked at; what was made then is reckoned from what was made before`,
      );
    if (this.#thinning > 1)
      notes.push(
        `tasks: so many live that one in ${this.#thinning} is kept and counts for as many; tasks.maxTasks is ${this.settings.maxTasks}`,
      );
    if (this.settings.handles !== true)
      notes.push(
        'handles: sockets, servers, child processes and workers; the option tasks.handles adds timers, watchers and file handles',
      );
    if (this.#handles.dropped > 0) notes.push(`handles: ${this.#handles.dropped} dropped`);
    if (this.#frames.dropped > 0) notes.push(`tasks: ${this.#frames.dropped} frames found no room`);
    if (this.#failure !== '') notes.push(`tasks: the hook failed ${this.#failures} times: ${this.#failure}`);
    return notes;
  }

  /** Called for every new promise. */
  readonly #init = (promise: object, parent: object | undefined): void => {
    if (--this.#charge === 0) this.#charged();
    if (--this.#left <= 0) {
      this.#left = LONGEST_RUN;
      const open = this.#budget.next();
      if (open && !this.#open) this.#forgetRun();
      this.#open = open;
      this.#knowsOld &&= open;
    }
    if (!this.#open || this.#busy) return;
    this.#busy = true;
    this.#dirty = true;
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
    if (this.#dirty) this.#forgetRun();
    const record = Stamp.get(promise);
    if (!(record instanceof TaskRecord)) return;
    this.#dirty = true;
    if (record.kind !== COMBINATOR && !record.has(WAITING)) {
      // Its function, or its handler, has returned a promise or another thenable, whose `then` is called now.
      this.#adopting = record;
      return;
    }
    this.#end(record);
    if (record.kind === ACTIVATION) {
      this.#resumed = record;
      this.#entered.push(record);
    }
  };

  /** A wait is over. */
  #end(record: TaskRecord): void {
    this.#remove(record);
    if (record.target !== null && record.target.up === record) record.target.up = null;
    record.target = null;
    if (record.kind === ACTIVATION) return;
    record.flags |= DONE;
    // The first input decides a race: nobody waits for the others any more, though their promises may live on.
    if (record.up?.kind === COMBINATOR && record.up.state === RACE) record.up.flags |= DONE;
  }

  #forgetRun(): void {
    this.#dirty = false;
    this.#entered.length = 0;
    this.#resumed = null;
    this.#adopting = null;
    this.#combinator = null;
    this.#wrapper = null;
    this.#lastPlain = null;
    this.#resource = 0;
  }

  /** A handle or request is made: what the executor of a promise makes is what the promise waits for. */
  readonly #onResource = (state: number, running: readonly number[] | null): void => {
    if (!this.#open) return;
    if (starters.has(state) && running !== null) {
      this.#resource = state;
      this.#resourceFunctions = running.map((frame) => this.#frames.functions[frame] as number);
    }
    const plain = this.#lastPlain;
    if (plain === null) return;
    this.#lastPlain = null;
    let stack = running;
    if (stack === null) {
      const began = performance.now();
      this.#reader.read(EXECUTOR_DEPTH, this.#onResource);
      this.#budget.spend(performance.now() - began);
      stack = this.#reader.sight.running;
    }
    // The executor runs still: who called `new Promise` stands below it, at the same place.
    if (stack.includes(this.#lastPlainFrame, 1)) Stamp.put(plain, plainMarks[state] as PlainMark);
  };

  /** Looks at a new promise and makes the record it deserves. */
  #look(promise: object, parent: object | undefined, now: number): void {
    const last = this.#lastPlain;
    this.#lastPlain = null;
    const callersKnown = this.#resumed !== null && this.#resumed.up !== null && this.#entered.length === 1;
    const depth = parent === undefined ? ROOT_DEPTH : callersKnown ? SHALLOW : this.settings.stackDepth;
    if (!this.#reader.read(depth, this.#init)) return;
    const { builtins, running } = this.#reader.sight;
    const builtin = builtins[0];
    if (parent === undefined) {
      this.#lookAtRoot(promise, builtin);
      return;
    }
    const target = Stamp.get(parent);
    if (running.length === 0 && this.#adopting !== null) {
      // `return promise` in an async function: its own promise follows the returned one from now on.
      this.#lock(this.#adopting, target instanceof TaskRecord ? target : null);
      return;
    }
    if (running.length === 0 && builtin !== undefined) return;
    const state = target instanceof PlainMark || target instanceof TaskRecord ? target.state : 0;
    const awaited = target instanceof TaskRecord ? target : null;
    if (builtin === undefined) this.#suspend(promise, awaited, state, now);
    else if (derivers.has(builtin)) this.#derive(promise, awaited, state, now);
    if (last === parent) this.#lastPlain = null;
  }

  /** `record` follows `target` from now on. */
  #lock(record: TaskRecord, target: TaskRecord | null): void {
    record.flags = (record.flags & ~DONE) | LOCKED;
    if (target === null) return;
    record.target = target;
    target.up ??= record;
  }

  #lookAtRoot(promise: object, builtin: string | undefined): void {
    const { running, builtins } = this.#reader.sight;
    const top = running[0];
    if (top === undefined) return;
    if (builtin === undefined) {
      if (this.#frames.isEntry(top)) {
        const record = new TaskRecord(nextId++, ACTIVATION, this.#frames.functions[top] as number);
        record.state = this.#stateOfFrames(running);
        Stamp.put(promise, record);
        this.#entered.push(record);
        return;
      }
    } else if (steppers.has(builtin)) {
      const record = new TaskRecord(nextId++, ACTIVATION | ANY_FUNCTION, -1);
      Stamp.put(promise, record);
      this.#entered.push(record);
      return;
    } else {
      const state = builtins.length === 1 ? combinators.get(builtin) : undefined;
      if (state !== undefined) {
        const record = new TaskRecord(nextId++, COMBINATOR, -1);
        record.state = state;
        record.stack = this.#stackOf(running, 0);
        Stamp.put(promise, record);
        this.#combinator = record;
        return;
      }
    }
    const state = this.#stateOfFrames(running);
    if (state !== 0) Stamp.put(promise, plainMarks[state] as PlainMark);
    else {
      this.#lastPlain = promise;
      this.#lastPlainFrame = top;
    }
  }

  /** An `await`: the function on top of the stack is suspended. */
  #suspend(promise: object, target: TaskRecord | null, state: number, now: number): void {
    const { running, awaiting, fromNext } = this.#reader.sight;
    const top = running[0] ?? NONE;
    const fn = this.#frames.functions[top] as number;
    // For a value that is no promise `await` first wraps it, in a promise whose parent is the function's own.
    if (
      target !== null &&
      this.#isEntered(target) &&
      (target.fn === fn || (fromNext && target.has(ANY_FUNCTION)))
    ) {
      // Where the value is a thenable its `then` is called in a run of the wrapper's, and what that calls stands below.
      Stamp.put(promise, new TaskRecord(nextId++, DERIVED | INTERNAL, -1));
      return;
    }
    // The same for a function that nobody saw entering: what looked like its wait was the wrapper.
    const wrapped =
      target !== null &&
      target === this.#wrapper &&
      target.fn === fn &&
      this.#tree.leaf(target.stack) === top;
    if (wrapped) {
      target.ref = new WeakRef(promise);
      Stamp.put(promise, target);
      this.#wrapper = null;
      return;
    }
    const record = this.#suspending(fn, target, fromNext);
    record.flags |= CONFIRMED;
    const callers = running.length > 1;
    if (callers && record !== this.#resumed) {
      record.flags |= FIRST_RUN;
      if (record.createdBy === NONE) record.createdBy = this.#starter(running);
    } else {
      record.flags &= ~FIRST_RUN;
      if (record === this.#wrapper && this.#knowsOld) record.flags |= OLD;
    }
    let node = NONE;
    if (record.has(FIRST_RUN)) node = this.#stackOf(running, 1);
    else for (let i = awaiting.length - 1; i >= 0; i--) node = this.#tree.push(node, awaiting[i] as number);
    record.stack = this.#tree.push(node, top);
    const own = stateOfFile(this.#frames.files[top] as string);
    // The state of a function that waits itself is its own; of one that has returned a promise it says what that one is.
    const follows =
      target === null ||
      (target.kind === ACTIVATION ? !target.has(CONFIRMED) : target.kind === DERIVED && state !== THEN);
    const inherited = follows ? state : 0;
    record.state = own === 0 ? inherited : own;
    // An event, or a callback, that is awaited by the function that just made a child or a worker is that one's.
    const starts = starters.has(this.#resource) && this.#resourceFunctions.includes(fn);
    if (starts && target?.has(CONFIRMED) !== true && vague.has(record.state)) record.state = this.#resource;
    record.target = target;
    if (target !== null && (target.up === null || target.up.kind === DERIVED)) target.up = record;
    this.#wait(promise, record, now);
  }

  /** Who called the function on top: the first caller outside of Node, else the first one. */
  #starter(running: readonly number[]): number {
    for (let i = 1; i < running.length; i++) {
      if (!(this.#frames.files[running[i] as number] as string).startsWith('node:'))
        return running[i] as number;
    }
    return running[1] as number;
  }

  /** The activation that suspends: the innermost one entered whose function it is, else one that nobody saw entering. */
  #suspending(fn: number, target: TaskRecord | null, fromNext: boolean): TaskRecord {
    const entered = this.#entered;
    for (let i = entered.length - 1; i >= 0; i--) {
      const record = entered[i] as TaskRecord;
      if (record === target) continue;
      if (record.fn === fn || (fromNext && record.has(ANY_FUNCTION))) {
        record.fn = fn;
        record.flags &= ~ANY_FUNCTION;
        entered.length = i;
        return record;
      }
    }
    this.#wrapper = new TaskRecord(nextId++, ACTIVATION, fn);
    return this.#wrapper;
  }

  #isEntered(record: TaskRecord): boolean {
    return record.kind === ACTIVATION && this.#entered.includes(record);
  }

  /** A `.then`, by the user or inside of a combinator. */
  #derive(promise: object, target: TaskRecord | null, state: number, now: number): void {
    const { running, builtins } = this.#reader.sight;
    const record = new TaskRecord(nextId++, DERIVED, -1);
    const inside = builtins[1] !== undefined && combinators.has(builtins[1]) ? this.#combinator : null;
    record.state = state === 0 || target !== null ? stateOf('then') : state;
    record.target = target;
    if (inside !== null) record.up = inside;
    else record.stack = this.#stackOf(running, 0);
    const maker = running[0];
    if (maker === undefined || (this.#frames.files[maker] as string).startsWith('node:'))
      record.flags |= INTERNAL;
    if (target !== null && (target.up === null || (target.up.kind === DERIVED && inside !== null)))
      target.up = record;
    // A thenable's `then` that calls the `then` of a promise hands on what it was given.
    const adopting = this.#adopting;
    if (adopting?.kind === DERIVED && adopting.target === null && inside === null)
      this.#lock(adopting, record);
    this.#wait(promise, record, now);
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

  /** Puts a record on the list. */
  #wait(promise: object, record: TaskRecord, now: number): void {
    if (this.#waiting.length >= this.#sweepAt) this.#makeRoom();
    // A wait whose end nobody saw.
    if (record.slot >= 0) this.#remove(record);
    record.flags |= WAITING;
    record.since = Math.round(now - this.#started);
    const windows = this.#duty?.weight ?? 1;
    record.weight = this.#budget.weight * windows;
    record.cluster = (this.#duty?.window ?? null) === null ? this.#budget.look : -(this.#duty?.windows ?? 1);
    if (this.#duty?.unsettled === true) this.#inWindow.add(record);
    record.labels = currentLabels();
    record.ref = new WeakRef(promise);
    record.slot = this.#waiting.push(record) - 1;
    Stamp.put(promise, record);
  }

  #remove(record: TaskRecord): void {
    this.#inWindow.delete(record);
    record.flags &= ~WAITING;
    record.ref = null;
    const { slot } = record;
    if (slot < 0) return;
    record.slot = -1;
    const last = this.#waiting.pop() as TaskRecord;
    if (last !== record) {
      this.#waiting[slot] = last;
      last.slot = slot;
    }
    // So few live again that all of them have room.
    if (this.#thinning > 1 && this.#waiting.length * this.#thinning < this.settings.maxTasks / 4)
      this.#thinBy(1);
  }

  /** Takes out what waits no more; where there are still too many, half of them. */
  #makeRoom(): void {
    const began = performance.now();
    const { maxTasks } = this.settings;
    this.#swept();
    if (this.#waiting.length > maxTasks / 2) this.#thin();
    // What is left may grow by half before the next time.
    this.#sweepAt = Math.min(maxTasks, Math.max(FIRST_SWEEP, this.#waiting.length * 1.5));
    this.#budget.spend(performance.now() - began);
  }

  /**
   * Keeps one of every two neighbours on the list, by lot, for both. The other one is from now on as if its function had been
   * suspended in a run that was not looked at, which is how later ones are thinned.
   */
  #thin(): void {
    const waiting = [...this.#waiting];
    for (let i = 0; i + 1 < waiting.length; i += 2) {
      const first = Math.random() < 0.5;
      const kept = waiting[first ? i : i + 1] as TaskRecord;
      const other = waiting[first ? i + 1 : i] as TaskRecord;
      kept.scale(2);
      const promise = other.ref?.deref();
      if (promise !== undefined) Stamp.replace(promise, THINNED);
      this.#remove(other);
      // An input that stands for a function's wait: whoever waits for all inputs is no task of its own.
      if (other.kind === DERIVED && other.up?.kind === COMBINATOR && other.target?.kind === ACTIVATION)
        other.up.flags |= CONFIRMED;
    }
    this.#thinBy(this.#thinning * 2);
  }

  #thinBy(thinning: number): void {
    this.#thinning = thinning;
    this.#budget.thin(1 / thinning);
  }

  /**
   * The waiting records whose promises are still there and still pending. A promise that nothing can settle any more is collected;
   * one that was settled while the hook was off has told nobody.
   */
  #swept(): readonly TaskRecord[] {
    const gaps = (this.#duty?.gaps ?? []).map(({ at, off }) => ({ to: at - this.#started, off }));
    const lastOff = (this.#duty?.lastOff ?? -1) - this.#started;
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const record = this.#waiting[i] as TaskRecord;
      record.edge = gaps.some(({ to, off }) => record.since <= to && record.since >= to - off);
      const promise = record.ref?.deref();
      if (promise === undefined) {
        record.flags |= DONE;
        this.#remove(record);
      } else if (record.since <= lastOff && !isPending(promise)) this.#end(record);
    }
    return this.#waiting;
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
