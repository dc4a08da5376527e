// Which function a closure is: its name, script and position, without decoding anything twice.
import type { FunctionNames } from '../naming/function-names.ts';
import { type FunctionFacts, isNameless, MODULE, ScriptFunctions } from '../naming/names.ts';
import { ContextChain } from './contexts.ts';
import { EDGE_TYPE_BITS, EdgeType, type HeapSnapshot, locationOf, NodeType } from './snapshot.ts';

/** A function of the snapshotted program. */
export interface SnapshotFunction extends FunctionFacts {
  /** '' where anonymous, `(module)` for the top level of a module. */
  readonly name: string;
  /** URL or path of the script as V8 knows it; '' for a builtin. */
  readonly url: string;
  /** V8's id of the script; 0 where unknown. */
  readonly scriptId: number;
  /** 1-based; 0 where unknown. */
  readonly line: number;
  /** 1-based; 0 where unknown. */
  readonly column: number;
}

/** Whose code a script is, as far as its URL says. */
export type ScriptOwner = 'user' | 'node' | 'builtin';

const edgeNames = [
  'shared',
  'script',
  'script_or_debug_info',
  'bound_function',
  'bound_target_function',
  'listener',
  'source',
] as const;

/** Links of bound functions that are followed; a hostile file may tie them into a ring. */
const BOUND_LIMIT = 16;

/** Finds the function behind closures; functions are numbered by their shared function info. */
export class SnapshotFunctions {
  readonly #snapshot: HeapSnapshot;
  readonly #names: Readonly<Record<(typeof edgeNames)[number], number>>;
  readonly #rows = new Map<number, number>();
  readonly #functions: SnapshotFunction[] = [];
  readonly #owners: ScriptOwner[] = [];
  readonly #texts: FunctionNames | null;
  readonly #contexts: ContextChain;
  /** What the snapshot itself has of the text of each script. */
  readonly #ownTexts = new Map<number, ScriptFunctions>();

  /** @param texts the scripts' whole texts, of which a snapshot has the first thousand characters only */
  constructor(snapshot: HeapSnapshot, texts: FunctionNames | null = null) {
    this.#snapshot = snapshot;
    this.#texts = texts;
    this.#contexts = new ContextChain(snapshot);
    this.#names = snapshot.strings.findAll(edgeNames);
  }

  /** Number of functions that were met. */
  get length(): number {
    return this.#functions.length;
  }

  get(row: number): SnapshotFunction {
    return this.#functions[row] as SnapshotFunction;
  }

  owner(row: number): ScriptOwner {
    return this.#owners[row] as ScriptOwner;
  }

  /** The node an edge of that type and name leads to, or -1. */
  target(node: number, type: number, name: number): number {
    if (name < 0) return -1;
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const label = name * (1 << EDGE_TYPE_BITS) + type;
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      if (edgeLabel[edge] === label) return edgeTo[edge] as number;
    }
    return -1;
  }

  /** The node of the shared function info of a closure, or -1: what all closures of one function have in common. */
  sharedOf(closure: number): number {
    return this.target(closure, EdgeType.internal, this.#names.shared);
  }

  /** The closure behind bound functions and `once` wrappers. */
  unwrap(closure: number): number {
    let at = closure;
    for (let i = 0; i < BOUND_LIMIT; i++) {
      const listener = this.target(at, EdgeType.property, this.#names.listener);
      const { nodeType } = this.#snapshot;
      if (listener >= 0 && nodeType[listener] === NodeType.closure) {
        at = listener;
        continue;
      }
      const names = this.#names;
      let bound = this.target(at, EdgeType.internal, names.bound_function);
      if (bound < 0) bound = this.target(at, EdgeType.internal, names.bound_target_function);
      if (bound < 0 || nodeType[bound] !== NodeType.closure) return at;
      at = bound;
    }
    return at;
  }

  /** Row of the function of a closure (bound ones are unwrapped). */
  of(closure: number): number {
    const plain = this.unwrap(closure);
    return this.#row(plain, this.sharedOf(plain));
  }

  /** Row of the function that a closure is an instance of; -1 for a bound one, which is none. */
  instanceOf(closure: number): number {
    const shared = this.sharedOf(closure);
    return shared < 0 ? -1 : this.#row(closure, shared);
  }

  #row(plain: number, shared: number): number {
    const key = shared >= 0 ? shared : -1 - (this.#snapshot.nodeName[plain] as number);
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#functions.length;
    const described = this.#describe(plain, shared);
    this.#functions.push(described);
    this.#owners.push(ownerOf(described.url));
    this.#rows.set(key, row);
    return row;
  }

  #describe(closure: number, shared: number): SnapshotFunction {
    const { nodeName, strings, locations } = this.#snapshot;
    const script = shared < 0 ? -1 : this.scriptOf(shared);
    const url = script < 0 ? '' : strings.get(nodeName[script] as number);
    const at = locationOf(locations, closure);
    // A builtin has a location as well, in a script of its own that means nothing.
    const placed = at >= 0 && url !== '';
    const name = strings.get(nodeName[closure] as number);
    const isModule = name === '' && placed && locations.line[at] === 0 && locations.column[at] === 0;
    const scriptId = placed ? (locations.scriptId[at] as number) : 0;
    const line = placed ? (locations.line[at] as number) + 1 : 0;
    const column = placed ? (locations.column[at] as number) + 1 : 0;
    const position = { url, scriptId, line, column };
    if (isModule || !placed || !isNameless(name))
      return { name: isModule ? MODULE : name, ...position, words: null, madeIn: '' };
    // What ran is what the snapshot has; a file may have changed since.
    const words = this.#ownText(script).at(line, column) ?? this.#texts?.at(url, line, column) ?? null;
    return { name, ...position, words, madeIn: this.#contexts.makerOf(closure) };
  }

  #ownText(script: number): ScriptFunctions {
    let known = this.#ownTexts.get(script);
    if (known === undefined) {
      known = new ScriptFunctions(this.ownText(script));
      this.#ownTexts.set(script, known);
    }
    return known;
  }

  /** What the snapshot itself has of a script's text: its beginning, or nothing. */
  ownText(script: number): string {
    const { nodeName, strings } = this.#snapshot;
    const source = this.target(script, EdgeType.internal, this.#names.source);
    return source < 0 ? '' : strings.peek(nodeName[source] as number);
  }

  /** The node of the script of a shared function info, or -1. */
  scriptOf(shared: number): number {
    for (const name of [this.#names.script, this.#names.script_or_debug_info]) {
      const script = this.target(shared, EdgeType.internal, name);
      if (script >= 0 && this.#snapshot.nodeType[script] === NodeType.code) return script;
    }
    return -1;
  }
}

/** `node:…` and `internal/…` are Node's own, no URL at all is V8's. */
export function ownerOf(url: string): ScriptOwner {
  if (url === '') return 'builtin';
  return /^(?:node:|internal\/)/u.test(url) ? 'node' : 'user';
}

/** Scripts that start a program: module loaders and the main scripts. What only they wait for is no task of the user's. */
export function isLoader(url: string): boolean {
  return /^(?:node:)?internal\/(?:modules|process|main|bootstrap|per_context|vm)\b/u.test(url);
}
