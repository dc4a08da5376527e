// Slices of trace events, begun and ended (B, E) or whole (X): what was open when time passed, per thread, as stacks.
import type { ProfileBuilder, SampleLabel } from '../builder.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { CallTree, type FrameBudget } from './call-tree.ts';
import type { PassedOver } from './passed-over.ts';

/** How an event changes what is open. */
export type SlicePhase = 'B' | 'E' | 'X';
const PHASES: readonly SlicePhase[] = ['B', 'E', 'X'];

/** The name of an end that does not say whose it is. */
const ANY = -1;

/** An open slice; `end` is infinite until its end is seen. */
interface OpenSlice {
  readonly node: number;
  readonly name: number;
  readonly end: number;
}

/** Time in which one stack was open. */
interface Stretch {
  readonly node: number;
  readonly from: number;
  micros: number;
}

/** The slices of one thread. Names are numbers that the caller gives. */
export class SliceThread {
  readonly #phase = new GrowingUint32(0);
  readonly #name = new GrowingUint32(0);
  readonly #ts = new GrowingFloat64(0);
  readonly #dur = new GrowingFloat64(0);

  get length(): number {
    return this.#ts.length;
  }

  /** @param name -1 where an end does not say whose it is */
  add(phase: SlicePhase, name: number, ts: number, dur: number): void {
    this.#phase.push(PHASES.indexOf(phase));
    this.#name.push(name + 1);
    this.#ts.push(ts);
    this.#dur.push(dur);
  }

  /** Events in the order of time; of whole slices that begin at once the longer one is outside. */
  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.length }, (_, i) => i);
    return order.sort(
      (a, b) => this.#ts.get(a) - this.#ts.get(b) || this.#dur.get(b) - this.#dur.get(a) || a - b,
    );
  }

  /**
   * Walks through time.
   *
   * @param root of `tree`, whose frames are names
   * @param spent hears of each stretch of time in which the stack `node` was open; microseconds
   * @param passed counts ends of nothing
   */
  walk(
    tree: CallTree,
    root: number,
    spent: (node: number, from: number, micros: number) => void,
    passed: PassedOver,
  ): void {
    const open: OpenSlice[] = [];
    /** How many slices of each name wait for their end, so that one that ends nothing is not looked for. */
    const waiting = new Map<number, number>();
    let now = NaN;
    const count = (name: number, by: 1 | -1): void => {
      waiting.set(name, (waiting.get(name) ?? 0) + by);
      waiting.set(ANY, (waiting.get(ANY) ?? 0) + by);
    };
    /** Ends the innermost slice that waits for it, and all that is open within. */
    const close = (name: number): boolean => {
      if ((waiting.get(name) ?? 0) === 0) return false;
      for (let top = open.pop(); top !== undefined; top = open.pop()) {
        if (top.end !== Infinity) continue;
        count(top.name, -1);
        if (name === ANY || top.name === name) break;
      }
      return true;
    };
    const spend = (to: number): void => {
      const top = open.at(-1);
      if (top !== undefined && to > now) spent(top.node, now, to - now);
      if (!(to <= now)) now = to;
    };
    const advance = (to: number): void => {
      for (let top = open.at(-1); top !== undefined && top.end <= to; top = open.at(-1)) {
        spend(top.end);
        open.pop();
      }
      spend(to);
    };
    for (const i of this.#order()) {
      const ts = this.#ts.get(i);
      const name = this.#name.get(i) - 1;
      advance(ts);
      if (PHASES[this.#phase.get(i)] === 'E') {
        if (!close(name)) passed.add('event', () => `one at ${ts} µs ends what was never begun`);
        continue;
      }
      const around = open.at(-1);
      const whole = PHASES[this.#phase.get(i)] === 'X';
      const end = whole ? Math.min(ts + this.#dur.get(i), around?.end ?? Infinity) : Infinity;
      if (!whole) count(name, 1);
      open.push({ node: tree.child(around?.node ?? root, name), name, end });
    }
    // What is never ended lasts until the last event.
    advance(open.reduce((last, { end }) => (end === Infinity ? last : Math.max(last, end)), now));
  }
}

/** Adds a sample for each stretch of one stack, labelled with its beginning; false where their stacks would not fit. */
export function writeInOrder(
  builder: ProfileBuilder,
  tree: CallTree,
  stretches: readonly Stretch[],
  location: (frame: number) => number,
  budget: FrameBudget,
): boolean {
  const first = stretches[0]?.from ?? 0;
  if (!budget.has(stretches.reduce((sum, { node }) => sum + tree.depth(node), 0))) return false;
  for (const { node, from, micros } of stretches) {
    const value = Math.round(micros * 1000);
    if (value === 0) continue;
    const stack: number[] = [];
    for (let at = node; tree.depth(at) > 0; at = tree.parent(at)) stack.push(location(tree.frame(at)));
    budget.take(stack.length, node);
    const timestamp = { key: 'timestamp', number: Math.round((from - first) * 1000), unit: 'nanoseconds' };
    builder.sample(stack, [value], [timestamp]);
  }
  return true;
}

/** A thread with its labels. */
export interface LabelledSlices {
  readonly slices: SliceThread;
  readonly labels: readonly SampleLabel[];
}

/**
 * Adds samples of `time/nanoseconds` to `builder`: what each stack was open for, itself innermost.
 *
 * @param times in the order of time, where there is one thread
 * @returns microseconds from the first stretch to the end of the last
 */
export function writeSlices(
  builder: ProfileBuilder,
  threads: readonly LabelledSlices[],
  location: (name: number) => number,
  budget: FrameBudget,
  passed: PassedOver,
  times: boolean,
): number {
  const tree = new CallTree();
  const stretches: Stretch[] = [];
  const inOrder = times && threads.length === 1;
  let from = Infinity;
  let to = -Infinity;
  for (const { slices, labels } of threads) {
    slices.walk(
      tree,
      tree.root(labels),
      (node, start, micros) => {
        from = Math.min(from, start);
        to = Math.max(to, start + micros);
        tree.add(node, 0, micros * 1000);
        const last = stretches.at(-1);
        if (!inOrder) return;
        if (last?.node === node) last.micros += micros;
        else stretches.push({ node, from: start, micros });
      },
      passed,
    );
  }
  if (!inOrder || !writeInOrder(builder, tree, stretches, location, budget))
    tree.write(builder, 1, location, budget);
  return to > from ? to - from : 0;
}
