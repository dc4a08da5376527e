// The CPU profile: one V8 profiler for all requests that run at the same time, each with its own window of time.
import type { Profile } from '@stackpile/profile';
import type { InspectedThread, InspectorSession } from '../inspect/main-thread.ts';
import type { ThreadContext } from './capture.ts';
import {
  type CallTree,
  type CpuProfile,
  type CpuWindow,
  treeFrames,
  treeProfile,
} from '../inspect/cpu-profile.ts';
import { CpuRecording } from './cpu-recording.ts';
import type { Pace } from './limits.ts';
import { sleep } from './sleep.ts';
import { unlessAborted } from './shared-reading.ts';

/** What a profiler works with: of a context what has to do with one thread, the main one or another. */
export interface CpuContext
  extends Pick<ThreadContext, 'limits' | 'isResponsive' | 'cwd' | 'program' | 'originals'> {
  readonly thread: Pick<InspectedThread, 'withSession'>;
}

/** Options of one CPU capture. */
export interface CpuRequest {
  readonly seconds: number;
  readonly hz: number;
  /** Keep the time in which the event loop waited, as a wall-clock profile does. */
  readonly idle: boolean;
  readonly signal: AbortSignal;
}

/** Requests that come within so many milliseconds begin together; those that ask for the same are one window. */
const TOGETHER_MS = 10;
/** Samples after which V8 is made to hand over what it has: it keeps each, until it is stopped. */
const MOST_SAMPLES = 30_000;
/** Most milliseconds that a start or a cut is taken to stop the main thread; an answer takes longer where that is busy or asleep. */
const MOST_PER_STEP = 60;

const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** A window of time that somebody waits for; times in microseconds of the monotonic clock. */
class Window {
  readonly seconds: number;
  readonly idle: boolean;
  readonly hz: number;
  readonly profile: Promise<Profile>;
  /** Gives its place to others. */
  readonly leave: () => void;
  waiting = 0;
  timeNanos = 0n;
  from = 0;
  /** When it ended, Infinity before. */
  to = Number.POSITIVE_INFINITY;
  resolve: (profile: Promise<Profile>) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor({ seconds, idle, hz }: CpuRequest, leave: () => void) {
    this.seconds = seconds;
    this.idle = idle;
    this.hz = hz;
    this.leave = leave;
    this.profile = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever waited may have gone.
    this.profile.catch(() => undefined);
  }

  get due(): number {
    return this.from + this.seconds * 1e6;
  }

  begin(): void {
    this.timeNanos = BigInt(Date.now()) * 1_000_000n;
    this.from = microseconds();
  }
}

/**
 * Shares V8's profiler among requests. While windows are open it runs; when some end it is cut once for all that are due, since
 * each cut stops the main thread for tens of milliseconds, and no more often than the pace allows. What was recorded is
 * kept once, in segments that windows refer to, and forgotten with the last window that needs it.
 */
export class CpuProfiler {
  readonly #context: CpuContext;
  /** Windows that begin with the next turn, by what they ask for. */
  readonly #coming = new Map<string, Window>();
  #comingSince = 0;
  readonly #open = new Set<Window>();
  readonly #recording = new CpuRecording();
  #working = false;
  #alarm = new AbortController();
  #intervalMicros = 0;
  /** When V8's profiler was started last; -1 while it is stopped. */
  #started = -1;

  constructor(context: CpuContext) {
    this.#context = context;
  }

