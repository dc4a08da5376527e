// The two passes over all samples: sums of nodes, and sums of edges among the nodes that were kept.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import type { IndexColumn, Int64Column, Profile } from '@stackpile/profile';
import type { FrameTable } from './frames.ts';
import { type Int64, type Sums, sumsLike, isZero } from '../int64.ts';
import type { Weights } from '../weights.ts';

/** Sums per node. The divisor sums are null unless means are asked for. */
export interface NodeSums {
  readonly flat: Sums;
  readonly cum: Sums;
  readonly flatDiv: Sums | null;
  readonly cumDiv: Sums | null;
}

/**
 * `flat` and `cum` of every node: a sample counts once for each node of its stack (`cum`) and for the node of its
 * innermost frame (`flat`). Linear in the length of all stacks; nothing is allocated per sample.
 */
export function sumNodes(profile: Profile, frames: FrameTable, weights: Weights): NodeSums {
  const flat = sumsLike(weights.value, frames.length);
  const cum = sumsLike(weights.value, frames.length);
  let flatDiv: Sums | null = null;
  let cumDiv: Sums | null = null;
  if (weights.divisor === null) {
    addNodes(profile, frames, skipMask(profile.samples.length, weights), weights.value, flat, cum);
  } else {
    const skip = skipMask(profile.samples.length, weights);
    flatDiv = sumsLike(weights.divisor, frames.length);
    cumDiv = sumsLike(weights.divisor, frames.length);
    addNodes(profile, frames, skip, weights.value, flat, cum);
    addNodes(profile, frames, skip, weights.divisor, flatDiv, cumDiv);
  }
  return { flat, cum, flatDiv, cumDiv };
}

/** 1 for each sample that has neither a value nor a divisor, or null where plain zero values decide. */
function skipMask(samples: number, weights: Weights): Uint8Array | null {
  const { value, divisor } = weights;
  if (divisor === null && value instanceof Float64Array) return null;
  const mask = new Uint8Array(samples);
  for (let s = 0; s < samples; s++)
    mask[s] = isZero(value[s]) && (divisor === null || isZero(divisor[s])) ? 1 : 0;
  return mask;
}

function addNodes(
  profile: Profile,
  frames: FrameTable,
  skip: Uint8Array | null,
  values: Int64Column,
  flat: Sums,
  cum: Sums,
): void {
  if (values instanceof Float64Array) {
    addNumbers(profile, frames, skip, values, flat as Float64Array, cum as Float64Array);
  } else {
    addBigints(profile, frames, skip, values, flat as BigInt64Array, cum as BigInt64Array);
  }
}

/** Does every location have exactly one frame? Then location and frame are the same row. */
function isFlat(frames: FrameTable): boolean {
  return frames.frameNode.length === frames.frameStart.length - 1;
}

function addNumbers(
  profile: Profile,
  frames: FrameTable,
  skip: Uint8Array | null,
  values: Float64Array,
  flat: Float64Array,
  cum: Float64Array,
): void {
  const { stackStart, length } = profile.samples;
  const stack: IndexColumn = profile.samples.stackLocations;
  const { frameStart, frameNode } = frames;
  const single = isFlat(frames);
  // The last sample (plus one) that counted for a node.
  const seen = new Uint32Array(frames.length);
  for (let s = 0; s < length; s++) {
    const w = values[s] as number;
    if (skip === null ? w === 0 : skip[s] === 1) continue;
    const start = stackStart[s] as number;
    const end = stackStart[s + 1] as number;
    if (start === end) continue;
    const stamp = s + 1;
    if (single) {
      for (let i = start; i < end; i++) {
        const node = frameNode[stack[i] as number] as number;
        if (seen[node] !== stamp) {
          seen[node] = stamp;
          cum[node] = (cum[node] as number) + w;
        }
      }
    } else {
      for (let i = start; i < end; i++) {
        const location = stack[i] as number;
        const last = frameStart[location + 1] as number;
        for (let f = frameStart[location] as number; f < last; f++) {
          const node = frameNode[f] as number;
          if (seen[node] !== stamp) {
            seen[node] = stamp;
            cum[node] = (cum[node] as number) + w;
          }
        }
      }
    }
    const leaf = frameNode[frameStart[stack[start] as number] as number] as number;
    flat[leaf] = (flat[leaf] as number) + w;
  }
}

