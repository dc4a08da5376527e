// Whose variables a context holds, and where each of them is declared.
import type { FunctionNames } from '../../naming/function-names.ts';
import { type Maker, type Sureness, VariableUses } from '../../naming/uses.ts';
import { classifyFunction } from '../../origin.ts';
import { ownerOf, type SnapshotFunctions } from '../functions.ts';
import { EdgeType, type HeapSnapshot, NodeType } from '../snapshot.ts';
import { Declarations } from './declarations.ts';
import type { PlacedMaker } from './holder-tree.ts';

/** Contexts that are climbed; a hostile file may tie them into a ring. */
const CLIMB = 64;
/** Characters from which on V8 has cut a script's text. */
const CUT_TEXT = 1000;
/** Scripts whose declarations are read at most. */
const MOST_TEXTS = 2000;

const names = [
  'context',
  'scope_info',
  'previous',
  'extension',
  'name_or_scope_info',
  'system / Context',
  'system / NativeContext',
  'system / SourceTextModule',
  'system / Cell',
  '(shared function info)',
] as const;

/** What a context's variables are variables of. */
export interface Scope {
  /** `node`: of Node's own code. `none`: nobody knows. */
  readonly kind: 'module' | 'function' | 'node' | 'none';
  readonly url: string;
  /** Where its function begins, 1-based; 0 where unknown. */
  readonly line: number;
  /** Node of its script; -1 where unknown. */
  readonly script: number;
}

const NO_SCOPE: Scope = { kind: 'none', url: '', line: 0, script: -1 };

/** The scopes of a snapshot, found when first asked for. */
export class Scopes {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #texts: FunctionNames | null;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  #lastContext = -1;
  #lastScope = NO_SCOPE;
  /** By node of the scope info. */
  readonly #scripts = new Map<number, number>();
  readonly #shared = new Map<number, number>();
  /** Where the function of a shared function info begins. */
  readonly #lines = new Map<number, number>();
  readonly #scopes = new Map<number, Scope>();
  /** A context of each ES module, by the module's node. */
  readonly #moduleContexts = new Map<number, number>();
  /** What ES modules export, by the node of the cell that holds it. */
  readonly #exports = new Map<number, { readonly scope: Scope; readonly name: number }>();
  readonly #declarations = new Map<number, Declarations | null>();
  /** By URL, of the user's own scripts only. */
  readonly #uses = new Map<string, VariableUses | null>();

