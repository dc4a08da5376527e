// What happens when a promise settles: its reactions, and what each leads to.
import { GrowingUint32 } from '../columns/growable.ts';
import type { SnapshotFunctions } from './functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';
import { Role, rowOf, type Suspended } from './suspended.ts';

/** What a reaction leads to. */
export const Next = { none: 0, generator: 1, callback: 2, promise: 3 } as const;

/** Reactions of all pending promises. */
export interface Reactions {
  /** Reactions of promise p: rows start[p] … start[p + 1] - 1, oldest first. */
  readonly start: Uint32Array;
  /** A {@link Next} per reaction. */
  readonly kind: Uint8Array;
  /** Row of what it leads to, in the list of its kind. */
  readonly row: Uint32Array;
  /** The promise that each generator awaits, and whether it awaits one. */
  readonly awaited: Uint32Array;
  readonly isAwaiting: Uint8Array;
  /** `then` callbacks, a row each. */
  readonly callbacks: {
    readonly reaction: Uint32Array;
    readonly function: Uint32Array;
    readonly awaited: Uint32Array;
    /** Row of the derived promise + 1, or 0. */
    readonly derived: Uint32Array;
  };
}

/** Reads the reactions of every pending promise. */
export function readReactions(
  snapshot: HeapSnapshot,
  functions: SnapshotFunctions,
  suspended: Suspended,
): Reactions {
  return new ReactionReader(snapshot, functions, suspended).read();
}

/** Reactions of one promise that are not looked at for rings. */
const SURELY_NO_RING = 16;

class ReactionReader {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #suspended: Suspended;
  readonly #kind: number[] = [];
  readonly #row = new GrowingUint32(1024);
  readonly #callbackReaction = new GrowingUint32(64);
  readonly #callbackFunction = new GrowingUint32(64);
  readonly #callbackAwaited = new GrowingUint32(64);
  readonly #callbackDerived = new GrowingUint32(64);
  readonly #awaited: Uint32Array;
  readonly #isAwaiting: Uint8Array;