/** The same for values whose sums do not fit a double; BigInt64Array wraps as Go's int64 does. */
function addBigints(
  profile: Profile,
  frames: FrameTable,
  skip: Uint8Array | null,
  values: BigInt64Array,
  flat: BigInt64Array,
  cum: BigInt64Array,
): void {
  const { stackStart, stackLocations: stack, length } = profile.samples;
  const { frameStart, frameNode } = frames;
  const seen = new Uint32Array(frames.length);
  for (let s = 0; s < length; s++) {
    if (skip !== null && skip[s] === 1) continue;
    const w = values[s] as bigint;
    const start = stackStart[s] as number;
    const end = stackStart[s + 1] as number;
    if (start === end) continue;
    const stamp = s + 1;
    for (let i = start; i < end; i++) {
      const location = stack[i] as number;
      const last = frameStart[location + 1] as number;
      for (let f = frameStart[location] as number; f < last; f++) {
        const node = frameNode[f] as number;
        if (seen[node] !== stamp) {
          seen[node] = stamp;
          cum[node] = (cum[node] as bigint) + w;
        }
      }
    }
    const leaf = frameNode[frameStart[stack[start] as number] as number] as number;
    flat[leaf] = (flat[leaf] as bigint) + w;
  }
}

/** Edges caller → callee, as columns. */
export interface EdgeTable {
  /** Number of edges, removed ones included. */
  readonly length: number;
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly weight: Sums;
  readonly weightDiv: Sums | null;
  /** 1 where at least one contribution went over frames that were removed. */
  readonly residual: Uint8Array;
  /** 1 while every contribution was an inlined call. */
  readonly inline: Uint8Array;
  /** 0 once the edge was removed. */
  readonly alive: Uint8Array;
}

/** Which edges are wanted. */
export interface EdgeSelection {
  /** 1 for nodes that stay; null keeps all. */
  readonly kept: Uint8Array | null;
  /** 1 for nodes whose in-edges are wanted; null wants all. */
  readonly targets: Uint8Array | null;
}

/** Grows by doubling; finds edges by (source, target). */
class EdgeHash {
  length = 0;
  source: Int32Array = new Int32Array(1024);
  target: Int32Array = new Int32Array(1024);
  flags: Uint8Array = new Uint8Array(1024);
  seen: Uint32Array = new Uint32Array(1024);
  #slots: Int32Array = new Int32Array(4096).fill(-1);

  find(source: number, target: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(source, 0x9e3779b1) ^ Math.imul(target, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0x2c1b3c6d) & mask;
    for (;;) {
      const edge = this.#slots[slot] as number;
      if (edge < 0) break;
      if (this.source[edge] === source && this.target[edge] === target) return edge;
      slot = (slot + 1) & mask;
    }
    if (this.length === this.source.length) this.#grow();
    if (this.length * 2 >= this.#slots.length) {
      this.#rehash();
      return this.#append(source, target);
    }
    const edge = this.length++;
    this.#slots[slot] = edge;
    this.source[edge] = source;
    this.target[edge] = target;
    this.flags[edge] = INLINE;
    return edge;
  }

  #append(source: number, target: number): number {
    const edge = this.length++;
    this.source[edge] = source;
    this.target[edge] = target;
    this.flags[edge] = INLINE;
    this.#insert(edge);
    return edge;
  }

  #insert(edge: number): void {
    const mask = this.#slots.length - 1;
    let hash =
      Math.imul(this.source[edge] as number, 0x9e3779b1) ^ Math.imul(this.target[edge] as number, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0x2c1b3c6d) & mask;
    while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = edge;
  }

  #grow(): void {
    const size = this.source.length * 2;
    const copy = <A extends Int32Array | Uint8Array | Uint32Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.source = copy(this.source, new Int32Array(size));
    this.target = copy(this.target, new Int32Array(size));
    this.flags = copy(this.flags, new Uint8Array(size));
    this.seen = copy(this.seen, new Uint32Array(size));
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let edge = 0; edge < this.length; edge++) this.#insert(edge);
  }
}

const RESIDUAL = 1;
const INLINE = 2;
/** Stands for a frame whose node is not kept. */
const REMOVED = -1;

