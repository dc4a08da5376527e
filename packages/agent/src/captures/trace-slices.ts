// Slices of time out of V8's samples: turns of the event loop, and in them the functions that ran.
import type { Frame } from '../frames.ts';
import { collectorBelow } from '../inspect/collector-frames.ts';
import { type CpuNode, type CpuProfile, frameOf } from '../inspect/cpu-profile.ts';

/** Microseconds from which on a turn is called long. */
const LONG = 50_000;
/** Calls of one turn that are kept until it ends: thirty thousand samples of deep stacks that differ would be millions. */
const MOST_CALLS = 200_000;

/** A stretch of time; microseconds of the monotonic clock. Those of one recording nest. */
export type Slice =
  | { readonly kind: 'turn'; readonly ts: number; readonly dur: number; readonly isLong: boolean }
  | { readonly kind: 'call'; readonly ts: number; readonly dur: number; readonly frame: Frame }
  /** So many calls of the turn before there was no room for. */
  | { readonly kind: 'left out'; readonly count: number };

/** Calls on top of each other and since when. */
interface Open {
  readonly node: CpuNode;
  readonly ts: number;
}

/**
 * Turns (the time between two samples of an idle loop) and the calls in them. A call lasts from the first sample that saw it until the
 * first that did not; the line of a frame is that on which its function begins.
 *
 * @param most calls that are kept of a turn
 */
export function* samplesAsSlices(recorded: CpuProfile, most: number = MOST_CALLS): Generator<Slice> {
  const piece = collectorBelow(recorded);
  const nodes = new Map(piece.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, CpuNode>();
  for (const node of piece.nodes) for (const child of node.children ?? []) parents.set(child, node);
  const paths = new Map<number, readonly CpuNode[]>();
  /** Callers first, without the root; empty for an idle loop. */
  const pathOf = (id: number): readonly CpuNode[] => {
    let path = paths.get(id);
    if (path !== undefined) return path;
    const way: CpuNode[] = [];
    for (let node = nodes.get(id); node !== undefined; node = parents.get(node.id)) way.push(node);
    way.reverse();
    path = way.at(-1)?.callFrame.functionName === '(idle)' ? [] : way.slice(1);
    paths.set(id, path);
    return path;
  };
  const open: Open[] = [];
  let turn: number | null = null;
  /** Of the turn that is open. */
  let calls: { readonly depth: number; readonly slice: Extract<Slice, { kind: 'call' }> }[] = [];
  let leftOut = 0;
  const close = (depth: number, now: number): void => {
    while (open.length > depth) {
      const { node, ts } = open.pop() as Open;
      if (now <= ts) continue;
      if (calls.length >= most) {
        leftOut++;
        continue;
      }
      const frame = frameOf(node.callFrame, 0);
      calls.push({ depth: open.length, slice: { kind: 'call', ts, dur: now - ts, frame } });
    }
  };
  const endTurn = function* (now: number): Generator<Slice> {
    close(0, now);
    if (turn !== null && now > turn)
      yield { kind: 'turn', ts: turn, dur: now - turn, isLong: now - turn >= LONG };
    // Readers take the first of two that last equally long for the outer one.
    calls.sort((a, b) => a.slice.ts - b.slice.ts || a.depth - b.depth);
    for (const { slice } of calls) yield slice;
    if (leftOut > 0) yield { kind: 'left out', count: leftOut };
    turn = null;
    calls = [];
    leftOut = 0;
  };
  let now = piece.startTime;
  for (const [i, id] of (piece.samples ?? []).entries()) {
    now += Math.max(0, piece.timeDeltas?.[i] ?? 0);
    const path = pathOf(id);
    if (path.length === 0) {
      yield* endTurn(now);
      continue;
    }
    let same = 0;
    while (same < open.length && open[same]?.node === path[same]) same++;
    close(same, now);
    turn ??= now;
    for (const node of path.slice(same)) open.push({ node, ts: now });
  }
  yield* endTurn(Math.max(now, piece.endTime));
}
