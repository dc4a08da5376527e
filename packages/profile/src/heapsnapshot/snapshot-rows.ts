// The tables of a heap snapshot while its rows come in: each is checked, and stored in columns.
import { ProfileError } from '../errors.ts';
import {
  EDGE_NAME_MAX,
  EDGE_TYPE_BITS,
  EdgeType,
  type HeapSnapshot,
  type SnapshotStrings,
} from './snapshot.ts';
import { NodeSizes } from './node-sizes.ts';
import { release } from './release.ts';
import { LocationRows } from './snapshot-locations.ts';
import { BIG, type Header, type Layout, storedFields } from './snapshot-header.ts';

/** Rows that columns begin with when nothing vouches for the header's counts. */
export const FIRST_ROWS: number = 1 << 16;

export type Section = 'nodes' | 'edges' | 'locations';

/** Throws what is wrong at a byte of the chunk; `place` begins with ':' where it is the whole complaint. */
export type Malformed = (i: number, place: string) => never;

/** Columns of nodes, edges and locations. */
export class SnapshotRows {
  readonly #header: Header;
  readonly #expectedBytes: number;
  readonly #malformed: Malformed;
  /** Columns of the fields of the section being read, in the order in which its store wants them. */
  #at: readonly number[] = [];

  #nodes = 0;
  #nodeCapacity = 0;
  #nodeType = new Uint8Array(0);
  #nodeName = new Uint32Array(0);
  #nodeId = new Uint32Array(0);
  #firstEdge = new Uint32Array(1);
  readonly #sizes = new NodeSizes();
  #edgeSum = 0;

  #edges = 0;
  #edgeCapacity = 0;
  #edgeLabel = new Uint32Array(0);
  #edgeTo = new Uint32Array(0);
  #maxName = 0;

  readonly #locations = new LocationRows((column, capacity) => grown(Uint32Array, column, capacity));

  constructor(header: Header, expectedBytes: number, malformed: Malformed) {
    this.#header = header;
    this.#expectedBytes = expectedBytes;
    this.#malformed = malformed;
  }

  /** How many rows of a section are there. */
  count(section: Section): number {
    return section === 'nodes' ? this.#nodes : section === 'edges' ? this.#edges : this.#locations.length;
  }

  /** The largest number of a string that names something. */
  get maxName(): number {
    return this.#maxName;
  }

  /** Begins a section. */
  open(section: Section, { width, fields }: Layout): void {
    this.#at = storedFields[section].map((field) => fields[field] as number);
    if (section === 'nodes') this.#reserveNodes(this.#rowsToBegin(this.#header.nodeCount, width));
    if (section === 'edges') this.#reserveEdges(this.#rowsToBegin(this.#header.edgeCount, width));
  }

  /** Takes a row of a section; `i` is where it ends in the chunk. */
  store(section: Section, row: Float64Array, i: number): void {
    switch (section) {
      case 'nodes':
        this.#storeNode(row, i);
        return;
      case 'edges':
        this.#storeEdge(row, i);
        return;
      case 'locations':
        this.#storeLocation(row, i);
    }
  }

