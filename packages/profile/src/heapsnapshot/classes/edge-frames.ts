// What an edge is called: the variable, property, listener or queue by which a holder has what it holds.
import { baseName } from '../../naming/names.ts';
import { type HeapSnapshot, NodeType } from '../snapshot.ts';
import type { HolderTree } from './holder-tree.ts';
import type { Scope, Scopes } from './scopes.ts';

/** Properties of one class that are told; a dictionary has any number. */
const MOST_PROPERTIES = 128;
/** Characters of one property's name. */
const MOST_NAME = 60;
/** Edges from which on an object is a dictionary. */
const DICTIONARY = 64;
const names = [
  '__proto__',
  'buffered',
  '<symbol kBufferedValue>',
  'WritableState',
  'ReadableState',
  'buffer',
  'outputData',
] as const;

/** Properties of the global object that are objects of Node's or of the language. */
const nodesGlobals = new Set(
  'process console performance crypto navigator Atomics Intl JSON Math Reflect WebAssembly module require'.split(
    ' ',
  ),
);

/** What the names of edges need to know of the walk. */
export interface WalkRows {
  /** The row of the global object. */
  readonly global: number;
  /** Whether a row is the runtime's. */
  isRuntime(row: number): boolean;
  /** Told of each frame that is the user's though it stands nowhere. */
  isUsers(frame: number): void;
}

/** The frames that stand for edges, each made once. */
export class EdgeFrames {
  readonly #snapshot: HeapSnapshot;
  readonly #scopes: Scopes;
  readonly #tree: HolderTree;
  readonly #filename: (url: string) => string;
  readonly #walk: WalkRows;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  readonly #frames: Readonly<Record<'dictionary' | 'toWrite' | 'unread', number>>;
  readonly #nodesGlobals = new Map<number, boolean>();
  readonly #variables = new Map<Scope, Map<number, number>>();
  readonly #properties = new Map<number, Map<number, number>>();
  readonly #listeners = new Map<number, number>();

  constructor(
    snapshot: HeapSnapshot,
    scopes: Scopes,
    tree: HolderTree,
    filename: (url: string) => string,
    walk: WalkRows,
  ) {
    this.#snapshot = snapshot;
    this.#scopes = scopes;
    this.#tree = tree;
    this.#filename = filename;
    this.#walk = walk;
    this.#names = snapshot.strings.findAll(names);
    const frame = (name: string): number => tree.frame(name, '', 0);
    this.#frames = {
      dictionary: frame('[key]'),
      toWrite: frame('queued to write'),
      unread: frame('queued unread'),
    };
  }

  /** The frame of a variable of a context; -1 where it is nobody's but Node's. */
  ofVariable(context: number, name: number): number {
    const scope = this.#scopes.of(context);
    return scope.kind === 'none' || scope.kind === 'node' ? -1 : this.ofName(scope, name);
  }

  /** The frame of a variable of a scope. */
  ofName(scope: Scope, name: number): number {
    let known = this.#variables.get(scope);
    if (known === undefined) {
      known = new Map();
      this.#variables.set(scope, known);
    }
    let frame = known.get(name);
    if (frame === undefined) {
      const text = this.#snapshot.strings.get(name);
      const line = this.#scopes.lineOf(text, scope);
      const file = baseName(this.#filename(scope.url));
      const told = `variable ${text} (${file}${line > 0 ? `:${line}` : ''})`;
      frame = this.#tree.frame(told, scope.url, line, this.#scopes.makerOf(text, scope));
      known.set(name, frame);
    }
    return frame;
  }

  /** A property of the global object, with the place where a script first gives it that. */
  #globalFrame(name: number): number {
    const text = this.#snapshot.strings.get(name);
    const short = text.length > MOST_NAME ? `${text.slice(0, MOST_NAME)}…` : text;
    const place = this.#scopes.globalPlace(text);
    const where = place === null ? '' : ` (${baseName(this.#filename(place.url))}:${place.line})`;
    const told = `global ${short}${where}`;
    const frame = this.#tree.frame(told, place?.url ?? '', place?.line ?? 0, place?.maker ?? null);
    this.#walk.isUsers(frame);
    return frame;
  }

  /** The frame of the listeners of an event. */
  ofListener(name: number): number {
    let frame = this.#listeners.get(name);
    if (frame === undefined) {
      const text = this.#listeners.size < MOST_PROPERTIES ? this.#snapshot.strings.get(name) : '…';
      frame = this.#tree.frame(`listener '${text}'`, '', 0);
      this.#listeners.set(name, frame);
    }
    return frame;
  }

  /** Whether a property of the global object is there in every program. */
  isNodesGlobal(name: number): boolean {
    let is = this.#nodesGlobals.get(name);
    if (is === undefined) {
      const text = this.#snapshot.strings.get(name);
      is = text.startsWith('<symbol ') || nodesGlobals.has(text);
      this.#nodesGlobals.set(name, is);
    }
    return is;
  }

  /** `.data`, `global leaked`, `queued to write`; -1 for what needs no word. */
  ofProperty(holder: number, row: number, name: number): number {
    const known = this.#names;
    const { nodeName, nodeType, firstEdge, strings } = this.#snapshot;
    if (name === known.__proto__) return -1;
    const isGlobal = row === this.#walk.global;
    if (!isGlobal) {
      const owner = nodeName[holder];
      const queues = [known.buffered, known['<symbol kBufferedValue>']];
      if (owner === known.WritableState && queues.includes(name)) return this.#frames.toWrite;
      if (owner === known.ReadableState && name === known.buffer) return this.#frames.unread;
      if (name === known.outputData) return this.#frames.toWrite;
      if (this.#walk.isRuntime(row) || nodeType[holder] === NodeType.closure) return -1;
      const degree = (firstEdge[holder + 1] as number) - (firstEdge[holder] as number);
      if (degree > DICTIONARY) return this.#frames.dictionary;
    }
    const owner = this.#tree.frameOf(row);
    let frames = this.#properties.get(owner);
    if (frames === undefined) {
      frames = new Map();
      this.#properties.set(owner, frames);
    }
    let frame = frames.get(name);
    if (frame === undefined) {
      if (frames.size >= (isGlobal ? 8 : 1) * MOST_PROPERTIES) return this.#frames.dictionary;
      frame = isGlobal ? this.#globalFrame(name) : this.#tree.frame(propertyWord(strings.get(name)), '', 0);
      frames.set(name, frame);
    }
    return frame;
  }
}

/** `.data`, `[kState]`. */
function propertyWord(name: string): string {
  const short = name.length > MOST_NAME ? `${name.slice(0, MOST_NAME)}…` : name;
  return short.startsWith('<symbol ') ? `[${short.slice(8, -1)}]` : `.${short}`;
}
