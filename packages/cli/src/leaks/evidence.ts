// What a running service is asked for each kind of evidence that a watch wants, by who it is and what it offers.
import type { Evidence } from '@stackpile/leaks';
import { type HeapIds, type Offers, readWorkers } from '@stackpile/profile';
import type { Service, ServiceWorker } from '@stackpile/sources';
import type { Ask } from '@stackpile/sources/looks';

/** One request, and all that its answer is evidence for. */
export interface EvidenceAsk {
  readonly ask: Ask;
  readonly evidence: readonly Evidence[];
  /** The worker thread that is asked; absent for the process itself. */
  readonly worker?: ServiceWorker;
}

/** How tasks and handles are had, found out once; see `dumpForm`. */
export interface TaskForm {
  readonly ask: Ask;
  readonly handles: Ask | null;
}

/** Go's names of the profiles that are evidence of something else than goroutines. A heap is told as it is after a collection. */
const goAsks: Partial<Record<Evidence, Ask>> = {
  heap: { name: 'heap', query: { gc: '1' } },
  threads: { name: 'threadcreate' },
  goroutineleak: { name: 'goroutineleak' },
};
/** A heap as it is, for who may not stop the process for a collection. */
const gentleGoAsks: Partial<Record<Evidence, Ask>> = { ...goAsks, heap: { name: 'heap' } };
const agentAsks: Partial<Record<Evidence, Ask>> = { heap: { name: 'heap' } };

/** The endpoint of an agent that stops its process for a heap snapshot, and reads it. */
export const heapClasses = 'heapclasses';

/** Looks at what a heap holds are at least so far apart, in milliseconds, and as far at most. */
const CLOSEST_MS = 10_000;
const FARTHEST_MS = 300_000;
/** So many of them fit into a watch. */
const LOOKS_PER_WATCH = 6;
/** A process that stood still for a while is left alone for so many times that. */
const REST_TIMES = 5;
/** So many of them tell what piles up. */
const FEWEST_LOOKS = 3;
/** The last one may come later by this share of the watch. */
const LATE = 0.25;
/** Looks that a later one knows of: the first, and the last of the others. */
const MOST_LOOKS = 60;

/** When a process is stopped for a look at what it holds, and what was seen by then. */
export class ClassLooks {
  readonly #pace: number;
  readonly #longestWait: number;
  readonly #now: () => number;
  #next = 0;
  #rested = 0;
  #ids: number[] = [];
  #process = '';

  /**
   * @param duration of the watch, milliseconds
   * @param now milliseconds
   */
  constructor(duration: number, now: () => number) {
    this.#pace = Math.min(FARTHEST_MS, Math.max(CLOSEST_MS, duration / LOOKS_PER_WATCH));
    this.#longestWait = LATE * duration;
    this.#now = now;
  }

  get isFirst(): boolean {
    return this.#next === 0;
  }

  get isDue(): boolean {
    return this.#now() >= this.#next;
  }

  /**
   * No later look follows: it is worth a stop, if the process has rested, and where two is all that there were, a wait until it has: what
   * piles up is told from what does not by three of them.
   */
  isLast(): void {
    if (this.#next === 0) return;
    const patience = this.#ids.length < FEWEST_LOOKS ? this.#longestWait : 0;
    this.#next = this.#rested - patience;
  }

  get ask(): Ask {
    return this.#askFor('closures');
  }

  /** The same of a worker thread, of which that is all that is asked. */
  askOf(worker: ServiceWorker): Ask {
    const { name, query } = this.#askFor('tasks,handles,closures');
    return { name, query: { ...query, worker: worker.id } };
  }

  #askFor(beside: string): { readonly name: string; readonly query: Readonly<Record<string, string>> } {
    const looks = this.#ids.join(',');
    return { name: heapClasses, query: { with: beside, ...(looks === '' ? {} : { looks }) } };
  }

