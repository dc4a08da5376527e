// Retained bytes against the definition: a node belongs to the nearest claimed node without which it is out of reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Claims,
  claimedBytes,
  dominatorTree,
  takeStrongGraph,
} from '../../src/heapsnapshot/dominators.ts';
import { type HeapSnapshot, HeapSnapshotReader } from '../../src/index.ts';
import { snapshotText, type TestNode } from './snapshot-text.ts';

function bytesOf(snapshot: HeapSnapshot, claims: Claims): Float64Array {
  const graph = takeStrongGraph(snapshot);
  const claimed = claims.node.slice();
  return claimedBytes(dominatorTree(graph, claimed), graph.sizes, claims, claimed);
}

interface Graph {
  readonly edges: readonly { readonly from: number; readonly to: number; readonly weak: boolean }[];
  readonly sizes: readonly number[];
}

function reach(graph: Graph, without: number): Set<number> {
  const seen = new Set<number>();
  const open = without === 0 ? [] : [0];
  while (open.length > 0) {
    const at = open.pop() as number;
    if (seen.has(at) || at === without) continue;
    seen.add(at);
    for (const edge of graph.edges) if (edge.from === at && !edge.weak) open.push(edge.to);
  }
  return seen;
}

/** Bytes per group by taking every claimed node away in turn. */
function expected(
  graph: Graph,
  claims: ReadonlyMap<number, number>,
  weak: readonly boolean[],
  groups: number,
): number[] {
  const alive = reach(graph, -1);
  const dominated = new Map<number, Set<number>>();
  for (const node of claims.keys()) {
    const left = reach(graph, node);
    dominated.set(node, new Set([...alive].filter((other) => !left.has(other))));
  }
  const bytes = new Array<number>(groups + 1).fill(0);
  for (const node of alive) {
    // Claimed dominators from the nearest outwards: the nearer one dominates less.
    const chain = [...dominated]
      .filter(([, set]) => set.has(node))
      .sort((a, b) => a[1].size - b[1].size)
      .map(([at]) => claims.get(at) as number);
    // A weak group has its claim only where nobody claims from further out.
    let group = 0;
    for (let i = chain.length - 1; i >= 0; i--) {
      const own = chain[i] as number;
      if (weak[own] !== true || group === 0) group = own;
    }
    bytes[group] = (bytes[group] as number) + (graph.sizes[node] as number);
  }
  return bytes;
}

test('bytes per group are those of the definition, on random graphs', () => {
  const size = 14;
  const node = fc.nat(size - 1);
  fc.assert(
    fc.property(
      fc.array(fc.record({ from: node, to: node, weak: fc.boolean().map((b) => b) }), { maxLength: 40 }),
      fc.array(fc.nat(100), { minLength: size, maxLength: size }),
      fc.uniqueArray(fc.tuple(node, fc.integer({ min: 1, max: 3 })), { maxLength: 6, selector: ([n]) => n }),
      fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      (edges, sizes, claimList, weakGroups) => {
        const graph: Graph = { edges, sizes };
        const nodes: TestNode[] = sizes.map((bytes, from) => ({
          type: from === 0 ? 'synthetic' : 'object',
          name: 'x',
          size: bytes,
          edges: edges
            .filter((edge) => edge.from === from)
            .map((edge) => ({
              type: edge.weak ? 'weak' : 'element',
              name: edge.weak ? 'w' : 0,
              to: edge.to,
            })),
        }));
        const reader = new HeapSnapshotReader();
        reader.push(snapshotText(nodes));
        const weak = [false, ...weakGroups];
        const bytes = bytesOf(reader.finish(), {
          groups: 3,
          node: Uint32Array.from(claimList, ([n]) => n),
          group: Uint32Array.from(claimList, ([, g]) => g),
          isWeak: Uint8Array.from(weak, Number),
        });
        assert.deepEqual([...bytes], expected(graph, new Map(claimList), weak, 3));
      },
    ),
    { numRuns: 500 },
  );
});

test('a chain of 300,000 objects is no deeper problem', () => {
  const length = 300_000;
  const nodes: TestNode[] = Array.from({ length }, (_, i) => ({
    type: i === 0 ? 'synthetic' : 'object',
    name: 'x',
    size: 1,
    edges: i + 1 < length ? [{ type: 'element', name: 0, to: i + 1 }] : [{ type: 'element', name: 0, to: 1 }],
  }));
  const reader = new HeapSnapshotReader();
  reader.push(snapshotText(nodes));
  const bytes = bytesOf(reader.finish(), {
    groups: 2,
    node: Uint32Array.of(1000, 200_000),
    group: Uint32Array.of(1, 2),
    isWeak: new Uint8Array(3),
  });
  assert.deepEqual([...bytes], [1000, 199_000, 100_000]);
});
