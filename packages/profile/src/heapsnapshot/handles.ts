// Live handles of the event loop: timers, sockets, servers, children, watchers, workers, and whose closures hang on them.
import type { SnapshotFunctions } from './functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';
import type { Waiters } from './waiters.ts';

/**
 * Name of the function by which the command line keeps an inspector open: its timer is none of the program's. A snapshot does not
 * have the URL of a script that was evaluated.
 */
export const LEASE_NAME = 'stackpile: lease';

/** A live handle. */
export interface Handle {
  readonly node: number;
  /** `Timeout`, `Socket`, `Server`, `ChildProcess`, … */
  readonly kind: string;
  /** Rows of the functions that hang on it, the likeliest to explain it first. */
  readonly functions: readonly number[];
  /** The waiter that goes on when it fires, where a promise hangs on it; else -1. */
  readonly waiter: number;
}

/** What Node's objects of the event loop hold in `_handle` or under `kHandle` while they are open. */
const bindings = new Set([
  'TCP',
  'Pipe',
  'TTY',
  'UDP',
  'TLSWrap',
  'Process',
  'FSEvent',
  'StatWatcher',
  'Worker',
  'Http2Session',
  'Http2Stream',
  'FileHandle',
  'JSStream',
  'HTTP2SESSION',
]);

const names = [
  'Timeout',
  'Immediate',
  '_idleNext',
  '_onTimeout',
  '_onImmediate',
  '_handle',
  '<symbol kHandle>',
  '<symbol state symbol>',
  'handle',
  '_events',
  '_httpMessage',
  'parser',
  'incoming',
  'server',
  'context',
  'Array',
] as const;

/** Events whose listeners tell most about why an emitter is there. */
const eventRank = new Map(
  ['message', 'data', 'readable', 'request', 'connection', 'line', 'change', 'connect', 'ready'].map(
    (event, rank) => [event, rank] as const,
  ),
);
/** Functions of one handle that are told. */
const FUNCTION_LIMIT = 3;

/** Finds every live handle. */
export function findHandles(
  snapshot: HeapSnapshot,
  functions: SnapshotFunctions,
  waiters: Waiters,
): readonly Handle[] {
  return new HandleFinder(snapshot, functions, waiters).find();
}

class HandleFinder {
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #waiters: Waiters;
  readonly #names: Readonly<Record<(typeof names)[number], number>>;
  /** Whether a name is one of {@link bindings}, by row. */
  readonly #bindingRows = new Map<number, boolean>();

