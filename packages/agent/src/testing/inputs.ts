// Whoever reads the standard input by lines and does not end it: the process waits for lines that nobody sends.
import { syncBuiltinESMExports } from 'node:module';
import readline from 'node:readline';
import lines from 'node:readline/promises';
import type { Found } from './found.ts';
import type { AnswersFor, Origin } from './origin.ts';
import { Patch } from './patch.ts';
import type { StackNode, Stacks } from './stacks.ts';
import { ownerOfStack } from './whose.ts';

interface Reading {
  readonly reader: WeakRef<object>;
  readonly stack: StackNode;
  readonly order: number;
  readonly origin: Origin;
}

/** Whether something reads what the process was started with. A file that is read by lines is told as an open file. */
function readsStandardInput(reader: object): boolean {
  const input: unknown = Reflect.get(reader, 'input');
  return typeof input === 'object' && input !== null && Reflect.get(input, 'fd') === 0;
}

/** Looks at every reader of lines from {@link InputWatch.start} on. */
export class InputWatch {
  readonly #stacks: Stacks;
  readonly #origin: () => Origin;
  readonly #patch = new Patch();
  #reading: Reading[] = [];
  #made = 0;

  constructor(stacks: Stacks, origin: () => Origin) {
    this.#stacks = stacks;
    this.#origin = origin;
  }

  start(): void {
    const note = this.#note.bind(this);
    for (const module of [readline, lines])
      this.#patch.replace(
        module,
        'createInterface',
        (create) =>
          function stackpileCreateInterface(this: unknown, ...args: never[]): unknown {
            const reader = create.apply(this, args);
            note(reader, stackpileCreateInterface);
            return reader;
          },
      );
    syncBuiltinESMExports();
  }

  stop(): void {
    this.#patch.undo();
    syncBuiltinESMExports();
    this.#reading = [];
  }

  get made(): number {
    return this.#made;
  }

  found(answersFor: AnswersFor): Found[] {
    this.#reading = this.#reading.filter(({ reader }) => {
      const one = reader.deref();
      return one !== undefined && Reflect.get(one, 'closed') !== true;
    });
    return this.#reading.flatMap(({ stack, order, origin }): Found[] => {
      if (!answersFor(order, origin)) return [];
      const frames = this.#stacks.frames(stack);
      if (ownerOfStack(frames.map(({ file }) => file)) === 'runner') return [];
      return [{ kind: 'input', detail: 'read by lines', stack: frames, startedBy: null }];
    });
  }

  #note(reader: unknown, below: (...args: never[]) => unknown): void {
    if (typeof reader !== 'object' || reader === null || !readsStandardInput(reader)) return;
    const stack = this.#stacks.read(below);
    if (stack === null) return;
    this.#reading.push({
      reader: new WeakRef(reader),
      stack,
      order: ++this.#made,
      origin: this.#origin(),
    });
  }
}
