// Nodes of a profile: which lines of which locations are one entry of a report.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14
import type { Int64Column, Profile } from '@stackpile/profile';
import { isZero } from '../int64.ts';
import { baseName, cleanPath } from '../names/paths.ts';

/** Every entry of a report and the frames that belong to it. */
export interface FrameTable {
  /** Number of nodes. */
  readonly length: number;
  /** `locations + 1` offsets into `frameNode`: one frame per line, or a single one for a location without lines. */
  readonly frameStart: Uint32Array;
  /** Node of each frame, innermost first. */
  readonly frameNode: Int32Array;
  /** 1 for nodes that are somewhere an inlined frame. */
  readonly inlined: Uint8Array;
  readonly info: NodeInfos;
}

/** How nodes are told apart beyond what the granularity of the profile left. */
export interface NodeIdentity {
  /** Are binaries and start lines part of the identity? */
  readonly objects: boolean;
  /** What becomes of a file name before it is compared. */
  readonly fileName: (name: string) => string;
}

/** What is known of the nodes, as columns; texts are made on demand. */
export class NodeInfos {
  readonly #profile: Profile;
  /** Row of the line table that stands for the node, -1 where a location had no line. */
  readonly #line: Int32Array;
  readonly #location: Int32Array;
  readonly #file: Int32Array;
  readonly #files: readonly string[];
  readonly #object: Int32Array;
  readonly #objects: readonly string[];
  readonly #start: Uint8Array;
  readonly #printed: (string | undefined)[] = [];
  /** A number per distinct name. */
  readonly nameId: Int32Array;

  constructor(
    profile: Profile,
    columns: NodeColumns & { readonly files: readonly string[]; readonly objects: readonly string[] },
  ) {
    this.#profile = profile;
    this.#line = columns.line;
    this.#location = columns.location;
    this.nameId = columns.name;
    this.#file = columns.file;
    this.#files = columns.files;
    this.#object = columns.object;
    this.#objects = columns.objects;
    this.#start = columns.start;
  }

