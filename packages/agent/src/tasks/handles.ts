// Live handles (sockets, servers, timers, children, workers, watchers) with the stack that made each.
import { type AsyncHook, createHook } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import type { Budget } from './budget.ts';
import type { StackReader, StackTree } from './frames.ts';
import { currentLabels, type LabelPairs } from './labels.ts';
import { handleStates, requestStates, type StateWord, stateOf } from './states.ts';

/** A live handle. */
export interface HandleRecord {
  readonly id: number;
  readonly state: number;
  readonly stack: number;
  readonly since: number;
  readonly labels: LabelPairs | null;
}

/** What the table needs of the tracker. */
export interface HandleSite {
  readonly reader: StackReader;
  readonly tree: StackTree;
  readonly depth: number;
  readonly limit: number;
  /** Milliseconds since the tracker's start. */
  now(): number;
  /** Pays for reading stacks. */
  readonly budget: Budget;
  /** Called for each handle and request of a known kind; `running` is what runs, null where that was not read. */
  onResource(state: number, running: readonly number[] | null): void;
}

/** Handles that libuv makes by itself, without JavaScript on the stack. */
const incoming: ReadonlySet<string> = new Set(['socket', 'pipe']);

/** Most handles per second whose stacks are read; a storm of timers is counted, not looked at. */
const MOST_PER_SECOND = 2000;

/**
 * Whether async_hooks can leave promises out. Node 20 and 22 ignore the option and would call us for each promise, so we
 * ask by making one.
 */
function canSkipPromises(): boolean {
  let seen = false;
  const probe = createHook({
    init: (_id: number, type: string) => {
      if (type === 'PROMISE') seen = true;
    },
    trackPromises: false,
  });
  probe.enable();
  void Promise.resolve().then(() => undefined);
  probe.disable();
  return !seen;
}

/** What Node announces on its diagnostics channels at the moment that somebody makes it. */
interface Announced {
  readonly channel: string;
  readonly key: string;
  readonly word: StateWord;
  /** Whether the object has ended. */
  readonly ended: (resource: Resource) => boolean;
}

/** The members of sockets, servers, children and workers that say whether they live. */
interface Resource {
  readonly destroyed?: boolean;
  readonly listening?: boolean;
  readonly exitCode?: number | null;
  readonly signalCode?: string | null;
  readonly threadId?: number;
}

/** `listen` announces itself with the caller on the stack; the handle is often made later, when nobody is. */
const listening: Announced = {
  channel: 'tracing:net.server.listen:asyncStart',
  key: 'server',
  word: 'server',
  ended: (one) => one.listening === false,
};
/** Milliseconds that a server may take until it listens. */
const STARTING_MS = 10_000;

const announced: readonly Announced[] = [
  listening,
  { channel: 'net.client.socket', key: 'socket', word: 'socket', ended: (one) => one.destroyed === true },
  { channel: 'net.server.socket', key: 'socket', word: 'socket', ended: (one) => one.destroyed === true },
  {
    channel: 'child_process',
    key: 'process',
    word: 'child process',
    ended: (one) => (one.exitCode ?? null) !== null || (one.signalCode ?? null) !== null,
  },
  { channel: 'worker_threads', key: 'worker', word: 'worker', ended: (one) => one.threadId === -1 },
];

/** The stack of a request that opens a file. */
interface Opening {
  readonly running: number[];
  readonly awaiting: number[];
}

/** Requests that may be under way at once and are remembered. */
const MOST_OPENINGS = 1000;

interface AnnouncedRecord extends HandleRecord {
  readonly ref: WeakRef<object>;
  readonly ended: (resource: Resource) => boolean;
}

/**
 * The handles that were made since {@link HandleTable.start}. Sockets, servers, children and workers come from Node's diagnostics
 * channels, which cost nothing while nobody makes one. Timers, watchers and file handles are seen by async_hooks only, which
 * cost a busy server a fifth of its throughput: those on demand.
 */
export class HandleTable {
  readonly #site: HandleSite;
  readonly #live = new Map<number, HandleRecord>();
  #announcedRecords: AnnouncedRecord[] = [];
  readonly #openings = new Map<number, Opening>();
  #hook: AsyncHook | null = null;
  #unsubscribe: (() => void)[] = [];
  #sweepAt = 256;
  #nextId = 1;
  #dropped = 0;
  #second = 0;
  #thisSecond = 0;

  constructor(site: HandleSite) {
    this.#site = site;
  }