  /**
   * One was taken, or refused.
   *
   * @param stopped milliseconds that the process stood still
   * @param ids what it has seen
   * @param asked when it was asked for; it stood still soon after, and whoever keeps to its rest waits for that
   */
  taken(stopped: number, ids: HeapIds | null, asked: number | null = null): void {
    const begun = asked ?? this.#now();
    this.#rested = begun - 1 + (REST_TIMES + 1) * stopped;
    this.#next = Math.max(begun - 1 + this.#pace, this.#rested);
    if (ids === null) return;
    if (ids.process !== this.#process || ids.largest <= (this.#ids.at(-1) ?? 0)) this.#ids = [];
    this.#process = ids.process;
    this.#ids.push(ids.largest);
    if (this.#ids.length > MOST_LOOKS) this.#ids.splice(1, 1);
  }
}

/** Workers that are visited: each stands still as long as the process does for itself. */
const MOST_WORKERS = 4;
/** A stop that takes a larger share of the watch leaves too few looks to judge by. */
const MOST_OF_WATCH = 0.25;
/** A stop that is no longer than this is short, however short the watch is. */
const SHORT_STOP_MS = 2000;

/**
 * What the workers of a process are asked beside it: the same snapshot, of each that may be looked at.
 *
 * @param stops for how many milliseconds each of them stood still the last time, by its id: a busy one answers late
 * @param duration milliseconds of the whole watch, which stands still meanwhile: one that took too large a share of it is left out
 */
export function asksForWorkers(
  { workers = [] }: Pick<Service, 'workers'>,
  stops: ReadonlyMap<string, number>,
  duration: number,
): EvidenceAsk[] {
  return workers
    .slice(0, MOST_WORKERS)
    .filter(({ id }) => (stops.get(id) ?? 0) <= Math.max(duration * MOST_OF_WATCH, SHORT_STOP_MS))
    .map((worker) => ({
      ask: { name: 'heapsnapshot', query: { worker: worker.id } },
      evidence: ['tasks', 'handles', 'closures', 'classes'],
      worker,
    }));
}

/**
 * The worker threads of a process with an agent, which says of its counters how many there are, and of whom it can tell more when it is
 * asked.
 */
export class AgentWorkers {
  readonly #make: () => ClassLooks;
  readonly #looks = new Map<string, ClassLooks>();
  #list: readonly ServiceWorker[] = [];

  /** @param make when a thread may be stopped again, from its first look on */
  constructor(make: () => ClassLooks) {
    this.#make = make;
  }

  /** Asks who is there, where anybody is; an agent that does not say has nobody. */
  async refresh(service: Service, there: number, signal?: AbortSignal): Promise<void> {
    this.#list = [];
    if (service.kind !== 'agent' || there === 0) return;
    try {
      const { body } = await service.capture('workers', {}, signal);
      const { workers } = readWorkers(JSON.parse(Buffer.from(body).toString()) as unknown);
      this.#list = workers.map(({ threadId, name, file }) => {
        const told = name || file.slice(file.lastIndexOf('/') + 1);
        return { id: `${threadId}`, name: `worker ${threadId}${told === '' ? '' : ` (${told})`}` };
      });
    } catch {
      // The counters say how many were not visited.
    }
  }

  /** When the thread of that number may be looked at, and what was seen of it. */
  looksOf(id: string): ClassLooks {
    const looks = this.#looks.get(id) ?? this.#make();
    this.#looks.set(id, looks);
    return looks;
  }

  /** One request for each thread that may be stopped now. */
  asks(isLast: boolean): EvidenceAsk[] {
    return this.#list.slice(0, MOST_WORKERS).flatMap((worker) => {
      const looks = this.looksOf(worker.id);
      if (isLast) looks.isLast();
      return looks.isDue
        ? [{ ask: looks.askOf(worker), evidence: ['tasks', 'handles', 'closures', 'classes'], worker }]
        : [];
    });
  }
}

/**
 * The requests of one look, each once, the cheapest first. What the service does not offer is left out.
 *
 * @param classes when it may be stopped; null where it may not
 */
export function asksFor(
  wanted: readonly Evidence[],
  kind: Service['kind'],
  form: TaskForm,
  { offers }: Offers,
  classes: ClassLooks | null = null,
): EvidenceAsk[] {
  if (kind === 'process') {
    // One stop of the process tells all: tasks, handles and closures, and its objects where those are wanted.
    const asks: EvidenceAsk[] = wanted.includes('classes')
      ? [{ ask: { name: 'heapsnapshot' }, evidence: ['tasks', 'handles', 'closures', 'classes'] }]
      : [{ ask: form.ask, evidence: ['tasks', 'handles', 'closures'] }];
    // After the snapshot, for which V8 has collected what was garbage.
    return wanted.includes('heap') ? [...asks, { ask: { name: 'allocations' }, evidence: ['heap'] }] : asks;
  }
  const asks: EvidenceAsk[] = [];
  const known = kind === 'agent' ? agentAsks : classes === null ? gentleGoAsks : goAsks;
  for (const evidence of wanted) {
    if (evidence === 'tasks')
      asks.push({ ask: form.ask, evidence: form.handles === form.ask ? ['tasks', 'handles'] : ['tasks'] });
    else if (evidence === 'handles') {
      if (form.handles !== null && form.handles !== form.ask)
        asks.push({ ask: form.handles, evidence: ['handles'] });
    } else {
      const ask = known[evidence];
      if (ask !== undefined && offers.some(({ name }) => name === ask.name))
        asks.push({ ask, evidence: [evidence] });
    }
  }
  const stops = offers.some(({ name }) => name === heapClasses) && wanted.includes('classes');
  if (kind === 'agent' && stops && classes?.isDue === true)
    asks.push({ ask: classes.ask, evidence: ['classes', 'closures'] });
  return asks;
}
