// Who frees what: the dominator tree of a snapshot, and bytes credited to the nearest claim above them.
import { GrowingUint32 } from '../columns/growable.ts';
import { ProfileError } from '../errors.ts';
import type { NodeSizes } from './node-sizes.ts';
import { release } from './release.ts';
import { EDGE_TYPE_MASK, EdgeType, type HeapSnapshot } from './snapshot.ts';

const NONE = 0xffffffff;

/** What claims memory: a group per node, 0 where it has none. */
export interface Claims {
  /** Groups are numbered from 1; row 0 takes what nobody claims. */
  readonly groups: number;
  readonly node: Uint32Array;
  readonly group: Uint32Array;
  /** 1 for a group whose nodes give way to any claim above them. */
  readonly isWeak: Uint8Array;
}

function column(length: number): Uint32Array<ArrayBuffer> {
  try {
    return new Uint32Array(length);
  } catch (cause) {
    throw new ProfileError(
      'PROFILE_TOO_LARGE',
      `heap snapshot: no memory for ${length} rows of the dominator tree`,
      {
        cause,
      },
    );
  }
}

/** The strong edges of a snapshot and the sizes of its nodes: all that dominators need. */
export interface StrongGraph {
  readonly nodeCount: number;
  readonly firstEdge: Uint32Array;
  /** Where each edge leads; an edge that keeps nothing alive leads back to its own node. */
  readonly edgeTo: Uint32Array;
  readonly sizes: NodeSizes;
}

/**
 * The strong graph of a snapshot, in the snapshot's own columns: it is consumed, and the columns that are not needed any more
 * are released.
 */
export function takeStrongGraph(snapshot: HeapSnapshot): StrongGraph {
  const { nodeCount, firstEdge, edgeLabel, edgeTo, sizes } = snapshot;
  for (let node = 0; node < nodeCount; node++) {
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      if (((edgeLabel[edge] as number) & EDGE_TYPE_MASK) === EdgeType.weak) edgeTo[edge] = node;
    }
  }
  release(snapshot.edgeLabel);
  release(snapshot.nodeName);
  release(snapshot.nodeType);
  release(snapshot.nodeId);
  return { nodeCount, firstEdge, edgeTo, sizes };
}

/** The dominator tree of what the root leads to. Vertices are numbered so that each comes after its dominator; 0 is the root. */
export interface DominatorTree {
  readonly reached: number;
  /** Node of each vertex. */
  readonly vertex: Uint32Array;
  /** Immediate dominator of each vertex. */
  readonly idom: Uint32Array;
  /** A column of `reached` words or more that nobody needs any more. */
  readonly spare: Uint32Array;
}

/**
 * Dominators by the semi-NCA algorithm (Georgiadis: Linear-Time Algorithms for Dominators and Related Problems, 2005) over a
 * depth-first numbering. Memory: 4 columns of 4 bytes per node, as many per step of the deepest path, and 4 bytes per edge that is
 * not in the depth-first tree; once the edges are consumed, 2 columns more. Half of the columns are what is returned.
 *
 * @param nodes nodes whose vertices are wanted; they are replaced by those, and by 2^32 − 1 where the root does not lead to them
 */
export function dominatorTree(graph: StrongGraph, nodes: Uint32Array): DominatorTree {
  const walk = depthFirst(graph);
  const preds = predecessors(graph, walk);
  for (let i = 0; i < nodes.length; i++) nodes[i] = walk.order[nodes[i] as number] as number;
  release(graph.firstEdge);
  release(graph.edgeTo);
  const { idom, semi, label } = dominators(walk, preds);
  for (const used of [walk.parent, walk.entering, preds, semi]) release(used);
  return { reached: walk.reached, vertex: walk.vertex, idom, spare: label };
}

/**
 * Bytes per group: a node's own bytes count for the nearest claimed node that dominates it (or itself), so that no byte counts
 * twice and a group's number is what would become free with it, less what groups inside of it claim.
 *
 * @param claimed the vertices of the claims' nodes, as {@link dominatorTree} tells them
 */
export function claimedBytes(
  tree: DominatorTree,
  sizes: NodeSizes,
  claims: Claims,
  claimed: Uint32Array,
): Float64Array {
  const { reached, vertex, idom } = tree;
  // A vertex comes after its dominator, so one pass hands claims down.
  const owner = tree.spare.fill(0);
  for (let c = 0; c < claimed.length; c++) {
    const at = claimed[c] as number;
    if (at !== NONE) owner[at] = claims.group[c] as number;
  }
  const bytes = new Float64Array(claims.groups + 1);
  for (let v = 0; v < reached; v++) {
    const inherited = v === 0 ? 0 : (owner[idom[v] as number] as number);
    let group = owner[v] as number;
    if (group === 0 || (claims.isWeak[group] === 1 && inherited !== 0)) group = inherited;
    owner[v] = group;
    bytes[group] = (bytes[group] as number) + sizes.of(vertex[v] as number);
  }
  return bytes;
}

