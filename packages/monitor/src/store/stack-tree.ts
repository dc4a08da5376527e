// Stacks as a tree of call sites: a node is one stack, from the program's entry down to its frame, and has 64 bits that follow from the frames.
/** One frame of a stack; `line` 0 where it is not known. */
export interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** What a tree has more than before: frames, and of the new nodes the parents and the rows of their frames. */
export interface TreeGrowth {
  readonly frames: readonly Frame[];
  readonly parents: Int32Array;
  readonly rows: Uint32Array;
}

/** The parent of a stack's outermost frame. */
export const ROOT = -1;
const ROOT_HIGH = 0x9e3779b9;
const ROOT_LOW = 0x7f4a7c15;
const FIRST_ROOM = 1024;

/** The two halves of a hash, each 32 bits. */
interface Halves {
  high: number;
  low: number;
}

/** The finisher of MurmurHash3 (public domain, Austin Appleby): every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The body of MurmurHash3 over 16 bits at a time, twice, from two beginnings. */
function addText(hash: Halves, text: string): void {
  let { high, low } = hash;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(rotated(high ^ Math.imul(unit + 1, 0xcc9e2d51), 13), 5) + 0xe6546b64;
    low = Math.imul(rotated(low ^ Math.imul(unit + 1, 0x1b873593), 17), 9) + 0x38495ab5;
  }
  // Where a text ends: 'ab' + 'c' is not 'a' + 'bc'.
  hash.high = mixed(high ^ text.length);
  hash.low = mixed(low ^ Math.imul(text.length, 0x27d4eb2f) ^ hash.high);
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** Half a character, and the end of a text in C. */
function kept(text: string): string {
  return text.replaceAll(/\p{Surrogate}|\0/gu, '\uFFFD');
}

function frameHash(frame: Frame): Halves {
  const hash: Halves = { high: 0x2545f491, low: 0x4f6cdd1d };
  addText(hash, frame.function);
  addText(hash, frame.file);
  addText(hash, String(frame.line));
  return hash;
}

/** Twice as much room, with what was there. */
function grown<T extends Int32Array | Uint32Array>(column: T, make: (length: number) => T): T {
  const larger = make(column.length * 2);
  larger.set(column);
  return larger;
}

