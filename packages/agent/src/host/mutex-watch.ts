// Watches `Atomics.wait` of the main thread, where the option mutex asks for it: who waited for another thread, and for how long.
import { FrameTable, StackReader, StackTree } from '../tasks/frames.ts';
import type { MutexDump } from './calls.ts';

/** Frames per stack, as in Go. */
const DEPTH = 128;
/** Stacks that are told apart. */
const MOST_STACKS = 10_000;

type Wait = typeof Atomics.wait;

/** What was waited at one stack. */
interface Waits {
  count: number;
  nanos: number;
}

/** Puts a function in the place of `Atomics.wait`: JavaScript's only lock that blocks. What is not contended costs a function call. */
export class MutexWatch {
  readonly #table = new FrameTable();
  readonly #tree = new StackTree();
  readonly #reader = new StackReader(this.#table);
  readonly #waits = new Map<number, Waits>();
  #undo: (() => void) | null = null;

  /** Starts, unless somebody has frozen what there is. */
  start(): void {
    const before = Object.getOwnPropertyDescriptor(Atomics, 'wait');
    if (this.#undo !== null || before?.configurable !== true) return;
    const watched = this.#watched(Atomics.wait);
    Object.defineProperty(Atomics, 'wait', { ...before, value: watched });
    this.#undo = () => {
      // Somebody else's goes on, and calls ours, which counts nothing any more.
      if (Atomics.wait === watched) Object.defineProperty(Atomics, 'wait', before);
    };
  }

  /** Puts back what was there, and forgets everything. */
  stop(): void {
    this.#undo?.();
    this.#undo = null;
    this.#waits.clear();
  }

  /** What was waited so far. */
  dump(): MutexDump {
    const { names, files, lines, columns, beginLines, beginColumns } = this.#table;
    return {
      ...{ names, files, lines, columns, beginLines, beginColumns },
      isOn: this.#undo !== null,
      waits: [...this.#waits].map(([stack, waits]) => ({ stack: this.#tree.frames(stack), ...waits })),
    };
  }

  #watched(wait: Wait): Wait {
    const watched = (...args: Parameters<Wait>): ReturnType<Wait> => {
      const began = performance.now();
      const result = wait(...args);
      // Not equal: the lock was free, and nobody waited.
      if (result !== 'not-equal' && this.#undo !== null) this.#tryToCount(performance.now() - began, watched);
      return result;
    };
    Object.defineProperty(watched, 'name', { value: 'wait', configurable: true });
    Object.defineProperty(watched, 'length', { value: wait.length, configurable: true });
    return watched as Wait;
  }

  /** Whoever waits must not hear of it: a program that has frozen what is built in keeps its stacks to itself. */
  #tryToCount(ms: number, below: (...args: never[]) => unknown): void {
    try {
      this.#count(ms, below);
    } catch {
      // A wait less.
    }
  }

  #count(ms: number, below: (...args: never[]) => unknown): void {
    this.#reader.read(DEPTH, below);
    const { running, awaiting, ours } = this.#reader.sight;
    if (ours) return;
    let stack = 0;
    for (const frame of [...running, ...awaiting].reverse()) stack = this.#tree.push(stack, frame);
    let waits = this.#waits.get(stack);
    if (waits === undefined) {
      if (this.#waits.size >= MOST_STACKS) return;
      this.#waits.set(stack, (waits = { count: 0, nanos: 0 }));
    }
    waits.count++;
    waits.nanos += Math.round(ms * 1e6);
  }
}
