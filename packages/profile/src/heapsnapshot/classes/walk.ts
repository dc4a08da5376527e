// From the root to every object: the chain of holders on which it hangs, breadth first, as a row of the tree of chains.
import { GrowingUint32 } from '../../columns/growable.ts';
import { baseName } from '../../naming/names.ts';
import type { Sureness } from '../../naming/uses.ts';
import { NodeQueue } from '../node-queue.ts';
import type { SnapshotFunctions } from '../functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from '../snapshot.ts';
import { ClassNames } from './class-names.ts';
import { EdgeFrames } from './edge-frames.ts';
import { HolderTree, type PlacedMaker, ROOT_ROW } from './holder-tree.ts';
import type { Scopes } from './scopes.ts';

/** What a node is in its row. */
export const Part = {
  /** Part of what the row counts (a table, a backing store): bytes without a number of their own. */
  piece: 0,
  /** One of what the row counts. */
  member: 1,
  /** As `piece`, in a row that does not depend on who holds it. */
  fixed: 2,
  /** As `member`, in such a row. */
  fixedMember: 3,
} as const;

const NONE = 0xffffffff;
/** Frames below Node's own that are told, up to the first one of the user's. */
const RUNTIME_DEPTH = 4;

/** Every node's row. */
export interface ClassWalk {
  readonly tree: HolderTree;
  /** The row of each node. */
  readonly row: Uint32Array;
  /** The row that it hangs on: its holder's. */
  readonly base: Uint32Array;
  /** A {@link Part} per node. */
  readonly part: Uint8Array;
  /** Row of what no strong path leads to. */
  readonly weak: number;
  /** Row above what no path leads to because the snapshot was cut before it told who holds that; -1 where it was not. */
  readonly untold: number;
  /** Row of what is the engine's own. */
  readonly system: number;
  /** Nodes of global objects. */
  readonly globals: readonly number[];
  /** Whether a row is the runtime's: nothing of the user's is on its chain. */
  isRuntime(row: number): boolean;
  /** Who puts things into a property of that name, as the script of that URL tells; null where none does. */
  makerOfProperty(name: string, url: string, sureness: Sureness): PlacedMaker | null;
}

const names = [
  'global_object',
  'global_proxy_object',
  'system / NativeContext',
  'system / SourceTextModule',
  '_events',
] as const;

/** How urgently an edge is followed: whatever can be reached by an earlier class of edges is. */
const Tier = { now: 0, roots: 1, running: 2, rest: 3 } as const;

/**
 * Walks the strong edges of a snapshot. Edges by which running functions, handle scopes and the engine's root tables hold what others
 * hold too are turned back to where they begin: they keep nothing alive.
 */
export function walkClasses(
  snapshot: HeapSnapshot,
  functions: SnapshotFunctions,
  scopes: Scopes,
  filename: (url: string) => string,
): ClassWalk {
  return new Walker(snapshot, functions, scopes, filename).walk();
}

class Walker {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #scopes: Scopes;
  readonly #filename: (url: string) => string;
  readonly #tree = new HolderTree();
  readonly #classes: ClassNames;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  readonly #row: Uint32Array;
  readonly #base: Uint32Array;
  readonly #part: Uint8Array;
  /** By row: 1 the runtime's, 2 not, 0 not known yet. */
  readonly #runtime: number[] = [];
  /** Frames of the user's that stand nowhere: his globals and classes. */
  readonly #userFrames = new Set<number>();
  readonly #globals: number[] = [];
  readonly #modules = new Map<string, number>();
  readonly #edges: EdgeFrames;
  readonly #rows: Readonly<
    Record<
      'code' | 'shapes' | 'system' | 'node' | 'running' | 'microtasks' | 'weak' | 'global' | 'untold',
      number
    >
  >;
  readonly #events: number;

