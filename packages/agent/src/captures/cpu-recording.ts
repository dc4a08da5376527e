// What the CPU profiler has recorded while windows of time are open, kept once for all of them.
import { CallTree, type CpuProfile } from '../inspect/cpu-profile.ts';

/** A stretch of time in which no window begins or ends; microseconds of the monotonic clock. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly tree: CallTree;
}

/**
 * A recording in segments: windows refer to ranges of them. There are at most twice as many as there are windows, and each is
 * as large as the stacks in it are many, however long it lasts.
 */
export class CpuRecording {
  #segments: Segment[] = [];

  /** How many segments are kept. */
  get length(): number {
    return this.#segments.length;
  }

  /** Adds a piece, which follows on the last one; `edges` are the moments at which windows begin or end. */
  add(piece: CpuProfile, edges: readonly number[]): void {
    const { startTime, endTime } = piece;
    const inside = edges.filter((edge) => edge > startTime && edge < endTime);
    const all = [...new Set([startTime, ...inside, endTime])].sort((a, b) => a - b);
    for (let i = 0; i + 1 < all.length; i++) {
      const segment = { from: all[i] as number, to: all[i + 1] as number, tree: new CallTree() };
      segment.tree.addPiece(piece, segment.from, segment.to);
      this.#segments.push(segment);
    }
  }

  /** What ran between two edges. */
  between(from: number, to: number): CallTree {
    const tree = new CallTree();
    for (const segment of this.#segments)
      if (segment.from >= from && segment.to <= to) tree.add(segment.tree);
    return tree;
  }

  /** Forgets what no open window needs, and adds up what none of them tells apart; `begins` is when they began. */
  keep(begins: readonly number[]): void {
    const first = Math.min(...begins);
    const kept: Segment[] = [];
    for (const segment of this.#segments) {
      if (segment.to <= first) continue;
      const last = kept.at(-1);
      if (last === undefined || begins.some((begin) => begin > last.from && begin <= segment.from)) {
        kept.push(segment);
        continue;
      }
      last.tree.add(segment.tree);
      kept[kept.length - 1] = { ...last, to: segment.to };
    }
    this.#segments = kept;
  }
}