  /** What is kept at the moment: windows, and segments of what was recorded. */
  get kept(): { readonly windows: number; readonly segments: number } {
    return { windows: this.#coming.size + this.#open.size, segments: this.#recording.length };
  }

  /**
   * Records for `seconds`; the profile holds what ran in that time only. Requests that are the same and come at the same time
   * get the same profile.
   *
   * @throws {EndpointError} 503 where too many windows are open
   * @throws {AgentError} `AGENT_ABORTED` where the client goes; its window ends then, unless others wait for it
   */
  async capture(request: CpuRequest): Promise<Profile> {
    const { seconds, hz, idle, signal } = request;
    const key = `${seconds} ${hz} ${idle}`;
    const stopWaiting = this.#context.limits.waiting.enter(seconds, signal);
    try {
      return await this.#share(key, request);
    } finally {
      stopWaiting();
    }
  }

  async #share(key: string, request: CpuRequest): Promise<Profile> {
    let window = this.#coming.get(key);
    if (window === undefined) {
      window = new Window(request, this.#context.limits.recordings.enter(request.seconds));
      if (this.#coming.size === 0) this.#comingSince = performance.now();
      this.#coming.set(key, window);
      this.#stir();
    }
    window.waiting++;
    try {
      return await unlessAborted(window.profile, request.signal);
    } finally {
      window.waiting--;
      if (window.waiting === 0) this.#close(window);
    }
  }

  /** Nobody waits for a window any more, because it has ended or because all have gone. */
  #close(window: Window): void {
    window.leave();
    this.#open.delete(window);
    for (const [key, one] of this.#coming) if (one === window) this.#coming.delete(key);
    this.#stir();
  }

  /** Something has changed: there is work, or less of it. */
  #stir(): void {
    this.#alarm.abort();
    if (this.#working || this.#coming.size === 0) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    try {
      await this.#context.thread.withSession(async (session) => {
        try {
          while (this.#coming.size + this.#open.size > 0) {
            this.#alarm = new AbortController();
            const pause = this.#pause();
            if (pause > 0) await sleep(pause, this.#alarm.signal);
            await this.#step(session);
          }
        } finally {
          if (this.#started >= 0) await this.#stop(session);
          await session.post('Profiler.disable');
        }
      });
    } catch (error) {
      for (const window of [...this.#coming.values(), ...this.#open]) {
        window.leave();
        window.reject(error);
      }
      this.#coming.clear();
      this.#open.clear();
    } finally {
      this.#started = -1;
      this.#recording.keep([]);
      this.#working = false;
    }
    // What came while the last steps were taken.
    this.#stir();
  }

  /** Milliseconds until there is something to do. */
  #pause(): number {
    const stops = this.#context.limits.stops.wait();
    const cuts = this.#context.limits.cuts.wait();
    const times: number[] = [];
    if (this.#coming.size > 0) {
      const together = this.#comingSince + TOGETHER_MS - performance.now();
      times.push(this.#started < 0 ? Math.max(together, stops) : together);
    }
    const now = microseconds();
    for (const { due, to } of this.#open) times.push(to <= now ? cuts : (due - now) / 1000);
    if (this.#open.size > 0) times.push(Math.max(cuts, (this.#fullAt() - now) / 1000));
    return Math.ceil(Math.min(...times));
  }

  /** When V8 has as many samples as it may keep. */
  #fullAt(): number {
    return this.#started + MOST_SAMPLES * this.#intervalMicros;
  }

  async #step(session: InspectorSession): Promise<void> {
    const { stops, cuts } = this.#context.limits;
    const now = microseconds();
    for (const window of this.#open) if (window.due <= now) window.to = Math.min(window.to, now);
    const ended = [...this.#open].filter((window) => window.to <= now);
    const goesOn = this.#open.size > ended.length || this.#coming.size > 0;
    const cutNow = ended.length > 0 || (this.#started >= 0 && now >= this.#fullAt());
    // The last cut waits for nothing: it ends the recording.
    if (cutNow && (!goesOn || cuts.wait() === 0)) {
      await spending(cuts, async () => {
        await this.#cut(session, ended);
        if (this.#open.size > 0) await this.#start(session);
      });
    }
    if (this.#coming.size === 0 || performance.now() < this.#comingSince + TOGETHER_MS) return;
    if (this.#started < 0) {
      if (stops.wait() > 0) return;
      await spending(stops, () => this.#beginRecording(session));
    }
    for (const window of this.#coming.values()) {
      window.begin();
      this.#open.add(window);
    }
    this.#coming.clear();
  }

  /** Takes what was recorded from V8, and gives the windows that have ended their profiles. */
  async #cut(session: InspectorSession, ended: readonly Window[]): Promise<void> {
    const piece = await this.#stop(session);
    const edges = [...this.#open].flatMap(({ from, to }) => [from, to]);
    this.#recording.add(piece, edges);
    for (const window of ended) {
      this.#open.delete(window);
      const { from, to, timeNanos, idle } = window;
      const all = { from, to, timeNanos, idle, intervalMicros: this.#intervalMicros };
      window.resolve(this.#profile(this.#recording.between(from, to), all));
    }
    this.#recording.keep([...this.#open].map((window) => window.from));
  }

  /** The profile of a window; looking up where its frames were written holds up no other. */
  async #profile(tree: CallTree, window: CpuWindow): Promise<Profile> {
    const { thread, originals } = this.#context;
    await thread.withSession((session) => originals.learn(session, treeFrames(tree)));
    return treeProfile(tree, window, this.#context);
  }

  async #beginRecording(session: InspectorSession): Promise<void> {
    const [first] = this.#coming.values();
    this.#intervalMicros = Math.round(1e6 / (first?.hz ?? 100));
    await session.post('Profiler.enable');
    await this.#start(session);
    await this.#nameTheLoop(session);
  }

  async #start(session: InspectorSession): Promise<void> {
    await session.post('Profiler.setSamplingInterval', { interval: this.#intervalMicros });
    await session.post('Profiler.start');
    this.#started = microseconds();
  }

  async #stop(session: InspectorSession): Promise<CpuProfile> {
    this.#started = -1;
    const { profile } = await session.post<{ profile: CpuProfile }>(
      'Profiler.stop',
      {},
      { timeoutMs: 60_000 },
    );
    return profile;
  }

  /**
   * A loop that was optimized while it ran, before the profiler started, is unknown to the profiler: its time would go to
   * its caller. Where the main thread is stuck in one, throwing away its optimized code helps: it is compiled anew within
   * milliseconds, and known. Turning precise coverage on does that.
   */
  async #nameTheLoop(session: InspectorSession): Promise<void> {
    if (await this.#context.isResponsive()) return;
    await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: false });
    await session.post('Profiler.stopPreciseCoverage');
  }
}

/** Takes a step that stops the main thread, at the expense of `pace`. */
async function spending(pace: Pace, step: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await step();
  pace.spend(Math.min(MOST_PER_STEP, performance.now() - began));
}
