// The call tree: every frame is a node of its own path, recursion included.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import type { Profile } from '@stackpile/profile';
import { add64, type Int64, type Sums, isZero } from '../int64.ts';
import type { PreparedReport } from '../prepare.ts';
import type { FrameTable } from './frames.ts';
import { Graph } from './graph.ts';
import type { EdgeTable } from './kernel.ts';
import type { Weights } from '../weights.ts';
import { addTags, type NodeTags, TagReader } from './tags.ts';

/** Nodes of a call tree; a parent comes before its children. */
export class CallTree {
  length = 0;
  /** Node of the caller, -1 for roots. */
  parent: Int32Array = new Int32Array(1024);
  /** Row of the frame table's nodes. */
  identity: Int32Array = new Int32Array(1024);
  /** 1 while the node was only ever called inline. */
  inline: Uint8Array = new Uint8Array(1024);
  /** Node of the leaf of each sample, -1 where it does not count. */
  readonly leaf: Int32Array;
  #slots: Int32Array = new Int32Array(4096).fill(-1);

  constructor(profile: Profile, frames: FrameTable, weights: Weights) {
    const { samples } = profile;
    const { stackStart, stackLocations: stack } = samples;
    const { frameStart, frameNode } = frames;
    this.leaf = new Int32Array(samples.length).fill(-1);
    for (let s = 0; s < samples.length; s++) {
      if (isZero(weights.value[s]) && (weights.divisor === null || isZero(weights.divisor[s]))) continue;
      let node = -1;
      const start = stackStart[s] as number;
      for (let i = (stackStart[s + 1] as number) - 1; i >= start; i--) {
        const location = stack[i] as number;
        const first = frameStart[location] as number;
        const outermost = (frameStart[location + 1] as number) - 1;
        for (let f = outermost; f >= first; f--) {
          node = this.#child(node, frameNode[f] as number);
          if (f === outermost) this.inline[node] = 0;
        }
      }
      this.leaf[s] = node;
    }
  }

  #slot(parent: number, identity: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(identity, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0x2c1b3c6d) & mask;
    for (;;) {
      const node = this.#slots[slot] as number;
      if (node < 0 || (this.parent[node] === parent && this.identity[node] === identity)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #child(parent: number, identity: number): number {
    const slot = this.#slot(parent, identity);
    const known = this.#slots[slot] as number;
    if (known >= 0) return known;
    if (this.length === this.parent.length) this.#grow();
    const node = this.length++;
    this.parent[node] = parent;
    this.identity[node] = identity;
    this.inline[node] = 1;
    this.#slots[slot] = node;
    if (this.length * 2 > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
      for (let n = 0; n < this.length; n++) {
        this.#slots[this.#slot(this.parent[n] as number, this.identity[n] as number)] = n;
      }
    }
    return node;
  }

  #grow(): void {
    const size = this.parent.length * 2;
    const parent = new Int32Array(size);
    parent.set(this.parent);
    const identity = new Int32Array(size);
    identity.set(this.identity);
    const inline = new Uint8Array(size);
    inline.set(this.inline);
    this.parent = parent;
    this.identity = identity;
    this.inline = inline;
  }

  /** `flat` and `cum` of every node over one column: a sample counts for each node of its path. */
  sums(column: Sums): { flat: Sums; cum: Sums } {
    const big = column instanceof BigInt64Array;
    const flat: Sums = big ? new BigInt64Array(this.length) : new Float64Array(this.length);
    const cum: Sums = big ? new BigInt64Array(this.length) : new Float64Array(this.length);
    for (let s = 0; s < this.leaf.length; s++) {
      const leaf = this.leaf[s] as number;
      if (leaf >= 0) put(flat, leaf, add64(flat[leaf] as Int64, column[s] as Int64));
    }
    // Children come after their parents, so going backwards each node is complete when it is added to its parent.
    for (let n = this.length - 1; n >= 0; n--) {
      put(cum, n, add64(cum[n] as Int64, flat[n] as Int64));
      const parent = this.parent[n] as number;
      if (parent >= 0) put(cum, parent, add64(cum[parent] as Int64, cum[n] as Int64));
    }
    return { flat, cum };
  }

