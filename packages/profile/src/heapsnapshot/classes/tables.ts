// Large tables that hold numbers: a Set of ids, an array of durations. Nothing in a snapshot says how full they are; a live process does.
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from '../snapshot.ts';

/** A Map, Set or array of the user's whose table is large, and holds hardly anything but numbers. */
export interface NumberTable {
  /** V8's id of the Map, Set or array, of which a live process can be asked how many elements it has. */
  readonly objectId: number;
  readonly node: number;
  /** Bytes of its table: it grows in jumps, by half or to twice itself. */
  readonly bytes: number;
}

/** Smaller tables are not worth a question. */
const LEAST_BYTES = 65_536;
/** A table of which more than this share of its words is objects is told by these. */
const MOST_OBJECTS = 0.05;
const WORD = 8;
const edgeNames = ['table', 'elements'] as const;

/** How many of what a table holds are objects, and no numbers. */
function objectsIn({ firstEdge, edgeTo, nodeType }: HeapSnapshot, table: number): number {
  let objects = 0;
  for (let edge = firstEdge[table] as number; edge < (firstEdge[table + 1] as number); edge++) {
    const type = nodeType[edgeTo[edge] as number];
    if (type !== NodeType.number && type !== NodeType['object shape'] && type !== NodeType.hidden) objects++;
  }
  return objects;
}

/** The largest tables of numbers, largest first; reads the edges, so before these are given back. */
export function numberTables(snapshot: HeapSnapshot): NumberTable[] {
  const { nodeCount, nodeType, nodeId, sizes, firstEdge, edgeLabel, edgeTo, strings } = snapshot;
  const large = new Set(
    sizes.atLeast(LEAST_BYTES).filter((node) => nodeType[node] === NodeType.array && node < nodeCount),
  );
  if (large.size === 0) return [];
  const rows = new Set<number>(Object.values(strings.findAll(edgeNames)));
  const found: NumberTable[] = [];
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NodeType.object) continue;
    for (let edge = firstEdge[node] as number; edge < (firstEdge[node + 1] as number); edge++) {
      const label = edgeLabel[edge] as number;
      const to = edgeTo[edge] as number;
      if (!large.has(to) || (label & EDGE_TYPE_MASK) !== EdgeType.internal) continue;
      const bytes = sizes.of(to);
      if (rows.has(label >>> EDGE_TYPE_BITS) && objectsIn(snapshot, to) * WORD <= MOST_OBJECTS * bytes)
        found.push({ objectId: nodeId[node] as number, node, bytes });
    }
  }
  return found.toSorted((a, b) => b.bytes - a.bytes);
}