  constructor(snapshot: HeapSnapshot, functions: SnapshotFunctions, suspended: Suspended) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#suspended = suspended;
    this.#awaited = new Uint32Array(suspended.generators.length);
    this.#isAwaiting = new Uint8Array(suspended.generators.length);
  }

  read(): Reactions {
    const { promises, newest } = this.#suspended;
    const start = new Uint32Array(promises.length + 1);
    const chain: number[] = [];
    const inChain = new Set<number>();
    for (let p = 0; p < promises.length; p++) {
      this.#chainOf(newest[p] as number, chain, inChain);
      for (let c = chain.length - 1; c >= 0; c--) this.#reaction(chain[c] as number, promises[p] as number);
      start[p + 1] = this.#kind.length;
    }
    return {
      start,
      kind: Uint8Array.from(this.#kind),
      row: this.#row.finish(),
      awaited: this.#awaited,
      isAwaiting: this.#isAwaiting,
      callbacks: {
        reaction: this.#callbackReaction.finish(),
        function: this.#callbackFunction.finish(),
        awaited: this.#callbackAwaited.finish(),
        derived: this.#callbackDerived.finish(),
      },
    };
  }

  /** Fills `chain` with a promise's reactions, newest first; a hostile file may tie them into a ring. */
  #chainOf(newest: number, chain: number[], inChain: Set<number>): void {
    const { firstEdge, edgeTo } = this.#snapshot;
    chain.length = 0;
    if (inChain.size > 0) inChain.clear();
    let reaction = newest;
    while (reaction >= 0 && !inChain.has(reaction)) {
      chain.push(reaction);
      // A ring is noticed when it has been gone round: most chains are one reaction, and there may be millions.
      if (chain.length > SURELY_NO_RING) inChain.add(reaction);
      let older = -1;
      const last = firstEdge[reaction + 1] as number;
      for (let edge = firstEdge[reaction] as number; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        if (this.#isReaction(to)) {
          older = to;
          break;
        }
      }
      reaction = older;
    }
  }

  #isReaction(node: number): boolean {
    const { nodeName, nodeType } = this.#snapshot;
    return (
      nodeName[node] === this.#suspended.names['system / PromiseReaction'] &&
      nodeType[node] === NodeType.hidden
    );
  }

  /** Says what the reaction of a promise leads to. */
  #reaction(at: number, promise: number): void {
    const { firstEdge, edgeLabel, edgeTo, nodeType } = this.#snapshot;
    const last = firstEdge[at + 1] as number;
    let awaiting = -1;
    let derived = -1;
    let derivedIndex = -1;
    for (let edge = firstEdge[at] as number; edge < last; edge++) {
      const to = edgeTo[edge] as number;
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
      if (this.#isPromiseLike(to)) {
        derived = to;
        derivedIndex = (edgeLabel[edge] as number) >>> EDGE_TYPE_BITS;
      } else if (nodeType[to] === NodeType.closure && awaiting < 0) awaiting = this.#awaitedBy(to);
    }
    if (awaiting < 0) {
      this.#handlers(at, promise, derived, derivedIndex);
      return;
    }
    const row = rowOf(this.#suspended.generators, awaiting);
    this.#isAwaiting[row] = 1;
    this.#awaited[row] = promise;
    this.#kind.push(Next.generator);
    this.#row.push(row);
  }

  /** The suspended function whose `await` a handler is, or -1. */
  #awaitedBy(handler: number): number {
    const { names, role } = this.#suspended;
    const context = this.#functions.target(handler, EdgeType.internal, names.context);
    if (context < 0) return -1;
    const extension = this.#functions.target(context, EdgeType.internal, names.extension);
    return extension >= 0 && role[extension] === Role.generator ? extension : -1;
  }

  /**
   * A `then`: with a callback of the program, or with a builtin that passes on what it gets.
   *
   * @param derived the promise that `then` has returned, or its capability; -1 where there is none
   * @param derivedIndex number of the hidden edge to it
   */
  #handlers(at: number, promise: number, derived: number, derivedIndex: number): void {
    const { firstEdge, edgeLabel, edgeTo, nodeType } = this.#snapshot;
    const last = firstEdge[at + 1] as number;
    // The handlers stand right before the derived promise: reject handler, then fulfil handler.
    let fulfil = -1;
    let passed = -1;
    for (let edge = firstEdge[at] as number; edge < last; edge++) {
      const to = edgeTo[edge] as number;
      const label = edgeLabel[edge] as number;
      if ((label & EDGE_TYPE_MASK) !== EdgeType.hidden || nodeType[to] !== NodeType.closure) continue;
      const builtin = this.#functions.owner(this.#functions.of(to)) === 'builtin';
      if (!builtin && derivedIndex >= 0 && label >>> EDGE_TYPE_BITS === derivedIndex - 1) fulfil = to;
      if (builtin && passed < 0) passed = this.#passedOn(to);
    }
    let next = derived >= 0 ? this.#pendingOf(derived) : -1;
    if (fulfil >= 0) {
      this.#kind.push(Next.callback);
      this.#row.push(this.#callbackReaction.length);
      this.#callbackReaction.push(at);
      this.#callbackFunction.push(this.#functions.of(fulfil));
      this.#callbackAwaited.push(promise);
      this.#callbackDerived.push(next + 1);
      return;
    }
    if (next < 0) next = passed;
    this.#kind.push(next >= 0 ? Next.promise : Next.none);
    this.#row.push(next >= 0 ? next : 0);
  }

  /** Row of the pending promise that a builtin's context holds, or -1. */
  #passedOn(builtin: number): number {
    const { firstEdge, edgeLabel, edgeTo, nodeName } = this.#snapshot;
    const { names } = this.#suspended;
    const context = this.#functions.target(builtin, EdgeType.internal, names.context);
    if (context < 0 || nodeName[context] !== names['system / Context']) return -1;
    const end = firstEdge[context + 1] as number;
    for (let slot = firstEdge[context] as number; slot < end; slot++) {
      if (((edgeLabel[slot] as number) & EDGE_TYPE_MASK) !== EdgeType.hidden) continue;
      const pending = this.#pendingOf(edgeTo[slot] as number);
      if (pending >= 0) return pending;
    }
    return -1;
  }

  /** Row of the pending promise behind a promise or a capability, or -1. */
  #pendingOf(node: number): number {
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const { role, promises } = this.#suspended;
    if (role[node] === Role.promise) return rowOf(promises, node);
    if (!this.#isCapability(node)) return -1;
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      const to = edgeTo[edge] as number;
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.hidden && role[to] === Role.promise)
        return rowOf(promises, to);
    }
    return -1;
  }

  #isPromiseLike(node: number): boolean {
    const { nodeName, nodeType } = this.#snapshot;
    const { names, role } = this.#suspended;
    return (
      role[node] === Role.promise ||
      (nodeType[node] === NodeType.object && nodeName[node] === names.Promise) ||
      this.#isCapability(node)
    );
  }

  #isCapability(node: number): boolean {
    const { nodeName, nodeType } = this.#snapshot;
    return (
      nodeName[node] === this.#suspended.names['system / PromiseCapability'] &&
      nodeType[node] === NodeType.hidden
    );
  }
}
