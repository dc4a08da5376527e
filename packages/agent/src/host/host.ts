// The agent's state on the main thread: one per process, shared by all servers, handlers and copies of this package.
import type { CaptureSettings } from '../options.ts';
import type { TaskCount } from '../tasks/dump.ts';
import { TaskTracker } from '../tasks/tracker.ts';
import { HeapSampler } from './heap-sampler.ts';
import type { MemoryReading } from './reading.ts';

const KEY = Symbol.for('stackpile.agent.1');

/** What the sidecar calls on the main thread; answers are JSON so that they cross by value. */
export class AgentHost {
  #users = 0;
  #heap: HeapSampler | null = null;
  #tracker: TaskTracker | null = null;
  #interval = 0;

  /** Starts what `settings` ask for; the first user's settings hold while there is any user. */
  acquire(settings: CaptureSettings): void {
    this.#users++;
    if (settings.heap !== null && this.#heap === null) {
      this.#interval = settings.heap.interval;
      this.#heap = new HeapSampler();
      try {
        this.#heap.start(settings.heap.interval);
      } catch {
        // A Node without inspector: `heap` says so when asked.
      }
    }
    if (settings.tasks !== null && this.#tracker === null) {
      this.#tracker = new TaskTracker(settings.tasks);
      this.#tracker.start();
    }
  }

  /** Takes back one `acquire`; the last one stops everything. */
  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#heap?.stop();
    this.#heap = null;
    this.#tracker?.stop();
    this.#tracker = null;
  }

  get tracker(): TaskTracker | null {
    return this.#tracker;
  }

  /** JSON of a `TaskDump`; '' where tracking is off. Called by the sidecar. */
  dumpTasks(each: boolean): string {
    return this.#tracker === null ? '' : JSON.stringify(this.#tracker.dump(each));
  }

  /** Number of tasks. Called by the sidecar. */
  countTasks(): TaskCount {
    return this.#tracker?.estimate() ?? { count: 0, between: null };
  }

  /** JSON of a {@link MemoryReading}. Called by the sidecar. */
  readMemory(): string {
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const sampler = this.#heap?.state ?? 'off';
    const reading: MemoryReading = {
      rss,
      heapTotal,
      heapUsed,
      external,
      arrayBuffers,
      sampler,
      interval: this.#interval,
    };
    return JSON.stringify(reading);
  }
}

/** The host of this process. */
export function agentHost(): AgentHost {
  const holder = globalThis as unknown as Record<symbol, AgentHost | undefined>;
  let host = holder[KEY];
  if (host === undefined) {
    host = new AgentHost();
    Object.defineProperty(globalThis, KEY, { value: host, configurable: true });
  }
  return host;
}
