// The records that wait, each with a weak reference to the promise that ends its wait; where there are too many, a known part of them.
import type { Budget } from './budget.ts';
import type { Duty } from './duty.ts';
import { currentLabels } from './labels.ts';
import { ACTIVATION, COMBINATOR, DERIVED, type TaskRecord } from './record.ts';
import { isPending } from './settled.ts';
import { Stamp } from './stamp.ts';
import { stateOf } from './states.ts';

/** Waiting records after which those are looked for that wait no more. */
const FIRST_SWEEP = 1024;

/** Part of the records beyond which one thinning has not made room. */
const MOST_NEEDED = 0.75;

const RACE = stateOf('promise race');

/** Mark of a wait that is kept no more. */
class ThinnedMark {}

const THINNED = new ThinnedMark();

/** A list in no order, from which records are taken by their slots. */
export class WaitingList {
  readonly #records: TaskRecord[] = [];
  readonly #budget: Budget;
  readonly #maxTasks: number;
  /** Clock at which the tracker began, in milliseconds. */
  readonly #started: number;
  /** What windows of the hook say; null while it was never armed. */
  duty: Duty | null = null;
  /** One run in this many is looked at because there are so many live tasks; a power of two. */
  #thinning = 1;
  #sweepAt: number;
  /** Records of this turn of the loop, or of this window: how much they stand for is known when it has ended. */
  readonly #inWindow = new Set<TaskRecord>();

  constructor(budget: Budget, maxTasks: number, started: number) {
    this.#budget = budget;
    this.#maxTasks = maxTasks;
    this.#started = started;
    this.#sweepAt = Math.min(FIRST_SWEEP, maxTasks);
  }

  /** One in so many is kept; 1 for all. */
  get thinning(): number {
    return this.#thinning;
  }