/** 64 bits out of two halves, signed as databases have them. */
export function stackId(high: number, low: number): bigint {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/**
 * A tree that only grows. Two trees give the same stack the same {@link id}, in any order and process: it is a hash of function, file
 * and line of every frame, never of an address. Two stacks share one by chance in 3 of 10⁸ stores with a million stacks.
 */
export class StackTree {
  readonly #frames: Frame[] = [];
  readonly #frameRows = new Map<string, number>();
  #frameHigh: Uint32Array = new Uint32Array(FIRST_ROOM);
  #frameLow: Uint32Array = new Uint32Array(FIRST_ROOM);
  #length = 0;
  #parent: Int32Array = new Int32Array(FIRST_ROOM);
  #frame: Uint32Array = new Uint32Array(FIRST_ROOM);
  #high: Uint32Array = new Uint32Array(FIRST_ROOM);
  #low: Uint32Array = new Uint32Array(FIRST_ROOM);
  /** Open addressing by parent and frame; node + 1, 0 is free. At most half full. */
  #table: Uint32Array = new Uint32Array(FIRST_ROOM * 2);

  /** Number of nodes. */
  get length(): number {
    return this.#length;
  }

  /** The row of a frame, to be given to {@link node}. Of its texts, what no database keeps becomes U+FFFD. */
  frame(functionName: string, file: string, line: number): number {
    const key = `${functionName}\0${file}\0${line}`;
    const known = this.#frameRows.get(key);
    if (known !== undefined) return known;
    const row = this.#addFrame({ function: kept(functionName), file: kept(file), line });
    this.#frameRows.set(key, row);
    return row;
  }

  #addFrame(frame: Frame): number {
    const row = this.#frames.length;
    this.#frames.push(frame);
    if (row === this.#frameHigh.length) {
      this.#frameHigh = grown(this.#frameHigh, (length) => new Uint32Array(length));
      this.#frameLow = grown(this.#frameLow, (length) => new Uint32Array(length));
    }
    const { high, low } = frameHash(frame);
    this.#frameHigh[row] = high;
    this.#frameLow[row] = low;
    return row;
  }

  /** The node below `parent` (a node, or {@link ROOT}) with that frame. */
  node(parent: number, frame: number): number {
    let at = this.#slot(parent, frame);
    for (let held = this.#table[at] ?? 0; held !== 0; held = this.#table[at] ?? 0) {
      if (this.#parent[held - 1] === parent && this.#frame[held - 1] === frame) return held - 1;
      at = (at + 1) & (this.#table.length - 1);
    }
    const node = this.#append(parent, frame);
    if (this.#length * 2 > this.#table.length) this.#widen();
    else this.#table[at] = node + 1;
    return node;
  }

  /** Node of the stack without its innermost frame; {@link ROOT} where that leaves none. */
  parentOf(node: number): number {
    return this.#parent[node] ?? ROOT;
  }

  /** The innermost frame. */
  frameOf(node: number): Frame {
    return this.#frames[this.#frame[node] ?? 0] ?? { function: '', file: '', line: 0 };
  }

  /** All frames, leaf first. */
  framesOf(node: number): Frame[] {
    const frames: Frame[] = [];
    for (let at = node; at !== ROOT; at = this.parentOf(at)) frames.push(this.frameOf(at));
    return frames;
  }

  id(node: number): bigint {
    return stackId(this.#high[node] ?? 0, this.#low[node] ?? 0);
  }

  /** The halves of the id. */
  halves(node: number): readonly [high: number, low: number] {
    return [this.#high[node] ?? 0, this.#low[node] ?? 0];
  }

  /** What came after so many nodes and frames. */
  grownSince(nodes: number, frames: number): TreeGrowth {
    return {
      frames: this.#frames.slice(frames),
      parents: this.#parent.slice(nodes, this.#length),
      rows: this.#frame.slice(nodes, this.#length),
    };
  }

  /** Grows as another tree did, which this one has always followed: a node has the same number in both. */
  grow({ frames, parents, rows }: TreeGrowth): void {
    for (const frame of frames) this.#addFrame(frame);
    for (const [i, parent] of parents.entries()) this.node(parent, rows[i] ?? 0);
  }

  #slot(parent: number, frame: number): number {
    return mixed(Math.imul(parent + 2, 0x9e3779b1) ^ frame) & (this.#table.length - 1);
  }

  #append(parent: number, frame: number): number {
    const node = this.#length++;
    if (node === this.#parent.length) {
      this.#parent = grown(this.#parent, (length) => new Int32Array(length));
      this.#frame = grown(this.#frame, (length) => new Uint32Array(length));
      this.#high = grown(this.#high, (length) => new Uint32Array(length));
      this.#low = grown(this.#low, (length) => new Uint32Array(length));
    }
    this.#parent[node] = parent;
    this.#frame[node] = frame;
    const above = parent === ROOT ? [ROOT_HIGH, ROOT_LOW] : this.halves(parent);
    const high = mixed(Math.imul(above[0] ?? 0, 0x01000193) ^ (this.#frameHigh[frame] ?? 0));
    const low = mixed(Math.imul(above[1] ?? 0, 0x85ebca77) ^ (this.#frameLow[frame] ?? 0) ^ rotated(high, 7));
    this.#high[node] = high;
    this.#low[node] = low;
    return node;
  }

  #widen(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let node = 0; node < this.#length; node++) {
      let at = this.#slot(this.#parent[node] ?? 0, this.#frame[node] ?? 0);
      while (this.#table[at] !== 0) at = (at + 1) & (this.#table.length - 1);
      this.#table[at] = node + 1;
    }
  }
}