  constructor(snapshot: HeapSnapshot, functions: SnapshotFunctions, waiters: Waiters) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#waiters = waiters;
    this.#names = snapshot.strings.findAll(names);
  }

  find(): readonly Handle[] {
    const { nodeCount, nodeType, nodeName, firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const known = this.#names;
    const property = (name: number): number =>
      name < 0 ? -1 : name * (1 << EDGE_TYPE_BITS) + EdgeType.property;
    const handleLabel = property(known._handle);
    const symbolLabel = property(known['<symbol kHandle>']);
    const stateLabel = property(known['<symbol state symbol>']);
    const found: Handle[] = [];
    for (let node = 1; node < nodeCount; node++) {
      if (nodeType[node] !== NodeType.object) continue;
      const name = nodeName[node] as number;
      if (name === known.Timeout || name === known.Immediate) {
        const timer = this.#timer(node);
        if (timer !== null) found.push(timer);
        continue;
      }
      const last = firstEdge[node + 1] as number;
      let open = false;
      for (let edge = firstEdge[node] as number; edge < last && !open; edge++) {
        const label = edgeLabel[edge] as number;
        const to = edgeTo[edge] as number;
        if (label === handleLabel || label === symbolLabel) open = this.#isBinding(to);
        else if (label === stateLabel) open = this.#isBinding(this.#target(to, known.handle));
      }
      if (open) found.push(this.#emitter(node));
    }
    return found;
  }

  #target(node: number, name: number): number {
    return this.#functions.target(node, EdgeType.property, name);
  }

  /** Whether a node is the native side of an open handle. */
  #isBinding(node: number): boolean {
    const { nodeType, nodeName, strings } = this.#snapshot;
    if (node < 0 || nodeType[node] !== NodeType.object) return false;
    const row = nodeName[node] as number;
    let is = this.#bindingRows.get(row);
    if (is === undefined) {
      is = bindings.has(strings.peek(row));
      this.#bindingRows.set(row, is);
    }
    return is;
  }

  /** A timer or an immediate, or null where it is none that will fire. */
  #timer(node: number): Handle | null {
    const { nodeType, nodeName, strings } = this.#snapshot;
    const known = this.#names;
    const functions = this.#functions;
    const name = nodeName[node] as number;
    const closure = this.#target(node, name === known.Timeout ? known._onTimeout : known._onImmediate);
    if (closure < 0 || nodeType[closure] !== NodeType.closure) return null;
    // A timer that fired or was cleared is in no list any more; the lists themselves are no timers.
    const following = this.#target(node, known._idleNext);
    if (name === known.Timeout && (following < 0 || nodeType[following] !== NodeType.object)) return null;
    const row = functions.of(closure);
    if (functions.get(row).name === LEASE_NAME) return null;
    const waiter = functions.owner(row) === 'user' ? -1 : this.#waiterBehind(functions.unwrap(closure));
    return { node, kind: strings.get(name), functions: [row], waiter };
  }

  /** An open handle that is no timer: a socket, a server, a child process, … */
  #emitter(node: number): Handle {
    const { nodeName, strings } = this.#snapshot;
    const rows = this.#explaining(node);
    let waiter = -1;
    if (!rows.some((row) => this.#functions.owner(row) === 'user')) {
      for (const { closure } of this.#listeners(node)) {
        waiter = this.#waiterBehind(closure);
        if (waiter >= 0) break;
      }
    }
    return { node, kind: strings.get(nodeName[node] as number) || 'handle', functions: rows, waiter };
  }

  /** Rows of the functions that tell most of why an emitter is there. */
  #explaining(node: number): number[] {
    const known = this.#names;
    const own = this.#listenerFunctions([node], 'user');
    if (own.length > 0) return own;
    // An HTTP socket carries its exchange: the request or response that hangs on it may have the user's listeners.
    const message = this.#target(node, known._httpMessage);
    const parser = this.#target(node, known.parser);
    const incoming = parser < 0 ? -1 : this.#target(parser, known.incoming);
    const exchange = [message, incoming].filter((one) => one >= 0);
    const ofExchange = this.#listenerFunctions(exchange, 'user');
    if (ofExchange.length > 0) return ofExchange;
    const server = this.#target(node, known.server);
    const ofServer = server < 0 ? [] : this.#listenerFunctions([server], 'user');
    if (ofServer.length > 0) return ofServer;
    return this.#listenerFunctions([node], 'node').slice(0, 1);
  }

  /** Listeners of an emitter by event, unwrapped. */
  #listeners(emitter: number): { readonly event: string; readonly closure: number }[] {
    const { nodeType, nodeName, firstEdge, edgeLabel, edgeTo, strings } = this.#snapshot;
    const functions = this.#functions;
    const events = this.#target(emitter, this.#names._events);
    const found: { event: string; closure: number }[] = [];
    if (events < 0 || nodeType[events] !== NodeType.object) return found;
    const last = firstEdge[events + 1] as number;
    for (let edge = firstEdge[events] as number; edge < last; edge++) {
      const label = edgeLabel[edge] as number;
      if ((label & EDGE_TYPE_MASK) !== EdgeType.property) continue;
      const to = edgeTo[edge] as number;
      const event = strings.get(label >>> EDGE_TYPE_BITS);
      if (event === '__proto__') continue;
      if (nodeType[to] === NodeType.closure) found.push({ event, closure: functions.unwrap(to) });
      else if (nodeType[to] === NodeType.object && nodeName[to] === this.#names.Array) {
        const end = firstEdge[to + 1] as number;
        for (let slot = firstEdge[to] as number; slot < end; slot++) {
          const element = edgeTo[slot] as number;
          if (((edgeLabel[slot] as number) & EDGE_TYPE_MASK) !== EdgeType.element) continue;
          if (nodeType[element] === NodeType.closure)
            found.push({ event, closure: functions.unwrap(element) });
        }
      }
    }
    return found;
  }

  /** The functions of emitters' listeners that `owner` wrote, most telling first, each once. */
  #listenerFunctions(emitters: readonly number[], owner: 'user' | 'node'): number[] {
    const ranked: { rank: number; event: string; row: number }[] = [];
    for (const [order, emitter] of emitters.entries()) {
      for (const { event, closure } of this.#listeners(emitter)) {
        const row = this.#functions.of(closure);
        if (this.#functions.owner(row) !== owner) continue;
        ranked.push({ rank: order * 100 + (eventRank.get(event) ?? 50), event, row });
      }
    }
    ranked.sort(
      (a, b) => a.rank - b.rank || (a.event < b.event ? -1 : a.event > b.event ? 1 : a.row - b.row),
    );
    const rows: number[] = [];
    for (const { row } of ranked) {
      if (rows.length < FUNCTION_LIMIT && !rows.includes(row)) rows.push(row);
    }
    return rows;
  }

  /** The waiter behind a promise's resolve function, or -1. */
  #waiterBehind(closure: number): number {
    const { firstEdge, edgeLabel, edgeTo } = this.#snapshot;
    const context = this.#functions.target(closure, EdgeType.internal, this.#names.context);
    if (context < 0) return -1;
    const last = firstEdge[context + 1] as number;
    for (let edge = firstEdge[context] as number; edge < last; edge++) {
      const type = (edgeLabel[edge] as number) & EDGE_TYPE_MASK;
      if (type !== EdgeType.hidden && type !== EdgeType.context) continue;
      const waiter = this.#waiters.firstWaiterOf(edgeTo[edge] as number);
      if (waiter >= 0) return waiter;
    }
    return -1;
  }
}
