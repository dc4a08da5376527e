// A store that works on a thread of its own, as a store of this one: nothing that it does holds up whoever asks.
import { Worker } from 'node:worker_threads';
import { StoreError } from '../../errors.ts';
import { storeError } from '../failure.ts';
import type {
  Aggregation,
  GrowthQuery,
  GrowthRow,
  HourBatch,
  IngestBatch,
  KeptHour,
  KeptProfile,
  LabelMatcher,
  Point,
  PointSums,
  ProfileStore,
  Range,
  RetentionPolicy,
  RetentionReport,
  Run,
  Series,
} from '../model.ts';
import type { StorePlace } from '../open.ts';
import { Sound } from '../sound.ts';
import type { Frame, StackTree, TreeGrowth } from '../stack-tree.ts';
import type { Failure, FromThread, PlainMethod, StoreCall, ThreadData, ToThread } from './messages.ts';

export interface ThreadOptions {
  /** Values that may be on their way; 8 million, some 100 MB, if not given. What comes beyond is refused with `STORE_BUSY`. */
  readonly mostWaiting?: number;
}

const MOST_WAITING = 8_000_000;

/**
 * Opens a store on a thread of its own. A thread that dies is started again with the next call; what it had not acknowledged is refused.
 *
 * @throws StoreError
 */
export async function openStoreOnThread(
  place: StorePlace,
  options: ThreadOptions = {},
): Promise<ProfileStore> {
  const store = new StoreOnThread(place, options);
  await store.opened();
  return store;
}

/** Flags of this process that the thread needs to load our own files. */
function threadFlags(): string[] {
  return process.execArgv.filter((flag) =>
    /^--(?:conditions=|experimental-strip-types$|import=\S*\/strip-types\.mjs$)/u.test(flag),
  );
}

interface Waiting {
  readonly weight: number;
  readonly done: (value: unknown) => void;
  readonly failed: (error: unknown) => void;
}

/** How much of a tree the thread has, by its number there. */
interface Sent {
  readonly id: number;
  nodes: number;
  frames: number;
}

/** One life of the thread. */
class Thread {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sent = new WeakMap<StackTree, Sent>();
  readonly #gone: FinalizationRegistry<number>;
  readonly opened: Promise<void>;
  #calls = 0;
  #trees = 0;
  /** Of all that waits. */
  weight = 0;
  isOpen = false;
  isOver = false;

