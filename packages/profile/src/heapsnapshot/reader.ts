// The streaming reader of V8 heap snapshots: chunks of JSON text in, columns out, nothing else kept.
import { ProfileError } from '../errors.ts';
import { isWellFormed, utf8Encoder } from '../platform.ts';
import { writeText } from '../utf8.ts';
import {
  EDGE_NAME_MAX,
  EDGE_TYPE_BITS,
  EdgeType,
  type HeapSnapshot,
  NO_STRING,
  NodeType,
  type SnapshotLocations,
  SnapshotStrings,
  STRING_BLOCK,
} from './snapshot.ts';

/** How a snapshot is read. */
export interface HeapSnapshotOptions {
  /**
   * Bytes of the whole text where they are known (a file's size; Infinity for a snapshot that V8 itself is writing): columns are
   * then allocated once at their full length. Without it, or where the header claims more rows than so many bytes can hold, they
   * grow as rows arrive.
   */
  readonly expectedBytes?: number;
}

/** Bytes of the `snapshot` object; V8 writes about 2 KB. */
const HEADER_LIMIT = 1 << 20;
/** Bytes of a name that are kept; V8 itself cuts strings at 1,024 characters, which are at most 6 bytes each. */
const NAME_LIMIT = 6144;
/** Rows that columns begin with when nothing vouches for the header's counts. */
const FIRST_ROWS = 1 << 16;
/** Names that a snapshot of any length may have. */
const MORE_NAMES = 1 << 20;
const BIG = 0xffffffff;

/** What the reader is in the middle of. */
const State = {
  begin: 0,
  keyOrEnd: 1,
  key: 2,
  inKey: 3,
  colon: 4,
  value: 5,
  header: 6,
  skip: 7,
  numbersOpen: 8,
  numbers: 9,
  stringsOpen: 10,
  stringOrEnd: 11,
  string: 12,
  inString: 13,
  afterString: 14,
  afterValue: 15,
  end: 16,
} as const;
type State = (typeof State)[keyof typeof State];

type Section = 'nodes' | 'edges' | 'locations';

interface Layout {
  readonly width: number;
  readonly fields: Readonly<Record<string, number>>;
}

interface Header {
  readonly nodes: Layout & { readonly types: Uint8Array };
  readonly edges: Layout & { readonly types: Uint8Array };
  readonly locations: Layout | null;
  readonly nodeCount: number;
  readonly edgeCount: number;
}

/** The fields that each section stores. */
const storedFields = {
  nodes: ['type', 'name', 'id', 'self_size', 'edge_count'],
  edges: ['type', 'name_or_index', 'to_node'],
  locations: ['object_index', 'script_id', 'line', 'column'],
} as const;

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

/**
 * Reads a heap snapshot piece by piece: `push` the chunks in order, then `finish`. The text is never held as a whole.
 *
 * Memory: 17 bytes per node, 8 per edge, 16 per location and the bytes of the strings that name objects, closures, scripts and
 * edges, and of those that code is named and written in; other strings' contents are dropped.
 * @throws ProfileError that names the byte at fault: PROFILE_MALFORMED, PROFILE_TRUNCATED, PROFILE_TOO_LARGE, PROFILE_EMPTY.
 */
export class HeapSnapshotReader {
  readonly #expectedBytes: number;
  #offset = 0;
  #state: State = State.begin;
  #text = new Uint8Array(0);

  #key = '';
  readonly #seen = new Set<string>();
  #headerBytes: number[] = [];
  #header: Header | null = null;

  #depth = 0;
  #quoted = false;
  #escaped = false;

  #section: Section = 'nodes';
  #row = new Float64Array(0);
  /** Columns of the fields of the section being read, in the order in which its store wants them. */
  #at: readonly number[] = [];
  #field = 0;
  #value = 0;
  #digits = 0;
  #closed = false;
  #comma = false;

  #nodes = 0;
  #nodeCapacity = 0;
  #nodeType = new Uint8Array(0);
  #nodeName = new Uint32Array(0);
  #nodeId = new Uint32Array(0);
  #selfSize = new Uint32Array(0);
  #firstEdge = new Uint32Array(1);
  readonly #largeSizes = new Map<number, number>();
  #edgeSum = 0;

  #edges = 0;
  #edgeCapacity = 0;
  #edgeLabel = new Uint32Array(0);
  #edgeTo = new Uint32Array(0);
  #maxName = 0;