  constructor(snapshot: HeapSnapshot, functions: SnapshotFunctions, texts: FunctionNames | null) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#texts = texts;
    this.#names = snapshot.strings.findAll(names);
    this.#learn();
    this.#learnExports();
  }

  /** Whether a node is a context of variables. */
  isContext(node: number): boolean {
    return this.#snapshot.nodeName[node] === this.#names['system / Context'];
  }

  /** What a context is of. */
  of(context: number): Scope {
    // Asked for each variable of a context in turn, and a context may have any number of them.
    if (context !== this.#lastContext) {
      this.#lastScope = this.#find(context);
      this.#lastContext = context;
    }
    return this.#lastScope;
  }

  #find(context: number): Scope {
    const info = this.#target(context, this.#names.scope_info);
    if (info < 0) return NO_SCOPE;
    let scope = this.#scopes.get(info);
    if (scope === undefined) {
      scope = this.#describe(context, info);
      this.#scopes.set(info, scope);
    }
    return scope;
  }

  /** The scope of an ES module, by the module's node; null where nobody knows. */
  ofModule(module: number): Scope | null {
    const context = this.#moduleContexts.get(module);
    const scope = context === undefined ? null : this.of(context);
    return scope?.kind === 'module' ? scope : null;
  }

  /** The variable that an ES module keeps in a cell, for others to import; null for other nodes. */
  exportOf(cell: number): { readonly scope: Scope; readonly name: number } | null {
    return this.#exports.get(cell) ?? null;
  }

  /** Where a script of the user's first gives the global object that property; null where none is known to do. */
  globalPlace(
    name: string,
  ): { readonly url: string; readonly line: number; readonly maker: PlacedMaker | null } | null {
    const { nodeName, strings } = this.#snapshot;
    for (const script of new Set(this.#scripts.values())) {
      const url = strings.get(nodeName[script] as number);
      if (ownerOf(url) !== 'user') continue;
      const line = this.#declarationsOf({ script, url })?.lineOfGlobal(name) ?? 0;
      if (line === 0) continue;
      return { url, line, maker: placed(this.#usesOf({ script, url })?.fillerOfProperty(name) ?? null, url) };
    }
    return null;
  }

  /** The line on which a variable of a scope is declared; the scope's own where its text does not say. */
  lineOf(name: string, scope: Scope): number {
    const declarations = this.#declarationsOf(scope);
    const from = scope.kind === 'module' ? 1 : Math.max(1, scope.line);
    return declarations?.lineOf(name, from, scope.kind === 'module') || scope.line;
  }

  /** Who puts things into a variable, or else declares it; null where its text does not say. */
  makerOf(name: string, scope: Scope): PlacedMaker | null {
    const uses = this.#usesOf(scope);
    if (uses === null) return null;
    const line = this.lineOf(name, scope);
    return placed(uses.fillerOf(name, line) ?? uses.declarerOf(name, line), scope.url);
  }

  /** In which function the one at that place was made; null where the text does not say, and at the top level. */
  makerOfFunction(closure: number, url: string, line: number, column: number): PlacedMaker | null {
    const shared = this.#functions.sharedOf(closure);
    const script = shared < 0 ? -1 : this.#functions.scriptOf(shared);
    return placed(this.#usesOf({ script, url })?.makerAt(line, column) ?? null, url);
  }

  /** Who puts things into a property of that name, in a script whose variables were asked for before; null where none does. */
  makerOfProperty(name: string, url: string, sureness: Sureness): PlacedMaker | null {
    return placed(this.#uses.get(url)?.fillerOfProperty(name, sureness) ?? null, url);
  }

  #target(node: number, name: number): number {
    return this.#functions.target(node, EdgeType.internal, name);
  }

  /** One closure per function tells the script of all scopes around it; shared function infos tell the scopes of their own. */
  #learn(): void {
    const { nodeCount, nodeType } = this.#snapshot;
    const functions = this.#functions;
    const seen = new Set<number>();
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] === NodeType.code) {
        const info = this.#target(node, this.#names.name_or_scope_info);
        if (info < 0 || nodeType[info] !== NodeType.code) continue;
        this.#shared.set(info, node);
        const script = functions.scriptOf(node);
        if (script >= 0) this.#scripts.set(info, script);
      } else if (nodeType[node] === NodeType.closure) {
        const shared = functions.sharedOf(node);
        if (shared < 0 || seen.has(shared)) continue;
        seen.add(shared);
        this.#lines.set(shared, functions.get(functions.instanceOf(node)).line);
        this.#climb(node, functions.scriptOf(shared));
      }
    }
  }

  #climb(closure: number, script: number): void {
    if (script < 0) return;
    let context = this.#target(closure, this.#names.context);
    for (let i = 0; i < CLIMB && context >= 0; i++) {
      const info = this.#target(context, this.#names.scope_info);
      const module = this.#target(context, this.#names.extension);
      if (module >= 0) this.#moduleContexts.set(module, context);
      if (info >= 0) {
        if (this.#scripts.has(info)) return;
        this.#scripts.set(info, script);
      }
      context = this.#target(context, this.#names.previous);
      if (context >= 0 && !this.isContext(context)) return;
    }
  }

  /** A module's first table has the names of its exports, each followed by the cell of its value. */
  #learnExports(): void {
    const { nodeType, nodeName, firstEdge, edgeTo } = this.#snapshot;
    for (const module of this.#moduleContexts.keys()) {
      const scope = this.ofModule(module);
      if (scope === null) continue;
      const last = firstEdge[module + 1] as number;
      for (let edge = firstEdge[module] as number; edge < last; edge++) {
        const table = edgeTo[edge] as number;
        if (nodeType[table] !== NodeType.array) continue;
        let name = -1;
        for (let at = firstEdge[table] as number; at < (firstEdge[table + 1] as number); at++) {
          const to = edgeTo[at] as number;
          if (nodeType[to] === NodeType.string) name = nodeName[to] as number;
          else if (nodeName[to] === this.#names['system / Cell'] && name >= 0) {
            this.#exports.set(to, { scope, name });
            name = -1;
          }
        }
        break;
      }
    }
  }

  #describe(context: number, info: number): Scope {
    const { nodeName, strings } = this.#snapshot;
    const known = this.#names;
    const script = this.#scripts.get(info) ?? -1;
    const shared = this.#shared.get(info) ?? -1;
    if (script < 0) return NO_SCOPE;
    const url = strings.get(nodeName[script] as number);
    const owner = ownerOf(url);
    if (owner !== 'user') return { ...NO_SCOPE, kind: 'node', url };
    const extension = this.#target(context, known.extension);
    const isModule = extension >= 0 && nodeName[extension] === known['system / SourceTextModule'];
    const outer = this.#target(context, known.previous);
    const isOutermost = outer >= 0 && nodeName[outer] === known['system / NativeContext'];
    // The function around a CommonJS module has no name, and V8 forgets it when it has run.
    const isNamed =
      shared >= 0 && !['', '(shared function info)'].includes(strings.get(nodeName[shared] as number));
    const line = shared < 0 ? 0 : (this.#lines.get(shared) ?? 0);
    const isTop = isModule || (isOutermost && !isNamed && line <= 1);
    return isTop ? { kind: 'module', url, line: 1, script } : { kind: 'function', url, line, script };
  }

  #declarationsOf({ script, url }: Pick<Scope, 'script' | 'url'>): Declarations | null {
    if (script < 0) return null;
    let known = this.#declarations.get(script);
    if (known === undefined) {
      const text = this.#declarations.size < MOST_TEXTS ? this.#textOf(script, url) : null;
      known = text === null ? null : new Declarations(text);
      this.#declarations.set(script, known);
    }
    return known;
  }

  #usesOf({ script, url }: Pick<Scope, 'script' | 'url'>): VariableUses | null {
    const known = this.#uses.get(url);
    if (known !== undefined) return known;
    const isUsers = script >= 0 && classifyFunction('', url) === 'user' && this.#uses.size < MOST_TEXTS;
    const text = isUsers ? this.#textOf(script, url) : null;
    const uses = text === null ? null : new VariableUses(text);
    this.#uses.set(url, uses);
    return uses;
  }

  /** The whole text where it can be had and is what ran, else the beginning that the snapshot has. */
  #textOf(script: number, url: string): string | null {
    const own = this.#functions.ownText(script);
    if (own !== '' && own.length < CUT_TEXT) return own;
    const whole = this.#texts?.text(url) ?? null;
    // Types are blanked out before V8 sees a text: that one cannot be compared.
    const fits =
      whole !== null && (own === '' || whole.startsWith(own.slice(0, CUT_TEXT)) || /\.[cm]?tsx?$/u.test(url));
    return fits ? whole : own === '' ? null : own;
  }
}

function placed(maker: Maker | null, url: string): PlacedMaker | null {
  return maker === null ? null : { ...maker, url };
}
