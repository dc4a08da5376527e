// Live handles (sockets, servers, timers, children, workers, watchers) with the stack that made each.
import { type AsyncHook, createHook } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
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
  /** Called for each handle and request of a known kind, before its stack is read. */
  onResource(state: number): void;
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

/** The members of sockets, children and workers that say whether they live. */
interface Resource {
  readonly destroyed?: boolean;
  readonly exitCode?: number | null;
  readonly signalCode?: string | null;
  readonly threadId?: number;
}

const announced: readonly Announced[] = [
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

interface AnnouncedRecord extends HandleRecord {
  readonly ref: WeakRef<object>;
  readonly ended: (resource: Resource) => boolean;
}

/**
 * The handles that were made since {@link HandleTable.start}. Sockets, children and workers come from Node's diagnostics
 * channels, which cost nothing while nobody makes one. Timers, servers and watchers are seen by async_hooks only, which cost
 * a busy server a fifth of its throughput: those on demand.
 */
export class HandleTable {
  readonly #site: HandleSite;
  readonly #live = new Map<number, HandleRecord>();
  #announcedRecords: AnnouncedRecord[] = [];
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
    return [...this.#live.values(), ...this.#announcedRecords];
  }

  /** Starts; `all` arms async_hooks, where that works without being called for each promise. */
  start(all: boolean): void {
    if (all && canSkipPromises()) {
      this.#hook = createHook({
        init: this.#init,
        destroy: (id: number) => {
          this.#live.delete(id);
        },
        trackPromises: false,
      });
      this.#hook.enable();
      return;
    }
    for (const { channel, key, word, ended } of announced) {
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
  }

  readonly #init = (id: number, type: string): void => {
    const word = handleStates.get(type);
    if (word === undefined) {
      const request = requestStates.get(type);
      if (request !== undefined) this.#site.onResource(stateOf(request));
      return;
    }
    const record = this.#record(id, word, this.#init);
    if (record !== null) this.#live.set(id, record);
  };

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
    this.#announcedRecords = this.#announcedRecords.filter(({ ref, ended }) => {
      const resource = ref.deref();
      return resource !== undefined && !ended(resource);
    });
  }

  /** Looks at the stack; null where there is no room, or where the handle is the agent's own. */
  #record(id: number, word: StateWord, below: (...args: never[]) => unknown): HandleRecord | null {
    const { reader, tree, depth, limit } = this.#site;
    const state = stateOf(word);
    const now = this.#site.now();
    this.#site.onResource(state);
    if (this.#isStorm(now) || this.#live.size + this.#announcedRecords.length >= limit) {
      this.#dropped++;
      return null;
    }
    try {
      reader.read(depth, below);
    } catch {
      this.#dropped++;
      return null;
    }
    const { sight } = reader;
    if (sight.ours) return null;
    if (sight.running.length === 0) {
      const name = incoming.has(word) ? '(incoming connection)' : '(native)';
      sight.running.push(reader.table.pseudo(name));
    }
    let stack = 0;
    for (let i = sight.awaiting.length - 1; i >= 0; i--)
      stack = tree.push(stack, sight.awaiting[i] as number);
    for (let i = sight.running.length - 1; i >= 0; i--) stack = tree.push(stack, sight.running[i] as number);
    return { id, state, stack, since: now, labels: currentLabels() };
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