  /** `record` waits for `promise` from `now` on. */
  add(record: TaskRecord, promise: object, now: number): void {
    if (this.#records.length >= this.#sweepAt) this.#makeRoom();
    // A wait whose end nobody saw.
    if (record.slot >= 0) this.#remove(record);
    const { duty } = this;
    record.wait(promise);
    record.since = Math.round(now - this.#started);
    record.weight = this.#budget.weight * (duty?.weight ?? 1);
    record.cluster = (duty?.window ?? null) === null ? this.#budget.look : -(duty?.windows ?? 1);
    if (duty?.unsettled === true) this.#inWindow.add(record);
    record.labels = currentLabels();
    record.slot = this.#records.push(record) - 1;
    Stamp.put(promise, record);
  }

  /** A wait is over. */
  end(record: TaskRecord): void {
    this.#remove(record);
    if (record.target !== null && record.target.up === record) record.target.up = null;
    record.target = null;
    if (record.kind === ACTIVATION) return;
    record.finish();
    // The first input decides a race: nobody waits for the others any more, though their promises may live on.
    if (record.up?.kind === COMBINATOR && record.up.state === RACE) record.up.finish();
  }

  /** What was seen in this window until now stands for `factor` times as much. */
  readonly correct = (factor: number): void => {
    if (factor !== 1) for (const record of this.#inWindow) record.scale(factor, true);
    this.#inWindow.clear();
  };

  /**
   * The records whose promises are still there and still pending. A promise that nothing can settle any more is collected; one that was
   * settled while the hook was off has told nobody.
   */
  swept(): readonly TaskRecord[] {
    const gaps = (this.duty?.gaps ?? []).map(({ at, off }) => ({ to: at - this.#started, off }));
    const lastOff = (this.duty?.lastOff ?? -1) - this.#started;
    for (let i = this.#records.length - 1; i >= 0; i--) {
      const record = this.#records[i] as TaskRecord;
      record.edge = gaps.some(({ to, off }) => record.since <= to && record.since >= to - off);
      const promise = record.ref?.deref();
      if (promise === undefined) {
        record.finish();
        this.#remove(record);
      } else if (record.since <= lastOff && !isPending(promise)) this.end(record);
    }
    return this.#records;
  }

  /** The records, with those whose promises are gone meanwhile. */
  get records(): readonly TaskRecord[] {
    return this.#records;
  }

  /** Numbers above `first` of the records whose promises are still there, but for some. */
  numbersAfter(first: number, without: ReadonlySet<number>): Set<number> {
    const numbers = new Set<number>();
    for (const { id, ref } of this.#records)
      if (id > first && !without.has(id) && ref?.deref() !== undefined) numbers.add(id);
    return numbers;
  }

  /** Forgets all. The records live on with their promises, and must not meet the list of another tracker. */
  clear(): void {
    this.#inWindow.clear();
    for (const record of this.#records) {
      record.slot = -1;
      record.resume();
      record.finish();
    }
    this.#records.length = 0;
  }

  #remove(record: TaskRecord): void {
    this.#inWindow.delete(record);
    record.resume();
    const { slot } = record;
    if (slot < 0) return;
    record.slot = -1;
    const last = this.#records.pop() as TaskRecord;
    if (last !== record) {
      this.#records[slot] = last;
      last.slot = slot;
    }
    // So few live again that all of them have room.
    if (this.#thinning > 1 && this.#records.length * this.#thinning < this.#maxTasks / 4) this.#thinBy(1);
  }

  /** Takes out what waits no more; where there are still too many, half of them. */
  #makeRoom(): void {
    const began = performance.now();
    this.swept();
    if (this.#records.length > this.#maxTasks / 2) this.#thin();
    // What is left may grow by half before the next time.
    this.#sweepAt = Math.min(this.#maxTasks, Math.max(FIRST_SWEEP, this.#records.length * 1.5));
    this.#budget.spend(performance.now() - began);
  }

  /**
   * Keeps one of every two neighbouring tasks on the list, by lot, for both, and of the others what these are awaited by. The rest is from
   * now on as if its functions had been suspended in a run that was not looked at, which is how later ones are thinned.
   */
  #thin(): void {
    const waiting = [...this.#records];
    const awaiting = new Set<TaskRecord>();
    for (const record of waiting) walkUp(record, awaiting);
    // What waits for itself in a circle is awaited by all of it, and a task nevertheless.
    const reached = new Set<TaskRecord>();
    for (const record of waiting) if (!awaiting.has(record)) walkUp(record, reached);
    const leaves = waiting.filter((record) => !reached.has(record));
    let drawn = draw(leaves, walkUp);
    // Few tasks that are awaited by thousands of functions each: of those a part has to go.
    if (drawn.needed.size > MOST_NEEDED * waiting.length) drawn = draw(waiting, () => undefined);
    const { doubled, needed } = drawn;
    for (const record of doubled) record.scale(2);
    for (const record of waiting) if (!needed.has(record)) this.#drop(record);
    this.#thinBy(this.#thinning * 2);
  }

  #drop(record: TaskRecord): void {
    const promise = record.ref?.deref();
    if (promise !== undefined) Stamp.replace(promise, THINNED);
    this.#remove(record);
    // An input that stands for a function's wait: whoever waits for all inputs is no task of its own.
    if (record.kind === DERIVED && record.up?.kind === COMBINATOR && record.target?.kind === ACTIVATION)
      record.up.confirm();
  }

  #thinBy(thinning: number): void {
    this.#thinning = thinning;
    this.#budget.thin(1 / thinning);
  }
}

/** One of every two neighbours, by lot, which stands for both, and what is needed with those: `also` adds it. */
function draw(
  records: readonly TaskRecord[],
  also: (record: TaskRecord, needed: Set<TaskRecord>) => void,
): { readonly doubled: readonly TaskRecord[]; readonly needed: ReadonlySet<TaskRecord> } {
  const doubled: TaskRecord[] = [];
  const needed = new Set<TaskRecord>();
  for (let i = 0; i < records.length; i += 2) {
    const hasNeighbour = i + 1 < records.length;
    const kept = records[hasNeighbour && Math.random() < 0.5 ? i + 1 : i] as TaskRecord;
    if (hasNeighbour) doubled.push(kept);
    needed.add(kept);
    also(kept, needed);
  }
  return { doubled, needed };
}

/** Adds whoever waits for a record, near or far, to those that are known to be waited through. */
function walkUp(record: TaskRecord, known: Set<TaskRecord>): void {
  for (let { up } = record; up !== null && !known.has(up); { up } = up) known.add(up);
}
