// What is known within one run: a piece of JavaScript between two promise reactions.
import { NONE } from './frames.ts';
import { TaskRecord } from './record.ts';
import { stateOf } from './states.ts';

/** Handles that a function makes in order to wait for them. */
const starters: ReadonlySet<number> = new Set([stateOf('child process'), stateOf('worker')]);
/** Functions that may wait for each other in a row. */
const MOST_AWAITERS = 256;

/** The run that goes on; {@link reset} begins another one. */
export class Run {
  /** Activations that run or were entered in this run, outermost first. */
  readonly #entered: TaskRecord[] = [];
  /** Whether the run has left something behind that the next one must not see. */
  isDirty = false;
  /** Activation that this run resumed. */
  resumed: TaskRecord | null = null;
  /** Record whose returned promise is being adopted in this run. */
  adopting: TaskRecord | null = null;
  combinator: TaskRecord | null = null;
  /** The record made last for a function that nobody saw entering. */
  wrapper: TaskRecord | null = null;
  /** The promise made last by `new Promise`, whose executor may make a handle, and the frame that called `new Promise`. */
  plain: object | null = null;
  plainFrame: number = NONE;
  /** State of the child or worker that was made last, 0 for none, and the functions that were running then. */
  #resource = 0;
  #resourceFunctions: readonly number[] = [];

  /** Forgets everything. */
  reset(): void {
    this.isDirty = false;
    this.#entered.length = 0;
    this.resumed = null;
    this.adopting = null;
    this.combinator = null;
    this.wrapper = null;
    this.plain = null;
    this.#resource = 0;
  }

  /** Whether all that is known of the callers is known from the function that this run resumed. */
  get knowsCallers(): boolean {
    return this.resumed !== null && this.resumed.up !== null && this.#entered.length === 1;
  }

  /** Whether a function that was entered in this run goes on, rather than the one that it resumed. */
  get isInCall(): boolean {
    return this.#entered.length > (this.resumed === null ? 0 : 1);
  }

  /** Numbers of the activations that run or were entered in this run, and of those that wait for them in the end. */
  numbers(): ReadonlySet<number> {
    const found = new Set<number>();
    for (const entered of this.#entered) {
      let record: TaskRecord | null = entered;
      for (let i = 0; record !== null && !found.has(record.id) && i < MOST_AWAITERS; i++) {
        found.add(record.id);
        record = record.up;
      }
    }
    return found;
  }

  /** The run goes on with a function that was suspended. */
  resume(record: TaskRecord): void {
    this.resumed = record;
    this.#entered.push(record);
  }

  /** A function is entered. */
  enter(record: TaskRecord): void {
    this.#entered.push(record);
  }

  isEntered(record: TaskRecord): boolean {
    return this.#entered.includes(record);
  }

  /** The activation that suspends: the innermost one entered whose function it is, else one that nobody saw entering. */
  suspend(fn: number, target: TaskRecord | null, isStep: boolean): TaskRecord {
    const entered = this.#entered;
    for (let i = entered.length - 1; i >= 0; i--) {
      const record = entered[i] as TaskRecord;
      if (record === target || !record.isCallOf(fn, isStep)) continue;
      record.belongTo(fn);
      entered.length = i;
      return record;
    }
    this.wrapper = TaskRecord.activation(fn);
    return this.wrapper;
  }

  /** The promise that was made by the last `new Promise`, which is forgotten. */
  takePlain(): object | null {
    const { plain } = this;
    this.plain = null;
    return plain;
  }

  /** A handle was made while these functions were running. */
  make(state: number, functions: () => readonly number[]): void {
    if (!starters.has(state)) return;
    this.#resource = state;
    this.#resourceFunctions = functions();
  }

  /** State of the child or worker that function `fn` has made, 0 for none. */
  madeBy(fn: number): number {
    return this.#resource !== 0 && this.#resourceFunctions.includes(fn) ? this.#resource : 0;
  }
}
