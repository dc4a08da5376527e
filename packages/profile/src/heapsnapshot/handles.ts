// Live handles of the event loop: timers, sockets, servers, children, watchers, workers, and whose closures hang on them.
import type { SnapshotFunctions } from './functions.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from './snapshot.ts';
import type { Waiters } from './waiters.ts';

/** URL of the script by which the command line keeps an inspector open: its timer is none of the program's. */
export const LEASE_SCRIPT = 'node:stackpile/lease';

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
  const { nodeCount, nodeType, nodeName, firstEdge, edgeLabel, edgeTo, strings } = snapshot;
  const known = strings.findAll(names);
  const property = (name: number): number =>
    name < 0 ? -1 : name * (1 << EDGE_TYPE_BITS) + EdgeType.property;
  const next = property(known._idleNext);
  const handleLabel = property(known._handle);
  const symbolLabel = property(known['<symbol kHandle>']);
  const stateLabel = property(known['<symbol state symbol>']);
  const stateHandle = property(known.handle);
  const bindingRows = new Map<number, boolean>();
  /** Whether a node is the native side of an open handle. */
  const isBinding = (node: number): boolean => {
    if (nodeType[node] !== NodeType.object) return false;
    const row = nodeName[node] as number;
    let is = bindingRows.get(row);
    if (is === undefined) {
      is = bindings.has(strings.peek(row));
      bindingRows.set(row, is);
    }
    return is;
  };

  const target = (node: number, name: number): number => functions.target(node, EdgeType.property, name);

  /** Listeners of an emitter by event, unwrapped. */
  const listeners = (emitter: number): { readonly event: string; readonly closure: number }[] => {
    const events = target(emitter, known._events);
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
      else if (nodeType[to] === NodeType.object && nodeName[to] === known.Array) {
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
  };

  /** The functions of an emitter's listeners that `owner` wrote, most telling first, each once. */
  const listenerFunctions = (emitters: readonly number[], owner: 'user' | 'node'): number[] => {
    const ranked: { rank: number; event: string; row: number }[] = [];
    for (const [order, emitter] of emitters.entries()) {
      for (const { event, closure } of listeners(emitter)) {
        const row = functions.of(closure);
        if (functions.owner(row) !== owner) continue;
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
  };

  /** The waiter behind a promise's resolve function, or -1. */
  const waiterBehind = (closure: number): number => {
    const context = functions.target(closure, EdgeType.internal, known.context);
    if (context < 0) return -1;
    const last = firstEdge[context + 1] as number;
    for (let edge = firstEdge[context] as number; edge < last; edge++) {
      const type = (edgeLabel[edge] as number) & EDGE_TYPE_MASK;
      if (type !== EdgeType.hidden && type !== EdgeType.context) continue;
      const waiter = waiters.firstWaiterOf(edgeTo[edge] as number);
      if (waiter >= 0) return waiter;
    }
    return -1;
  };

  const found: Handle[] = [];
  for (let node = 1; node < nodeCount; node++) {
    if (nodeType[node] !== NodeType.object) continue;
    const name = nodeName[node] as number;
    if (name === known.Timeout || name === known.Immediate) {
      const closure = target(node, name === known.Timeout ? known._onTimeout : known._onImmediate);
      if (closure < 0 || nodeType[closure] !== NodeType.closure) continue;
      // A timer that fired or was cleared is in no list any more; the lists themselves are no timers.
      const following = functions.target(node, EdgeType.property, known._idleNext);
      if (name === known.Timeout && (next < 0 || following < 0 || nodeType[following] !== NodeType.object))
        continue;
      const row = functions.of(closure);
      if (functions.get(row).url === LEASE_SCRIPT) continue;
      const waiter = functions.owner(row) === 'user' ? -1 : waiterBehind(functions.unwrap(closure));
      found.push({ node, kind: strings.get(name), functions: [row], waiter });
      continue;
    }
    const first = firstEdge[node] as number;
    const last = firstEdge[node + 1] as number;
    let open = false;
    for (let edge = first; edge < last && !open; edge++) {
      const label = edgeLabel[edge] as number;
      const to = edgeTo[edge] as number;
      if (label === handleLabel || label === symbolLabel) open = isBinding(to);
      else if (label === stateLabel) {
        const inner = stateHandle < 0 ? -1 : target(to, known.handle);
        open = inner >= 0 && isBinding(inner);
      }
    }
    if (!open) continue;
    let rows = listenerFunctions([node], 'user');
    if (rows.length === 0) {
      // An HTTP socket carries its exchange: the request or response that hangs on it may have the user's listeners.
      const exchange: number[] = [];
      const message = target(node, known._httpMessage);
      if (message >= 0) exchange.push(message);
      const parser = target(node, known.parser);
      const incoming = parser < 0 ? -1 : target(parser, known.incoming);
      if (incoming >= 0) exchange.push(incoming);
      rows = listenerFunctions(exchange, 'user');
    }
    if (rows.length === 0) {
      const server = target(node, known.server);
      if (server >= 0) rows = listenerFunctions([server], 'user');
    }
    if (rows.length === 0) rows = listenerFunctions([node], 'node').slice(0, 1);
    let waiter = -1;
    if (!rows.some((row) => functions.owner(row) === 'user')) {
      for (const { closure } of listeners(node)) {
        waiter = waiterBehind(closure);
        if (waiter >= 0) break;
      }
    }
    found.push({ node, kind: strings.get(name) || 'handle', functions: rows, waiter });
  }
  return found;
}