  /** Handles that found no room or came too fast. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Live handles. */
  live(): HandleRecord[] {
    this.#sweep();
    const open = this.#announcedRecords.filter(({ ref, ended }) => {
      const resource = ref.deref();
      return resource !== undefined && !ended(resource);
    });
    return [...this.#live.values(), ...open];
  }

  /** Starts; `all` arms async_hooks, where that works without being called for each promise. */
  start(all: boolean): void {
    const hooked = all && canSkipPromises();
    if (hooked) {
      this.#hook = createHook({
        init: this.#init,
        destroy: (id: number) => {
          this.#live.delete(id);
          this.#openings.delete(id);
        },
        trackPromises: false,
      });
      this.#hook.enable();
    }
    for (const { channel, key, word, ended } of hooked ? [listening] : announced) {
      const onMessage = (message: unknown): void => {
        const resource = (message as Record<string, unknown>)[key];
        if (typeof resource === 'object' && resource !== null)
          this.#announce(resource, word, ended, onMessage);
      };
      diagnostics.subscribe(channel, onMessage);
      this.#unsubscribe.push(() => void diagnostics.unsubscribe(channel, onMessage));
    }
  }

  /** Stops looking and forgets everything. */
  stop(): void {
    this.#hook?.disable();
    this.#hook = null;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.#announcedRecords = [];
    this.#live.clear();
    this.#openings.clear();
  }

  readonly #init = (id: number, type: string): void => {
    const word = handleStates.get(type);
    if (word === undefined) {
      const request = requestStates.get(type);
      if (request !== undefined) this.#site.onResource(stateOf(request), null);
      if (type === 'FSREQPROMISE') this.#opening(id);
      return;
    }
    const record = this.#record(id, word, this.#init, type === 'FILEHANDLE' ? this.#opened() : undefined);
    if (record !== null) this.#live.set(id, record);
  };

  /** A file handle comes out of a request when nothing runs any more: who made the request made the handle. */
  #opening(id: number): void {
    const { reader, depth, budget } = this.#site;
    if (!budget.affords || this.#openings.size >= MOST_OPENINGS) return;
    const began = performance.now();
    const own = !reader.read(depth, this.#init);
    const { running, awaiting } = reader.sight;
    const opens = running.some((frame) => reader.table.names[frame] === 'open');
    if (!own && opens) this.#openings.set(id, { running: [...running], awaiting: [...awaiting] });
    budget.spend(performance.now() - began);
  }

  /** The stack of the request that a new file handle comes from. Node does not say which one it is: only if all agree it is known. */
  #opened(): Opening | undefined {
    const [first, ...others] = this.#openings;
    if (first === undefined) return undefined;
    const [id, opening] = first;
    const text = opening.running.join();
    if (others.some(([, other]) => other.running.join() !== text)) return undefined;
    this.#openings.delete(id);
    return opening;
  }

  #announce(
    resource: object,
    word: StateWord,
    ended: (resource: Resource) => boolean,
    below: (message: unknown) => void,
  ): void {
    if (this.#announcedRecords.length >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(256, this.#announcedRecords.length * 2);
    }
    const record = this.#record(this.#nextId++, word, below);
    if (record !== null) this.#announcedRecords.push({ ...record, ref: new WeakRef(resource), ended });
  }

  #sweep(): void {
    const now = this.#site.now();
    this.#announcedRecords = this.#announcedRecords.filter(({ ref, ended, since }) => {
      const resource = ref.deref();
      if (resource === undefined) return false;
      return !ended(resource) || (ended === listening.ended && now - since < STARTING_MS);
    });
  }

  /** Looks at the stack; null where there is no room, or where the handle is the agent's own. */
  #record(
    id: number,
    word: StateWord,
    below: (...args: never[]) => unknown,
    opening?: Opening,
  ): HandleRecord | null {
    const { reader, tree, depth, limit, budget } = this.#site;
    const state = stateOf(word);
    const now = this.#site.now();
    if (this.#isStorm(now) || this.#live.size + this.#announcedRecords.length >= limit) {
      this.#dropped++;
      return null;
    }
    const labels = currentLabels();
    if (!budget.affords) {
      const stack = tree.push(0, reader.table.pseudo('(made while the budget was spent)'));
      return { id, state, stack, since: now, labels };
    }
    const began = performance.now();
    try {
      reader.read(depth, below);
    } catch {
      this.#dropped++;
      return null;
    } finally {
      budget.spend(performance.now() - began);
    }
    const { sight, table } = reader;
    if (sight.ours) return null;
    this.#site.onResource(state, sight.running);
    const isNode = (frame: number | undefined): boolean =>
      frame !== undefined && (table.files[frame] as string).startsWith('node:');
    const { running, awaiting } = opening ?? sight;
    // Every worker has message ports of its own.
    if (word === 'message port' && isNode(running[0])) return null;
    const ofNode = awaiting.length === 0 && running.every(isNode);
    if (running.length === 0 || (ofNode && incoming.has(word)))
      running.splice(0, Infinity, table.pseudo(incoming.has(word) ? '(incoming connection)' : '(native)'));
    // The function of Node's that was called is the leaf, not what goes on inside of it.
    let leaf = 0;
    while (isNode(running[leaf + 1])) leaf++;
    if (leaf === running.length - 1 && awaiting.length === 0) leaf = 0;
    let stack = 0;
    for (let i = awaiting.length - 1; i >= 0; i--) stack = tree.push(stack, awaiting[i] as number);
    for (let i = running.length - 1; i >= leaf; i--) stack = tree.push(stack, running[i] as number);
    return { id, state, stack, since: now, labels };
  }

  #isStorm(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#thisSecond = 0;
    }
    return ++this.#thisSecond > MOST_PER_SECOND;
  }
}
