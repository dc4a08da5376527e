// The agent's state on the main thread: one per process, shared by all servers, handlers and copies of this package.
import type { CaptureSettings } from '../options.ts';
import type { TaskCount, TaskDump } from '../tasks/dump.ts';
import { TaskTracker } from '../tasks/tracker.ts';
import { HOST_SYMBOL, type HostCalls, type Json, type MutexDump, type Tallies } from './calls.ts';
import { whyUnreachable } from './other-runtimes.ts';
import { HeapSampler } from './heap-sampler.ts';
import { type MeterReading, Meters } from './meters.ts';
import { MutexWatch } from './mutex-watch.ts';
import { clearInterval, setInterval, setTimeout } from '../own-timers.ts';
import type { MemoryReading } from './reading.ts';
import { TallyKeeper } from './tallies.ts';
import type { TraceBatch } from './trace-event.ts';
import { TraceEvents } from './trace-events.ts';

/** What the sidecar calls on the main thread. */
export class AgentHost implements HostCalls {
  #users = 0;
  #heap: HeapSampler | null = null;
  #tracker: TaskTracker | null = null;
  readonly #tallies = new TallyKeeper();
  readonly #mutex = new MutexWatch();
  readonly #meters = new Meters();
  /** For expressions that wait, see {@link OWN_TIMERS}. */
  readonly timers: Pick<typeof globalThis, 'setTimeout' | 'setInterval' | 'clearInterval'> = {
    setTimeout,
    setInterval,
    clearInterval,
  };
  #trace: TraceEvents | null = null;
  #interval = 0;

  /** Starts what `settings` ask for; the first user's settings hold while there is any user. */
  acquire(settings: CaptureSettings): void {
    this.#users++;
    if (this.#users === 1) this.#tallies.start();
    if (settings.mutex) this.#mutex.start();
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
      const tracker = new TaskTracker(settings.tasks);
      try {
        tracker.start();
        this.#tracker = tracker;
      } catch (error) {
        // Bun and Deno have no hook for promises.
        if (whyUnreachable() === null) throw error;
      }
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
    this.#tallies.stop();
    this.#mutex.stop();
    this.#meters.stop();
    this.#trace?.stop();
  }

  /** Says that a worker is the agent's own. */
  leaveOut(worker: object): void {
    this.#tallies.leaveOut(worker);
  }

  dumpTasks(each: boolean): Json<TaskDump> | null {
    return this.#tracker === null ? null : JSON.stringify(this.#tracker.dump(each));
  }

  countTasks(): TaskCount | null {
    return this.#tracker?.estimate() ?? null;
  }

  sampleHeapAgain(): boolean {
    this.#heap?.stop();
    this.#heap?.start(this.#interval);
    return this.#heap !== null;
  }

  readMeters(): Json<MeterReading> {
    return JSON.stringify({ ...this.#meters.read(), tracking: this.#tracker?.spentSeconds ?? null });
  }

  dumpMutex(): Json<MutexDump> {
    return JSON.stringify(this.#mutex.dump());
  }

  dumpThreads(): Json<TaskDump> | null {
    const dump = this.#tracker?.dumpThreads() ?? null;
    return dump === null ? null : JSON.stringify(dump);
  }

  readTallies(): Tallies {
    return this.#tallies.read();
  }

  startTrace(): boolean {
    if (this.#trace?.isRunning === true) return false;
    this.#trace = new TraceEvents(() => ({ tasks: this.countTasks()?.count ?? null }));
    this.#trace.start();
    return true;
  }

  readTrace(ends: boolean): Json<TraceBatch> | null {
    return this.#trace?.isRunning === true ? JSON.stringify(this.#trace.read(ends)) : null;
  }

  readMemory(): Json<MemoryReading> {
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
  let host = holder[HOST_SYMBOL];
  if (host === undefined) {
    host = new AgentHost();
    Object.defineProperty(globalThis, HOST_SYMBOL, { value: host, configurable: true });
  }
  return host;
}