  #rowsToBegin(rows: number, width: number): number {
    return rows * width * 2 <= this.#expectedBytes ? rows : Math.min(rows, FIRST_ROWS);
  }

  #reserveNodes(capacity: number): void {
    this.#nodeCapacity = capacity;
    this.#nodeType = grown(Uint8Array, this.#nodeType, capacity);
    this.#nodeName = grown(Uint32Array, this.#nodeName, capacity);
    this.#nodeId = grown(Uint32Array, this.#nodeId, capacity);
    this.#sizes.reserve(capacity, (column, room) => grown(Uint16Array, column, room));
    this.#firstEdge = grown(Uint32Array, this.#firstEdge, capacity + 1);
  }

  #reserveEdges(capacity: number): void {
    this.#edgeCapacity = capacity;
    this.#edgeLabel = grown(Uint32Array, this.#edgeLabel, capacity);
    this.#edgeTo = grown(Uint32Array, this.#edgeTo, capacity);
  }

  #storeNode(row: Float64Array, i: number): void {
    const header = this.#header;
    const { types } = header.nodes;
    const at = this.#at;
    const node = this.#nodes;
    if (node >= header.nodeCount) this.#malformed(i, `: "nodes" has more rows than node_count ${node} says`);
    if (node === this.#nodeCapacity) this.#reserveNodes(Math.min(header.nodeCount, node * 2));
    const type = row[at[0] as number] as number;
    if (type >= types.length) this.#malformed(i, `: node ${node} has the unknown type ${type}`);
    this.#nodeType[node] = types[type] as number;
    const name = row[at[1] as number] as number;
    if (name >= BIG) this.#malformed(i, `: node ${node} has the name ${name}, which no table can hold`);
    if (name > this.#maxName) this.#maxName = name;
    this.#nodeName[node] = name;
    const id = row[at[2] as number] as number;
    this.#nodeId[node] = id > BIG ? 0 : id;
    this.#sizes.store(node, row[at[3] as number] as number);
    this.#edgeSum += row[at[4] as number] as number;
    if (this.#edgeSum > header.edgeCount) {
      this.#malformed(
        i,
        `: the nodes up to ${node} have more edges than edge_count ${header.edgeCount} says`,
      );
    }
    this.#firstEdge[node + 1] = this.#edgeSum;
    this.#nodes = node + 1;
  }

  #storeEdge(row: Float64Array, i: number): void {
    const header = this.#header;
    const { types } = header.edges;
    const at = this.#at;
    const edge = this.#edges;
    if (edge >= header.edgeCount) this.#malformed(i, `: "edges" has more rows than edge_count ${edge} says`);
    if (edge === this.#edgeCapacity) this.#reserveEdges(Math.min(header.edgeCount, edge * 2));
    const number = row[at[0] as number] as number;
    if (number >= types.length) this.#malformed(i, `: edge ${edge} has the unknown type ${number}`);
    const type = types[number] as number;
    let name = row[at[1] as number] as number;
    if (type === EdgeType.element || type === EdgeType.hidden) {
      // An index is only ever shown; what does not fit is the last one that does.
      if (name > EDGE_NAME_MAX) name = EDGE_NAME_MAX;
    } else {
      if (name > EDGE_NAME_MAX)
        this.#malformed(i, `: edge ${edge} has the name ${name}, which no table can hold`);
      if (type !== EdgeType.other && name > this.#maxName) this.#maxName = name;
    }
    this.#edgeLabel[edge] = name * (1 << EDGE_TYPE_BITS) + type;
    const to = (row[at[2] as number] as number) / header.nodes.width;
    if (to >= header.nodeCount || to !== Math.floor(to)) {
      this.#malformed(i, `: edge ${edge} leads to ${to * header.nodes.width}, where no node begins`);
    }
    this.#edgeTo[edge] = to;
    this.#edges = edge + 1;
  }

  #storeLocation(row: Float64Array, i: number): void {
    const header = this.#header;
    const { fields } = header.locations as Layout;
    const at = this.#locations.length;
    const node = (row[fields['object_index'] as number] as number) / header.nodes.width;
    if (node >= header.nodeCount || node !== Math.floor(node)) {
      this.#malformed(i, `: location ${at} is of object ${node * header.nodes.width}, where no node begins`);
    }
    // One object has one location.
    if (at >= header.nodeCount) this.#malformed(i, ': there are more locations than nodes');
    this.#locations.store(
      node,
      Math.min(row[fields['script_id'] as number] as number, BIG),
      Math.min(row[fields['line'] as number] as number, BIG),
      Math.min(row[fields['column'] as number] as number, BIG),
      header.nodeCount,
    );
  }

  /** Says whether a section that ends has as many rows as the header says. */
  checkCount(section: Section, i: number): void {
    const header = this.#header;
    if (section === 'nodes') {
      if (this.#nodes !== header.nodeCount) {
        this.#malformed(i, `: "nodes" has ${this.#nodes} rows but node_count is ${header.nodeCount}`);
      }
      if (this.#edgeSum !== header.edgeCount) {
        this.#malformed(i, `: the nodes have ${this.#edgeSum} edges but edge_count is ${header.edgeCount}`);
      }
    } else if (section === 'edges' && this.#edges !== header.edgeCount) {
      this.#malformed(i, `: "edges" has ${this.#edges} rows but edge_count is ${header.edgeCount}`);
    }
  }

  /** There is no more: nodes whose edges did not come have none. */
  #cut(): void {
    const { nodes, edges } = { nodes: this.#nodes, edges: this.#edges };
    for (let node = 0; node <= nodes; node++) {
      if ((this.#firstEdge[node] as number) > edges) this.#firstEdge[node] = edges;
    }
  }

  /** The columns as the names see them. */
  get columns(): Pick<HeapSnapshot, 'nodeType' | 'nodeName' | 'firstEdge' | 'edgeLabel' | 'edgeTo'> {
    return {
      nodeType: this.#nodeType,
      nodeName: this.#nodeName,
      firstEdge: this.#firstEdge,
      edgeLabel: this.#edgeLabel,
      edgeTo: this.#edgeTo,
    };
  }

  /**
   * The snapshot; nothing is left here.
   *
   * @param isCut the text ended before its end
   */
  finish(strings: SnapshotStrings, textBytes: number, isCut: boolean): HeapSnapshot {
    if (isCut) this.#cut();
    const snapshot: HeapSnapshot = {
      nodeCount: this.#nodes,
      edgeCount: this.#edges,
      nodeType: this.#nodeType,
      nodeName: this.#nodeName,
      nodeId: this.#nodeId,
      sizes: this.#sizes,
      firstEdge: this.#firstEdge,
      edgeLabel: this.#edgeLabel,
      edgeTo: this.#edgeTo,
      locations: this.#locations.finish(),
      strings,
      isCut,
      textBytes,
    };
    this.#forget();
    return snapshot;
  }

  #forget(): void {
    this.#nodeType = new Uint8Array(0);
    this.#nodeName = new Uint32Array(0);
    this.#nodeId = new Uint32Array(0);
    this.#firstEdge = new Uint32Array(1);
    this.#edgeLabel = new Uint32Array(0);
    this.#edgeTo = new Uint32Array(0);
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array;

/** `column` with room for `capacity` rows or more, of which the memory of the old one is given back. */
export function grown<C extends Column>(make: new (length: number) => C, column: C, capacity: number): C {
  if (column.length >= capacity) return column;
  let next: C;
  try {
    next = new make(capacity);
  } catch (cause) {
    throw new ProfileError('PROFILE_TOO_LARGE', `heap snapshot: no memory for ${capacity} rows`, { cause });
  }
  next.set(column);
  release(column);
  return next;
}
