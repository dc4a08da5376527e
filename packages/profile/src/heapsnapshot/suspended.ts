// What is suspended in a heap: functions that have stopped at an `await` or a `yield`, and promises that somebody waits for.
import { GrowingUint32 } from '../columns/growable.ts';
import { EDGE_TYPE_BITS, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';

/** What a node is among what is suspended. */
export const Role = { none: 0, generator: 1, promise: 2 } as const;

/** Names of nodes and edges that tell. */
export type SuspendedNames = Readonly<Record<(typeof names)[number], number>>;

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

/** Suspended functions and pending promises; both lists are sorted by node. */
export interface Suspended {
  /** A {@link Role} per node. */
  readonly role: Uint8Array;
  readonly generators: Uint32Array;
  /** Of each generator. */
  readonly closures: Uint32Array;
  readonly promises: Uint32Array;
  /** The last reaction that was added to each promise. */
  readonly newest: Uint32Array;
  /** Rows of the strings, -1 for what the heap does not have. */
  readonly names: SuspendedNames;
}

/** Finds them, by their edges: see the rules at `findWaiters`. */
export function findSuspended(snapshot: HeapSnapshot): Suspended {
  const { nodeCount, nodeType, nodeName, firstEdge, edgeLabel, edgeTo, strings } = snapshot;
  const known = strings.findAll(names);
  const internal = (name: number): number =>
    name < 0 ? -1 : name * (1 << EDGE_TYPE_BITS) + EdgeType.internal;
  const functionLabel = internal(known.function);
  const registersLabel = internal(known.parameters_and_registers);
  const reactionsLabel = internal(known.reactions_or_result);
  const reactionName = known['system / PromiseReaction'];

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
  return {
    role,
    generators: generatorList.finish(),
    closures: closureList.finish(),
    promises: promiseList.finish(),
    newest: newestList.finish(),
    names: known,
  };
}

/** Reads a sorted list: the row of `value`, or -1. */
export function rowOf(sorted: Uint32Array, value: number): number {
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