/** A depth-first numbering, and the columns that the steps after it use again. */
interface Walk {
  /** Number of vertices that the root leads to. */
  readonly reached: number;
  /** Number of each node; NONE where the root does not lead to it. */
  readonly order: Uint32Array;
  /** Node of each number. */
  readonly vertex: Uint32Array;
  /** Parent of each vertex in the depth-first tree. */
  readonly parent: Uint32Array;
  /** How many edges enter vertex v from elsewhere than its parent; then where the list of those begins, and at v + 1 where it ends. */
  readonly entering: Uint32Array;
}

/** Numbers the nodes. `parent` serves as the stack; beside it stands where each vertex on it is in its edges. */
function depthFirst({ nodeCount, firstEdge, edgeTo }: StrongGraph): Walk {
  const order = column(nodeCount).fill(NONE);
  const vertex = column(nodeCount);
  const parent = column(nodeCount);
  const entering = column(nodeCount + 1);
  const cursors = new GrowingUint32(1024);
  let reached = 0;
  order[0] = reached;
  vertex[reached++] = 0;
  cursors.push(firstEdge[0] as number);
  let depth = 0;
  let current = 0;
  for (;;) {
    const node = vertex[current] as number;
    const last = firstEdge[node + 1] as number;
    let edge = cursors.get(depth);
    let child = NONE;
    while (edge < last) {
      const to = edgeTo[edge++] as number;
      const at = order[to] as number;
      if (at === NONE) {
        child = to;
        break;
      }
      // A second edge to a child says nothing that the tree does not say; neither does one to itself.
      if (at !== current && parent[at] !== current) entering[at] = (entering[at] as number) + 1;
    }
    cursors.set(depth, edge);
    if (child !== NONE) {
      order[child] = reached;
      vertex[reached] = child;
      parent[reached] = current;
      if (++depth === cursors.length) cursors.push(0);
      cursors.set(depth, firstEdge[child] as number);
      current = reached++;
    } else if (current === 0) break;
    else {
      current = parent[current] as number;
      depth--;
    }
  }
  return { reached, order, vertex, parent, entering };
}

/** Predecessors besides the tree's, by number: those of v are rows entering[v] … entering[v + 1] - 1. */
function predecessors(
  { firstEdge, edgeTo }: StrongGraph,
  { reached, order, vertex, parent, entering }: Walk,
): Uint32Array {
  let end = 0;
  for (let v = 0; v < reached; v++) {
    end += entering[v] as number;
    entering[v] = end;
  }
  entering[reached] = end;
  const preds = column(end);
  // Each list is filled from its end, so that where it begins is left in the end.
  for (let v = 0; v < reached; v++) {
    const node = vertex[v] as number;
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      const to = order[edgeTo[edge] as number] as number;
      if (to === v || parent[to] === v) continue;
      const at = (entering[to] as number) - 1;
      preds[at] = v;
      entering[to] = at;
    }
  }
  return preds;
}

/** The immediate dominator of each vertex; takes over the columns `order` and `parent` of the walk. */
function dominators(
  { reached, order, parent, entering }: Walk,
  preds: Uint32Array,
): { readonly idom: Uint32Array; readonly semi: Uint32Array; readonly label: Uint32Array } {
  const idom = order;
  idom.set(parent);
  const ancestor = parent;
  const semi = column(reached);
  const label = column(reached);
  for (let v = 0; v < reached; v++) {
    semi[v] = v;
    label[v] = v;
  }
  let path = new Uint32Array(1024);
  for (let v = reached - 1; v >= 1; v--) {
    let least = idom[v] as number;
    const last = entering[v + 1] as number;
    for (let p = entering[v] as number; p < last; p++) {
      let u = preds[p] as number;
      if (u > v) {
        // Evaluate u in the forest of the vertices above v, compressing its path.
        let depth = 0;
        while ((ancestor[u] as number) > v) {
          if (depth === path.length) {
            const longer = new Uint32Array(depth * 2);
            longer.set(path);
            path = longer;
          }
          path[depth++] = u;
          u = ancestor[u] as number;
        }
        let best = label[u] as number;
        const root = ancestor[u] as number;
        while (depth > 0) {
          u = path[--depth] as number;
          ancestor[u] = root;
          if ((semi[best] as number) < (semi[label[u] as number] as number)) label[u] = best;
          else best = label[u] as number;
        }
        u = semi[best] as number;
      }
      if (u < least) least = u;
    }
    semi[v] = least;
  }
  for (let v = 1; v < reached; v++) {
    let dominator = idom[v] as number;
    const limit = semi[v] as number;
    while (dominator > limit) dominator = idom[dominator] as number;
    idom[v] = dominator;
  }
  return { idom, semi, label };
}
