// Who waits for whom: suspended functions and pending callbacks, and the "is awaited by" forest over them.
import { GrowingUint32 } from '../growable.ts';
import type { SnapshotFunctions } from './functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';

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

const Role = { none: 0, generator: 1, promise: 2 } as const;
/** What a reaction leads to. */
const Next = { none: 0, generator: 1, callback: 2, promise: 3 } as const;

const names = [
  'function',
  'parameters_and_registers',
  'reactions_or_result',
  'context',
  'extension',
  'Promise',
  'system / PromiseReaction',
  'system / PromiseCapability',
  'system / AsyncGeneratorRequest',
  'system / Context',
] as const;

/** Reads a sorted list: the row of `value`, or -1. */
function rowOf(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle] as number;
    if (at === value) return middle;
    if (at < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
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
  const { nodeCount, nodeType, nodeName, firstEdge, edgeLabel, edgeTo, strings } = snapshot;
  const known = strings.findAll(names);
  const internal = (name: number): number =>
    name < 0 ? -1 : name * (1 << EDGE_TYPE_BITS) + EdgeType.internal;
  const functionLabel = internal(known.function);
  const registersLabel = internal(known.parameters_and_registers);
  const reactionsLabel = internal(known.reactions_or_result);
  const reactionName = known['system / PromiseReaction'];
  const capabilityName = known['system / PromiseCapability'];
  const requestName = known['system / AsyncGeneratorRequest'];

  const role = new Uint8Array(nodeCount);
  const generatorList = new GrowingUint32(1024);
  const closureList = new GrowingUint32(1024);
  const promiseList = new GrowingUint32(1024);
  const newestList = new GrowingUint32(1024);
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NodeType.object) continue;
    const last = firstEdge[node + 1] as number;
    let closure = -1;
    let suspended = false;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      const label = edgeLabel[edge] as number;
      if (label === functionLabel) closure = edgeTo[edge] as number;
      else if (label === registersLabel) suspended = true;
      else if (label === reactionsLabel) {
        const to = edgeTo[edge] as number;
        if (nodeName[to] !== reactionName || nodeType[to] !== NodeType.hidden) continue;
        role[node] = Role.promise;
        promiseList.push(node);
        newestList.push(to);
        break;
      }
    }
    if (suspended && closure >= 0 && nodeType[closure] === NodeType.closure) {
      role[node] = Role.generator;
      generatorList.push(node);
      closureList.push(closure);
    }
  }
  const generators = generatorList.finish();
  const generatorClosure = closureList.finish();
  const promises = promiseList.finish();
  const newest = newestList.finish();

  // Reactions of promise p: rows reactionStart[p] … reactionStart[p + 1] - 1, oldest first.
  const reactionStart = new Uint32Array(promises.length + 1);
  const nextKind: number[] = [];
  const nextRow = new GrowingUint32(1024);
  const callbackReaction = new GrowingUint32(64);
  const callbackFunction = new GrowingUint32(64);
  const callbackAwaited = new GrowingUint32(64);
  /** Row of the derived promise + 1, or 0. */
  const callbackDerived = new GrowingUint32(64);
  const awaited = new Uint32Array(generators.length);
  const isAwaiting = new Uint8Array(generators.length);
  const chain: number[] = [];
  const inChain = new Set<number>();

  /** Row of the pending promise behind a promise or a capability, or -1. */
  const pendingOf = (node: number): number => {
    if (role[node] === Role.promise) return rowOf(promises, node);
    if (nodeName[node] !== capabilityName || nodeType[node] !== NodeType.hidden) return -1;
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      const to = edgeTo[edge] as number;
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.hidden && role[to] === Role.promise) {
        return rowOf(promises, to);
      }
    }
    return -1;
  };
  const isPromiseLike = (node: number): boolean =>
    role[node] === Role.promise ||
    (nodeType[node] === NodeType.object && nodeName[node] === known.Promise) ||
    (nodeType[node] === NodeType.hidden && nodeName[node] === capabilityName);

  for (let p = 0; p < promises.length; p++) {
    chain.length = 0;
    let reaction = newest[p] as number;
    inChain.clear();
    while (reaction >= 0 && !inChain.has(reaction)) {
      chain.push(reaction);
      inChain.add(reaction);
      let older = -1;
      const last = firstEdge[reaction + 1] as number;
      for (let edge = firstEdge[reaction] as number; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        if (nodeName[to] === reactionName && nodeType[to] === NodeType.hidden) {
          older = to;
          break;
        }
      }
      reaction = older;
    }
    for (let c = chain.length - 1; c >= 0; c--) {
      const at = chain[c] as number;
      const first = firstEdge[at] as number;
      const last = firstEdge[at + 1] as number;
      let awaiting = -1;
      let derived = -1;
      let derivedIndex = -1;
      for (let edge = first; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
        if (isPromiseLike(to)) {
          derived = to;
          derivedIndex = (edgeLabel[edge] as number) >>> EDGE_TYPE_BITS;
        } else if (nodeType[to] === NodeType.closure && awaiting < 0) {
          const context = functions.target(to, EdgeType.internal, known.context);
          if (context < 0) continue;
          const extension = functions.target(context, EdgeType.internal, known.extension);
          if (extension >= 0 && role[extension] === Role.generator) awaiting = extension;
        }
      }
      if (awaiting >= 0) {
        const row = rowOf(generators, awaiting);
        isAwaiting[row] = 1;
        awaited[row] = promises[p] as number;
        nextKind.push(Next.generator);
        nextRow.push(row);
        continue;
      }
      // The handlers stand right before the derived promise: reject handler, then fulfil handler.
      let fulfil = -1;
      let passed = -1;
      for (let edge = first; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        const label = edgeLabel[edge] as number;
        if ((label & EDGE_TYPE_MASK) !== EdgeType.hidden || nodeType[to] !== NodeType.closure) continue;
        const builtin = functions.owner(functions.of(to)) === 'builtin';
        if (!builtin && derivedIndex >= 0 && label >>> EDGE_TYPE_BITS === derivedIndex - 1) fulfil = to;
        if (!builtin || passed >= 0) continue;
        const context = functions.target(to, EdgeType.internal, known.context);
        if (context < 0 || nodeName[context] !== known['system / Context']) continue;
        const end = firstEdge[context + 1] as number;
        for (let slot = firstEdge[context] as number; slot < end && passed < 0; slot++) {
          if (((edgeLabel[slot] as number) & EDGE_TYPE_MASK) === EdgeType.hidden) {
            passed = pendingOf(edgeTo[slot] as number);
          }
        }
      }
      let next = derived >= 0 ? pendingOf(derived) : -1;
      if (fulfil >= 0) {
        nextKind.push(Next.callback);
        nextRow.push(callbackReaction.length);
        callbackReaction.push(at);
        callbackFunction.push(functions.of(fulfil));
        callbackAwaited.push(promises[p] as number);
        callbackDerived.push(next + 1);
        continue;
      }
      if (next < 0) next = passed;
      nextKind.push(next >= 0 ? Next.promise : Next.none);
      nextRow.push(next >= 0 ? next : 0);
    }
    reactionStart[p + 1] = nextKind.length;
  }
  const kinds = Uint8Array.from(nextKind);
  const rows = nextRow.finish();

  // Waiters: the generators that wait, then the callbacks.
  const waiterOfGenerator = new Int32Array(generators.length).fill(-1);
  let waiting = 0;
  for (let g = 0; g < generators.length; g++) if (isAwaiting[g] === 1) waiterOfGenerator[g] = waiting++;
  const callbacks = callbackReaction.finish();
  const length = waiting + callbacks.length;
  const node = new Uint32Array(length);
  const functionRow = new Uint32Array(length);
  const awaitedPromise = new Uint32Array(length);
  const isCallback = new Uint8Array(length).fill(1, waiting);
  const parent = new Int32Array(length).fill(-1);
  const functionOfCallback = callbackFunction.finish();
  const awaitedByCallback = callbackAwaited.finish();
  const derivedOfCallback = callbackDerived.finish();
  for (let c = 0; c < callbacks.length; c++) {
    node[waiting + c] = callbacks[c] as number;
    functionRow[waiting + c] = functionOfCallback[c] as number;
    awaitedPromise[waiting + c] = awaitedByCallback[c] as number;
  }

  const UNKNOWN = -2;
  const BUSY = -3;
  const firstOf = new Int32Array(promises.length).fill(UNKNOWN);
  const open: number[] = [];
  const firstWaiter = (promise: number): number => {
    open.length = 0;
    open.push(promise);
    while (open.length > 0) {
      const p = open[open.length - 1] as number;
      let found = -1;
      let descend = -1;
      if ((firstOf[p] as number) >= -1) {
        open.pop();
        continue;
      }
      firstOf[p] = BUSY;
      const last = reactionStart[p + 1] as number;
      for (let r = reactionStart[p] as number; r < last && found < 0; r++) {
        const row = rows[r] as number;
        if (kinds[r] === Next.generator) found = waiterOfGenerator[row] as number;
        else if (kinds[r] === Next.callback) found = waiting + row;
        else if (kinds[r] === Next.promise) {
          const memo = firstOf[row] as number;
          if (memo === UNKNOWN) {
            descend = row;
            break;
          }
          if (memo >= 0) found = memo;
        }
      }
      if (descend >= 0) open.push(descend);
      else {
        firstOf[p] = found;
        open.pop();
      }
    }
    return firstOf[promise] as number;
  };

  const requests = new Set<number>();
  for (let g = 0; g < generators.length; g++) {
    const waiter = waiterOfGenerator[g] as number;
    if (waiter < 0) continue;
    const generator = generators[g] as number;
    node[waiter] = generator;
    functionRow[waiter] = functions.of(generatorClosure[g] as number);
    awaitedPromise[waiter] = awaited[g] as number;
    let above = -1;
    const last = firstEdge[generator + 1] as number;
    for (let edge = firstEdge[generator] as number; edge < last && above < 0; edge++) {
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
      const to = edgeTo[edge] as number;
      if (role[to] === Role.promise) above = firstWaiter(rowOf(promises, to));
      else if (nodeName[to] === requestName && nodeType[to] === NodeType.hidden) {
        // The queue of an async generator: its oldest request first.
        requests.clear();
        let request = to;
        while (request >= 0 && above < 0 && !requests.has(request)) {
          requests.add(request);
          let following = -1;
          const end = firstEdge[request + 1] as number;
          for (let slot = firstEdge[request] as number; slot < end; slot++) {
            const target = edgeTo[slot] as number;
            if (((edgeLabel[slot] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
            if (role[target] === Role.promise && above < 0) above = firstWaiter(rowOf(promises, target));
            else if (nodeName[target] === requestName && nodeType[target] === NodeType.hidden)
              following = target;
          }
          request = following;
        }
      }
    }
    parent[waiter] = above;
  }
  for (let c = 0; c < callbacks.length; c++) {
    const derived = (derivedOfCallback[c] as number) - 1;
    if (derived >= 0) parent[waiting + c] = firstWaiter(derived);
  }

  const inRing = cutRings(parent, functionRow, functions);
  const isLeaf = findLeaves(parent, isCallback);
  return {
    length,
    node,
    function: functionRow,
    isCallback,
    awaited: awaitedPromise,
    parent,
    isLeaf,
    inRing,
    firstWaiterOf: (promise) => {
      const row = role[promise] === Role.promise ? rowOf(promises, promise) : -1;
      return row < 0 ? -1 : firstWaiter(row);
    },
  };
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