  #locations = 0;
  #locationColumns: [Uint32Array, Uint32Array, Uint32Array, Uint32Array] = [
    new Uint32Array(0),
    new Uint32Array(0),
    new Uint32Array(0),
    new Uint32Array(0),
  ];

  #strings = 0;
  #wanted = new Uint8Array(0);
  #stringStart = new Uint32Array(0);
  #stringSize = new Uint16Array(0);
  readonly #blocks: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #blockAt = 0;
  #stringBegin = 0;
  #keep = false;

  constructor(options: HeapSnapshotOptions = {}) {
    this.#expectedBytes = options.expectedBytes ?? 0;
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** Nodes and edges that the header promises; zeros until it was read. */
  get promised(): { readonly nodes: number; readonly edges: number } {
    return { nodes: this.#header?.nodeCount ?? 0, edges: this.#header?.edgeCount ?? 0 };
  }

  /** Takes the next chunk: bytes, or text as the inspector sends it. */
  push(chunk: Uint8Array | string): void {
    if (typeof chunk !== 'string') {
      this.#read(chunk, chunk.length);
      return;
    }
    // A character is three bytes at most: two of them make one of four.
    if (this.#text.length < 3 * chunk.length) this.#text = new Uint8Array(3 * chunk.length);
    // V8 writes nothing but ASCII, which the platform's encoder takes many times faster than a loop of ours.
    const size = isWellFormed(chunk)
      ? utf8Encoder.encodeInto(chunk, this.#text).written
      : writeText(chunk, this.#text, 0);
    this.#read(this.#text, size);
  }

  #read(b: Uint8Array, n: number): void {
    let i = 0;
    while (i < n) {
      switch (this.#state) {
        case State.numbers:
          i = this.#readNumbers(b, i, n);
          continue;
        case State.inString:
          i = this.#readString(b, i, n);
          continue;
        case State.skip:
          i = this.#skip(b, i, n);
          continue;
        case State.header:
          i = this.#readHeader(b, i, n);
          continue;
        default:
      }
      const c = b[i] as number;
      if (this.#state === State.inKey) {
        if (c === 0x22) this.#state = State.colon;
        else if (c === 0x5c || c < 0x20 || this.#key.length >= 64) this.#malformed(i, 'in a key');
        else this.#key += String.fromCharCode(c);
        i++;
        continue;
      }
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) {
        i++;
        continue;
      }
      i += this.#structure(c, i);
    }
    this.#offset += n;
  }

  /** One byte of the outer structure; says how many bytes it used. */
  #structure(c: number, i: number): 0 | 1 {
    switch (this.#state) {
      case State.begin:
        if (c !== 0x7b) this.#malformed(i, "where '{' should open the snapshot");
        this.#state = State.keyOrEnd;
        return 1;
      case State.keyOrEnd:
      case State.key:
        if (c === 0x7d && this.#state === State.keyOrEnd) {
          this.#state = State.end;
          return 1;
        }
        if (c !== 0x22) this.#malformed(i, 'where the name of a section should stand');
        this.#key = '';
        this.#state = State.inKey;
        return 1;
      case State.colon:
        if (c !== 0x3a) this.#malformed(i, `where ':' should follow "${this.#key}"`);
        this.#state = State.value;
        return 1;
      case State.value:
        this.#openValue(i);
        return 0;
      case State.numbersOpen:
        if (c !== 0x5b) this.#malformed(i, `where '[' should open "${this.#key}"`);
        this.#field = 0;
        this.#value = 0;
        this.#digits = 0;
        this.#closed = false;
        this.#comma = false;
        this.#state = State.numbers;
        return 1;
      case State.stringsOpen:
        if (c !== 0x5b) this.#malformed(i, `where '[' should open "strings"`);
        this.#state = State.stringOrEnd;
        return 1;
      case State.stringOrEnd:
      case State.string:
        if (c === 0x5d && this.#state === State.stringOrEnd) {
          this.#state = State.afterValue;
          return 1;
        }
        if (c !== 0x22) this.#malformed(i, `where string ${this.#strings} should begin`);
        this.#openString();
        return 1;
      case State.afterString:
        if (c === 0x2c) this.#state = State.string;
        else if (c === 0x5d) this.#state = State.afterValue;
        else this.#malformed(i, `after string ${this.#strings - 1}`);
        return 1;
      case State.afterValue:
        if (c === 0x2c) this.#state = State.key;
        else if (c === 0x7d) this.#state = State.end;
        else this.#malformed(i, `after "${this.#key}"`);
        return 1;
      default:
        this.#malformed(i, 'after the end of the snapshot');
    }
  }

  #openValue(i: number): void {
    const key = this.#key;
    if (this.#seen.has(key)) this.#malformed(i, `in a second "${key}"`);
    this.#seen.add(key);
    if (key === 'snapshot') {
      this.#depth = 0;
      this.#headerBytes = [];
      this.#state = State.header;
      return;
    }
    const header = this.#header;
    if (key === 'nodes' || key === 'edges' || key === 'locations') {
      if (header === null) this.#malformed(i, `: "${key}" stands before "snapshot", which describes it`);
      const layout = header[key];
      if (layout === null) this.#malformed(i, `: "${key}" has no description in "snapshot"`);
      this.#section = key;
      this.#row = new Float64Array(layout.width);
      this.#at = storedFields[key].map((field) => layout.fields[field] as number);
      this.#state = State.numbersOpen;
      if (key === 'nodes') this.#reserveNodes(this.#rowsToBegin(header.nodeCount, layout.width));
      if (key === 'edges') this.#reserveEdges(this.#rowsToBegin(header.edgeCount, layout.width));
      return;
    }
    if (key === 'strings') {
      if (!this.#seen.has('nodes') || !this.#seen.has('edges')) {
        this.#malformed(i, ': "strings" stands before "nodes" and "edges"');
      }
      this.#markWanted(i);
      this.#state = State.stringsOpen;
      return;
    }
    this.#depth = 0;
    this.#quoted = false;
    this.#escaped = false;
    this.#state = State.skip;
  }

  // ---- the header

  #readHeader(b: Uint8Array, i: number, n: number): number {
    const bytes = this.#headerBytes;
    while (i < n) {
      const c = b[i] as number;
      if (bytes.length === 0 && c !== 0x7b) this.#malformed(i, `where '{' should open "snapshot"`);
      bytes.push(c);
      i++;
      if (bytes.length > HEADER_LIMIT) {
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          `heap snapshot: "snapshot" is longer than ${HEADER_LIMIT} bytes at byte ${this.#offset + i}`,
        );
      }
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (c === 0x5c) this.#escaped = true;
        else if (c === 0x22) this.#quoted = false;
      } else if (c === 0x22) this.#quoted = true;
      else if (c === 0x7b || c === 0x5b) this.#depth++;
      else if (c === 0x7d || c === 0x5d) {
        this.#depth--;
        if (this.#depth === 0) {
          this.#header = this.#parseHeader(bytes, i);
          this.#headerBytes = [];
          this.#state = State.afterValue;
          return i;
        }
      }
    }
    return i;
  }

  #parseHeader(bytes: readonly number[], i: number): Header {
    const fail = (what: string): never => this.#malformed(i, `: "snapshot" ${what}`);
    let text = '';
    for (let at = 0; at < bytes.length; at += 4096)
      text += String.fromCharCode(...bytes.slice(at, at + 4096));
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      fail('is not JSON');
    }
    const snapshot = parsed as Record<string, unknown>;
    const meta = snapshot['meta'];
    if (typeof meta !== 'object' || meta === null) fail('has no "meta"');
    const descriptions = meta as Record<string, unknown>;
    const layout = (key: string, needed: readonly string[]): Layout => {
      const names = descriptions[key];
      if (!Array.isArray(names) || names.length > 64 || !names.every((name) => typeof name === 'string')) {
        return fail(`has no list of "${key}"`);
      }
      const fields: Record<string, number> = Object.create(null) as Record<string, number>;
      for (const [at, name] of names.entries()) fields[name] ??= at;
      for (const name of needed) if (fields[name] === undefined) fail(`names no field "${name}" in "${key}"`);
      return { width: names.length, fields };
    };
    const types = (key: string, known: Readonly<Record<string, number>>): Uint8Array => {
      const list: unknown = descriptions[key];
      const names: unknown = Array.isArray(list) ? list[0] : null;
      if (!Array.isArray(names) || names.length > 256) return fail(`has no list of "${key}"`);
      return Uint8Array.from(names as unknown[], (name) =>
        typeof name === 'string' && Object.hasOwn(known, name)
          ? (known[name] as number)
          : (known['other'] as number),
      );
    };
    const count = (key: string): number => {
      const value = snapshot[key];
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return fail(`has no "${key}"`);
      if (value >= BIG) {
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          `heap snapshot: ${key} ${value} at byte ${this.#offset + i} is more than this reader can number`,
        );
      }
      return value;
    };
    return {
      nodes: {
        ...layout('node_fields', storedFields.nodes),
        types: types('node_types', NodeType),
      },
      edges: {
        ...layout('edge_fields', storedFields.edges),
        types: types('edge_types', EdgeType),
      },
      locations: Array.isArray(descriptions['location_fields'])
        ? layout('location_fields', storedFields.locations)
        : null,
      nodeCount: count('node_count'),
      edgeCount: count('edge_count'),
    };
  }

  // ---- numbers

  /** Reads integers straight from the bytes; a row is stored when its last field is complete. */
  #readNumbers(b: Uint8Array, i: number, n: number): number {
    const row = this.#row;
    const width = row.length;
    let field = this.#field;
    let value = this.#value;
    let digits = this.#digits;
    while (i < n) {
      let c = b[i] as number;
      if (c >= 0x30 && c <= 0x39) {
        if (this.#closed) this.#malformed(i, `where ',' should separate two numbers of "${this.#section}"`);
        do {
          value = value * 10 + (c - 0x30);
          digits++;
          i++;
          if (i === n) break;
          c = b[i] as number;
        } while (c >= 0x30 && c <= 0x39);
        if (digits > 15) this.#malformed(i - 1, `in a number of more than 15 digits in "${this.#section}"`);
        continue;
      }
      if (c === 0x2c) {
        if (digits === 0) this.#malformed(i, `where a number of "${this.#section}" should stand`);
        row[field++] = value;
        value = 0;
        digits = 0;
        this.#closed = false;
        this.#comma = true;
        if (field === width) {
          field = 0;
          this.#store(row, i);
        }
      } else if (c === 0x0a || c === 0x20 || c === 0x0d || c === 0x09) {
        if (digits > 0) this.#closed = true;
      } else if (c === 0x5d) {
        if (digits > 0) {
          row[field++] = value;
          if (field === width) {
            field = 0;
            this.#store(row, i);
          }
        } else if (this.#comma) this.#malformed(i, `where a number of "${this.#section}" should stand`);
        if (field !== 0) this.#malformed(i, `in the middle of a row of "${this.#section}"`);
        this.#checkCount(i);
        this.#state = State.afterValue;
        return i + 1;
      } else this.#malformed(i, `in "${this.#section}", which holds unsigned integers only`);
      i++;
    }
    this.#field = field;
    this.#value = value;
    this.#digits = digits;
    return i;
  }

  #store(row: Float64Array, i: number): void {
    switch (this.#section) {
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
    this.#selfSize = grown(Uint32Array, this.#selfSize, capacity);
    this.#firstEdge = grown(Uint32Array, this.#firstEdge, capacity + 1);
  }

  #reserveEdges(capacity: number): void {
    this.#edgeCapacity = capacity;
    this.#edgeLabel = grown(Uint32Array, this.#edgeLabel, capacity);
    this.#edgeTo = grown(Uint32Array, this.#edgeTo, capacity);
  }

  #storeNode(row: Float64Array, i: number): void {
    const header = this.#header as Header;
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
    const size = row[at[3] as number] as number;
    if (size >= BIG) {
      this.#largeSizes.set(node, size);
      this.#selfSize[node] = BIG;
    } else this.#selfSize[node] = size;
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
    const header = this.#header as Header;
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
    const header = this.#header as Header;
    const { fields } = header.locations as Layout;
    const at = this.#locations;
    const columns = this.#locationColumns;
    if (at === columns[0].length) {
      // One object has one location, so there are at most as many rows as nodes.
      const capacity = Math.min(Math.max(1024, at * 2), Math.max(header.nodeCount, at + 1));
      for (let c = 0; c < 4; c++) columns[c] = grown(Uint32Array, columns[c] as Uint32Array, capacity);
    }
    const node = (row[fields['object_index'] as number] as number) / header.nodes.width;
    if (node >= header.nodeCount || node !== Math.floor(node)) {
      this.#malformed(i, `: location ${at} is of object ${node * header.nodes.width}, where no node begins`);
    }
    columns[0][at] = node;
    columns[1][at] = Math.min(row[fields['script_id'] as number] as number, BIG);
    columns[2][at] = Math.min(row[fields['line'] as number] as number, BIG);
    columns[3][at] = Math.min(row[fields['column'] as number] as number, BIG);
    this.#locations = at + 1;
    if (at >= header.nodeCount) this.#malformed(i, ': there are more locations than nodes');
  }

  #checkCount(i: number): void {
    const header = this.#header as Header;
    if (this.#section === 'nodes') {
      if (this.#nodes !== header.nodeCount) {
        this.#malformed(i, `: "nodes" has ${this.#nodes} rows but node_count is ${header.nodeCount}`);
      }
      if (this.#edgeSum !== header.edgeCount) {
        this.#malformed(i, `: the nodes have ${this.#edgeSum} edges but edge_count is ${header.edgeCount}`);
      }
    } else if (this.#section === 'edges' && this.#edges !== header.edgeCount) {
      this.#malformed(i, `: "edges" has ${this.#edges} rows but edge_count is ${header.edgeCount}`);
    }
  }

  // ---- strings

  /** Strings come last in the file: by now it is known which of them name something. */
  #markWanted(i: number): void {
    // Names are numbered as they are first used, so there are fewer of them than bytes that use them.
    if (this.#maxName > this.#offset + i + MORE_NAMES) {
      this.#malformed(i, `: a name is string ${this.#maxName}, more than so short a snapshot can have`);
    }
    const wanted = new Uint8Array((this.#maxName >>> 3) + 1);
    for (let node = 0; node < this.#nodes; node++) {
      if (!NAMED.has(this.#nodeType[node] as number)) continue;
      const name = this.#nodeName[node] as number;
      wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
    }
    this.#markTexts(wanted);
    const labels = this.#edgeLabel;
    for (let edge = 0; edge < this.#edges; edge++) {
      const label = labels[edge] as number;
      const type = label & 7;
      if (type <= EdgeType.shortcut && type !== EdgeType.element && type !== EdgeType.hidden) {
        const name = label >>> EDGE_TYPE_BITS;
        wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
      }
    }
    this.#wanted = wanted;
    const rows = Math.min(this.#maxName + 1, FIRST_ROWS);
    this.#stringStart = new Uint32Array(rows).fill(NO_STRING);
    this.#stringSize = new Uint16Array(rows);
  }

  /** Scripts' texts, of which V8 writes the beginning, are kept: they tell what functions without a name are there for. */
  #markTexts(wanted: Uint8Array): void {
    let edge = 0;
    for (let node = 0; node < this.#nodes; node++) {
      const last = this.#firstEdge[node + 1] as number;
      if (this.#nodeType[node] === NodeType.code) {
        for (; edge < last; edge++) {
          const to = this.#edgeTo[edge] as number;
          if (((this.#edgeLabel[edge] as number) & 7) !== EdgeType.internal) continue;
          if (this.#nodeType[to] !== NodeType.string) continue;
          const name = this.#nodeName[to] as number;
          wanted[name >>> 3] = (wanted[name >>> 3] as number) | (1 << (name & 7));
        }
      }
      edge = last;
    }
  }

  #openString(): void {
    const index = this.#strings;
    this.#keep =
      index >>> 3 < this.#wanted.length && ((this.#wanted[index >>> 3] as number) & (1 << (index & 7))) !== 0;
    if (this.#keep && this.#blockAt + NAME_LIMIT > this.#block.length) {
      this.#block = new Uint8Array(STRING_BLOCK);
      this.#blocks.push(this.#block);
      this.#blockAt = 0;
    }
    this.#stringBegin = this.#blockAt;
    this.#state = State.inString;
  }

  #readString(b: Uint8Array, i: number, n: number): number {
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
        this.#closeString();
        return i;
      } else if (c < 0x20) this.#malformed(i - 1, `in string ${this.#strings}`);
      if (keep && at < limit) block[at++] = c;
    }
    this.#blockAt = at;
    this.#escaped = escaped;
    return i;
  }

  #closeString(): void {
    const index = this.#strings++;
    this.#state = State.afterString;
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

  // ---- what nobody asked for

  #skip(b: Uint8Array, i: number, n: number): number {
    while (i < n) {
      const c = b[i] as number;
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (c === 0x5c) this.#escaped = true;
        else if (c === 0x22) this.#quoted = false;
      } else if (c === 0x22) this.#quoted = true;
      else if (c === 0x7b || c === 0x5b) this.#depth++;
      else if (c === 0x7d || c === 0x5d || c === 0x2c) {
        if (this.#depth === 0) {
          this.#state = State.afterValue;
          return i;
        }
        if (c !== 0x2c) this.#depth--;
      }
      i++;
    }
    return i;
  }

  // ---- the end

  /** The snapshot; the reader is empty afterwards. */
  finish(): HeapSnapshot {
    if (this.#state !== State.end) {
      if (this.#offset === 0) throw new ProfileError('PROFILE_EMPTY', 'heap snapshot: the input is empty');
      throw new ProfileError(
        'PROFILE_TRUNCATED',
        `heap snapshot: truncated at byte ${this.#offset}${this.#place()}`,
      );
    }
    for (const key of ['snapshot', 'nodes', 'edges', 'strings']) {
      if (!this.#seen.has(key)) this.#malformed(0, `: there is no section "${key}"`);
    }
    if (this.#nodes === 0) this.#malformed(0, ': there are no nodes');
    if (this.#maxName >= this.#strings) {
      this.#malformed(0, `: a name is string ${this.#maxName}, but there are only ${this.#strings}`);
    }
    const snapshot: HeapSnapshot = {
      nodeCount: this.#nodes,
      edgeCount: this.#edges,
      nodeType: this.#nodeType,
      nodeName: this.#nodeName,
      nodeId: this.#nodeId,
      selfSize: this.#selfSize,
      largeSizes: this.#largeSizes,
      firstEdge: this.#firstEdge,
      edgeLabel: this.#edgeLabel,
      edgeTo: this.#edgeTo,
      locations: this.#sortedLocations(),
      strings: new SnapshotStrings(this.#strings, this.#blocks, this.#stringStart, this.#stringSize),
      textBytes: this.#offset,
    };
    this.#reserveNodes(0);
    this.#reserveEdges(0);
    this.#locationColumns = [new Uint32Array(0), new Uint32Array(0), new Uint32Array(0), new Uint32Array(0)];
    return snapshot;
  }

  /** Locations by node. V8 writes them in the order it met the objects, which is nearly but not always that. */
  #sortedLocations(): SnapshotLocations {
    const length = this.#locations;
    let columns = this.#locationColumns.map((column) => column.subarray(0, length));
    const node = columns[0] as Uint32Array;
    let sorted = true;
    for (let i = 1; i < length && sorted; i++) sorted = (node[i - 1] as number) <= (node[i] as number);
    if (!sorted) {
      // One number that sorts by node and remembers the row: both fit 2^53 for fewer than 2^26 rows of 2^27 nodes.
      const keys = new Float64Array(length);
      for (let i = 0; i < length; i++) keys[i] = (node[i] as number) * length + i;
      keys.sort();
      columns = columns.map((column) => Uint32Array.from(keys, (key) => column[key % length] as number));
    }
    return {
      length,
      node: columns[0] as Uint32Array,
      scriptId: columns[1] as Uint32Array,
      line: columns[2] as Uint32Array,
      column: columns[3] as Uint32Array,
    };
  }

  #place(): string {
    switch (this.#state) {
      case State.header:
        return ' inside "snapshot"';
      case State.numbers: {
        const rows =
          this.#section === 'nodes' ? this.#nodes : this.#section === 'edges' ? this.#edges : this.#locations;
        const all =
          this.#section === 'nodes'
            ? ` of ${this.promised.nodes}`
            : this.#section === 'edges'
              ? ` of ${this.promised.edges}`
              : '';
        return ` inside "${this.#section}", after row ${rows}${all}`;
      }
      case State.stringOrEnd:
      case State.string:
      case State.inString:
      case State.afterString:
        return ` inside "strings", after ${this.#strings} strings`;
      case State.skip:
        return ` inside "${this.#key}"`;
      default:
        return '';
    }
  }

  /** `place` begins with ':' where it is the whole complaint, else it says where the unexpected byte stands. */
  #malformed(i: number, place: string): never {
    const at = this.#offset + i;
    throw new ProfileError(
      'PROFILE_MALFORMED',
      place.startsWith(':')
        ? `heap snapshot: malformed at byte ${at}${place}`
        : `heap snapshot: unexpected byte at ${at} ${place}`,
    );
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array;

/** A copy of `column` with room for `capacity` rows; the column itself where that is what it has. */
function grown<C extends Column>(make: new (length: number) => C, column: C, capacity: number): C {
  if (column.length === capacity) return column;
  let next: C;
  try {
    next = new make(capacity);
  } catch (cause) {
    throw new ProfileError('PROFILE_TOO_LARGE', `heap snapshot: no memory for ${capacity} rows`, { cause });
  }
  if (capacity > 0) next.set(capacity < column.length ? column.subarray(0, capacity) : column);
  return next;
}
