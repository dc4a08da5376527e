// Live handles (sockets, servers, timers, children, workers, watchers) with the stack that made each.
import { type AsyncHook, createHook } from 'node:async_hooks';
import type { StackReader, StackTree } from './frames.ts';
import { currentLabels, type LabelPairs } from './labels.ts';
import { handleStates, requestStates, stateOf } from './states.ts';

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

interface HookOptions {
  readonly trackPromises?: boolean;
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
  } as Parameters<typeof createHook>[0] & HookOptions);
  probe.enable();
  void Promise.resolve().then(() => undefined);
  probe.disable();
  return !seen;
}

/** The handles that were made since {@link HandleTable.start}. */
export class HandleTable {
  readonly #site: HandleSite;
  readonly #live = new Map<number, HandleRecord>();
  #hook: AsyncHook | null = null;
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

  get live(): Iterable<HandleRecord> {
    return this.#live.values();
  }

  get size(): number {
    return this.#live.size;
  }

  /** Arms the hook; `force` also where it costs something per promise. False where it stays off. */
  start(force: boolean): boolean {
    if (!force && !canSkipPromises()) return false;
    this.#hook = createHook({
      init: this.#init,
      destroy: (id: number) => {
        this.#live.delete(id);
      },
      trackPromises: false,
    } as Parameters<typeof createHook>[0] & HookOptions);
    this.#hook.enable();
    return true;
  }

  /** Takes the hook off and forgets everything. */
  stop(): void {
    this.#hook?.disable();
    this.#hook = null;
    this.#live.clear();
  }

  readonly #init = (id: number, type: string): void => {
    const word = handleStates.get(type);
    if (word === undefined) {
      const request = requestStates.get(type);
      if (request !== undefined) this.#site.onResource(stateOf(request));
      return;
    }
    const { reader, tree, depth, limit } = this.#site;
    const state = stateOf(word);
    const now = this.#site.now();
    this.#site.onResource(state);
    if (this.#isStorm(now) || this.#live.size >= limit) {
      this.#dropped++;
      return;
    }
    try {
      reader.read(depth, this.#init);
    } catch {
      this.#dropped++;
      return;
    }
    const { sight } = reader;
    // Connections of our own server never get here, they live in the worker; the worker itself does.
    if (sight.ours) return;
    if (sight.running.length === 0)
      sight.running.push(reader.table.pseudo(incoming.has(word) ? '(incoming connection)' : '(native)'));
    let stack = 0;
    for (let i = sight.awaiting.length - 1; i >= 0; i--)
      stack = tree.push(stack, sight.awaiting[i] as number);
    for (let i = sight.running.length - 1; i >= 0; i--) stack = tree.push(stack, sight.running[i] as number);
    this.#live.set(id, { id, state, stack, since: now, labels: currentLabels() });
  };

  #isStorm(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#thisSecond = 0;
    }
    return ++this.#thisSecond > MOST_PER_SECOND;
  }
}
