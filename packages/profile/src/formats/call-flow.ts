// Stacks out of a graph of calls: what a function spent is shared among its callers by what they spent in it, as kcachegrind's
// call map and speedscope do.
import type { ProfileBuilder } from '../builder.ts';
import { CallTree, type FrameBudget } from './call-tree.ts';

/** A function with its own costs by line, and its calls with all that was spent in them; costs are one number per event. */
export interface FlowFunction {
  readonly name: string;
  readonly file: string;
  readonly self: Map<number, number[]>;
  readonly calls: {
    readonly callee: FlowFunction;
    readonly line: number;
    readonly costs: readonly number[];
  }[];
}

/** Paths that are followed; what is beyond them stays with its function alone. */
const MOST_PATHS = 1 << 17;
/**
 * Lines with costs that all paths together have, and as many more for each line and call of the file; calls that are looked at are so many times as
 * many. A function that many paths lead to may have very many of both.
 */
const MOST_LINES = 1 << 17;
const MORE_LINES = 4;
const LOOKS_PER_LINE = 16;
const MOST_DEPTH = 256;
/** A share of a function that is worth a path of its own. */
const LEAST_SHARE = 1e-5;

/** A frame of the tree. */
interface FlowFrame {
  readonly fn: FlowFunction;
  readonly line: number;
}

/** One call that is being followed. */
interface Step {
  readonly fn: FlowFunction;
  /** Of the function's costs, by event. */
  readonly share: readonly number[];
  readonly node: number;
  next: number;
}

/** Which share of a callee's event a call is, on a path that has `share` of the caller. */
function partOf(
  share: readonly number[],
  costs: readonly number[],
  sums: readonly number[],
  event: number,
): number {
  const sum = sums[event] ?? 0;
  return sum > 0 ? ((share[event] ?? 0) * (costs[event] ?? 0)) / sum : 0;
}

function isWorth(share: readonly number[], costs: readonly number[], sums: readonly number[]): boolean {
  for (let event = 0; event < share.length; event++)
    if (partOf(share, costs, sums, event) >= LEAST_SHARE) return true;
  return false;
}

export class CallFlow {
  readonly #functions: readonly FlowFunction[];
  readonly #events: number;
  readonly #tree = new CallTree();
  readonly #frames: FlowFrame[] = [];
  readonly #frameOf = new Map<FlowFunction, Map<number, number>>();
  /** What all callers but itself spent in a function, by event. */
  readonly #incoming = new Map<FlowFunction, number[]>();
  /** Nodes of each frame that have costs of their own. */
  readonly #nodes = new Map<number, Set<number>>();
  #paths = 0;
  /** What is left of the lines and looks. */
  #lines: number;
  #looks: number;

  constructor(functions: readonly FlowFunction[], events: number) {
    this.#functions = functions;
    this.#events = events;
    const size = functions.reduce((sum, { self, calls }) => sum + self.size + calls.length, 0);
    this.#lines = MOST_LINES + MORE_LINES * size;
    this.#looks = this.#lines * LOOKS_PER_LINE;
    for (const fn of functions) {
      for (const { callee, costs } of fn.calls) {
        if (callee === fn) continue;
        let sums = this.#incoming.get(callee);
        if (sums === undefined) this.#incoming.set(callee, (sums = new Array<number>(events).fill(0)));
        for (const [event, cost] of costs.entries()) sums[event] = (sums[event] as number) + cost;
      }
    }
  }

  /** Adds a sample for each stack; what each line spent itself adds up to exactly what it was. */
  write(
    builder: ProfileBuilder,
    location: (fn: FlowFunction, line: number) => number,
    budget: FrameBudget,
  ): void {
    const root = this.#tree.root();
    const whole = new Array<number>(this.#events).fill(1);
    for (const fn of this.#functions) if (!this.#incoming.has(fn)) this.#follow(fn, whole, root);
    this.#settle(root);
    this.#tree.write(
      builder,
      this.#events,
      (frame) => {
        const { fn, line } = this.#frames[frame] as FlowFrame;
        return location(fn, line);
      },
      budget,
    );
  }

  #frame(fn: FlowFunction, line: number): number {
    let byLine = this.#frameOf.get(fn);
    if (byLine === undefined) this.#frameOf.set(fn, (byLine = new Map<number, number>()));
    let frame = byLine.get(line);
    if (frame === undefined) byLine.set(line, (frame = this.#frames.push({ fn, line }) - 1));
    return frame;
  }

  /** Shares out the costs of a function, and of all that it calls, on the paths below `node`. */
  #follow(fn: FlowFunction, share: readonly number[], node: number): void {
    const path = new Set<FlowFunction>([fn]);
    const steps: Step[] = [{ fn, share, node, next: 0 }];
    this.#spend(fn, share, node);
    for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
      const call = this.#looks-- > 0 && this.#lines > 0 ? step.fn.calls[step.next++] : undefined;
      if (call === undefined) {
        steps.pop();
        path.delete(step.fn);
        continue;
      }
      const { callee, line, costs } = call;
      if (path.has(callee) || steps.length >= MOST_DEPTH || this.#paths >= MOST_PATHS) continue;
      const sums = this.#incoming.get(callee);
      // Most calls are worth nothing in very wide graphs: nothing is made for these.
      if (sums === undefined || !isWorth(step.share, costs, sums)) continue;
      const part = step.share.map((_, event) => partOf(step.share, costs, sums, event));
      const below = this.#tree.child(step.node, this.#frame(step.fn, line));
      path.add(callee);
      steps.push({ fn: callee, share: part, node: below, next: 0 });
      this.#spend(callee, part, below);
    }
  }

  /** A function's own costs, on one path. */
  #spend(fn: FlowFunction, share: readonly number[], node: number): void {
    this.#paths++;
    this.#lines -= fn.self.size;
    for (const [line, costs] of fn.self) {
      const frame = this.#frame(fn, line);
      const leaf = this.#tree.child(node, frame);
      for (let event = 0; event < this.#events; event++)
        this.#tree.add(leaf, event, (costs[event] ?? 0) * (share[event] ?? 0));
      const nodes = this.#nodes.get(frame);
      if (nodes === undefined) this.#nodes.set(frame, new Set([leaf]));
      else nodes.add(leaf);
    }
  }

  /** Makes whole numbers of the costs; what was on no path, in a cycle say, stays with its function alone. */
  #settle(root: number): void {
    for (const fn of this.#functions) {
      for (const [line, costs] of fn.self) {
        const frame = this.#frame(fn, line);
        const nodes = [...(this.#nodes.get(frame) ?? [])];
        for (let event = 0; event < this.#events; event++) {
          const left = this.#round(nodes, event, Math.round(costs[event] ?? 0));
          if (left !== 0) this.#tree.add(this.#tree.child(root, frame), event, left);
        }
      }
    }
  }

  /** Rounds what nodes have of an event so that it adds up to `wanted`; largest remainders first. @returns what is left over */
  #round(nodes: readonly number[], event: number, wanted: number): number {
    const tree = this.#tree;
    const shares = nodes.map((node) => {
      const value = tree.value(node, event);
      return { node, whole: Math.floor(value), rest: value - Math.floor(value) };
    });
    let left = wanted - shares.reduce((sum, { whole }) => sum + whole, 0);
    const onPaths = Math.round(shares.reduce((sum, { rest }) => sum + rest, 0));
    let ones = Math.min(left, onPaths);
    for (const share of [...shares].sort((a, b) => b.rest - a.rest)) {
      const one = ones > 0 ? 1 : 0;
      ones -= one;
      left -= one;
      tree.add(share.node, event, one - share.rest);
    }
    return left;
  }
}
