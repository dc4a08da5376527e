// Chains of holders as numbers: a tree of frames in which each chain is one row, however many objects hang on it.

import type { Maker } from '../../naming/uses.ts';

/** A frame of a chain: a class, a variable, a property, a module. */
export interface HolderFrame {
  readonly name: string;
  /** URL or path of the script where it stands; '' where it stands nowhere. */
  readonly url: string;
  /** 1-based; 0 where unknown. */
  readonly line: number;
  /** Who puts things there, or made it; absent where nobody knows. */
  readonly maker?: PlacedMaker;
}

/** A function that puts things somewhere, or makes them, at a line of its own. */
export interface PlacedMaker extends Maker {
  readonly url: string;
}

/** Frames of one chain at most; beyond them the innermost replaces the one before. */
const DEEPEST = 48;
/** Chains and frames of one snapshot at most; what comes later counts for the chain that it would hang on. */
const MOST_ROWS = 200_000;
const MOST_FRAMES = 100_000;
const MOST = 2 ** 22;

/** The row of the empty chain: the root itself. */
export const ROOT_ROW = 0;

/** Interns frames and chains of them. Rows are numbered from 1 in the order in which they are made: a row's parent comes before it. */
export class HolderTree {
  readonly #frames: HolderFrame[] = [];
  readonly #frameIds = new Map<string, number>();
  readonly #parent: number[] = [ROOT_ROW];
  readonly #frame: number[] = [-1];
  readonly #depth: number[] = [0];
  readonly #children = new Map<number, number>();
  readonly #more: number;
  #lastKey = -1;
  #lastRow = 0;

  constructor() {
    this.#more = this.frame('(more classes)', '', 0);
  }

  /** Number of rows, the root's included. */
  get length(): number {
    return this.#parent.length;
  }

  /** Number of a frame. */
  frame(name: string, url: string, line: number, maker: PlacedMaker | null = null): number {
    const key = `${name}\0${url}\0${line}`;
    let id = this.#frameIds.get(key);
    if (id !== undefined) return id;
    if (this.#frames.length >= MOST_FRAMES) return this.#more;
    id = this.#frames.push({ name, url, line, ...(maker === null ? {} : { maker }) }) - 1;
    this.#frameIds.set(key, id);
    return id;
  }

  /** Whether a frame stands in a script. */
  isPlaced(frame: number): boolean {
    return this.#frames[frame]?.url !== '';
  }

  frameOf(row: number): number {
    return this.#frame[row] as number;
  }

  parentOf(row: number): number {
    return this.#parent[row] as number;
  }

  depthOf(row: number): number {
    return this.#depth[row] as number;
  }

  /**
   * The chain `row` with one more frame at its inner end. Where the same frame hung on the same frame before in that chain (a list,
   * a tree of nodes), it is that chain again, unless that would drop a frame from it: a list of a million nodes is one row.
   */
  child(row: number, frame: number): number {
    const key = row * MOST + frame;
    if (key === this.#lastKey) return this.#lastRow;
    let found = this.#children.get(key);
    if (found === undefined) {
      found = this.#folded(row, frame);
      if (this.#children.size < 2 * MOST_ROWS) this.#children.set(key, found);
    }
    this.#lastKey = key;
    this.#lastRow = found;
    return found;
  }

  #folded(row: number, frame: number): number {
    const parents = this.#parent;
    const frames = this.#frame;
    const above = frames[row] as number;
    if (above === frame) return row;
    for (let at = row; at !== ROOT_ROW; at = parents[at] as number) {
      if (frames[at] !== frame || frames[parents[at] as number] !== above) continue;
      if (this.#repeats(row, at)) return at;
    }
    if (this.#parent.length >= MOST_ROWS) return row === ROOT_ROW ? 1 : row;
    if ((this.#depth[row] as number) >= DEEPEST) return this.child(parents[row] as number, frame);
    this.#depth.push((this.#depth[row] as number) + 1);
    this.#parent.push(row);
    return this.#frame.push(frame) - 1;
  }

  /** Whether a row is `ancestor` or hangs on it. */
  isBelow(row: number, ancestor: number): boolean {
    let at = row;
    while (at > ancestor) at = this.#parent[at] as number;
    return at === ancestor;
  }

  /** The frames by which `row` hangs on `base`, on another row: only the innermost where it does not hang on `base`. */
  graft(row: number, base: number, onto: number): number {
    const frame = this.#frame[row] as number;
    const parent = this.#parent[row] as number;
    const isDirect = parent === base || !this.isBelow(parent, base);
    return this.child(isDirect ? onto : this.graft(parent, base, onto), frame);
  }

  /** Whether every frame between a row and one of its ancestors is on the ancestor's own chain. */
  #repeats(row: number, ancestor: number): boolean {
    const known = new Set<number>();
    for (let at = ancestor; at !== ROOT_ROW; at = this.#parent[at] as number)
      known.add(this.#frame[at] as number);
    for (let at = row; at !== ancestor; at = this.#parent[at] as number)
      if (!known.has(this.#frame[at] as number)) return false;
    return true;
  }

  /** Frames of a chain, innermost first. */
  chain(row: number): HolderFrame[] {
    const chain: HolderFrame[] = [];
    for (let at = row; at !== ROOT_ROW; at = this.#parent[at] as number) {
      chain.push(this.#frames[this.#frame[at] as number] as HolderFrame);
    }
    return chain;
  }
}
