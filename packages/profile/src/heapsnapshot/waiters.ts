// Who waits for whom: suspended functions and pending callbacks, and the "is awaited by" forest over them.
import type { SnapshotFunctions } from './functions.ts';
import { Next, type Reactions, readReactions } from './reactions.ts';
import { EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';
import { findSuspended, Role, rowOf, type Suspended } from './suspended.ts';

/**
 * Everything that waits for a promise, one row each: suspended async functions and async generators, and behind them `then`
 * callbacks. Each waiter has at most one `parent`: whoever was the first to wait for what it will settle, as the caller is in a
 * call stack. Others that wait for the same promise are tasks of their own.
 */
export interface Waiters {
  readonly length: number;
  /** The suspended generator, or the promise reaction of a callback. */
  readonly node: Uint32Array;
  /** Row of the functions. */
  readonly function: Uint32Array;
  /** 1 for a `then` callback. */
  readonly isCallback: Uint8Array;
  /** The promise it waits for. */
  readonly awaited: Uint32Array;
  /** The waiter that waits for it, or -1; free of cycles. */
  readonly parent: Int32Array;
  /** 1 where nothing is left that it waits for: a task ends here. */
  readonly isLeaf: Uint8Array;
  /** 1 where the waiters wait for each other in a ring, which was cut here. */
  readonly inRing: Uint8Array;
  /** Row of the first waiter for a promise (through `then` chains and combinators), or -1. */
  firstWaiterOf(promise: number): number;
}

/**
 * Finds all waiters. The rules, each seen on Node 20, 22, 24 and 26:
 * - a suspended function has the internal edges `function` and `parameters_and_registers`, whatever its node is called;
 * - it will settle the promises its hidden edges lead to (an async generator: through its requests);
 * - a pending promise leads by `reactions_or_result` to its newest `PromiseReaction`, and each to the next older one. The fields
 *   of a reaction are hidden edges whose numbers differ, so they go by their targets: handler closures, and the derived promise
 *   or its capability. A handler whose context's `extension` is a suspended function is that function's `await`. A handler with
 *   a script is the callback of a `then`. Any other is a builtin, which passes on to the derived promise or, for the
 *   combinators' element closures and for resolve functions, to what its context holds.
 */
export function findWaiters(snapshot: HeapSnapshot, functions: SnapshotFunctions): Waiters {
  const suspended = findSuspended(snapshot);
  const reactions = readReactions(snapshot, functions, suspended);
  const { role, generators, closures, promises } = suspended;
  const { callbacks } = reactions;
  // Waiters: the generators that wait, then the callbacks.
  const waiterOfGenerator = new Int32Array(generators.length).fill(-1);
  let waiting = 0;
  for (let g = 0; g < generators.length; g++)
    if (reactions.isAwaiting[g] === 1) waiterOfGenerator[g] = waiting++;
  const length = waiting + callbacks.reaction.length;
  const node = new Uint32Array(length);
  const functionRow = new Uint32Array(length);
  const awaited = new Uint32Array(length);
  const parent = new Int32Array(length).fill(-1);
  const isCallback = new Uint8Array(length).fill(1, waiting);
  node.set(callbacks.reaction, waiting);
  functionRow.set(callbacks.function, waiting);
  awaited.set(callbacks.awaited, waiting);

  const first = new FirstWaiters(reactions, waiterOfGenerator, waiting);
  const callers = new Callers(snapshot, suspended, first);
  for (let g = 0; g < generators.length; g++) {
    const waiter = waiterOfGenerator[g] as number;
    if (waiter < 0) continue;
    const generator = generators[g] as number;
    node[waiter] = generator;
    functionRow[waiter] = functions.of(closures[g] as number);
    awaited[waiter] = reactions.awaited[g] as number;
    parent[waiter] = callers.of(generator);
  }
  for (let c = 0; c < callbacks.derived.length; c++) {
    const derived = (callbacks.derived[c] as number) - 1;
    if (derived >= 0) parent[waiting + c] = first.of(derived);
  }
  const inRing = cutRings(parent, functionRow, functions);
  const isLeaf = findLeaves(parent, isCallback);
  return {
    length,
    node,
    function: functionRow,
    isCallback,
    awaited,
    parent,
    isLeaf,
    inRing,
    firstWaiterOf: (promise) => {
      const row = role[promise] === Role.promise ? rowOf(promises, promise) : -1;
      return row < 0 ? -1 : first.of(row);
    },
  };
}

const UNKNOWN = -2;
const BUSY = -3;

/** The first waiter of each pending promise, through promises that only pass on; found when it is asked for. */
class FirstWaiters {
  readonly #reactions: Reactions;
  readonly #waiterOfGenerator: Int32Array;
  /** Row of the first callback among the waiters. */
  readonly #callbacksFrom: number;
  readonly #known: Int32Array;
  readonly #open: number[] = [];

  constructor(reactions: Reactions, waiterOfGenerator: Int32Array, callbacksFrom: number) {
    this.#reactions = reactions;
    this.#waiterOfGenerator = waiterOfGenerator;
    this.#callbacksFrom = callbacksFrom;
    this.#known = new Int32Array(reactions.start.length - 1).fill(UNKNOWN);
  }

  /** The waiter, or -1; `promise` is a row. */
  of(promise: number): number {
    const { start, kind, row: rows } = this.#reactions;
    const known = this.#known;
    const open = this.#open;
    open.length = 0;
    open.push(promise);
    while (open.length > 0) {
      const p = open[open.length - 1] as number;
      let found = -1;
      let descend = -1;
      if ((known[p] as number) >= -1) {
        open.pop();
        continue;
      }
      known[p] = BUSY;
      const last = start[p + 1] as number;
      for (let r = start[p] as number; r < last && found < 0; r++) {
        const row = rows[r] as number;
        if (kind[r] === Next.generator) found = this.#waiterOfGenerator[row] as number;
        else if (kind[r] === Next.callback) found = this.#callbacksFrom + row;
        else if (kind[r] === Next.promise) {
          const memo = known[row] as number;
          if (memo === UNKNOWN) {
            descend = row;
            break;
          }
          if (memo >= 0) found = memo;
        }
      }
      if (descend >= 0) open.push(descend);
      else {
        known[p] = found;
        open.pop();
      }
    }
    return known[promise] as number;
  }
}

/** Who waits for what a suspended function will settle. */
class Callers {
  readonly #snapshot: HeapSnapshot;
  readonly #suspended: Suspended;
  readonly #first: FirstWaiters;
  readonly #requests = new Set<number>();

  constructor(snapshot: HeapSnapshot, suspended: Suspended, first: FirstWaiters) {
    this.#snapshot = snapshot;
    this.#suspended = suspended;
    this.#first = first;
  }

  /** The waiter, or -1. */
  of(generator: number): number {
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    let above = -1;
    const last = firstEdge[generator + 1] as number;
    for (let edge = firstEdge[generator] as number; edge < last && above < 0; edge++) {
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
      const to = edgeTo[edge] as number;
      if (this.#isPromise(to)) above = this.#ofPromise(to);
      else if (this.#isRequest(to)) above = this.#ofRequests(to);
    }
    return above;
  }

  /** Of the queue of an async generator: its oldest request first. */
  #ofRequests(oldest: number): number {
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const requests = this.#requests;
    requests.clear();
    let above = -1;
    let request = oldest;
    while (request >= 0 && above < 0 && !requests.has(request)) {
      requests.add(request);
      let following = -1;
      const end = firstEdge[request + 1] as number;
      for (let slot = firstEdge[request] as number; slot < end; slot++) {
        const target = edgeTo[slot] as number;
        if (((edgeLabel[slot] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
        if (this.#isPromise(target) && above < 0) above = this.#ofPromise(target);
        else if (this.#isRequest(target)) following = target;
      }
      request = following;
    }
    return above;
  }

  #isPromise(node: number): boolean {
    return this.#suspended.role[node] === Role.promise;
  }

  #isRequest(node: number): boolean {
    const { nodeName, nodeType } = this.#snapshot;
    return (
      nodeName[node] === this.#suspended.names['system / AsyncGeneratorRequest'] &&
      nodeType[node] === NodeType.hidden
    );
  }

  #ofPromise(node: number): number {
    return this.#first.of(rowOf(this.#suspended.promises, node));
  }
}

/**
 * Waiters may wait for each other in a ring (a deadlock): cuts each ring below the function that stands first in its script, so
 * that the same ring gives the same stack in every snapshot, and says where.
 */
function cutRings(parent: Int32Array, functionRow: Uint32Array, functions: SnapshotFunctions): Uint8Array {
  const inRing = new Uint8Array(parent.length);
  const walk = new Uint32Array(parent.length);
  const isBefore = (a: number, b: number): boolean => {
    const one = functions.get(functionRow[a] as number);
    const other = functions.get(functionRow[b] as number);
    if (one.url !== other.url) return one.url < other.url;
    return one.line !== other.line ? one.line < other.line : one.column < other.column;
  };
  for (let start = 0; start < parent.length; start++) {
    let at = start;
    while (at >= 0 && walk[at] === 0) {
      walk[at] = start + 1;
      at = parent[at] as number;
    }
    if (at < 0 || walk[at] !== start + 1) continue;
    let first = at;
    for (let step = parent[at] as number; step !== at; step = parent[step] as number) {
      if (isBefore(step, first)) first = step;
    }
    let last = first;
    while (parent[last] !== first) last = parent[last] as number;
    parent[last] = -1;
    inRing[first] = 1;
  }
  return inRing;
}

/**
 * Where tasks end. A callback that some suspended function waits for is no task of its own: that function is shown waiting. A
 * callback that nobody waits for is.
 */
function findLeaves(parent: Int32Array, isCallback: Uint8Array): Uint8Array {
  const length = parent.length;
  const above = suspendedAbove(parent, isCallback);
  const hasChild = new Uint8Array(length);
  const isLeaf = new Uint8Array(length);
  for (let w = 0; w < length; w++) {
    if (isCallback[w] === 1 && above[w] === 1) continue;
    isLeaf[w] = 1;
    for (let at = parent[w] as number; at >= 0 && hasChild[at] === 0; at = parent[at] as number) {
      hasChild[at] = 1;
    }
  }
  for (let w = 0; w < length; w++) if (hasChild[w] === 1) isLeaf[w] = 0;
  return isLeaf;
}

/** 1 for each waiter that a suspended function waits for, directly or not. */
export function suspendedAbove(parent: Int32Array, isCallback: Uint8Array): Uint8Array {
  const length = parent.length;
  /** 0 unknown, 1 no, 2 yes. */
  const memo = new Uint8Array(length);
  const path: number[] = [];
  for (let w = 0; w < length; w++) {
    path.length = 0;
    let at = w;
    let answer = 1;
    while (memo[at] === 0) {
      path.push(at);
      const up = parent[at] as number;
      if (up < 0) break;
      if (isCallback[up] === 0) {
        answer = 2;
        break;
      }
      at = up;
    }
    if (memo[at] !== 0) answer = memo[at] as number;
    for (const step of path) memo[step] = answer;
  }
  for (let w = 0; w < length; w++) memo[w] = memo[w] === 2 ? 1 : 0;
  return memo;
}