  /** The tree as a graph without edges. */
  graph(frames: FrameTable, weights: Weights): Graph {
    const { flat, cum } = this.sums(weights.value);
    const divisors = weights.divisor === null ? null : this.sums(weights.divisor);
    return new Graph(
      frames.info,
      { flat, cum, flatDiv: divisors?.flat ?? null, cumDiv: divisors?.cum ?? null },
      this.identity.subarray(0, this.length),
      this.parent.subarray(0, this.length),
    );
  }

  /**
   * Edges of the tree without the `removed` nodes: their children hang below the nearest caller that is left. `cut` marks
   * nodes whose edge to the caller is gone.
   */
  edges(graph: Graph, removed: Uint8Array, cut: Uint8Array): EdgeTable {
    const up = new Int32Array(this.length);
    const upInline = new Uint8Array(this.length);
    const upResidual = new Uint8Array(this.length);
    const rows: number[] = [];
    for (let n = 0; n < this.length; n++) {
      const parent = cut[n] === 1 ? -1 : (this.parent[n] as number);
      up[n] = parent;
      upInline[n] = this.inline[n] as number;
      if (parent >= 0 && removed[parent] === 1) {
        up[n] = up[parent] as number;
        upInline[n] = (upInline[n] as number) & (upInline[parent] as number);
        upResidual[n] = 1;
      }
      if (removed[n] === 0 && (up[n] as number) >= 0) rows.push(n);
    }
    const pick = <A extends Int32Array | Uint8Array | Sums>(from: A, to: A): A => {
      for (let i = 0; i < rows.length; i++) to[i] = from[rows[i] as number] as number;
      return to;
    };
    const sums = (from: Sums): Sums =>
      from instanceof Float64Array
        ? pick(from, new Float64Array(rows.length))
        : pick(from, new BigInt64Array(rows.length));
    return {
      length: rows.length,
      source: pick(up, new Int32Array(rows.length)),
      target: Int32Array.from(rows),
      weight: sums(graph.cum),
      weightDiv: graph.cumDiv === null ? null : sums(graph.cumDiv),
      residual: pick(upResidual, new Uint8Array(rows.length)),
      inline: pick(upInline, new Uint8Array(rows.length)),
      alive: new Uint8Array(rows.length).fill(1),
    };
  }

  /** Labels of the given nodes. */
  tags(report: PreparedReport, nodes: readonly number[]): Map<number, NodeTags> {
    const result = new Map<number, NodeTags>();
    const { samples } = report.profile;
    if (samples.labels.length === 0) return result;
    const { value, divisor } = report.weights;
    const wanted = new Uint8Array(this.length);
    for (const node of nodes) wanted[node] = 1;
    const reader = new TagReader(report);
    for (let s = 0; s < samples.length; s++) {
      const leaf = this.leaf[s] as number;
      if (leaf < 0) continue;
      const tags = reader.read(s);
      if (tags.text === '' && tags.numbers.length === 0) continue;
      const weight = value[s] as Int64;
      const div = divisor === null ? (value instanceof Float64Array ? 0 : 0n) : (divisor[s] as Int64);
      for (let node = leaf; node >= 0; node = this.parent[node] as number) {
        if (wanted[node] === 0) continue;
        let own = result.get(node);
        if (own === undefined) result.set(node, (own = { text: new Map(), numeric: new Map() }));
        addTags(own, tags, weight, div, false);
        if (node === leaf) addTags(own, tags, weight, div, true);
      }
    }
    return result;
  }
}

function put(sums: Sums, index: number, value: Int64): void {
  if (sums instanceof Float64Array) sums[index] = value as number;
  else sums[index] = value as bigint;
}
