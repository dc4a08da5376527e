// One record per promise that matters: a suspended async function, a `.then`, a `Promise.all`.
import type { LabelPairs } from './labels.ts';

/** A call of an async function or generator; it is a task's frame while it is suspended. */
export const ACTIVATION = 0;
/** What `.then`, `.catch` or `.finally` made. */
export const DERIVED = 1;
/** What `Promise.all`, `race`, `any` or `allSettled` made. */
export const COMBINATOR = 2;

const KIND = 3;
const FIRST_RUN = 4;
const CONFIRMED = 8;
const LOCKED = 16;
const DONE = 32;
const WAITING = 64;
const ANY_FUNCTION = 128;
const INTERNAL = 256;
const OLD = 512;
const STATE_SHIFT = 10;
const FLAGS = (1 << STATE_SHIFT) - 1;

/** Weights are kept in sixteenths. */
const WEIGHT_UNIT = 16;

/** Numbers are never used twice in a process. */
let nextId = 1;

/** Small integers and pointers only: 100,000 of these are the tracker's memory. */
export class TaskRecord {
  /** The task's number for life. */
  readonly id: number = nextId++;
  /** Kind, what is known of the record, and the state word's number from bit 10 on. */
  #flags: number;
  /** Stack (a node of the tree) at the last wait. */
  stack = 0;
  #fn: number;
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

  private constructor(flags: number, fn: number) {
    this.#flags = flags;
    this.#fn = fn;
  }

  /** A call of function number `fn`. */
  static activation(fn: number): TaskRecord {
    return new TaskRecord(ACTIVATION, fn);
  }

  /** A call by a native `next` of an async generator, whose function is not known yet; see {@link belongTo}. */
  static step(): TaskRecord {
    return new TaskRecord(ACTIVATION | ANY_FUNCTION, -1);
  }

  /** What a `.then` made. */
  static derived(): TaskRecord {
    return new TaskRecord(DERIVED, -1);
  }

  /** What a combinator made. */
  static combinator(): TaskRecord {
    return new TaskRecord(COMBINATOR, -1);
  }

  get kind(): number {
    return this.#flags & KIND;
  }

  /** Function number of an activation, -1 where unknown. */
  get fn(): number {
    return this.#fn;
  }

  get state(): number {
    return this.#flags >> STATE_SHIFT;
  }

  set state(state: number) {
    this.#flags = (this.#flags & FLAGS) | (state << STATE_SHIFT);
  }

  /** Whether this is a call of function `fn`, or may be one where `isStep` is true. */
  isCallOf(fn: number, isStep: boolean): boolean {
    return this.#fn === fn || (isStep && (this.#flags & ANY_FUNCTION) !== 0);
  }

  /** It is a call of function `fn`. */
  belongTo(fn: number): void {
    this.#fn = fn;
    this.#flags &= ~ANY_FUNCTION;
  }

  /** Whether it waits now. */
  get isWaiting(): boolean {
    return (this.#flags & WAITING) !== 0;
  }

  /** It waits for the reaction of `promise` now. */
  wait(promise: object): void {
    this.#flags |= WAITING;
    this.ref = new WeakRef(promise);
  }

  /** It waits no more, but may again. */
  resume(): void {
    this.#flags &= ~WAITING;
    this.ref = null;
  }

  /** Whether it waits no more, for good. */
  get isDone(): boolean {
    return (this.#flags & DONE) !== 0;
  }

  finish(): void {
    this.#flags |= DONE;
  }

  /** Whether the function has returned a promise and waits for that one now. */
  get isLocked(): boolean {
    return (this.#flags & LOCKED) !== 0;
  }

  /** It follows the promise of `target` from now on, or one that has no record. */
  follow(target: TaskRecord | null): void {
    this.#flags = (this.#flags & ~DONE) | LOCKED;
    if (target === null) return;
    this.target = target;
    target.up ??= this;
  }

  /** Whether the promise is certainly an async function's: the function was seen to suspend. */
  get isConfirmed(): boolean {
    return (this.#flags & CONFIRMED) !== 0;
  }

  confirm(): void {
    this.#flags |= CONFIRMED;
  }

  /** Whether the stack's callers were running, not awaiting: the function has not been suspended before. */
  get isInFirstRun(): boolean {
    return (this.#flags & FIRST_RUN) !== 0;
  }

  set isInFirstRun(yes: boolean) {
    if (yes) this.#flags |= FIRST_RUN;
    else this.#flags &= ~FIRST_RUN;
  }

  /** Whether Node itself made it: a step of some wait of the user's, never one of its own. */
  get isInternal(): boolean {
    return (this.#flags & INTERNAL) !== 0;
  }

  markInternal(): void {
    this.#flags |= INTERNAL;
  }

  /** Whether it is an activation that was entered before the first look, with which tracking began. */
  get isOld(): boolean {
    return (this.#flags & OLD) !== 0;
  }

  markOld(): void {
    this.#flags |= OLD;
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