/** For each frame its node times two, plus one where edges into it are wanted; or {@link REMOVED}. */
function wantedFrames(
  frameNode: Int32Array,
  kept: Uint8Array | null,
  targets: Uint8Array | null,
): Int32Array {
  const wanted = new Int32Array(frameNode.length);
  for (let f = 0; f < frameNode.length; f++) {
    const node = frameNode[f] as number;
    if (kept !== null && kept[node] === 0) wanted[f] = REMOVED;
    else wanted[f] = node * 2 + (targets === null || targets[node] === 1 ? 1 : 0);
  }
  return wanted;
}

/**
 * Sums of the edges between kept nodes. A sample counts once for each pair; a call of a node by itself is no edge. Where
 * frames between two kept nodes were removed, the edge is residual.
 */
export function sumEdges(
  profile: Profile,
  frames: FrameTable,
  weights: Weights,
  wanted: EdgeSelection,
): EdgeTable {
  const { stackStart, stackLocations: stack, length } = profile.samples;
  const { frameStart, frameNode } = frames;
  const { kept, targets } = wanted;
  const { value, divisor } = weights;
  const skip = skipMask(length, weights);
  const hash = new EdgeHash();
  const big = !(value instanceof Float64Array);
  let sums: Sums = sumsLike(value, hash.source.length);
  let divs: Sums | null = divisor === null ? null : sumsLike(divisor, hash.source.length);
  const frameTarget = wantedFrames(frameNode, kept, targets);
  // Most frames are reached from one caller: remember its edge.
  const lastSource = new Int32Array(frameNode.length).fill(-1);
  const lastEdge = new Int32Array(frameNode.length);
  for (let s = 0; s < length; s++) {
    const w = value[s] as number | bigint;
    if (skip === null ? w === 0 : skip[s] === 1) continue;
    const start = stackStart[s] as number;
    const stamp = s + 1;
    let parent = -1;
    let residual = 0;
    for (let i = (stackStart[s + 1] as number) - 1; i >= start; i--) {
      const location = stack[i] as number;
      const first = frameStart[location] as number;
      const outermost = (frameStart[location + 1] as number) - 1;
      for (let f = outermost; f >= first; f--) {
        const target = frameTarget[f] as number;
        if (target === REMOVED) {
          residual = RESIDUAL;
          continue;
        }
        const node = target >> 1;
        if (parent >= 0 && parent !== node && (target & 1) === 1) {
          let edge: number;
          if (lastSource[f] === parent) edge = lastEdge[f] as number;
          else {
            edge = hash.find(parent, node);
            lastSource[f] = parent;
            lastEdge[f] = edge;
            if (edge >= sums.length) {
              sums = doubled(sums);
              if (divs !== null) divs = doubled(divs);
            }
          }
          if (hash.seen[edge] !== stamp) {
            hash.seen[edge] = stamp;
            if (big)
              (sums as BigInt64Array)[edge] = ((sums as BigInt64Array)[edge] as bigint) + (w as bigint);
            else (sums as Float64Array)[edge] = ((sums as Float64Array)[edge] as number) + (w as number);
            if (divs !== null) addInto(divs, edge, (divisor as Int64Column)[s] as Int64);
            let flags = (hash.flags[edge] as number) | residual;
            if (f === outermost) flags &= ~INLINE;
            hash.flags[edge] = flags;
          }
        }
        parent = node;
        residual = 0;
      }
    }
  }
  const count = hash.length;
  const residuals = new Uint8Array(count);
  const inlines = new Uint8Array(count);
  for (let e = 0; e < count; e++) {
    residuals[e] = (hash.flags[e] as number) & RESIDUAL ? 1 : 0;
    inlines[e] = (hash.flags[e] as number) & INLINE ? 1 : 0;
  }
  return {
    length: count,
    source: hash.source.subarray(0, count),
    target: hash.target.subarray(0, count),
    weight: sums.subarray(0, count),
    weightDiv: divs === null ? null : divs.subarray(0, count),
    residual: residuals,
    inline: inlines,
    alive: new Uint8Array(count).fill(1),
  };
}

function addInto(sums: Sums, index: number, value: Int64): void {
  if (sums instanceof Float64Array) sums[index] = (sums[index] as number) + (value as number);
  else sums[index] = (sums[index] as bigint) + (value as bigint);
}

function doubled(sums: Sums): Sums {
  if (sums instanceof Float64Array) {
    const next = new Float64Array(sums.length * 2);
    next.set(sums);
    return next;
  }
  const next = new BigInt64Array(sums.length * 2);
  next.set(sums);
  return next;
}
