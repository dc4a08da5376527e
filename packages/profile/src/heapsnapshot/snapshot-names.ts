// The strings of a heap snapshot that name something: they come last, when it is known which those are.
import { EdgeType, EDGE_TYPE_BITS, NO_STRING, NodeType, SnapshotStrings, STRING_BLOCK } from './snapshot.ts';
import { FIRST_ROWS, grown, type Malformed, type SnapshotRows } from './snapshot-rows.ts';

/** Bytes of a name that are kept; V8 itself cuts strings at 1,024 characters, which are at most 6 bytes each. */
const NAME_LIMIT = 6144;
/** Names that a snapshot of any length may have. */
const MORE_NAMES = 1 << 20;

/** Node types whose name is a thing's name, not its content. */
const NAMED = new Set<number>([
  NodeType.hidden,
  NodeType.array,
  NodeType.object,
  NodeType.code,
  NodeType.closure,
  NodeType.native,
  NodeType.synthetic,
  NodeType.other,
]);

/** Keeps the strings that are wanted, block by block, and passes over the others. */
export class SnapshotNames {
  readonly #malformed: Malformed;
  #maxName = 0;
  #isOpen = false;
  #escaped = false;
  #strings = 0;
  #wanted = new Uint8Array(0);
  #stringStart = new Uint32Array(0);
  #stringSize = new Uint16Array(0);
  readonly #blocks: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #blockAt = 0;
  #stringBegin = 0;
  #keep = false;

  constructor(malformed: Malformed) {
    this.#malformed = malformed;
  }

  /** Strings so far. */
  get length(): number {
    return this.#strings;
  }

  /** Is the reader in the middle of a string? */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Strings come last in the file: by now it is known which of them name something. */
  begin(rows: SnapshotRows, read: number, i: number): void {
    this.#maxName = rows.maxName;
    const { nodeType, nodeName, edgeLabel } = rows.columns;
    // Names are numbered as they are first used, so there are fewer of them than bytes that use them.
    if (this.#maxName > read + i + MORE_NAMES) {
      this.#malformed(i, `: a name is string ${this.#maxName}, more than so short a snapshot can have`);
    }
    const wanted = new Uint8Array((this.#maxName >>> 3) + 1);
    const nodes = rows.count('nodes');
    for (let node = 0; node < nodes; node++) {
      if (!NAMED.has(nodeType[node] as number)) continue;
      const name = nodeName[node] as number;
      wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
    }
    markTexts(rows, wanted);
    const edges = rows.count('edges');
    for (let edge = 0; edge < edges; edge++) {
      const label = edgeLabel[edge] as number;
      const type = label & 7;
      if (type <= EdgeType.shortcut && type !== EdgeType.element && type !== EdgeType.hidden) {
        const name = label >>> EDGE_TYPE_BITS;
        wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
      }
    }
    this.#wanted = wanted;
    const room = Math.min(this.#maxName + 1, FIRST_ROWS);
    this.#stringStart = new Uint32Array(room).fill(NO_STRING);
    this.#stringSize = new Uint16Array(room);
  }

  /** A string begins. */
  open(): void {
    const index = this.#strings;
    this.#keep =
      index >>> 3 < this.#wanted.length && ((this.#wanted[index >>> 3] as number) & (1 << (index & 7))) !== 0;
    if (this.#keep && this.#blockAt + NAME_LIMIT > this.#block.length) {
      this.#block = new Uint8Array(STRING_BLOCK);
      this.#blocks.push(this.#block);
      this.#blockAt = 0;
    }
    this.#stringBegin = this.#blockAt;
    this.#isOpen = true;
  }

  /** Reads on in a string, up to its end or the chunk's; where that is. */
  read(b: Uint8Array, i: number, n: number): number {
    const block = this.#block;
    const limit = this.#stringBegin + NAME_LIMIT;
    let at = this.#blockAt;
    let escaped = this.#escaped;
    const keep = this.#keep;
    while (i < n) {
      const c = b[i++] as number;
      if (escaped) escaped = false;
      else if (c === 0x5c) escaped = true;
      else if (c === 0x22) {
        this.#blockAt = at;
        this.#escaped = false;
        this.#close();
        return i;
      } else if (c < 0x20) this.#malformed(i - 1, `in string ${this.#strings}`);
      if (keep && at < limit) block[at++] = c;
    }
    this.#blockAt = at;
    this.#escaped = escaped;
    return i;
  }

  #close(): void {
    const index = this.#strings++;
    this.#isOpen = false;
    if (!this.#keep) return;
    if (index >= this.#stringStart.length) {
      const rows = Math.min(this.#maxName + 1, Math.max(index + 1, this.#stringStart.length * 2));
      const before = this.#stringStart.length;
      this.#stringStart = grown(Uint32Array, this.#stringStart, rows).fill(NO_STRING, before);
      this.#stringSize = grown(Uint16Array, this.#stringSize, rows);
    }
    this.#stringStart[index] = (this.#blocks.length - 1) * STRING_BLOCK + this.#stringBegin;
    this.#stringSize[index] = this.#blockAt - this.#stringBegin;
  }

  finish(): SnapshotStrings {
    return new SnapshotStrings(this.#strings, this.#blocks, this.#stringStart, this.#stringSize);
  }
}

/**
 * Scripts' texts, of which V8 writes the beginning, are kept: they tell what functions without a name are there for. So are the keys
 * of object shapes, which tell plain objects apart, and the names of scopes' variables.
 */
function markTexts(rows: SnapshotRows, wanted: Uint8Array): void {
  const { nodeType, nodeName, firstEdge, edgeLabel, edgeTo } = rows.columns;
  const nodes = rows.count('nodes');
  let edge = 0;
  for (let node = 0; node < nodes; node++) {
    const last = firstEdge[node + 1] as number;
    if (nodeType[node] === NodeType.code || nodeType[node] === NodeType['object shape']) {
      for (; edge < last; edge++) {
        const to = edgeTo[edge] as number;
        const type = (edgeLabel[edge] as number) & 7;
        if (type !== EdgeType.internal && type !== EdgeType.hidden) continue;
        if (nodeType[to] !== NodeType.string) continue;
        const name = nodeName[to] as number;
        wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
      }
    }
    edge = last;
  }
}
