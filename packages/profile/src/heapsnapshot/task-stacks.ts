// The stacks of tasks, each told once: chains of waiters with the same functions are one stack.
import { isLoader, type SnapshotFunctions } from './functions.ts';
import { suspendedAbove, type Waiters } from './waiters.ts';

/** Frames of a stack; what lies below is cut as Go cuts it. */
const FRAME_LIMIT = 256;

/** The stacks of tasks as numbers; 0 is the empty one. */
export class TaskStacks {
  readonly #waiters: Waiters;
  readonly #functions: SnapshotFunctions;
  readonly #suspendedAbove: Uint8Array;
  /** Stack + 1 per waiter, 0 where unknown yet. */
  readonly #stackOf: Uint32Array;
  readonly #children = new Map<number, number>();
  /** For each stack whether some function of the user's is on it. */
  readonly #hasUsers: boolean[] = [false];
  #count = 1;

  constructor(waiters: Waiters, functions: SnapshotFunctions) {
    this.#waiters = waiters;
    this.#functions = functions;
    this.#suspendedAbove = suspendedAbove(waiters.parent, waiters.isCallback);
    this.#stackOf = new Uint32Array(waiters.length);
  }

  /**
   * Whether a waiter is a frame, given that something or nothing stands above it. Loader frames that nothing of the user's
   * called are how a program starts; a callback is told only where no suspended function waits for it.
   */
  #isFrame(waiter: number, empty: boolean): boolean {
    const row = this.#waiters.function[waiter] as number;
    if (this.#waiters.isCallback[waiter] === 1) {
      return this.#suspendedAbove[waiter] === 0 && this.#functions.owner(row) === 'user';
    }
    return !(empty && isLoader(this.#functions.get(row).url));
  }

  /** The number of the stack that begins at a waiter. */
  of(waiter: number): number {
    const path: number[] = [];
    let at = waiter;
    while (at >= 0 && this.#stackOf[at] === 0) {
      path.push(at);
      at = this.#waiters.parent[at] as number;
    }
    let stack = at < 0 ? 0 : (this.#stackOf[at] as number) - 1;
    while (path.length > 0) {
      const step = path.pop() as number;
      if (this.#isFrame(step, stack === 0)) {
        const key = stack * 2 ** 22 + (this.#waiters.function[step] as number);
        let child = this.#children.get(key);
        if (child === undefined) {
          child = this.#count++;
          this.#children.set(key, child);
          const row = this.#waiters.function[step] as number;
          this.#hasUsers.push(this.#hasUsers[stack] === true || this.#functions.owner(row) === 'user');
        }
        stack = child;
      }
      this.#stackOf[step] = stack + 1;
    }
    return stack;
  }

  /** Whether a function of the user's is on a stack: all others are Node's own business. */
  isUsers(stack: number): boolean {
    return this.#hasUsers[stack] === true;
  }

  /** The waiters that are the frames of the stack at `waiter`, leaf first. */
  frames(waiter: number): number[] {
    this.of(waiter);
    const frames: number[] = [];
    for (let at = waiter; at >= 0 && frames.length < FRAME_LIMIT; at = this.#waiters.parent[at] as number) {
      const up = this.#waiters.parent[at] as number;
      const above = up < 0 ? 0 : (this.#stackOf[up] as number) - 1;
      if ((this.#stackOf[at] as number) - 1 !== above) frames.push(at);
    }
    return frames;
  }
}
