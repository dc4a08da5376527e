// Edges that a picture can do without: residual ones whose target is reached over other edges too.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import type { Graph } from './graph.ts';
import { sortEdges } from './order.ts';

/** Removes them, lightest first, from the last node to the first; stops at the first edge of a node that is a real call. */
export function removeRedundantEdges(graph: Graph): void {
  const { edges } = graph;
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const incoming = sortEdges(graph, graph.inEdges(graph.nodes[i] as number));
    for (let j = incoming.length - 1; j >= 0; j--) {
      const edge = incoming[j] as number;
      if (edges.residual[edge] === 0) break;
      if (isRedundant(graph, edge)) edges.alive[edge] = 0;
    }
  }
}

/** Does a path lead from the source of `edge` to its target without it? */
function isRedundant(graph: Graph, edge: number): boolean {
  const { source, target } = graph.edges;
  const from = source[edge] as number;
  const seen = new Set([target[edge] as number]);
  const queue = [target[edge] as number];
  for (const node of queue) {
    for (const incoming of graph.inEdges(node)) {
      const before = source[incoming] as number;
      if (incoming === edge || seen.has(before)) continue;
      if (before === from) return true;
      seen.add(before);
      queue.push(before);
    }
  }
  return false;
}
