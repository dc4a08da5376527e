// Orders of nodes and edges, with every tie-break.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import { byteKeys, compareBytes } from '../go/bytewise.ts';
import { abs64, add64, type Int64, isZero } from '../int64.ts';
import { goSort } from './go-sort.ts';
import type { Graph } from './graph.ts';

function descending(left: Int64, right: Int64): number {
  return left > right ? -1 : left < right ? 1 : 0;
}

/**
 * Sorts nodes by |score|, then by name, then by |tie|, all but the name descending. Where two nodes have addresses, these
 * decide in place of their names. Nodes of a call tree may be equal in all of this: with `again` they end up where Go puts
 * them when it sorts nodes that are sorted but for a few; else they stay in the order in which they are given.
 */
export function sortByScore(
  graph: Graph,
  nodes: readonly number[],
  score: (node: number) => Int64,
  tie: (node: number) => Int64,
  again = false,
): number[] {
  if (nodes.length < 2) return [...nodes];
  // Looked up once per node, not once per comparison.
  const scores = nodes.map((node) => abs64(score(node)));
  const names = byteKeys(nodes.map((node) => graph.printed(node)));
  const addresses = nodes.map((node) => graph.address(node));
  const addressed = addresses.some((address) => address !== 0n);
  const order = Array.from(nodes, (_, i) => i);
  const compare = (left: number, right: number): number => {
    const byScore = descending(scores[left] as Int64, scores[right] as Int64);
    if (byScore !== 0) return byScore;
    if (addressed) {
      const leftAddress = addresses[left] as bigint;
      const rightAddress = addresses[right] as bigint;
      if (leftAddress !== 0n && rightAddress !== 0n && leftAddress !== rightAddress) {
        return leftAddress < rightAddress ? -1 : 1;
      }
    }
    const leftName = names[left] as string;
    const rightName = names[right] as string;
    if (leftName !== rightName) return leftName < rightName ? -1 : 1;
    const leftNode = nodes[left] as number;
    const rightNode = nodes[right] as number;
    return (
      descending(abs64(tie(leftNode)), abs64(tie(rightNode))) ||
      compareBytes(graph.struct(leftNode), graph.struct(rightNode))
    );
  };
  if (again) goSort(order, compare);
  else order.sort(compare);
  return order.map((i) => nodes[i] as number);
}

/**
 * Sorts edges by |weight| descending, then by the printed names of source and target. Go leaves the order of edges of
 * weights w and −w open; here, as there for short lists, they stay as they are.
 */
export function sortEdges(graph: Graph, edges: number[]): number[] {
  if (edges.length < 2) return edges;
  const { weight, source, target } = graph.edges;
  const compare = (left: number, right: number): number => {
    const leftWeight = weight[left] as Int64;
    const rightWeight = weight[right] as Int64;
    if (leftWeight !== rightWeight) return descending(abs64(leftWeight), abs64(rightWeight));
    return (
      compareBytes(graph.printed(source[left] as number), graph.printed(source[right] as number)) ||
      compareBytes(graph.printed(target[left] as number), graph.printed(target[right] as number))
    );
  };
  if (edges.length > 12) return edges.sort(compare);
  // The order above is not transitive: insert one by one, as Go does for so few.
  for (let i = 1; i < edges.length; i++) {
    for (let j = i; j > 0 && compare(edges[j] as number, edges[j - 1] as number) < 0; j--) {
      const edge = edges[j] as number;
      edges[j] = edges[j - 1] as number;
      edges[j - 1] = edge;
    }
  }
  return edges;
}

/**
 * How much a node deserves a place in a picture: its cum, times one or two bits of surprise in how its callers and its
 * callees share it, plus its flat.
 */
export function entropyScore(graph: Graph, node: number): Int64 {
  const flat = graph.flat[node] as Int64;
  const cum = graph.cum[node] as Int64;
  const into = graph.inEdges(node);
  const out = graph.outEdges(node);
  let score = into.length === 0 ? 1 : entropy(graph, into, typeof flat === 'number' ? 0 : 0n);
  score += out.length === 0 ? 1 : entropy(graph, out, flat);
  return addScore(score * Number(cum), flat);
}

/** `int64(score) + flat`, which wraps. */
function addScore(score: number, flat: Int64): Int64 {
  if (typeof flat === 'number') {
    const inside = score >= -(2 ** 63) && score < 2 ** 63;
    if (inside) {
      const sum = Math.trunc(score) + flat;
      if (Number.isSafeInteger(sum)) return sum;
    }
    return BigInt.asIntN(64, BigInt(inside ? Math.trunc(score) : -(2 ** 63)) + BigInt(flat));
  }
  const inside = score >= -(2 ** 63) && score < 2 ** 63;
  return BigInt.asIntN(64, BigInt(inside ? Math.trunc(score) : -(2 ** 63)) + flat);
}

function entropy(graph: Graph, edges: readonly number[], self: Int64): number {
  const { weight } = graph.edges;
  let total = self;
  for (const edge of edges) {
    const w = weight[edge] as Int64;
    if (w > 0) total = add64(total, w);
  }
  if (isZero(total)) return 0;
  const whole = Number(total);
  let score = 0;
  for (const edge of edges) {
    const share = Number(abs64(weight[edge] as Int64)) / whole;
    score += -share * log2(share);
  }
  if (self > 0) {
    const share = Number(abs64(self)) / whole;
    score += -share * log2(share);
  }
  return score;
}

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const LN2 = 0.6931471805599453;

/**
 * Base-2 logarithm with the last bit as Go computes it: natural logarithm of the fraction after the method of FreeBSD's
 * e_log.c, times 1/ln 2, plus the exponent.
 */
function log2(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  let exponent = 0;
  let fraction = x;
  if (fraction < 2 ** -1022) {
    fraction *= 2 ** 52;
    exponent = -52;
  }
  // frexp: fraction in [0.5, 1).
  const guess = Math.floor(Math.log2(fraction)) + 1;
  fraction = guess > 1000 ? fraction / 2 ** 1000 / 2 ** (guess - 1000) : fraction / 2 ** guess;
  exponent += guess;
  while (fraction >= 1) {
    fraction /= 2;
    exponent++;
  }
  while (fraction < 0.5) {
    fraction *= 2;
    exponent--;
  }
  if (fraction === 0.5) return exponent - 1;
  return naturalLog(fraction) * (1 / LN2) + exponent;
}

/** Natural logarithm of 0.5 < x < 1. */
function naturalLog(x: number): number {
  let k = 0;
  let f1 = x;
  if (f1 < Math.SQRT2 / 2) {
    f1 *= 2;
    k = -1;
  }
  const f = f1 - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const t1 =
    s2 *
    (6.66666666666673513e-1 +
      s4 * (2.857142874366239149e-1 + s4 * (1.818357216161805012e-1 + s4 * 1.479819860511658591e-1)));
  const t2 = s4 * (3.999999999940941908e-1 + s4 * (2.222219843214978396e-1 + s4 * 1.531383769920937332e-1));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + t1 + t2) + k * LN2_LOW) - f);
}