  constructor(
    snapshot: HeapSnapshot,
    functions: SnapshotFunctions,
    scopes: Scopes,
    filename: (url: string) => string,
  ) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#scopes = scopes;
    this.#filename = filename;
    const tree = this.#tree;
    this.#classes = new ClassNames(snapshot, functions, tree, scopes, filename);
    this.#names = snapshot.strings.findAll(names);
    this.#row = new Uint32Array(snapshot.nodeCount).fill(NONE);
    this.#base = new Uint32Array(snapshot.nodeCount);
    this.#part = new Uint8Array(snapshot.nodeCount);
    const frame = (name: string): number => tree.frame(name, '', 0);
    const root = (name: string): number => {
      const row = tree.child(ROOT_ROW, frame(name));
      this.#runtime[row] = 1;
      return row;
    };
    this.#rows = {
      system: root('(V8 system)'),
      code: root('(V8 code)'),
      shapes: root('(V8 object shapes)'),
      node: root('(Node and builtins)'),
      running: root('(running functions)'),
      microtasks: root('(microtasks)'),
      weak: root('(weakly held)'),
      untold: snapshot.isCut ? root('(held by what was cut off)') : -1,
      global: root('globalThis'),
    };
    this.#runtime[ROOT_ROW] = 1;
    this.#events = frame('listeners');
    this.#edges = new EdgeFrames(snapshot, scopes, tree, filename, {
      global: this.#rows.global,
      isRuntime: (row) => this.#isRuntime(row),
      isUsers: (made) => this.#userFrames.add(made),
    });
  }

  walk(): ClassWalk {
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const queue = new NodeQueue();
    const late = new GrowingUint32(1024);
    const deferred = [
      new GrowingUint32(0),
      new GrowingUint32(64),
      new GrowingUint32(64),
      new GrowingUint32(64),
    ];
    const reach = (holder: number, edge: number, to: number): void => {
      const isLate = this.#enter(holder, edge, to);
      if (isLate) late.push(to);
      else queue.push(to);
    };
    this.#enterGlobals(queue);
    this.#row[0] = ROOT_ROW;
    this.#part[0] = Part.fixed;
    queue.push(0);
    const done = [0, 0, 0, 0];
    let lateAt = 0;
    for (;;) {
      while (queue.length > 0) {
        const node = queue.shift();
        const last = firstEdge[node + 1] as number;
        for (let edge = firstEdge[node] as number; edge < last; edge++) {
          const to = edgeTo[edge] as number;
          if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.weak) continue;
          if (this.#row[to] !== NONE) {
            this.#turnBack(node, edge, to);
            continue;
          }
          const when = this.#tier(node, edge, to);
          if (when === Tier.now) reach(node, edge, to);
          else {
            deferred[when]?.push(node);
            deferred[when]?.push(edge);
          }
        }
      }
      const tier = deferred.findIndex((edges, at) => edges.length > (done[at] as number));
      if (tier >= 0) {
        const edges = deferred[tier] as GrowingUint32;
        for (let i = done[tier] as number; i < edges.length; i += 2) {
          const holder = edges.get(i);
          const edge = edges.get(i + 1);
          const to = edgeTo[edge] as number;
          if (this.#row[to] === NONE) reach(holder, edge, to);
          else this.#turnBack(holder, edge, to);
        }
        done[tier] = edges.length;
      } else if (lateAt < late.length) {
        while (lateAt < late.length) queue.push(late.get(lateAt++));
      } else break;
    }
    queue.release();
    if (this.#snapshot.isCut) this.#enterUntold();
    return {
      tree: this.#tree,
      row: this.#row,
      base: this.#base,
      part: this.#part,
      weak: this.#rows.weak,
      untold: this.#rows.untold,
      system: this.#rows.system,
      globals: this.#globals,
      isRuntime: (row) => this.#isRuntime(row),
      makerOfProperty: (name, url, sureness) => this.#scopes.makerOfProperty(name, url, sureness),
    };
  }

  /** When an edge is followed: globals first, then handles, then what running functions have, then the engine's own tables. */
  #tier(holder: number, edge: number, to: number): number {
    const { nodeType, nodeName, strings } = this.#snapshot;
    if (nodeType[holder] !== NodeType.synthetic) return Tier.now;
    if (holder === 0) return this.#isShortcut(holder, edge) ? Tier.now : Tier.roots;
    if (nodeType[to] === NodeType.synthetic) return Tier.now;
    switch (strings.get(nodeName[holder] as number)) {
      case '(Stack roots)':
      case '(Handle scope)':
        return nodeType[to] === NodeType.closure || this.#scopes.isContext(to) ? Tier.running : Tier.rest;
      case '(Global handles)':
      case '(Traced handles)':
      case '(Micro tasks)':
        return Tier.roots;
      default:
        return strings.get(nodeName[holder] as number).startsWith('(') ? Tier.rest : Tier.now;
    }
  }

  /** What somebody else holds is not kept by the functions that happen to run, nor by the engine's tables. */
  #turnBack(holder: number, edge: number, to: number): void {
    if (this.#snapshot.nodeType[holder] !== NodeType.synthetic) return;
    const when = this.#tier(holder, edge, to);
    if (when === Tier.running || when === Tier.rest) this.#snapshot.edgeTo[edge] = holder;
  }

  /** Whether an edge leads from the root straight to a global object. */
  #isShortcut(holder: number, edge: number): boolean {
    return (
      holder === 0 && ((this.#snapshot.edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.shortcut
    );
  }

  /**
   * Global objects come before everything else. A snapshot that V8 takes when memory runs out has no edge from the root to them, but
   * every native context has some.
   */
  #enterGlobals(queue: NodeQueue): void {
    const { nodeCount, nodeName, nodeType, firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const known = this.#names;
    const context = known['system / NativeContext'];
    const isGlobal = (node: number, edge: number): boolean => {
      if (this.#isShortcut(node, edge)) return true;
      const label = edgeLabel[edge] as number;
      const name = label >>> EDGE_TYPE_BITS;
      return (
        node !== 0 &&
        (label & EDGE_TYPE_MASK) === EdgeType.internal &&
        (name === known.global_object || name === known.global_proxy_object)
      );
    };
    for (let node = 0; node < nodeCount; node++) {
      if (node !== 0 && nodeName[node] !== context) continue;
      const last = firstEdge[node + 1] as number;
      for (let edge = firstEdge[node] as number; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        if (to === 0 || this.#row[to] !== NONE || nodeType[to] !== NodeType.object || !isGlobal(node, edge))
          continue;
        this.#globals.push(to);
        this.#fix(to, this.#rows.global, Part.fixedMember);
        queue.push(to);
      }
    }
  }

  /** What no path leads to because the snapshot was cut: its kind is known, and that it was there. */
  #enterUntold(): void {
    const { nodeCount, nodeType } = this.#snapshot;
    const { untold, code, shapes, system } = this.#rows;
    for (let node = 0; node < nodeCount; node++) {
      if (this.#row[node] !== NONE) continue;
      this.#base[node] = untold;
      switch (nodeType[node]) {
        case NodeType.code:
          this.#fix(node, code, Part.fixed);
          break;
        case NodeType['object shape']:
          this.#fix(node, shapes, Part.fixed);
          break;
        case NodeType.synthetic:
          this.#fix(node, system, Part.fixed);
          break;
        case NodeType.array:
        case NodeType.number:
        case NodeType.native:
        case NodeType.hidden:
        case NodeType.other:
          this.#fix(node, untold, Part.fixed);
          break;
        default:
          this.#fix(node, this.#tree.child(untold, this.#classes.frameOf(node)), Part.member);
      }
    }
  }

  /** Gives `to` its row; true where it is followed last, as nearly everything hangs on some code or shape as well. */
  #enter(holder: number, edge: number, to: number): boolean {
    const { nodeType } = this.#snapshot;
    const base = this.#row[holder] as number;
    this.#base[to] = base;
    switch (nodeType[to]) {
      case NodeType.code:
        return this.#fix(to, this.#rows.code, Part.fixed);
      case NodeType['object shape']:
        return this.#fix(to, this.#rows.shapes, Part.fixed);
      case NodeType.synthetic:
        this.#fix(to, this.#rootRow(to), Part.fixed);
        return false;
      case NodeType.closure:
        this.#enterClosure(holder, edge, to, base);
        return false;
      case NodeType.native:
        this.#piece(to, base === ROOT_ROW ? this.#rows.node : base);
        return false;
      case NodeType.hidden:
        this.#enterHidden(holder, edge, to, base);
        return false;
      case NodeType.array:
      case NodeType.number:
      case NodeType.other:
        this.#piece(to, base);
        return false;
      case NodeType.string:
      case NodeType['concatenated string']:
      case NodeType['sliced string']:
        if (isString(nodeType[holder] as number)) this.#piece(to, base);
        else this.#member(holder, edge, to, base);
        return false;
      default:
    }
    if (this.#scopes.isContext(to)) this.#enterContext(to, base);
    else if (this.#classes.isBufferOfView(edge, to)) this.#piece(to, base);
    else this.#member(holder, edge, to, base);
    return false;
  }

  #enterHidden(holder: number, edge: number, to: number, base: number): void {
    if (this.#classes.isReaction(to)) {
      this.#member(holder, edge, to, base);
      return;
    }
    const scope = this.#isModule(to) ? this.#scopes.ofModule(to) : null;
    if (scope !== null) this.#fix(to, this.#moduleRow(scope.url), Part.fixed);
    else this.#piece(to, base);
  }

  #isModule(node: number): boolean {
    return this.#snapshot.nodeName[node] === this.#names['system / SourceTextModule'];
  }

  #fix(node: number, row: number, part: number): true {
    this.#row[node] = row;
    this.#part[node] = part;
    return true;
  }

  #piece(node: number, base: number): void {
    this.#row[node] = base === ROOT_ROW ? this.#rows.system : base;
  }

  #rootRow(node: number): number {
    const { nodeName, strings } = this.#snapshot;
    const name = strings.get(nodeName[node] as number);
    switch (name) {
      case '(Stack roots)':
      case '(Handle scope)':
        return this.#rows.running;
      case '(Micro tasks)':
        return this.#rows.microtasks;
      case '(Global handles)':
      case '(Traced handles)':
        return this.#rows.node;
      default:
        return name.startsWith('(') ? this.#rows.system : this.#rows.node;
    }
  }

  /** Functions of the runtime are one row, as long as only the runtime holds them. */
  #enterClosure(holder: number, edge: number, to: number, base: number): void {
    const isUsers = this.#functions.owner(this.#functions.of(to)) === 'user';
    if (!isUsers && (this.#isRuntime(base) || holder === 0)) this.#fix(to, this.#rows.node, Part.fixedMember);
    else this.#member(holder, edge, to, base);
  }

  /** A context is part of its closures; a module's is nobody's but the module's. */
  #enterContext(to: number, base: number): void {
    const scope = this.#scopes.of(to);
    if (scope.kind === 'node' && this.#isRuntime(base)) this.#fix(to, this.#rows.node, Part.fixed);
    else if (scope.kind === 'module') this.#fix(to, this.#moduleRow(scope.url), Part.fixed);
    else this.#piece(to, base);
  }

  #moduleRow(url: string): number {
    let row = this.#modules.get(url);
    if (row === undefined) {
      const frame = this.#tree.frame(`module ${baseName(this.#filename(url))}`, url, 1);
      row = this.#tree.child(this.#rows.global, frame);
      this.#modules.set(url, row);
    }
    return row;
  }

  #member(holder: number, edge: number, to: number, base: number): void {
    this.#part[to] = Part.member;
    const tree = this.#tree;
    const { edgeLabel, nodeType } = this.#snapshot;
    const label = edgeLabel[edge] as number;
    const type = label & EDGE_TYPE_MASK;
    let at = base === ROOT_ROW ? this.#rows.system : base;
    if (type === EdgeType.context) {
      const frame = this.#edges.ofVariable(holder, label >>> EDGE_TYPE_BITS);
      if (frame >= 0) at = this.#below(at, frame);
    } else if (nodeType[holder] === NodeType.hidden) {
      const exported = this.#scopes.exportOf(holder);
      if (exported !== null) at = this.#below(at, this.#edges.ofName(exported.scope, exported.name));
    } else if (type === EdgeType.property) {
      const name = label >>> EDGE_TYPE_BITS;
      if (name === this.#names._events) {
        this.#row[to] = this.#below(at, this.#events);
        return;
      }
      if (tree.frameOf(at) === this.#events) {
        at = this.#below(tree.parentOf(at), this.#edges.ofListener(name));
        if (nodeType[to] !== NodeType.closure) {
          this.#row[to] = at;
          return;
        }
      } else {
        if (at === this.#rows.global && this.#edges.isNodesGlobal(name)) at = this.#rows.node;
        const frame = this.#edges.ofProperty(holder, at, name);
        if (frame >= 0) at = this.#below(at, frame);
      }
    }
    const frame = this.#classes.frameOf(to);
    if (this.#classes.isUsers(to)) this.#userFrames.add(frame);
    this.#row[to] = this.#below(at, frame);
  }

  /** One more frame; of the runtime's own chains only the ends are told. */
  #below(row: number, frame: number): number {
    const tree = this.#tree;
    const made = tree.child(row, frame);
    if (tree.depthOf(made) <= RUNTIME_DEPTH || !this.#isRuntime(made)) return made;
    return tree.child(tree.parentOf(row), frame);
  }

  #isRuntime(row: number): boolean {
    const known = this.#runtime[row] ?? 0;
    if (known !== 0) return known === 1;
    const tree = this.#tree;
    const frame = tree.frameOf(row);
    const above = tree.parentOf(row);
    const isUsers = above === this.#rows.global || this.#userFrames.has(frame) || tree.isPlaced(frame);
    const is = !isUsers && this.#isRuntime(above);
    this.#runtime[row] = is ? 1 : 2;
    return is;
  }
}

function isString(type: number): boolean {
  return (
    type === NodeType.string || type === NodeType['concatenated string'] || type === NodeType['sliced string']
  );
}
