// What keeps an object alive: the shortest path from the root, and the words for it.
import { GrowingUint32 } from '../columns/growable.ts';
import { functionWords } from '../naming/names.ts';
import { NodeQueue } from './node-queue.ts';
import type { SnapshotFunctions } from './functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';

const NONE = 0xffffffff;
/** Holders that are named at most; what lies beyond is `…`. */
const STEPS = 6;
/** Characters of one name in a path. */
const NAME_LENGTH = 60;
/** Links that are climbed at most while looking for those. */
const CLIMB = 64;

const names = [
  '_events',
  '_onTimeout',
  '_onImmediate',
  '_idleNext',
  '_idlePrev',
  'function',
  'parameters_and_registers',
  'system / Context',
  'Array',
  'Map',
  'Set',
  'WeakMap',
] as const;

/** The edge by which each node was reached first, breadth first from the root; 2^32 − 1 for the root and what is unreachable. */
export interface ShortestPaths {
  readonly entry: Uint32Array;
}

/**
 * Shortest paths from the root over strong edges. Code and object shapes are left for last: nearly everything hangs on some
 * compiled function or hidden class as well, and no reader of a path wants to hear that.
 */
export function shortestPaths(snapshot: HeapSnapshot): ShortestPaths {
  const { nodeCount, nodeType, firstEdge, edgeLabel, edgeTo } = snapshot;
  const entry = new Uint32Array(nodeCount).fill(NONE);
  const queue = new NodeQueue();
  const isLate = (node: number): boolean =>
    nodeType[node] === NodeType.code || nodeType[node] === NodeType['object shape'];
  const late = new GrowingUint32(1024);
  let lateAt = 0;
  queue.push(0);
  for (;;) {
    while (queue.length > 0) {
      const node = queue.shift();
      const last = firstEdge[node + 1] as number;
      for (let edge = firstEdge[node] as number; edge < last; edge++) {
        if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.weak) continue;
        const to = edgeTo[edge] as number;
        if (entry[to] !== NONE || to === 0) continue;
        entry[to] = edge;
        if (isLate(to)) late.push(to);
        else queue.push(to);
      }
    }
    if (lateAt === late.length) break;
    while (lateAt < late.length) queue.push(late.get(lateAt++));
  }
  queue.release();
  return { entry };
}

