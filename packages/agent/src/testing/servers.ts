// Servers that listen, with the call of `listen` that made them do so: the handle itself is often made later, when nobody is on the stack.
import { Server } from 'node:net';
import { isUnref, placeOf } from './accepted.ts';
import type { Found } from './found.ts';
import type { AnswersFor, Origin } from './origin.ts';
import { Patch } from './patch.ts';
import type { StackNode, Stacks } from './stacks.ts';
import { ownerOfStack } from './whose.ts';

interface Listening {
  readonly server: WeakRef<Server>;
  readonly stack: StackNode;
  readonly order: number;
  readonly origin: Origin;
}

/** Looks at every call of `listen` from {@link ServerWatch.start} on. */
export class ServerWatch {
  readonly #stacks: Stacks;
  readonly #origin: () => Origin;
  readonly #patch = new Patch();
  #listening: Listening[] = [];
  #made = 0;

  constructor(stacks: Stacks, origin: () => Origin) {
    this.#stacks = stacks;
    this.#origin = origin;
  }

  start(): void {
    const note = (server: unknown, below: (...args: never[]) => unknown): void => {
      const stack = this.#stacks.read(below);
      if (stack !== null && server instanceof Server)
        this.#listening.push({
          server: new WeakRef(server),
          stack,
          order: ++this.#made,
          origin: this.#origin(),
        });
    };
    this.#patch.replace(
      Server.prototype,
      'listen',
      (listen) =>
        function stackpileListen(this: unknown, ...args: never[]): unknown {
          note(this, stackpileListen);
          return listen.apply(this, args);
        },
    );
  }

  stop(): void {
    this.#patch.undo();
    this.#listening = [];
  }

  get made(): number {
    return this.#made;
  }

  found(answersFor: AnswersFor): Found[] {
    this.#listening = this.#listening.filter(({ server }) => server.deref() !== undefined);
    return this.#listening.flatMap(({ server, stack, order, origin }) => {
      const one = server.deref();
      if (one === undefined || !answersFor(order, origin)) return [];
      if (!one.listening || isUnref(one)) return [];
      const frames = this.#stacks.frames(stack);
      if (ownerOfStack(frames.map(({ file }) => file)) === 'runner') return [];
      return [{ kind: 'server', detail: placeOf(one), stack: frames, startedBy: null }];
    });
  }
}
