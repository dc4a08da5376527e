// One record per promise that matters: a suspended async function, a `.then`, a `Promise.all`.
import type { LabelPairs } from './labels.ts';

/** A call of an async function or generator; it is a task's frame while it is suspended. */
export const ACTIVATION = 0;
/** What `.then`, `.catch` or `.finally` made. */
export const DERIVED = 1;
/** What `Promise.all`, `race`, `any` or `allSettled` made. */
export const COMBINATOR = 2;

const KIND = 3;
/** The stack's callers were running, not awaiting: the function has not been suspended before. */
export const FIRST_RUN = 4;
/** The promise is certainly an async function's: the function was seen to suspend. */
export const CONFIRMED = 8;
/** The function has returned a promise and waits for that one now. */
export const LOCKED = 16;
/** Waits no more. */
export const DONE = 32;
/** Waits now. */
export const WAITING = 64;
/** Made by a native `next` of an async generator, whose function is not known yet. */
export const ANY_FUNCTION = 128;
/** Made by Node itself: a step of some wait of the user's, never one of its own. */
export const INTERNAL = 256;
/** An activation that was entered before the first look, with which tracking began. */
export const OLD = 512;
const STATE_SHIFT = 10;
const FLAGS = (1 << STATE_SHIFT) - 1;

/** Weights are kept in sixteenths. */
const WEIGHT_UNIT = 16;

/** See the constants above. Small integers and pointers only: 100,000 of these are the tracker's memory. */
export class TaskRecord {
  /** The task's number for life. */
  readonly id: number;
  /** Flags above, and the state word's number from bit 10 on. */
  flags: number;
  /** Stack (a node of the tree) at the last wait. */
  stack = 0;
  /** Function number of an activation, -1 where unknown. */
  fn: number;
  /** Frame that called the function first, 0 where unknown. */
  createdBy = 0;
  /** Milliseconds since the tracker's start at which the wait began. */
  since = 0;
  /** How many waits this one stands for, in sixteenths. */
  #weight = WEIGHT_UNIT;
  /** The part of the weight that was reckoned rather than drawn, in sixteenths. */
  #guessed = 0;
  /** What it was drawn with; see `Sampled`. */
  cluster = 0;
  edge = false;
  labels: LabelPairs | null = null;
  /** What this one waits for, where that has a record. */
  target: TaskRecord | null = null;
  /** Who waits for this one; for the inputs of a combinator, the combinator. */
  up: TaskRecord | null = null;
  /** The promise whose reaction ends the wait. */
  ref: WeakRef<object> | null = null;
  /** Place in the list of waiting records, -1 outside. */
  slot = -1;

  constructor(id: number, kind: number, fn: number) {
    this.id = id;
    this.flags = kind;
    this.fn = fn;
  }

  get kind(): number {
    return this.flags & KIND;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  get state(): number {
    return this.flags >> STATE_SHIFT;
  }

  set state(state: number) {
    this.flags = (this.flags & FLAGS) | (state << STATE_SHIFT);
  }

  get weight(): number {
    return this.#weight / WEIGHT_UNIT;
  }

  set weight(weight: number) {
    this.#weight = Math.round(weight * WEIGHT_UNIT);
    this.#guessed = 0;
  }

  get guessed(): number {
    return this.#guessed / WEIGHT_UNIT;
  }

  /** From now on this one stands for `factor` times as much, by chance or, where `guess` is true, by reckoning. */
  scale(factor: number, guess = false): void {
    const before = this.#weight;
    this.#weight = Math.round(before * factor);
    this.#guessed = guess ? this.#guessed + this.#weight - before : Math.round(this.#guessed * factor);
  }
}
