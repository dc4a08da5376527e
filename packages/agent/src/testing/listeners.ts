// Listeners that were added to something older than the test: emitters that it did not make, signals that outlive it.
import { EventEmitter, getEventListeners } from 'node:events';
import type { Found } from './found.ts';
import { Patch } from './patch.ts';
import type { StackNode, Stacks } from './stacks.ts';
import { ownerOfFile } from './whose.ts';

interface Listening {
  readonly target: WeakRef<object>;
  readonly event: string | symbol;
  readonly listener: WeakRef<object>;
  readonly stack: StackNode;
  /** The check that was opened last when it was added. */
  readonly epoch: number;
  /** The check that was opened last when its target was made; -1 where that is not known. */
  readonly birth: number;
}

/** Listeners that may be looked through at each check. */
const MOST = 100_000;
/** So many from one place on one target whose age is not known are no coincidence. */
const SEVERAL = 2;

/** What has ended keeps nobody. */
function hasEnded(target: object): boolean {
  const { destroyed, listening, exitCode } = target as Readonly<Record<string, unknown>>;
  return destroyed === true || listening === false || typeof exitCode === 'number';
}

function listensStill({ event }: Listening, target: object, listener: object): boolean {
  if (target instanceof EventEmitter) return target.rawListeners(event).includes(listener as never);
  return getEventListeners(target as EventTarget, String(event)).includes(listener as never);
}

/** Looks at every listener from {@link ListenerWatch.start} on. */
export class ListenerWatch {
  readonly #stacks: Stacks;
  readonly #patch = new Patch();
  readonly #births = new WeakMap<object, number>();
  #listening: Listening[] = [];
  #epoch = 0;

  constructor(stacks: Stacks) {
    this.#stacks = stacks;
  }

  start(): void {
    const births = this.#births;
    const epoch = (): number => this.#epoch;
    this.#patch.replace(
      EventEmitter,
      'init',
      (init) =>
        function stackpileInit(this: unknown, ...args: never[]): unknown {
          births.set(this as object, epoch());
          return init.apply(this, args);
        },
    );
    for (const name of ['on', 'addListener', 'prependListener'])
      this.#watch(EventEmitter.prototype, name, (target) => births.get(target) ?? 0);
    const born = (made: object): void => void births.set(made, epoch());
    this.#patch.construct(globalThis, 'AbortController', born);
    this.#patch.construct(globalThis, 'EventTarget', born);
    // Of one that was made out of sight nobody is told: an event target's age is that of its first listener, a signal's that of the first
    // time somebody had it.
    const guessed = new WeakSet<object>();
    this.#patch.overhear(AbortController.prototype, 'signal', (signal, controller) => {
      if (typeof signal !== 'object' || signal === null || births.has(signal)) return;
      const seen = births.get(controller);
      if (seen === undefined) guessed.add(signal);
      births.set(signal, seen ?? epoch());
    });
    this.#watch(EventTarget.prototype, 'addEventListener', (target, event) => {
      const seen = births.get(target);
      if (seen !== undefined) return seen < this.#epoch || !guessed.has(target) ? seen : -1;
      guessed.add(target);
      // One that has a listener which nobody saw is older than the watch.
      const isOld = target instanceof EventTarget && getEventListeners(target, String(event)).length > 0;
      births.set(target, isOld ? 0 : this.#epoch);
      return isOld ? 0 : -1;
    });
  }

  #watch(prototype: object, name: string, birthOf: (target: object, event: unknown) => number): void {
    const note = this.#note.bind(this);
    const epoch = (): number => this.#epoch;
    this.#patch.replace(
      prototype,
      name,
      (add) =>
        function stackpileOn(this: unknown, ...args: never[]): unknown {
          const birth = birthOf(this as object, args[0]);
          if (birth < epoch()) note(this as object, birth, args, stackpileOn);
          return add.apply(this, args);
        },
    );
  }

  stop(): void {
    this.#patch.undo();
    this.#listening = [];
  }

  /** A check begins: what is made from now on is younger than it. */
  next(): number {
    this.#listening = this.#listening.filter(({ target }) => target.deref() !== undefined).slice(-MOST);
    return ++this.#epoch;
  }

  /** @param answersFor by the check that was opened last when a listener was added, and by that of its target's birth */
  found(answersFor: (epoch: number, birth: number) => boolean): Found[] {
    const still: (Listening & { readonly target: WeakRef<object> })[] = [];
    for (const one of this.#listening) {
      const target = one.target.deref();
      const listener = one.listener.deref();
      if (target === undefined || listener === undefined || !answersFor(one.epoch, one.birth)) continue;
      if (!hasEnded(target) && listensStill(one, target, listener)) still.push(one);
    }
    const alike = new Map<string, number>();
    const keyOf = ({ event, stack }: Listening): string => `${stack} ${String(event)}`;
    for (const one of still) alike.set(keyOf(one), (alike.get(keyOf(one)) ?? 0) + 1);
    return still
      .filter((one) => one.birth >= 0 || (alike.get(keyOf(one)) ?? 0) >= SEVERAL)
      .map(({ event, stack, target }) => ({
        kind: 'listener',
        detail: `${String(event)} of ${nameOf(target.deref())}`,
        stack: this.#stacks.frames(stack),
        startedBy: null,
      }));
  }

  #note(target: object, birth: number, args: readonly unknown[], below: (...args: never[]) => unknown): void {
    const [event, listener] = args;
    if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return;
    if (typeof event !== 'string' && typeof event !== 'symbol') return;
    const stack = this.#stacks.read(below);
    if (stack === null) return;
    // Libraries listen to what they share for as long as they live, and so does Node.
    const caller = this.#stacks.frames(stack).find(({ file }) => !file.startsWith('node:events'));
    if (ownerOfFile(caller?.file ?? '') !== 'user') return;
    this.#listening.push({
      target: new WeakRef(target),
      event,
      listener: new WeakRef(listener),
      stack,
      epoch: this.#epoch,
      birth,
    });
  }
}

function nameOf(target: object | undefined): string {
  if (target === process) return 'process';
  const name: unknown = target?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'an object';
}
