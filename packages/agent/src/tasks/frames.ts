// Frames and stacks of the tracked tasks as small numbers: each position in a script is looked up once and kept as plain text.
import { ownerOf } from './own-code.ts';

/** No frame, no stack. */
export const NONE = 0;

/** Positions beyond this many are not told apart any more. */
const MAX_FRAMES = 100_000;
const MAX_NODES = 500_000;

/** A call site as V8 hands it to `Error.prepareStackTrace`, with the methods that @types/node leaves out. */
export interface CallSite extends NodeJS.CallSite {
  getPosition(): number;
  getEnclosingLineNumber(): number | null;
  getEnclosingColumnNumber(): number | null;
  isAsync(): boolean;
  isPromiseAll(): boolean;
}

/** The frames seen so far, by number from 1. */
export class FrameTable {
  readonly names: string[] = [''];
  readonly files: string[] = [''];
  readonly lines: number[] = [0];
  readonly columns: number[] = [0];
  /** Where the frame's function begins. */
  readonly beginLines: number[] = [0];
  readonly beginColumns: number[] = [0];
  /** Number of the frame's function, the same for all positions in it. */
  readonly functions: number[] = [0];
  /** Lowest position that was seen in a function: where it is entered. */
  readonly #entries: number[] = [0];
  readonly #byScript = new Map<string, Map<number, number>>();
  readonly #functionOf = new Map<string, number>();
  #dropped = 0;

