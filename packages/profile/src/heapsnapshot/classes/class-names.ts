// What a person calls an object: its constructor, the shape of a plain object, the function of a closure and where it was made.
import { baseName, functionName } from '../../naming/names.ts';
import { ownerOf, type SnapshotFunctions } from '../functions.ts';
import {
  EDGE_TYPE_BITS,
  EDGE_TYPE_MASK,
  EdgeType,
  type HeapSnapshot,
  locationOf,
  NodeType,
} from '../snapshot.ts';
import type { HolderTree } from './holder-tree.ts';
import type { Scopes } from './scopes.ts';

/** Characters of one name. */
const NAME_LENGTH = 60;
/** Keys of a plain object that are told. */
const MOST_KEYS = 6;
/** Shapes that are told apart of objects that are used as dictionaries. */
const MOST_SHAPES = 64;
/** Maps from which a map came that are counted; a hostile file may tie them into a ring. */
const MOST_TRANSITIONS = 64;

const names = [
  'Object',
  'Generator',
  'map',
  'descriptors',
  'back_pointer',
  'enum_cache',
  'function',
  '__proto__',
  'buffer',
  'ArrayBuffer',
  'SharedArrayBuffer',
  'system / PromiseReaction',
] as const;

/** Names classes; each is a frame of the tree. */
export class ClassNames {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #tree: HolderTree;
  readonly #filename: (url: string) => string;
  readonly #scopes: Scopes;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  readonly #byName = new Map<number, number>();
  readonly #byMap = new Map<number, number>();
  /** Frames of objects whose map says no keys. */
  readonly #shapes = new Map<string, number>();
  readonly #byFunction = new Map<number, number>();
  /** Whether the constructor of a class is the user's, by its name's row. */
  readonly #ofUser = new Map<number, boolean>();
  readonly #fixed: Readonly<
    Record<'string' | 'symbol' | 'bigint' | 'regexp' | 'reaction' | 'dictionary', number>
  >;
  #scripts: ReadonlyMap<number, string> | null = null;

