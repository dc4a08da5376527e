// The graph of a report: which nodes are shown, in which order, with which edges, and what was left out.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import { abs64, add64, div64, type Int64, type Sums, toInt64, isZero } from '../int64.ts';
import type { EdgeTable } from './kernel.ts';
import type { NodeInfos } from './frames.ts';

/** Nodes and edges with their sums. Numbers of nodes are stable; `nodes` says which are part of the graph, in order. */
export class Graph {
  nodes: number[] = [];
  readonly info: NodeInfos;
  /** Which row of `info` a node is; null where it is the same. */
  readonly identity: Int32Array | null;
  /** Caller of each node of a call tree before anything was removed; null for graphs. */
  readonly callers: Int32Array | null;
  readonly flat: Sums;
  readonly cum: Sums;
  readonly flatDiv: Sums | null;
  readonly cumDiv: Sums | null;
  #edges: EdgeTable = noEdges;
  #in: Adjacency | null = null;
  #out: Adjacency | null = null;

  constructor(
    info: NodeInfos,
    sums: { flat: Sums; cum: Sums; flatDiv: Sums | null; cumDiv: Sums | null },
    identity: Int32Array | null = null,
    callers: Int32Array | null = null,
  ) {
    this.info = info;
    this.identity = identity;
    this.callers = callers;
    this.flat = sums.flat;
    this.cum = sums.cum;
    this.flatDiv = sums.flatDiv;
    this.cumDiv = sums.cumDiv;
  }

  get edges(): EdgeTable {
    return this.#edges;
  }
  set edges(edges: EdgeTable) {
    this.#edges = edges;
    this.#in = null;
    this.#out = null;
  }

  /** Row of `info` for a node. */
  row(node: number): number {
    return this.identity === null ? node : (this.identity[node] as number);
  }
  printed(node: number): string {
    return this.info.printed(this.row(node));
  }
  struct(node: number): string {
    return this.info.struct(this.row(node));
  }
  address(node: number): bigint {
    return this.info.address(this.row(node));
  }

  /** Tells apart the functions (in a call tree: per path) that nodes belong to. */
  functionKey(node: number): string {
    const caller = this.callers === null ? '' : `${String(this.callers[node])} `;
    return caller + this.info.functionStruct(this.row(node));
  }

  /** `flat`, divided for means. */
  flatValue(node: number): Int64 {
    return mean(this.flat[node] as Int64, this.flatDiv, node);
  }
  /** `cum`, divided for means. */
  cumValue(node: number): Int64 {
    return mean(this.cum[node] as Int64, this.cumDiv, node);
  }
  /** Weight of an edge, divided for means. */
  edgeValue(edge: number): Int64 {
    return mean(this.#edges.weight[edge] as Int64, this.#edges.weightDiv, edge);
  }

  /** Edges into `node` that were not removed, in no particular order. */
  inEdges(node: number): number[] {
    this.#in ??= adjacency(this.#edges.target, this.flat.length);
    return living(this.#in, this.#edges.alive, node);
  }
  /** Edges out of `node` that were not removed, in no particular order. */
  outEdges(node: number): number[] {
    this.#out ??= adjacency(this.#edges.source, this.flat.length);
    return living(this.#out, this.#edges.alive, node);
  }

  /** Sum of the flat values of all nodes, divided for means. */
  shownTotal(): Int64 {
    let total: Int64 = this.flat instanceof Float64Array ? 0 : 0n;
    for (const node of this.nodes) total = add64(total, this.flatValue(node));
    return total;
  }
}

function mean(value: Int64, divisors: Sums | null, index: number): Int64 {
  const divisor = divisors === null ? 0 : (divisors[index] as Int64);
  return isZero(divisor) ? value : div64(value, divisor);
}

interface Adjacency {
  readonly start: Uint32Array;
  readonly edges: Uint32Array;
}

function adjacency(ends: Int32Array, nodes: number): Adjacency {
  const start = new Uint32Array(nodes + 1);
  for (let e = 0; e < ends.length; e++) {
    const at = (ends[e] as number) + 1;
    start[at] = (start[at] as number) + 1;
  }
  for (let n = 0; n < nodes; n++) start[n + 1] = (start[n + 1] as number) + (start[n] as number);
  const next = start.slice();
  const edges = new Uint32Array(ends.length);
  for (let e = 0; e < ends.length; e++) {
    const at = next[ends[e] as number] as number;
    edges[at] = e;
    next[ends[e] as number] = at + 1;
  }
  return { start, edges };
}

function living(lists: Adjacency, alive: Uint8Array, node: number): number[] {
  const result: number[] = [];
  const end = lists.start[node + 1] as number;
  for (let i = lists.start[node] as number; i < end; i++) {
    const edge = lists.edges[i] as number;
    if (alive[edge] === 1) result.push(edge);
  }
  return result;
}

const noEdges: EdgeTable = {
  length: 0,
  source: new Int32Array(0),
  target: new Int32Array(0),
  weight: new Float64Array(0),
  weightDiv: null,
  residual: new Uint8Array(0),
  inline: new Uint8Array(0),
  alive: new Uint8Array(0),
};

/** Nodes that carry anything, without the negative ones if so wished. */
export function presentNodes(graph: Graph, dropNegative: boolean): number[] {
  const { flat, cum } = graph;
  const nodes: number[] = [];
  if (flat instanceof Float64Array && cum instanceof Float64Array) {
    for (let n = 0; n < flat.length; n++) {
      const f = flat[n] as number;
      const c = cum[n] as number;
      if (f === 0 && c === 0) continue;
      if (dropNegative && (f < 0 || (f === 0 && c < 0))) continue;
      nodes.push(n);
    }
    return nodes;
  }
  for (let n = 0; n < flat.length; n++) {
    const f = flat[n] as Int64;
    const c = cum[n] as Int64;
    if (isZero(f) && isZero(c)) continue;
    if (dropNegative && (f < 0 || (isZero(f) && c < 0))) continue;
    nodes.push(n);
  }
  return nodes;
}

/** Share of the sum of all flat values below which nodes or edges are cut. */
export function cutoff(graph: Graph, nodes: readonly number[], fraction: number): Int64 {
  const { flat } = graph;
  let total: Int64 = 0n;
  if (flat instanceof Float64Array) {
    let sum = 0;
    for (const node of nodes) sum += flat[node] as number;
    total = sum;
  } else for (const node of nodes) total = add64(total, flat[node] as Int64);
  return abs64(toInt64(Number(total) * fraction, total));
}

/** Removes edges into shown nodes that weigh less than `least`; says how many. */
export function trimEdges(graph: Graph, least: Int64): number {
  let dropped = 0;
  const { target, weight, alive, length } = graph.edges;
  const shown = new Uint8Array(graph.flat.length);
  for (const node of graph.nodes) shown[node] = 1;
  for (let edge = 0; edge < length; edge++) {
    if (alive[edge] === 0 || shown[target[edge] as number] === 0) continue;
    if (abs64(weight[edge] as Int64) >= least) continue;
    alive[edge] = 0;
    dropped++;
  }
  return dropped;
}
