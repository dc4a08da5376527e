// In which function a closure was made, by the contexts it holds: what is left where a script's text cannot be had.
import { EDGE_TYPE_BITS, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';

/** Contexts that are climbed; a hostile file may tie them into a ring. */
const CLIMB = 64;

const names = ['context', 'scope_info', 'previous', 'name_or_scope_info', '(shared function info)'] as const;

/**
 * Climbs from a closure through the contexts of the scopes around it: closure —`context`→ context —`scope_info`→ what its
 * function's shared info calls `name_or_scope_info`. A function whose variables nobody else uses has no context and is passed over,
 * so what is found lies around the closure, though not always right around it; and nothing is found where only the module does, or
 * where V8 has forgotten the function because nobody can call it any more.
 */
export class ContextChain {
  readonly #snapshot: HeapSnapshot;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  #sharedOfScope: ReadonlyMap<number, number> | null = null;

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
    this.#names = snapshot.strings.findAll(names);
  }

  /** Name of the nearest named function around a closure that can be told; '' where there is none. */
  makerOf(closure: number): string {
    const { nodeName, strings } = this.#snapshot;
    let context = this.#target(closure, this.#names.context);
    for (let i = 0; i < CLIMB && context >= 0; i++) {
      const scope = this.#target(context, this.#names.scope_info);
      const shared = scope < 0 ? undefined : this.#scopes().get(scope);
      const name = shared === undefined ? -1 : (nodeName[shared] as number);
      if (name >= 0 && name !== this.#names['(shared function info)']) {
        const text = strings.get(name);
        if (text !== '') return text.length > 60 ? `${text.slice(0, 60)}…` : text;
      }
      context = this.#target(context, this.#names.previous);
    }
    return '';
  }

  #target(node: number, name: number): number {
    if (name < 0) return -1;
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const label = name * (1 << EDGE_TYPE_BITS) + EdgeType.internal;
    const last = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < last; edge++) {
      if (edgeLabel[edge] === label) return edgeTo[edge] as number;
    }
    return -1;
  }

  /** The shared function info of each scope that is a function's; made when first needed. */
  #scopes(): ReadonlyMap<number, number> {
    if (this.#sharedOfScope !== null) return this.#sharedOfScope;
    const { nodeCount, nodeType } = this.#snapshot;
    const found = new Map<number, number>();
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] !== NodeType.code) continue;
      const scope = this.#target(node, this.#names.name_or_scope_info);
      if (scope >= 0 && nodeType[scope] === NodeType.code) found.set(scope, node);
    }
    this.#sharedOfScope = found;
    return found;
  }
}