/** The node an edge begins at. */
export function sourceOf(snapshot: HeapSnapshot, edge: number): number {
  const { firstEdge, nodeCount } = snapshot;
  let low = 0;
  let high = nodeCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((firstEdge[middle] as number) <= edge) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Tells in words what holds a node. */
export class Holders {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #entry: Uint32Array;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  readonly #filename: (url: string) => string;

  constructor(
    snapshot: HeapSnapshot,
    functions: SnapshotFunctions,
    paths: ShortestPaths,
    filename: (url: string) => string,
  ) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#entry = paths.entry;
    this.#names = snapshot.strings.findAll(names);
    this.#filename = filename;
  }

  /** The node that holds `node` on its shortest path, or -1. */
  above(node: number): number {
    const edge = this.#entry[node] as number;
    return edge === NONE ? -1 : sourceOf(this.#snapshot, edge);
  }

  /**
   * `listener 'message' of Socket ← …`: the nearest holder first. What says nothing to a reader (contexts, backing stores, the
   * engine's own records) is passed over.
   */
  words(node: number): string {
    const steps: string[] = [];
    let at = node;
    let cut = false;
    for (let climbed = 0; climbed < CLIMB; climbed++) {
      const edge = this.#entry[at] as number;
      if (edge === NONE) break;
      const holder = sourceOf(this.#snapshot, edge);
      const step = this.#step(holder, edge);
      at = step.next;
      if (step.words === '' || steps.at(-1) === step.words) continue;
      if (steps.length === STEPS) {
        cut = true;
        break;
      }
      steps.push(step.words);
    }
    if (cut) steps.push('…');
    return steps.join(' ← ');
  }

  #name(node: number): string {
    const { strings, nodeName } = this.#snapshot;
    const name = strings.get(nodeName[node] as number);
    return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
  }

  #edgeName(edge: number): string {
    const { strings, edgeLabel } = this.#snapshot;
    const name = strings.get((edgeLabel[edge] as number) >>> EDGE_TYPE_BITS);
    return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
  }

  #functionWords(closure: number): string {
    const described = this.#functions.get(this.#functions.of(closure));
    // Builtins without a name that anything holds are, with few exceptions, what a Promise's executor is handed.
    if (described.url === '') return described.name === '' ? 'resolve function' : described.name;
    return `${functionWords(described.name, described)} ${this.#filename(described.url)}:${described.line}`;
  }

  /** Words for one link, and the node to go on from. */
  #step(holder: number, edge: number): { readonly words: string; readonly next: number } {
    const { nodeType, nodeName, edgeLabel } = this.#snapshot;
    const type = (edgeLabel[edge] as number) & EDGE_TYPE_MASK;
    const label = (edgeLabel[edge] as number) >>> EDGE_TYPE_BITS;
    const silent = { words: '', next: holder };
    switch (nodeType[holder]) {
      case NodeType.synthetic: {
        const name = this.#name(holder);
        if (holder === 0 || name === '(GC roots)') return silent;
        return { words: name.replace(/^Node \/ /u, ''), next: holder };
      }
      case NodeType.native:
        return { words: this.#name(holder).replace(/^Node \/ /u, ''), next: holder };
      case NodeType.closure:
        return { words: this.#functionWords(holder), next: holder };
      case NodeType.object:
        break;
      default:
        return silent;
    }
    if (nodeName[holder] === this.#names['system / Context']) {
      return type === EdgeType.context ? { words: `variable ${this.#edgeName(edge)}`, next: holder } : silent;
    }
    if (type === EdgeType.property || type === EdgeType.element) {
      const listener = this.#listener(holder, edge);
      if (listener !== null) return listener;
    }
    const suspended = this.#functions.target(holder, EdgeType.internal, this.#names.parameters_and_registers);
    if (suspended >= 0 && type !== EdgeType.property) {
      const closure = this.#functions.target(holder, EdgeType.internal, this.#names.function);
      if (closure >= 0) return { words: `suspended ${this.#functionWords(closure)}`, next: holder };
    }
    const name = this.#name(holder).replace(/^global\b.*/u, 'globalThis');
    if (type === EdgeType.property) {
      if (label === this.#names._onTimeout || label === this.#names._onImmediate) {
        return { words: `callback of ${name}`, next: holder };
      }
      if (label === this.#names._idleNext || label === this.#names._idlePrev)
        return { words: name, next: holder };
      const property = this.#edgeName(edge);
      return {
        words: property.startsWith('<symbol ') ? `${name}[${property.slice(8, -1)}]` : `${name}.${property}`,
        next: holder,
      };
    }
    if (nodeName[holder] === this.#names.Array) return { words: 'Array element', next: holder };
    if (nodeName[holder] === this.#names.Map) return { words: 'Map entry', next: holder };
    if (nodeName[holder] === this.#names.Set) return { words: 'Set entry', next: holder };
    if (nodeName[holder] === this.#names.WeakMap) return { words: 'WeakMap entry', next: holder };
    return { words: name, next: holder };
  }

  /** The emitter and the event that `node` listens to, where it is held as a listener; else null. */
  listener(node: number): { readonly emitter: number; readonly event: string } | null {
    const edge = this.#entry[node] as number;
    return edge === NONE ? null : this.#listenerAt(sourceOf(this.#snapshot, edge), edge);
  }

  /** Words for the link of a listener. */
  #listener(holder: number, edge: number): { readonly words: string; readonly next: number } | null {
    const found = this.#listenerAt(holder, edge);
    if (found === null) return null;
    return { words: `${this.#name(found.emitter)} listener '${found.event}'`, next: found.emitter };
  }

  /** The link of a listener: emitter —`_events`→ table —event→ closure, or → array of closures. */
  #listenerAt(holder: number, edge: number): { readonly emitter: number; readonly event: string } | null {
    let table = holder;
    let named = edge;
    let entry = this.#entry[table] as number;
    if (entry === NONE) return null;
    if (((this.#snapshot.edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.element) {
      named = entry;
      table = sourceOf(this.#snapshot, entry);
      entry = this.#entry[table] as number;
      if (entry === NONE) return null;
    }
    const events = this.#names._events;
    if (events < 0) return null;
    if (this.#snapshot.edgeLabel[entry] !== events * (1 << EDGE_TYPE_BITS) + EdgeType.property) return null;
    if (((this.#snapshot.edgeLabel[named] as number) & EDGE_TYPE_MASK) !== EdgeType.property) return null;
    return { emitter: sourceOf(this.#snapshot, entry), event: this.#edgeName(named) };
  }
}
