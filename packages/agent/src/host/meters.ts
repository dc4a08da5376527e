// What metrics are made of on the main thread: delays and use of the event loop, collections by kind, heap spaces. Nothing runs before the first reading.
import { getHeapSpaceStatistics } from 'node:v8';
import { type DelayMeter, Delays } from './delays.ts';
import { clearTimeout, setTimeout } from '../own-timers.ts';

/** Without a reading for so long nothing is measured any more, until the next one. */
const INTEREST_MS = 600_000;
/** Upper ends of the classes that durations of collections are counted in, in seconds. */
export const GC_BUCKETS: readonly number[] = [0.001, 0.01, 0.1, 1, 2, 5];

/** Names of Node's numbers for kinds of collections, and the kinds as metrics write them. */
const GC_KINDS = [
  ['NODE_PERFORMANCE_GC_MINOR', 'minor'],
  ['NODE_PERFORMANCE_GC_MAJOR', 'major'],
  ['NODE_PERFORMANCE_GC_INCREMENTAL', 'incremental'],
  ['NODE_PERFORMANCE_GC_WEAKCB', 'weakcb'],
] as const;

/** Collections of one kind since the first reading. */
export interface GcMeter {
  readonly kind: string;
  readonly count: number;
  readonly seconds: number;
  /** How many took no longer than each of {@link GC_BUCKETS}. */
  readonly upTo: readonly number[];
}

/** A reading. */
export interface MeterReading {
  readonly delay: DelayMeter | null;
  /** Seconds in which the loop ran something, and in which it waited, since the process began. */
  readonly active: number;
  readonly idle: number;
  readonly gc: readonly GcMeter[];
  readonly spaces: readonly {
    readonly name: string;
    readonly total: number;
    readonly used: number;
    readonly available: number;
  }[];
  /** Seconds of CPU. */
  readonly user: number;
  readonly system: number;
  /** Seconds that looking at tasks and handles has taken; null where nobody looks. */
  readonly tracking: number | null;
}

/** The kind of a collection; '' where Node says none that is known. */
function kindOf(entry: object): string {
  const detail = 'detail' in entry ? entry.detail : null;
  const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : null;
  // Whoever only imports the agent does not wait for the module that has the numbers.
  const { constants } = process.getBuiltinModule('node:perf_hooks');
  return GC_KINDS.find(([number]) => constants[number] === kind)?.[1] ?? '';
}

class GcCount {
  count = 0;
  seconds = 0;
  readonly upTo = GC_BUCKETS.map(() => 0);

  add(seconds: number): void {
    this.count++;
    this.seconds += seconds;
    GC_BUCKETS.forEach((end, i) => {
      if (seconds <= end) this.upTo[i] = (this.upTo[i] as number) + 1;
    });
  }
}

/** Measures while somebody reads, and keeps what it has counted. */
export class Meters {
  readonly #gc = new Map<string, GcCount>(GC_KINDS.map(([, kind]) => [kind, new GcCount()]));
  readonly #delays = new Delays();
  #observer: InstanceType<typeof PerformanceObserver> | null = null;
  #interest: NodeJS.Timeout | null = null;

  /** What was measured so far; measuring begins with the first call. */
  read(): Omit<MeterReading, 'tracking'> {
    this.#start();
    const { active, idle } = performance.eventLoopUtilization();
    const { user, system } = process.cpuUsage();
    return {
      delay: this.#delays.read(),
      active: active / 1e3,
      idle: idle / 1e3,
      gc: [...this.#gc].map(([kind, { count, seconds, upTo }]) => ({ kind, count, seconds, upTo })),
      spaces: getHeapSpaceStatistics().map((space) => ({
        name: space.space_name,
        total: space.space_size,
        used: space.space_used_size,
        available: space.space_available_size,
      })),
      user: user / 1e6,
      system: system / 1e6,
    };
  }

  /** Measures no more. */
  stop(): void {
    this.#delays.stop();
    this.#observer?.disconnect();
    this.#observer = null;
    if (this.#interest !== null) clearTimeout(this.#interest);
    this.#interest = null;
  }

  #start(): void {
    if (this.#interest !== null) {
      this.#interest.refresh();
      return;
    }
    this.#interest = setTimeout(() => this.stop(), INTEREST_MS).unref();
    this.#delays.start();
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#gc.get(kindOf(entry))?.add(entry.duration / 1e3);
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }
}
