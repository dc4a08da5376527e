// Handles that were made since a test began and live: timers, sockets, pipes, children, workers, watchers, ports. Servers stand in servers.ts.
import { type AsyncHook, createHook, executionAsyncId } from 'node:async_hooks';
import { handleStates, requestStates, stateOf } from '../tasks/states.ts';
import { acceptedBy, isResting, isUnref, placeOf } from './accepted.ts';
import type { Found } from './found.ts';
import type { LeakKind } from './leak.ts';
import type { AnswersFor, Origin } from './origin.ts';
import type { StackNode, Stacks } from './stacks.ts';
import { ownerOfStack } from './whose.ts';

/** By the type that async_hooks gives them. */
const kinds: ReadonlyMap<string, LeakKind> = new Map([
  ['Timeout', 'timer'],
  ['Immediate', 'immediate'],
  ['TCPWRAP', 'socket'],
  ['PIPEWRAP', 'pipe'],
  ['UDPWRAP', 'udp socket'],
  ['PROCESSWRAP', 'child process'],
  ['WORKER', 'worker'],
  ['FSEVENTWRAP', 'watcher'],
  ['STATWATCHER', 'watcher'],
  ['MESSAGEPORT', 'message port'],
]);

/** Of these Node makes some for purposes of its own, without a frame of anybody else's. */
const nodesOwn: ReadonlySet<LeakKind> = new Set(['timer', 'immediate', 'pipe', 'message port']);

/** Whoever calls these of Node's makes a message port of his own; a worker's is told with the worker. */
const channels: ReadonlySet<string> = new Set(['MessageChannel', 'BroadcastChannel']);

/** What is asked of a resource, where it has it. */
interface Resource {
  hasRef?(): boolean | undefined;
  readonly _destroyed?: boolean;
  readonly _repeat?: number | null;
  readonly _idleTimeout?: number;
}

interface Handle {
  readonly kind: LeakKind;
  readonly stack: StackNode;
  readonly order: number;
  readonly origin: Origin;
  readonly ref: WeakRef<Resource>;
}

/** Standard streams are made when somebody first uses them, and stay. */
function isStandardStream(files: readonly string[]): boolean {
  return files.some((file) => file.startsWith('node:internal/bootstrap/switches/'));
}

function hasEnded(resource: Resource | undefined): boolean {
  if (resource === undefined || resource._destroyed === true) return true;
  // A handle that is closed has nothing to say any more.
  return typeof resource.hasRef === 'function' && resource.hasRef() === undefined;
}

/** The handle itself: a connection that an http.Agent uses again has a number of its own, and stands in a resource of that number. */
function handleOf(resource: object): object {
  const handle: unknown = 'hasRef' in resource ? null : Reflect.get(resource, 'handle');
  return typeof handle === 'object' && handle !== null ? handle : resource;
}

/** Handles after which those that have ended are looked for. */
const FIRST_PRUNE = 1024;

/** Looks at every handle from {@link HandleWatch.start} on. */
export class HandleWatch {
  readonly #stacks: Stacks;
  readonly #live = new Map<number, Handle>();
  readonly #origin: () => Origin;
  readonly #onResource: (state: number) => void;
  #hook: AsyncHook | null = null;
  #made = 0;
  #pruneAt = FIRST_PRUNE;

  /** @param onResource hears what a promise that is being made may wait for */
  constructor(stacks: Stacks, origin: () => Origin, onResource: (state: number) => void) {
    this.#stacks = stacks;
    this.#origin = origin;
    this.#onResource = onResource;
  }

  start(): void {
    // On Node 20 and 22 it is called for each promise as well: in a test that is time well spent. To be told of ends would have Node follow
    // every promise to its end as soon as somebody else has a hook, as node:test does: whoever has ended says so when he is asked.
    this.#hook = createHook({ init: this.#init, trackPromises: false });
    this.#hook.enable();
  }

  stop(): void {
    this.#hook?.disable();
    this.#hook = null;
    this.#live.clear();
  }

  /** What is made from now on has a higher number. */
  get made(): number {
    return this.#made;
  }

  /** Forgets whoever has ended, but for the one that is running: it may go on with another one. */
  prune(): void {
    const running = executionAsyncId();
    for (const [id, { ref }] of this.#live)
      if (id !== running && hasEnded(ref.deref())) this.#live.delete(id);
    this.#pruneAt = Math.max(FIRST_PRUNE, this.#live.size * 2);
  }

  /** Those that keep the process alive, and intervals whether they do or not. */
  found(answersFor: AnswersFor): Found[] {
    const found: Found[] = [];
    for (const [id, { kind, stack, order, origin, ref }] of this.#live) {
      if (!answersFor(order, origin)) continue;
      const resource = ref.deref();
      if (resource === undefined || hasEnded(resource)) {
        this.#live.delete(id);
        continue;
      }
      const isInterval = kind === 'timer' && typeof resource._repeat === 'number';
      const frames = this.#stacks.frames(stack);
      const files = frames.map(({ file }) => file);
      const owner = ownerOfStack(files);
      // A timer that keeps nothing alive is a convenience of somebody's, unless it comes again for ever.
      if (resource.hasRef?.() === false && !(isInterval && owner === 'user')) continue;
      if (owner === 'runner' || isStandardStream(files)) continue;
      if (owner === 'node' && nodesOwn.has(kind)) continue;
      const leaf = files[0] ?? '';
      if (kind === 'message port' && leaf.startsWith('node:') && !channels.has(frames[0]?.name ?? ''))
        continue;
      const server = kind === 'socket' && owner === 'node' ? acceptedBy(resource) : null;
      // Whoever lets the process end while a server listens lets its connections end with it.
      if (server !== null && server.listening && (isUnref(server) || isResting(resource, server))) continue;
      const every = resource._idleTimeout ?? 0;
      const detail =
        server !== null
          ? `accepted ${placeOf(server) === '' ? 'by a server that was closed' : `on ${placeOf(server)}`}`
          : kind !== 'timer'
            ? ''
            : isInterval
              ? `every ${every} ms`
              : `of ${every} ms`;
      found.push({ kind: isInterval ? 'interval' : kind, detail, stack: frames, startedBy: null });
    }
    return found;
  }

  readonly #init = (id: number, type: string, _trigger: number, resource: object): void => {
    const kind = kinds.get(type);
    const word = handleStates.get(type) ?? requestStates.get(type);
    if (word !== undefined) this.#onResource(stateOf(word));
    if (kind === undefined) return;
    const stack = this.#stacks.read(this.#init);
    if (stack === null) return;
    this.#made++;
    // What an older timer makes goes on with what that one began.
    const by = this.#live.get(executionAsyncId());
    const isTimer = by?.kind === 'timer' || by?.kind === 'immediate';
    const { order, origin } = isTimer ? by : { order: this.#made, origin: this.#origin() };
    if (this.#live.size >= this.#pruneAt) this.prune();
    this.#live.set(id, { kind, stack, order, origin, ref: new WeakRef(handleOf(resource)) });
  };
}