  /** Number of positions that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The number of a call site of a script; {@link NONE} where there is no room. */
  add(site: CallSite, script: string): number {
    let positions = this.#byScript.get(script);
    if (positions === undefined) this.#byScript.set(script, (positions = new Map<number, number>()));
    const position = site.getPosition();
    const known = positions.get(position);
    if (known !== undefined) return known;
    if (this.names.length >= MAX_FRAMES) {
      this.#dropped++;
      return NONE;
    }
    const frame = this.names.length;
    const line = site.getLineNumber() ?? 0;
    const beginLine = site.getEnclosingLineNumber() ?? 0;
    const beginColumn = site.getEnclosingColumnNumber() ?? 0;
    const key = `${script}:${beginLine}:${beginColumn}`;
    let fn = this.#functionOf.get(key);
    if (fn === undefined) this.#functionOf.set(key, (fn = this.#entries.push(position) - 1));
    else if (position < (this.#entries[fn] as number)) this.#entries[fn] = position;
    this.names.push(nameOf(site));
    this.files.push(script);
    this.lines.push(line);
    this.columns.push(site.getColumnNumber() ?? 0);
    this.beginLines.push(beginLine);
    this.beginColumns.push(beginColumn);
    this.functions.push(fn);
    positions.set(position, frame);
    this.#positions.push(position);
    return frame;
  }

  readonly #positions: number[] = [0];

  /** The number of a frame that stands for something outside of JavaScript. */
  pseudo(name: string): number {
    const known = this.names.indexOf(name);
    if (known > 0 && this.files[known] === '') return known;
    const fn = this.#entries.push(0) - 1;
    this.files.push('');
    this.lines.push(0);
    this.columns.push(0);
    this.beginLines.push(0);
    this.beginColumns.push(0);
    this.functions.push(fn);
    this.#positions.push(-1);
    return this.names.push(name) - 1;
  }

  /** Who called the function on top: the first caller outside of Node, else the first one. */
  starter(running: readonly number[]): number {
    for (let i = 1; i < running.length; i++) {
      if (!(this.files[running[i] as number] as string).startsWith('node:')) return running[i] as number;
    }
    return running[1] as number;
  }

  /** Whether a frame stands where its function is entered. An async function makes its promise there. */
  isEntry(frame: number): boolean {
    return this.#entries[this.functions[frame] as number] === this.#positions[frame];
  }
}

function nameOf(site: CallSite): string {
  const name = site.getFunctionName();
  if (name === null || name === '')
    return site.isToplevel() && site.getEnclosingLineNumber() === 1 && site.getEnclosingColumnNumber() === 1
      ? '(module)'
      : '(anonymous)';
  return name;
}

/** Stacks as paths in a tree of frames, root side first, so that stacks that share their callers share the memory. */
export class StackTree {
  #frame = new Int32Array(1024);
  #parent = new Int32Array(1024);
  readonly #children = new Map<number, number>();
  #length = 1;

  /** Node of `frame` called from the stack `parent`. */
  push(parent: number, frame: number): number {
    const key = parent * (MAX_FRAMES + 1) + frame;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    if (this.#length >= MAX_NODES) return parent;
    if (this.#length === this.#frame.length) {
      this.#frame = grown(this.#frame);
      this.#parent = grown(this.#parent);
    }
    const node = this.#length++;
    this.#frame[node] = frame;
    this.#parent[node] = parent;
    this.#children.set(key, node);
    return node;
  }

  /** Frames of a stack, leaf first. */
  frames(node: number): number[] {
    const out: number[] = [];
    for (let at = node; at !== NONE; at = this.#parent[at] as number) out.push(this.#frame[at] as number);
    return out;
  }

  /** Innermost frame of a stack. */
  leaf(node: number): number {
    return node === NONE ? NONE : (this.#frame[node] as number);
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const next = new Int32Array(array.length * 2);
  next.set(array);
  return next;
}

/** What one look at the stack of a new promise found; overwritten by the next look. */
export interface Sight {
  /** Names of the leading frames that belong to no script, innermost first: `then`, `race`. */
  builtins: string[];
  /** Script frames that run, innermost first. */
  readonly running: number[];
  /** Suspended frames that V8 knows to await the running ones. */
  readonly awaiting: number[];
  /** Whether the innermost script frame was called by a native iterator function (`next` of an async generator). */
  fromNext: boolean;
  /** Whether code of the agent's own stands anywhere on the stack. */
  ours: boolean;
}

/** Where Node runs ticks and reactions. */
const HOOKS: ReadonlySet<string> = new Set(['node:internal/promise_hooks', 'node:internal/async_hooks']);
const QUEUES = 'node:internal/process/task_queues';

const holder: { stack?: unknown } = {};

/** Looks at the stack of the running hook. Keeps nothing of V8's objects: they pin every receiver on the stack. */
export class StackReader {
  readonly table: FrameTable;
  readonly sight: Sight = { builtins: [], running: [], awaiting: [], fromNext: false, ours: false };
  readonly #prepare: (error: Error, sites: NodeJS.CallSite[]) => unknown;

  /** @param table takes the frames of the user's code and of libraries */
  constructor(table: FrameTable) {
    this.table = table;
    this.#prepare = (_error, sites) => {
      this.#scan(sites);
      return '';
    };
  }

  /** Reads at most `depth` frames below the function `below` into {@link sight}. False where the promise is the agent's own. */
  read(depth: number, below: (...args: never[]) => unknown): boolean {
    const limit = Error.stackTraceLimit;
    // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was, not called
    const prepare = Error.prepareStackTrace;
    Error.stackTraceLimit = depth;
    Error.prepareStackTrace = this.#prepare;
    this.sight.builtins.length = 0;
    this.sight.running.length = 0;
    this.sight.awaiting.length = 0;
    this.sight.fromNext = false;
    this.sight.ours = false;
    this.#own = false;
    try {
      Error.captureStackTrace(holder, below);
      void holder.stack;
    } finally {
      Error.stackTraceLimit = limit;
      Error.prepareStackTrace = prepare;
      delete holder.stack;
    }
    return !this.#own;
  }

  /** Whether what was read last is a function in its first run, down to a caller outside of Node: what lies below says no more of it. */
  get isJustCalled(): boolean {
    const { builtins, running, awaiting } = this.sight;
    if (builtins.length > 0 || awaiting.length > 0 || running.length < 2) return false;
    return !(this.table.files[this.table.starter(running)] as string).startsWith('node:');
  }

  #own = false;

  #scan(sites: readonly CallSite[]): void {
    const { sight } = this;
    let drained = false;
    for (let i = 0; i < sites.length; i++) {
      const site = sites[i] as CallSite;
      const script = site.getScriptNameOrSourceURL();
      if (typeof script !== 'string' || script === '') {
        if (sight.running.length === 0) sight.builtins.push(site.getFunctionName() ?? '');
        else if (i === sight.builtins.length + 1) sight.fromNext = site.getFunctionName() === 'next';
        continue;
      }
      const owner = ownerOf(script, site);
      if (owner !== 'user') {
        if (sight.running.length === 0) this.#own = true;
        // The user's code runs inside of `withLabels`.
        if (owner === 'agent') sight.ours = true;
        continue;
      }
      // With another hook in the process Node calls both from a frame of its own.
      if (HOOKS.has(script)) continue;
      if (script === QUEUES) drained = true;
      const isAsync = site.isAsync();
      // What ran the queue of reactions has nothing to do with the reaction.
      if (drained && !isAsync) continue;
      const frame = this.table.add(site, script);
      if (isAsync) sight.awaiting.push(frame);
      else sight.running.push(frame);
    }
  }
}
