// Files that are open, by who opened them: `fs.open`, `openSync`, `promises.open`, and the streams that open files.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Found } from './found.ts';
import type { AnswersFor, Origin } from './origin.ts';
import { Patch } from './patch.ts';
import type { StackNode, Stacks } from './stacks.ts';
import { ownerOfStack } from './whose.ts';

interface OpenFile {
  readonly path: string;
  readonly stack: StackNode;
  readonly order: number;
  readonly origin: Origin;
}

/** Paths of streams whose makers are remembered until their files are opened. */
const MOST_MAKERS = 1000;

type Callback = (error: unknown, fd: unknown) => unknown;

function nameOf(path: unknown): string {
  return typeof path === 'string' ? path : path instanceof URL ? path.pathname : String(path);
}

/** The members of a `FileHandle` that are used. */
interface Handle {
  readonly fd: number;
  once(event: 'close', listener: () => void): unknown;
}

/** Looks at every file that is opened from {@link FileWatch.start} on. */
export class FileWatch {
  readonly #stacks: Stacks;
  readonly #origin: () => Origin;
  readonly #patch = new Patch();
  readonly #open = new Map<number | object, OpenFile>();
  readonly #makers = new Map<string, StackNode>();
  #made = 0;

  constructor(stacks: Stacks, origin: () => Origin) {
    this.#stacks = stacks;
    this.#origin = origin;
  }

  get made(): number {
    return this.#made;
  }

  start(): void {
    this.#openings();
    this.#closings();
    this.#folders();
    this.#streams();
    syncBuiltinESMExports();
  }

  stop(): void {
    this.#patch.undo();
    syncBuiltinESMExports();
    this.#open.clear();
    this.#makers.clear();
  }

  found(answersFor: AnswersFor): Found[] {
    return [...this.#open.values()].flatMap(({ path, stack, order, origin }) => {
      if (!answersFor(order, origin)) return [];
      const frames = this.#stacks.frames(stack);
      const owner = ownerOfStack(frames.map(({ file }) => file));
      if (owner === 'runner' || owner === 'node') return [];
      return [{ kind: 'open file', detail: path, stack: frames, startedBy: null }];
    });
  }

  #opened(key: unknown, path: unknown, stack: StackNode | null): void {
    if (stack === null || (typeof key !== 'number' && (typeof key !== 'object' || key === null))) return;
    this.#open.set(key, { path: nameOf(path), stack, order: ++this.#made, origin: this.#origin() });
  }

  /** Where a file is opened; for a stream, which opens its file when nobody is on the stack any more, where that was made. */
  #stackOf(path: unknown, below: (...args: never[]) => unknown): StackNode | null {
    const stack = this.#stacks.read(below);
    const name = nameOf(path);
    const maker = this.#makers.get(name);
    if (stack === null || maker === undefined) return stack;
    if (ownerOfStack(this.#stacks.frames(stack).map(({ file }) => file)) !== 'node') return stack;
    this.#makers.delete(name);
    return maker;
  }

  #openings(): void {
    const stackOf = this.#stackOf.bind(this);
    const opened = this.#opened.bind(this);
    const files = this.#open;
    this.#patch.replace(
      fs,
      'openSync',
      (open) =>
        function stackpileOpenSync(this: unknown, ...args: never[]): unknown {
          const fd = open.apply(this, args);
          opened(fd, args[0], stackOf(args[0], stackpileOpenSync));
          return fd;
        },
    );
    this.#patch.replace(
      fs,
      'open',
      (open) =>
        function stackpileOpen(this: unknown, ...args: never[]): unknown {
          const callback: unknown = args.at(-1);
          if (typeof callback !== 'function') return open.apply(this, args);
          const stack = stackOf(args[0], stackpileOpen);
          // A file that is about to be open is not closed.
          const asked = {};
          opened(asked, args[0], stack);
          const told: Callback = (error, fd) => {
            files.delete(asked);
            if (error === null || error === undefined) opened(fd, args[0], stack);
            return (callback as Callback)(error, fd);
          };
          return open.apply(this, [...args.slice(0, -1), told as never]);
        },
    );
    this.#patch.replace(
      fs.promises,
      'open',
      (open) =>
        function stackpileOpenPromise(this: unknown, ...args: never[]): unknown {
          const stack = stackOf(args[0], stackpileOpenPromise);
          const opening = open.apply(this, args) as Promise<Handle>;
          opening.then(
            (handle) => {
              opened(handle, args[0], stack);
              handle.once('close', () => files.delete(handle));
            },
            () => undefined,
          );
          return opening;
        },
    );
  }

  /** Folders that are being read. What iterates one closes it. */
  #folders(): void {
    const stackOf = this.#stackOf.bind(this);
    const opened = this.#opened.bind(this);
    const open = this.#open;
    this.#patch.replace(
      fs,
      'opendirSync',
      (read) =>
        function stackpileOpendirSync(this: unknown, ...args: never[]): unknown {
          const folder = read.apply(this, args);
          opened(folder, args[0], stackOf(args[0], stackpileOpendirSync));
          return folder;
        },
    );
    this.#patch.replace(
      fs,
      'opendir',
      (read) =>
        function stackpileOpendir(this: unknown, ...args: never[]): unknown {
          const callback: unknown = args.at(-1);
          if (typeof callback !== 'function') return read.apply(this, args);
          const stack = stackOf(args[0], stackpileOpendir);
          const told: Callback = (error, folder) => {
            if (error === null || error === undefined) opened(folder, args[0], stack);
            return (callback as Callback)(error, folder);
          };
          return read.apply(this, [...args.slice(0, -1), told as never]);
        },
    );
    this.#patch.replace(
      fs.promises,
      'opendir',
      (read) =>
        function stackpileOpendirPromise(this: unknown, ...args: never[]): unknown {
          const stack = stackOf(args[0], stackpileOpendirPromise);
          const opening = read.apply(this, args) as Promise<object>;
          opening.then(
            (folder) => opened(folder, args[0], stack),
            () => undefined,
          );
          return opening;
        },
    );
    for (const name of ['close', 'closeSync'])
      this.#patch.replace(
        fs.Dir.prototype,
        name,
        (close) =>
          function stackpileCloseDir(this: unknown, ...args: never[]): unknown {
            open.delete(this as object);
            return close.apply(this, args);
          },
      );
  }

  #closings(): void {
    const open = this.#open;
    for (const name of ['close', 'closeSync'])
      this.#patch.replace(
        fs,
        name,
        (close) =>
          function stackpileClose(this: unknown, ...args: never[]): unknown {
            const [descriptor]: readonly unknown[] = args;
            if (typeof descriptor === 'number') open.delete(descriptor);
            return close.apply(this, args);
          },
      );
  }

  #streams(): void {
    const makers = this.#makers;
    const stacks = this.#stacks;
    for (const name of ['createReadStream', 'createWriteStream'])
      this.#patch.replace(
        fs,
        name,
        (create) =>
          function stackpileStream(this: unknown, ...args: never[]): unknown {
            const stack = stacks.read(stackpileStream);
            if (stack !== null && makers.size < MOST_MAKERS) makers.set(nameOf(args[0]), stack);
            return create.apply(this, args);
          },
      );
  }
}
