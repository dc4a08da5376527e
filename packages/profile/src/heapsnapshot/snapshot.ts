// A V8 heap snapshot in memory: nodes and edges as columns, strings as bytes that are decoded when asked for.
import { decodeText } from '../bytes/utf8.ts';
import type { NodeSizes } from './node-sizes.ts';

/**
 * Types of nodes as we number them, whatever number the file's own `meta` gives them. A type that this list does not know is
 * `other`.
 */
export const NodeType = {
  hidden: 0,
  array: 1,
  string: 2,
  object: 3,
  code: 4,
  closure: 5,
  regexp: 6,
  number: 7,
  native: 8,
  synthetic: 9,
  'concatenated string': 10,
  'sliced string': 11,
  symbol: 12,
  bigint: 13,
  'object shape': 14,
  'wasm object': 15,
  other: 16,
} as const;

/** Types of edges as we number them; they share a 32-bit word with the edge's name, so there can be eight. */
export const EdgeType = {
  context: 0,
  element: 1,
  property: 2,
  internal: 3,
  hidden: 4,
  shortcut: 5,
  weak: 6,
  other: 7,
} as const;

/** Bits of an edge's label that hold its type. */
export const EDGE_TYPE_BITS = 3;
export const EDGE_TYPE_MASK = 7;
/** Largest name or index that an edge's label holds. */
export const EDGE_NAME_MAX: number = 2 ** (32 - EDGE_TYPE_BITS) - 1;

/** Where functions stand in their scripts: rows sorted by `node`; places are told once, lines and columns 0-based as V8 writes them. */
export interface SnapshotLocations {
  /** How many rows there are; columns may be longer. */
  readonly length: number;
  readonly node: Uint32Array;
  /** Row of the three columns below. */
  readonly place: Uint32Array;
  readonly scriptId: Uint32Array;
  readonly line: Uint32Array;
  readonly column: Uint32Array;
}

/** A snapshot as columns. Nodes and edges are numbered from 0 in the order of the file; node 0 is the root. */
export interface HeapSnapshot {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** One of {@link NodeType} per node. */
  readonly nodeType: Uint8Array;
  /** Row of `strings`. */
  readonly nodeName: Uint32Array;
  /** V8's id, which `HeapProfiler.getObjectByHeapObjectId` takes; 0 where it does not fit 32 bits. */
  readonly nodeId: Uint32Array;
  /** Bytes of each node itself. */
  readonly sizes: NodeSizes;
  /** `nodeCount + 1` offsets into the edges. */
  readonly firstEdge: Uint32Array;
  /** Type in the low {@link EDGE_TYPE_BITS} bits, above them the index (element, hidden) or the row of `strings`. */
  readonly edgeLabel: Uint32Array;
  /** The node an edge leads to. */
  readonly edgeTo: Uint32Array;
  readonly locations: SnapshotLocations;
  readonly strings: SnapshotStrings;
  /** Whether the text was cut off: some nodes, edges or names did not come. */
  readonly isCut: boolean;
  /** Bytes of the text the snapshot was read from. */
  readonly textBytes: number;
}

/** The place of a node, which is a row of `scriptId`, `line` and `column`, or -1. */
export function locationOf(locations: SnapshotLocations, node: number): number {
  let low = 0;
  let high = locations.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = locations.node[middle] as number;
    if (at === node) return locations.place[middle] as number;
    if (at < node) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Bytes of a block of string bytes; a string lies in one block. */
export const STRING_BLOCK: number = 1 << 20;
/** Row that was not kept. */
export const NO_STRING = 0xffffffff;

/** The strings of a snapshot: those that name something, as the bytes between their quotes. */
export class SnapshotStrings {
  /** How many strings the file has. */
  readonly length: number;
  readonly #blocks: readonly Uint8Array[];
  readonly #start: Uint32Array;
  readonly #size: Uint16Array;
  readonly #texts = new Map<number, string>();

  /** `start[i]` is block × STRING_BLOCK + offset of the bytes of row i, or NO_STRING. */
  constructor(length: number, blocks: readonly Uint8Array[], start: Uint32Array, size: Uint16Array) {
    this.length = length;
    this.#blocks = blocks;
    this.#start = start;
    this.#size = size;
  }

  #bytes(index: number): Uint8Array | null {
    const start = index < this.#start.length ? (this.#start[index] as number) : NO_STRING;
    if (start === NO_STRING) return null;
    const block = this.#blocks[Math.floor(start / STRING_BLOCK)] as Uint8Array;
    const offset = start % STRING_BLOCK;
    return block.subarray(offset, offset + (this.#size[index] as number));
  }

  /** The text of row `index`; '' for a row that was not kept. */
  get(index: number): string {
    const known = this.#texts.get(index);
    if (known !== undefined) return known;
    const bytes = this.#bytes(index);
    const text = bytes === null ? '' : unescape(decodeText(bytes));
    this.#texts.set(index, text);
    return text;
  }

  /** The text of row `index` without keeping it decoded. */
  peek(index: number): string {
    const bytes = this.#bytes(index);
    return bytes === null ? '' : unescape(decodeText(bytes));
  }

  /** Rows of the given texts, each -1 where no kept string equals it; one pass over all strings. */
  findAll<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
    // Names may be those that every object has: prototypes are edges called `__proto__`.
    const rows = Object.create(null) as Record<Name, number>;
    const byHead = new Map<number, Name[]>();
    for (const name of names) {
      rows[name] = -1;
      const head = name.length * 256 + (name.charCodeAt(0) & 255);
      byHead.set(head, [...(byHead.get(head) ?? []), name]);
    }
    for (let index = 0; index < this.#start.length; index++) {
      const start = this.#start[index] as number;
      if (start === NO_STRING) continue;
      const block = this.#blocks[Math.floor(start / STRING_BLOCK)] as Uint8Array;
      const head = (this.#size[index] as number) * 256 + (block[start % STRING_BLOCK] as number);
      const candidates = byHead.get(head);
      if (candidates === undefined) continue;
      const text = this.peek(index);
      for (const name of candidates) if (name === text && rows[name] === -1) rows[name] = index;
    }
    return rows;
  }
}

/** Undoes JSON's escapes. A cut or wrong escape stays as it is: the reader has already refused malformed strings. */
function unescape(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (whole: string, code?: string, letter?: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    switch (letter) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      default:
        return letter ?? whole;
    }
  });
}
