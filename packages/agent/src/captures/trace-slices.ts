// Slices of time out of V8's samples: turns of the event loop, and in them the functions that ran.
import type { Frame } from '../frames.ts';
import { collectorBelow } from '../inspect/collector-frames.ts';
import { type CpuNode, type CpuProfile, frameOf } from '../inspect/cpu-profile.ts';

/** Microseconds from which on a turn is called long. */
const LONG = 50_000;
/** Calls of one turn that are kept of one piece: thirty thousand samples of deep stacks that differ would be millions. */
const MOST_CALLS = 200_000;

/** A stretch of time; microseconds of the monotonic clock. Those of one recording nest. */
export type Slice =
  | { readonly kind: 'turn'; readonly ts: number; readonly dur: number; readonly isLong: boolean }
  | { readonly kind: 'call'; readonly ts: number; readonly dur: number; readonly frame: Frame }
  /** So many calls of the turn there was no room for. */
  | { readonly kind: 'left out'; readonly count: number };

/** Calls on top of each other and since when. */
interface Open {
  readonly node: CpuNode;
  readonly ts: number;
}

/** A call that has ended. */
interface Ended {
  readonly depth: number;
  readonly slice: Extract<Slice, { kind: 'call' }>;
}

/** Where the nodes of a piece lie. */
type PathOf = (id: number) => readonly CpuNode[];

function pathsOf({ nodes: all }: CpuProfile): PathOf {
  const nodes = new Map(all.map((node) => [node.id, node]));
  const parents = new Map<number, CpuNode>();
  for (const node of all) for (const child of node.children ?? []) parents.set(child, node);
  const paths = new Map<number, readonly CpuNode[]>();
  /** Callers first, without the root; empty for an idle loop. */
  return (id) => {
    let path = paths.get(id);
    if (path !== undefined) return path;
    const way: CpuNode[] = [];
    for (let node = nodes.get(id); node !== undefined; node = parents.get(node.id)) way.push(node);
    way.reverse();
    path = way.at(-1)?.callFrame.functionName === '(idle)' ? [] : way.slice(1);
    paths.set(id, path);
    return path;
  };
}

/** Whether nodes of two pieces are of one function: their numbers are those of their piece. */
function isSameFunction({ callFrame: a }: CpuNode, { callFrame: b }: CpuNode): boolean {
  return (
    a.functionName === b.functionName &&
    a.scriptId === b.scriptId &&
    a.url === b.url &&
    a.lineNumber === b.lineNumber &&
    a.columnNumber === b.columnNumber
  );
}

/**
 * Turns (the time between two samples of an idle loop) and the calls in them, out of a recording that comes in pieces. A call lasts from
 * the first sample that saw it until the first that did not; the line of a frame is that on which its function begins. What is under way
 * when a piece ends goes on in the next one, and is told when it has ended.
 */
export class TurnSlices {
  readonly #most: number;
  /** Calls of the turn that is open. */
  readonly #open: Open[] = [];
  /** Since when it is open; null where none is. */
  #turn: number | null = null;
  /** Ended in the turn that is open, and not told yet. */
  #calls: Ended[] = [];
  #leftOut = 0;
  #now = 0;

  /** @param most calls of one turn that are kept of a piece */
  constructor(most: number = MOST_CALLS) {
    this.#most = most;
  }

  /** What has ended in a piece, which follows on the last one. */
  *add(recorded: CpuProfile): Generator<Slice> {
    const piece = collectorBelow(recorded);
    const pathOf = pathsOf(piece);
    let isFirst = true;
    let now = piece.startTime;
    for (const [i, id] of (piece.samples ?? []).entries()) {
      now += Math.max(0, piece.timeDeltas?.[i] ?? 0);
      const path = pathOf(id);
      if (isFirst) this.#carry(path);
      isFirst = false;
      if (path.length === 0) {
        yield* this.#endTurn(now);
        continue;
      }
      let same = 0;
      while (same < this.#open.length && this.#open[same]?.node === path[same]) same++;
      this.#close(same, now);
      this.#turn ??= now;
      for (const node of path.slice(same)) this.#open.push({ node, ts: now });
    }
    this.#now = Math.max(now, piece.endTime);
    // A turn that never ends must not pile up: only what is under way is kept for the next piece.
    yield* this.#tell();
  }

  /** What is under way at the end of the recording. */
  *end(): Generator<Slice> {
    yield* this.#endTurn(this.#now);
  }

  /** Takes what was under way in the piece before for the nodes of this one, as far as it is the same. */
  #carry(path: readonly CpuNode[]): void {
    for (const [depth, { node, ts }] of this.#open.entries()) {
      const next = path[depth];
      if (next === undefined || !isSameFunction(node, next)) return;
      this.#open[depth] = { node: next, ts };
    }
  }

  #close(depth: number, now: number): void {
    while (this.#open.length > depth) {
      const { node, ts } = this.#open.pop() as Open;
      if (now <= ts) continue;
      if (this.#calls.length >= this.#most) {
        this.#leftOut++;
        continue;
      }
      const frame = frameOf(node.callFrame, 0);
      this.#calls.push({ depth: this.#open.length, slice: { kind: 'call', ts, dur: now - ts, frame } });
    }
  }

  *#endTurn(now: number): Generator<Slice> {
    this.#close(0, now);
    const turn = this.#turn;
    this.#turn = null;
    if (turn !== null && now > turn)
      yield { kind: 'turn', ts: turn, dur: now - turn, isLong: now - turn >= LONG };
    yield* this.#tell();
  }

  /** Calls that have ended. */
  *#tell(): Generator<Slice> {
    const calls = this.#calls;
    const count = this.#leftOut;
    this.#calls = [];
    this.#leftOut = 0;
    // Readers take the first of two that last equally long for the outer one.
    calls.sort((a, b) => a.slice.ts - b.slice.ts || a.depth - b.depth);
    for (const { slice } of calls) yield slice;
    if (count > 0) yield { kind: 'left out', count };
  }
}