  constructor(place: StorePlace) {
    this.#name = place.name;
    const file = import.meta.url.endsWith('.ts') ? './store-thread.ts' : './store-thread.js';
    const workerData: ThreadData = { place };
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData, execArgv: threadFlags() });
    this.#gone = new FinalizationRegistry((tree) => {
      if (!this.isOver) this.#post({ kind: 'forget', tree });
    });
    this.opened = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromThread) => {
        if (message.kind === 'opened') {
          this.isOpen = true;
          resolve();
        } else if (message.kind === 'refused') reject(this.#errorOf(message.failure));
        else this.#settle(message);
      });
      let cause: unknown;
      this.#worker.on('error', (error: unknown) => {
        cause = error;
      });
      this.#worker.on('exit', () => {
        const ended = storeError(this.#name, 'STORE_UNREADABLE', 'its thread has ended', cause);
        this.isOver = true;
        reject(ended);
        for (const { failed } of this.#waiting.values()) failed(ended);
        this.#waiting.clear();
        this.weight = 0;
      });
    });
    this.opened.catch(() => undefined);
  }

  call(call: StoreCall, weight = 0): Promise<unknown> {
    const id = this.#calls++;
    return new Promise((done, failed) => {
      // Throws where something in it cannot be copied: then nothing waits.
      this.#post({ kind: 'call', id, call });
      this.#waiting.set(id, { weight, done, failed });
      this.weight += weight;
    });
  }

  /** The same with what the thread has not yet of a tree. */
  async put(
    tree: StackTree,
    weight: number,
    callOf: (grown: { readonly tree: number; readonly growth: TreeGrowth }) => StoreCall,
  ): Promise<void> {
    let sent = this.#sent.get(tree);
    if (sent === undefined) {
      this.#sent.set(tree, (sent = { id: this.#trees++, nodes: 0, frames: 0 }));
      this.#gone.register(tree, sent.id);
    }
    const growth = tree.grownSince(sent.nodes, sent.frames);
    const call = callOf({ tree: sent.id, growth });
    sent.nodes += growth.parents.length;
    sent.frames += growth.frames.length;
    try {
      await this.call(call, weight);
    } catch (error) {
      // It may not have got there: the whole tree is sent anew, by another number.
      if (this.#sent.get(tree) === sent && !this.isOver) {
        this.#sent.delete(tree);
        this.#post({ kind: 'forget', tree: sent.id });
      }
      throw error;
    }
  }

  async ended(): Promise<void> {
    if (!this.isOver) await new Promise((resolve) => this.#worker.once('exit', resolve));
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #settle(message: Extract<FromThread, { kind: 'answer' | 'failed' }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    this.weight -= waiting.weight;
    if (message.kind === 'answer') waiting.done(message.value);
    else waiting.failed(this.#errorOf(message.failure));
  }

  #errorOf({ code, message }: Failure): Error {
    return code === null
      ? storeError(this.#name, 'STORE_UNREADABLE', message)
      : new StoreError(code, message);
  }
}

class StoreOnThread implements ProfileStore {
  readonly #place: StorePlace;
  readonly #options: ThreadOptions;
  readonly #sound: Sound;
  #thread: Thread;
  #closing: Promise<void> | null = null;

  constructor(place: StorePlace, options: ThreadOptions) {
    this.#place = place;
    this.#options = options;
    this.#sound = new Sound(place.name);
    this.#thread = new Thread(place);
  }

  opened(): Promise<void> {
    return this.#thread.opened;
  }

  async putBatch({ tree, profiles }: IngestBatch): Promise<void> {
    // Here already, as the other side knows the tree only by what it is sent.
    this.#sound.batch({ tree, profiles });
    const weight = profiles.reduce((sum, { nodes }) => sum + nodes.length + 10, 0);
    await this.#put(tree, weight, (grown) => ({ kind: 'putBatch', profiles, ...grown }));
  }

  async putHours({ tree, hours }: HourBatch): Promise<void> {
    const weight = hours.reduce((sum, { nodes }) => sum + 6 * nodes.length + 20, 0);
    await this.#put(tree, weight, (grown) => ({ kind: 'putHours', hours, ...grown }));
  }

  series(matchers: readonly LabelMatcher[], range: Range): Promise<Series[]> {
    return this.#call('series', { kind: 'series', args: [matchers, range] });
  }

  timeline(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return this.#call('timeline', { kind: 'timeline', args: [series, range, stepMs, aggregation] });
  }

  stackSeries(
    series: readonly number[],
    stack: bigint,
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]> {
    return this.#call('stackSeries', {
      kind: 'stackSeries',
      args: [series, stack, range, stepMs, aggregation],
    });
  }

  growthSums(query: GrowthQuery): Promise<GrowthRow[]> {
    return this.#call('growthSums', { kind: 'growthSums', args: [query] });
  }

  points(series: readonly number[], range: Range): Promise<PointSums[]> {
    return this.#call('points', { kind: 'points', args: [series, range] });
  }

  merge(
    series: readonly number[],
    range: Range,
    aggregation: Exclude<Aggregation, 'max'>,
  ): Promise<ReadonlyMap<bigint, number>> {
    return this.#call('merge', { kind: 'merge', args: [series, range, aggregation] });
  }

  frames(stacks: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly Frame[]>> {
    return this.#call('frames', { kind: 'frames', args: [stacks] });
  }

  runs(series: readonly number[], range: Range): Promise<Run[]> {
    return this.#call('runs', { kind: 'runs', args: [series, range] });
  }

  profiles(series: number, range: Range): Promise<KeptProfile[]> {
    return this.#call('profiles', { kind: 'profiles', args: [series, range] });
  }

  hours(series: number, range: Range): Promise<KeptHour[]> {
    return this.#call('hours', { kind: 'hours', args: [series, range] });
  }

  retention(now: number, policy: RetentionPolicy): Promise<RetentionReport> {
    return this.#call('retention', { kind: 'retention', args: [now, policy] });
  }

  remember(name: string, text: string): Promise<void> {
    return this.#call('remember', { kind: 'remember', args: [name, text] });
  }

  remembered(name: string): Promise<string | null> {
    return this.#call('remembered', { kind: 'remembered', args: [name] });
  }

  notes(): Promise<string[]> {
    return this.#call('notes', { kind: 'notes', args: [] });
  }

  /** What was given before is kept first. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#thread.isOver) return;
    await this.#thread.call({ kind: 'close', args: [] });
    await this.#thread.ended();
  }

  /** The answer's type is that of the method of the same name: the other side calls it and nothing else. */
  async #call<Method extends PlainMethod>(
    _: Method,
    call: StoreCall,
  ): Promise<Awaited<ReturnType<ProfileStore[Method]>>> {
    const answer = await this.#with((thread) => thread.call(call));
    return answer as Awaited<ReturnType<ProfileStore[Method]>>;
  }

  async #put(tree: StackTree, weight: number, callOf: Parameters<Thread['put']>[2]): Promise<void> {
    await this.#with((thread) => {
      if (thread.weight > 0 && thread.weight + weight > (this.#options.mostWaiting ?? MOST_WAITING))
        throw storeError(this.#place.name, 'STORE_BUSY');
      return thread.put(tree, weight, callOf);
    });
  }

  /** With the thread, started again if it is over; at once where it is open, so that calls stay in their order. */
  #with<T>(work: (thread: Thread) => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw storeError(this.#place.name, 'STORE_CLOSED');
    if (this.#thread.isOver) this.#thread = new Thread(this.#place);
    const thread = this.#thread;
    return thread.isOpen ? work(thread) : thread.opened.then(() => work(thread));
  }
}