  #function(node: number): number {
    const line = this.#line[node] as number;
    return line < 0 ? -1 : (this.#profile.locations.lines.function[line] as number);
  }
  /** Name of the function, '' where there is none. */
  name(node: number): string {
    const row = this.#function(node);
    return row < 0 ? '' : this.#profile.strings.get(this.#profile.functions.name[row] as number);
  }
  /** Cleaned file name, '' where there is none. */
  file(node: number): string {
    return this.#files[this.#file[node] as number] as string;
  }
  address(node: number): bigint {
    return this.#profile.locations.address[this.#location[node] as number] as bigint;
  }
  line(node: number): number | bigint {
    const row = this.#line[node] as number;
    return row < 0 ? 0 : (this.#profile.locations.lines.line[row] as number | bigint);
  }
  column(node: number): number | bigint {
    const row = this.#line[node] as number;
    return row < 0 ? 0 : (this.#profile.locations.lines.column[row] as number | bigint);
  }
  /** File name of the binary; '' unless it is part of the identity. */
  object(node: number): string {
    return this.#objects[this.#object[node] as number] as string;
  }
  /** First line of the function; 0 unless it is part of the identity. */
  startLine(node: number): number | bigint {
    if (this.#start[node] === 0) return 0;
    return this.#profile.functions.startLine[this.#function(node)] as number | bigint;
  }

  /** The name as reports print it: address, function, file and line, as far as the granularity kept them. */
  printed(node: number): string {
    return (this.#printed[node] ??= this.parts(node, this.name(node), this.file(node)).join(' '));
  }

  /** The parts of {@link printed}, with another text for name and file. */
  parts(node: number, name: string, file: string): string[] {
    const parts: string[] = [];
    const address = this.address(node);
    if (address !== 0n) parts.push(address.toString(16).padStart(16, '0'));
    if (name !== '') parts.push(name);
    const line = this.line(node);
    if (!isZero(line)) {
      const column = this.column(node);
      parts.push(!isZero(column) ? `${file}:${line}:${column}` : `${file}:${line}`);
    } else if (file !== '') parts.push(file);
    else if (name === '') {
      const object = this.object(node);
      parts.push(object === '' ? '<unknown>' : `[${baseName(object)}]`);
    }
    return parts;
  }

  /** The fields of the whole function that the node belongs to. */
  functionStruct(node: number): string {
    const column = this.address(node) === 0n && isZero(this.line(node)) ? this.column(node) : 0;
    return `{${this.name(node)} ${this.file(node)} ${this.startLine(node)} ${column} ${this.object(node)}}`;
  }

  /** All fields as Go prints the struct; the last tie-break of every order. */
  struct(node: number): string {
    return `{${this.name(node)}  ${this.address(node)} ${this.file(node)} ${this.startLine(node)} ${this.line(node)} ${this.column(node)} ${this.object(node)}}`;
  }
}

/** Gives equal texts one number. */
class TextIds {
  readonly #ids = new Map<string, number>();
  readonly texts: string[] = [];
  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.texts.length;
      this.#ids.set(text, id);
      this.texts.push(text);
    }
    return id;
  }
}

function isBlank(column: Int64Column | Uint32Array): boolean {
  if (column instanceof BigInt64Array) return false;
  for (let i = 0; i < column.length; i++) if (column[i] !== 0) return false;
  return true;
}

/** Columns of {@link NodeInfos} that tell where a node was first seen. */
interface NodeColumns {
  readonly line: Int32Array;
  readonly location: Int32Array;
  readonly name: Int32Array;
  readonly file: Int32Array;
  readonly object: Int32Array;
  readonly start: Uint8Array;
}

interface NumberedNodes {
  readonly length: number;
  readonly frameNode: Int32Array;
  readonly columns: NodeColumns;
}

/** Finds the nodes of `profile`. */
export function createFrames(profile: Profile, identity: NodeIdentity): FrameTable {
  const frameStart = frameStarts(profile);
  const texts = textsOf(profile, identity);
  const { length, frameNode, columns } = numberNodes(profile, identity.objects, frameStart, texts);
  const inlined = new Uint8Array(length);
  for (let l = 0; l < profile.locations.length; l++) {
    const last = (frameStart[l + 1] as number) - 1;
    for (let f = frameStart[l] as number; f < last; f++) inlined[frameNode[f] as number] = 1;
  }
  const info = new NodeInfos(profile, { ...columns, files: texts.files.texts, objects: texts.objects.texts });
  return { length, frameStart, frameNode, inlined, info };
}

/** Where the frames of each location begin; a location without lines has one. */
function frameStarts({ locations }: Profile): Uint32Array {
  const frameStart = new Uint32Array(locations.length + 1);
  for (let l = 0; l < locations.length; l++) {
    const count = (locations.lineStart[l + 1] as number) - (locations.lineStart[l] as number);
    frameStart[l + 1] = (frameStart[l] as number) + (count === 0 ? 1 : count);
  }
  return frameStart;
}

/** Names, files and binaries by content: a string table may hold a text twice. */
interface Texts {
  readonly files: TextIds;
  readonly objects: TextIds;
  readonly nameOfFunction: Int32Array;
  readonly fileOfFunction: Int32Array;
  readonly objectOfMapping: Int32Array;
}

function textsOf({ functions, mappings, strings }: Profile, identity: NodeIdentity): Texts {
  const files = new TextIds();
  const objects = new TextIds();
  files.id('');
  objects.id('');
  const fileOfString = new Map<number, number>();
  const nameOfFunction = new Int32Array(functions.length);
  const fileOfFunction = new Int32Array(functions.length);
  for (let f = 0; f < functions.length; f++) {
    nameOfFunction[f] = strings.firstRow(functions.name[f] as number);
    const fileRow = functions.filename[f] as number;
    if (fileRow === 0) continue;
    let file = fileOfString.get(fileRow);
    if (file === undefined) {
      const text = identity.fileName(strings.get(fileRow));
      file = files.id(text === '' ? '' : cleanPath(text));
      fileOfString.set(fileRow, file);
    }
    fileOfFunction[f] = file;
  }
  const objectOfMapping = new Int32Array(mappings.length);
  for (let m = 0; m < mappings.length; m++) {
    objectOfMapping[m] = objects.id(strings.get(mappings.filename[m] as number));
  }
  return { files, objects, nameOfFunction, fileOfFunction, objectOfMapping };
}

/** How much room the nodes need. */
interface Room {
  /** Is each function one node, looked up once? */
  readonly byFunction: boolean;
  /** At most so many nodes. */
  readonly most: number;
}

function roomFor(
  { locations: { lines }, functions }: Profile,
  objects: boolean,
  frames: number,
  addresses: Uint32Array,
  nameOfFunction: Int32Array,
): Room {
  // Without lines and addresses a node is a function, unless binaries tell nodes apart: each is looked up once.
  const byFunction = !objects && isBlank(lines.line) && isBlank(lines.column) && isBlank(addresses);
  // Memory that is touched for the first time costs more than what is done with it: one node for each function, if all have
  // names, and one for each location without lines.
  const few = byFunction && !nameOfFunction.includes(0);
  const most = few ? Math.min(frames, functions.length + frames - lines.length) : frames;
  return { byFunction, most };
}

/** Gives equal frames one node. One function, and no object a node: it runs once for every line of the profile. */
function numberNodes(
  profile: Profile,
  objects: boolean,
  frameStart: Uint32Array,
  { nameOfFunction, fileOfFunction, objectOfMapping }: Texts,
): NumberedNodes {
  const { locations, functions } = profile;
  const { lines, address } = locations;
  const frames = frameStart[locations.length] as number;
  const addresses = new Uint32Array(address.buffer, address.byteOffset, address.length * 2);
  const { byFunction, most } = roomFor(profile, objects, frames, addresses, nameOfFunction);
  // Open addressing over the columns of the identity.
  let capacity = 1024;
  while (capacity < most * 2) capacity *= 2;
  const mask = capacity - 1;
  const table = new Int32Array(capacity).fill(-1);
  const nodes = nodeColumns(most);
  const { line: nodeLine, location: nodeLocation, name: nodeName, file: nodeFile } = nodes;
  const { object: nodeObject, start: nodeStart } = nodes;
  const keyLine = new Float64Array(most);
  const keyColumn = new Float64Array(most);
  const keyStart = new Float64Array(most);
  const frameNode = new Int32Array(frames);
  const nodeOfFunction = new Int32Array(byFunction ? functions.length : 0).fill(-1);
  let count = 0;
  for (let l = 0; l < locations.length; l++) {
    const lineStart = locations.lineStart[l] as number;
    const first = frameStart[l] as number;
    const end = frameStart[l + 1] as number;
    const empty = locations.lineStart[l + 1] === lineStart;
    const low = addresses[2 * l] as number;
    const high = addresses[2 * l + 1] as number;
    const mapping = locations.mapping[l] as number;
    const binary = mapping < 0 ? 0 : (objectOfMapping[mapping] as number);
    for (let f = first; f < end; f++) {
      const row = empty ? -1 : lineStart + f - first;
      if (byFunction && !empty) {
        const known = nodeOfFunction[lines.function[row] as number] as number;
        if (known >= 0) {
          frameNode[f] = known;
          continue;
        }
      }
      let name = 0;
      let file = 0;
      let line = 0;
      let column = 0;
      let start = 0;
      let object = binary;
      let started = 0;
      if (!empty) {
        const fn = lines.function[row] as number;
        name = nameOfFunction[fn] as number;
        file = fileOfFunction[fn] as number;
        line = Number(lines.line[row]);
        column = Number(lines.column[row]);
        if (objects || name === 0) {
          start = Number(functions.startLine[fn]);
          started = 1;
        } else object = 0;
      }
      let slot = hashOf(name, file, line, column, start, object, low, high) & mask;
      let node: number;
      for (;;) {
        node = table[slot] as number;
        if (node < 0) break;
        if (
          nodeName[node] === name &&
          nodeFile[node] === file &&
          keyLine[node] === line &&
          keyColumn[node] === column &&
          nodeObject[node] === object &&
          keyStart[node] === start
        ) {
          const other = nodeLocation[node] as number;
          if (addresses[2 * other] === low && addresses[2 * other + 1] === high) break;
        }
        slot = (slot + 1) & mask;
      }
      if (node < 0) {
        node = count++;
        table[slot] = node;
        nodeName[node] = name;
        nodeFile[node] = file;
        nodeLine[node] = row;
        nodeLocation[node] = l;
        nodeObject[node] = object;
        nodeStart[node] = started;
        keyLine[node] = line;
        keyColumn[node] = column;
        keyStart[node] = start;
      }
      frameNode[f] = node;
      if (byFunction && name !== 0) nodeOfFunction[lines.function[row] as number] = node;
    }
  }
  return { length: count, frameNode, columns: firstRows(nodes, count) };
}

function nodeColumns(length: number): NodeColumns {
  return {
    line: new Int32Array(length),
    location: new Int32Array(length),
    name: new Int32Array(length),
    file: new Int32Array(length),
    object: new Int32Array(length),
    start: new Uint8Array(length),
  };
}

function firstRows({ line, location, name, file, object, start }: NodeColumns, length: number): NodeColumns {
  return {
    line: line.subarray(0, length),
    location: location.subarray(0, length),
    name: name.subarray(0, length),
    file: file.subarray(0, length),
    object: object.subarray(0, length),
    start: start.subarray(0, length),
  };
}

function hashOf(
  name: number,
  file: number,
  line: number,
  column: number,
  start: number,
  object: number,
  low: number,
  high: number,
): number {
  let hash = Math.imul(name, 0x9e3779b1) ^ Math.imul(file + 1, 0x85ebca6b) ^ Math.imul(line | 0, 0xc2b2ae35);
  hash ^=
    Math.imul(column | 0, 0x27d4eb2f) ^ Math.imul(low, 0x165667b1) ^ Math.imul(high + object, 0x2545f491);
  hash ^= Math.imul(start | 0, 0x51ed2705);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d);
}