  constructor(
    snapshot: HeapSnapshot,
    functions: SnapshotFunctions,
    tree: HolderTree,
    scopes: Scopes,
    filename: (url: string) => string,
  ) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#tree = tree;
    this.#scopes = scopes;
    this.#filename = filename;
    this.#names = snapshot.strings.findAll(names);
    const fixed = (name: string): number => tree.frame(name, '', 0);
    this.#fixed = {
      string: fixed('string'),
      symbol: fixed('symbol'),
      bigint: fixed('bigint'),
      regexp: fixed('RegExp'),
      reaction: fixed('reaction'),
      dictionary: fixed('{…}'),
    };
  }

  /** Whether a node is a reaction: someone who waits for a promise. */
  isReaction(node: number): boolean {
    return this.#snapshot.nodeName[node] === this.#names['system / PromiseReaction'];
  }

  /** Whether an edge leads from a view to the buffer that it is a view of. */
  isBufferOfView(edge: number, to: number): boolean {
    const { edgeLabel, nodeName } = this.#snapshot;
    const { buffer, ArrayBuffer, SharedArrayBuffer } = this.#names;
    if (buffer < 0 || edgeLabel[edge] !== buffer * (1 << EDGE_TYPE_BITS) + EdgeType.internal) return false;
    return nodeName[to] === ArrayBuffer || nodeName[to] === SharedArrayBuffer;
  }

  /** The frame of a node's class. */
  frameOf(node: number): number {
    const { nodeType, nodeName } = this.#snapshot;
    switch (nodeType[node]) {
      case NodeType.string:
      case NodeType['concatenated string']:
      case NodeType['sliced string']:
        return this.#fixed.string;
      case NodeType.symbol:
        return this.#fixed.symbol;
      case NodeType.bigint:
        return this.#fixed.bigint;
      case NodeType.regexp:
        return this.#fixed.regexp;
      case NodeType.closure:
        return this.closureFrame('closure', node);
      case NodeType.hidden:
        return this.#fixed.reaction;
      default:
    }
    const name = nodeName[node] as number;
    if (name === this.#names.Object) return this.#shapeOf(node);
    if (name === this.#names.Generator) {
      const closure = this.#functions.target(node, EdgeType.internal, this.#names.function);
      if (closure >= 0) return this.closureFrame('suspended', closure);
    }
    let frame = this.#byName.get(name);
    if (frame === undefined) {
      frame = this.#tree.frame(this.#text(name) || '(object)', '', 0);
      this.#byName.set(name, frame);
    }
    return frame;
  }

  /** The frame of a closure, or of what is suspended in one. */
  closureFrame(word: 'closure' | 'suspended', closure: number): number {
    const row = this.#functions.of(closure);
    const key = row * 2 + (word === 'closure' ? 0 : 1);
    let frame = this.#byFunction.get(key);
    if (frame === undefined) {
      const { name, url, line, column, ...facts } = this.#functions.get(row);
      const file = url === '' ? '' : this.#filename(url);
      // Builtins without a name that anything holds are, with few exceptions, what a Promise's executor is handed.
      const isResolver = url === '' && name === '' && this.#snapshot.strings.length > 0;
      const told = isResolver ? 'resolve' : functionName(name, facts, { file, line, column });
      const place = file === '' || line === 0 ? '' : ` (${baseName(file)}:${line}`;
      const words = place === '' || told.includes(place) ? told : `${told}${place})`;
      const own = ownerOf(url) === 'user';
      const maker = own ? this.#scopes.makerOfFunction(closure, url, line, column) : null;
      frame = this.#tree.frame(`${word} ${words}`, own ? url : '', own ? line : 0, maker);
      this.#byFunction.set(key, frame);
    }
    return frame;
  }

  /** Whether an object's constructor is a function of the user's. */
  isUsers(node: number): boolean {
    const { nodeType, nodeName, locations } = this.#snapshot;
    if (nodeType[node] !== NodeType.object) return false;
    const name = nodeName[node] as number;
    let is = this.#ofUser.get(name);
    if (is === undefined) {
      const at = locationOf(locations, node);
      const url = at < 0 ? undefined : this.#urls().get(locations.scriptId[at] as number);
      is = url !== undefined && ownerOf(url) === 'user';
      this.#ofUser.set(name, is);
    }
    return is;
  }

  #text(name: number): string {
    const text = this.#snapshot.strings.get(name);
    return text.length > NAME_LENGTH ? `${text.slice(0, NAME_LENGTH)}…` : text;
  }

  /** URL of each script that has functions. */
  #urls(): ReadonlyMap<number, string> {
    if (this.#scripts !== null) return this.#scripts;
    const found = new Map<number, string>();
    for (let row = 0; row < this.#functions.length; row++) {
      const { scriptId, url } = this.#functions.get(row);
      if (scriptId !== 0) found.set(scriptId, url);
    }
    this.#scripts = found;
    return found;
  }

  /** `{id, user, at}`: the keys of a plain object. */
  #shapeOf(node: number): number {
    const map = this.#functions.target(node, EdgeType.internal, this.#names.map);
    let frame = map < 0 ? undefined : this.#byMap.get(map);
    if (frame === undefined) {
      const keys = this.#keysOf(node, map);
      const told = keys.slice(0, MOST_KEYS).map((key) => (key.length > 24 ? `${key.slice(0, 24)}…` : key));
      if (keys.length > MOST_KEYS) told.push('…');
      const shape = `{${told.join(', ')}}`;
      if (map >= 0 && this.#descriptors(map) >= 0) {
        frame = this.#tree.frame(shape, '', 0);
        this.#byMap.set(map, frame);
      } else frame = map < 0 || keys.length > MOST_KEYS ? this.#fixed.dictionary : this.#keyless(shape);
    }
    return frame;
  }

  /** Objects used as dictionaries have no keys in their map, which they share, and any keys of their own: there may be a shape for each of them. */
  #keyless(shape: string): number {
    let frame = this.#shapes.get(shape);
    if (frame === undefined) {
      if (this.#shapes.size >= MOST_SHAPES) return this.#fixed.dictionary;
      frame = this.#tree.frame(shape, '', 0);
      this.#shapes.set(shape, frame);
    }
    return frame;
  }

  #descriptors(map: number): number {
    return this.#functions.target(map, EdgeType.internal, this.#names.descriptors);
  }

  #keysOf(node: number, map: number): string[] {
    const own = this.#propertiesOf(node);
    const descriptors = map < 0 ? -1 : this.#descriptors(map);
    if (descriptors < 0) return own;
    const { nodeType, nodeName, firstEdge, edgeLabel, edgeTo, strings } = this.#snapshot;
    const keys: string[] = [];
    const last = firstEdge[descriptors + 1] as number;
    for (let edge = firstEdge[descriptors] as number; edge < last && keys.length < MOST_TRANSITIONS; edge++) {
      const label = edgeLabel[edge] as number;
      const to = edgeTo[edge] as number;
      // Triples of key, details and type: the key is the first. Types are objects of other kinds, or weak.
      if ((label & EDGE_TYPE_MASK) !== EdgeType.internal || nodeType[to] !== NodeType.string) continue;
      const key = strings.get(nodeName[to] as number);
      if (key !== '') keys.push(key);
    }
    // Maps share a list of keys with those that came from them by further keys: each step back is one key less.
    let steps = 0;
    for (let at = map; steps <= keys.length; steps++) {
      at = this.#functions.target(at, EdgeType.internal, this.#names.back_pointer);
      if (at < 0) break;
    }
    const known = new Set(own);
    const needed = keys.findLastIndex((key) => known.has(key)) + 1;
    return keys.length === 0 ? own : keys.slice(0, Math.max(steps, needed));
  }

  #propertiesOf(node: number): string[] {
    const { firstEdge, edgeLabel, strings } = this.#snapshot;
    const keys: string[] = [];
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last && keys.length <= MOST_KEYS; edge++) {
      const label = edgeLabel[edge] as number;
      if ((label & EDGE_TYPE_MASK) !== EdgeType.property) continue;
      const name = label >>> EDGE_TYPE_BITS;
      if (name !== this.#names.__proto__) keys.push(strings.get(name));
    }
    return keys;
  }
}
