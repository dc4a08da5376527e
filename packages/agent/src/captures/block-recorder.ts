// Records what blocks the event loop: a CPU profiler that samples all the time, and of its samples those that lie within blocks.
// Asked when a block begins, V8 would take the first sample when native code returns, and name what comes after it.
import type { InspectedThread, InspectorSession } from '../inspect/main-thread.ts';
import type { CpuProfile } from '../inspect/cpu-profile.ts';
import { messageOf } from '../errors.ts';
import { BLOCK_THRESHOLD } from '../options.ts';
import { type Costed, parseJson } from '../host/calls.ts';
import type { Block, CaptureContext } from './capture.ts';
import { BlockStacks, type SavedBlocks } from './block-stacks.ts';
import { SharedReading } from './shared-reading.ts';
import { sleep } from './sleep.ts';

/** Samples after which V8 is made to hand over what it has; it keeps each until then, those of an idle loop too. */
const MOST_SAMPLES = 20_000;
/** Blocks that wait for their samples. */
const MOST_PENDING = 1_000;
/** Most milliseconds that a cut is taken to stop the main thread. */
const MOST_PER_CUT = 60;

/** Under what name a sidecar leaves what it has to the next. */
const KEPT = 'block';

/** What is left, and since when it was recorded; microseconds of the monotonic clock. */
interface Left extends SavedBlocks {
  readonly since: number;
}

const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** Waits to be cut. */
interface Wish {
  resolve(cost: Costed<void>): void;
  reject(error: unknown): void;
}

/** Blocks by stack since somebody armed it first. */
export class BlockRecorder {
  readonly stacks: BlockStacks = new BlockStacks();
  readonly #context: CaptureContext;
  readonly #main: InspectedThread;
  readonly #threshold: number;
  readonly #readings = new SharedReading<void>();
  #users = 0;
  #working = false;
  #pending: Block[] = [];
  #wishes: Wish[] = [];
  #alarm = new AbortController();
  /** Until when blocks that have not ended were counted, and since when V8 samples: starting it is a block, and ours. */
  #countedTo = 0;
  #sampledFrom = 0;
  #armedSince = 0;
  /** Since when the sidecar before has recorded; null where there was none, or it is armed anew. */
  #leftSince: number | null = null;
  #failure = '';

  constructor(context: CaptureContext) {
    this.#context = context;
    this.#main = context.main.apart();
    this.#threshold = context.settings.block?.threshold ?? BLOCK_THRESHOLD;
    const left = context.keepsakes?.read(KEPT) ?? null;
    if (left === null) return;
    const { since, ...saved } = parseJson<Left>(left);
    this.stacks.restore(saved);
    this.#leftSince = since;
  }

  /** Milliseconds from which on something is a block. */
  get threshold(): number {
    return this.#threshold;
  }

  /** For how many seconds it has been armed; 0 where it is not. */
  get armedSeconds(): number {
    return this.#users === 0 ? 0 : (microseconds() - this.#armedSince) / 1e6;
  }

  /** Why nothing is recorded, '' where it is. */
  get failure(): string {
    return this.#failure;
  }

  /** Blocks that have ended since the last cut: their stacks are not known yet. */
  get untold(): number {
    return this.#pending.length;
  }

  get #intervalMicros(): number {
    return Math.round(this.#threshold * 500);
  }

  /** Begins to record, unless it does already; the result takes that back. */
  arm(): () => void {
    if (this.#users++ === 0) {
      this.#armedSince = this.#leftSince ?? microseconds();
      this.#leftSince = null;
    }
    this.#stir();
    let isArmed = true;
    return () => {
      if (!isArmed) return;
      isArmed = false;
      this.#users--;
      this.#alarm.abort();
    };
  }

  /**
   * Adds what has blocked the loop until now to {@link stacks}. False where that takes longer than `patience`: V8 says nothing while
   * the main thread is in native code, and is not asked more often than the limits allow.
   *
   * @param patience milliseconds
   * @throws {AgentError} `AGENT_ABORTED` where the client goes, `AGENT_UNAVAILABLE` without an inspector
   */
  async update(patience: number, signal: AbortSignal): Promise<boolean> {
    // It may have failed.
    this.#stir();
    if (!this.#hasNews) return true;
    const given = new AbortController();
    try {
      return await Promise.race([
        this.#readings.read(this.#context.limits.blockCuts, () => this.#wish(), signal).then(() => true),
        sleep(patience, given.signal).then(() => false),
      ]);
    } finally {
      given.abort();
    }
  }

  get #hasNews(): boolean {
    return this.#working && (this.#pending.length > 0 || this.#context.pulse.pending() !== null);
  }

  #wish(): Promise<Costed<void>> {
    if (!this.#hasNews) return Promise.resolve({ value: undefined, cost: 0 });
    return new Promise((resolve, reject) => {
      this.#wishes.push({ resolve, reject });
      this.#alarm.abort();
    });
  }

  #stir(): void {
    if (this.#working || this.#users === 0) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    const ignore = this.#context.pulse.listen(this.#threshold, (block) => this.#onBlock(block));
    try {
      await this.#main.withSession(async (session) => {
        await session.post('Profiler.enable');
        await this.#start(session);
        this.#failure = '';
        try {
          while (this.#users > 0) {
            this.#alarm = new AbortController();
            const full = (MOST_SAMPLES * this.#intervalMicros) / 1000;
            if (this.#wishes.length === 0) await sleep(full, this.#alarm.signal);
            if (this.#users > 0) await this.#cut(session);
          }
        } finally {
          await session.post('Profiler.stop', {}, { timeoutMs: 60_000 });
          await session.post('Profiler.disable');
        }
      });
      for (const wish of this.#wishes.splice(0)) wish.resolve({ value: undefined, cost: 0 });
    } catch (error) {
      this.#failure = messageOf(error);
      for (const wish of this.#wishes.splice(0)) wish.reject(error);
    } finally {
      ignore();
      this.#pending = [];
      this.#working = false;
    }
  }

  #onBlock(block: Block): void {
    this.#pending.push(block);
    if (this.#pending.length >= MOST_PENDING) this.#alarm.abort();
  }

  async #start(session: InspectorSession): Promise<void> {
    await session.post('Profiler.setSamplingInterval', { interval: this.#intervalMicros });
    await session.post('Profiler.start');
    this.#sampledFrom = microseconds();
  }

  /** Takes the samples from V8, and adds up those of blocks. */
  async #cut(session: InspectorSession): Promise<void> {
    const wishes = this.#wishes.splice(0);
    try {
      const began = performance.now();
      const since = this.#sampledFrom;
      const { profile } = await session.post<{ profile: CpuProfile }>(
        'Profiler.stop',
        {},
        { timeoutMs: 60_000 },
      );
      await this.#start(session);
      const cost = Math.min(MOST_PER_CUT, performance.now() - began);
      if (wishes.length === 0) this.#context.limits.blockCuts.spend(cost);
      // Where that was only answered at the end of a block, the block has not been told yet.
      await sleep(this.#threshold);
      const going = this.#context.pulse.pending();
      const ended = this.#pending.splice(0);
      this.stacks.add(profile, this.#intervalMicros, this.#uncounted(ended, since));
      if (going !== null) {
        this.stacks.add(profile, this.#intervalMicros, this.#uncounted([going], since));
        this.#countedTo = profile.endTime;
      }
      if (ended.length > 0 || going !== null) this.#leave();
      for (const wish of wishes) wish.resolve({ value: undefined, cost });
    } catch (error) {
      for (const wish of wishes) wish.reject(error);
      throw error;
    }
  }

  /** Leaves what there is to the next sidecar, before anybody is told. */
  #leave(): void {
    const left: Left = { ...this.stacks.save(), since: this.#armedSince };
    this.#context.keepsakes?.write(KEPT, JSON.stringify(left));
  }

  #uncounted(blocks: readonly Block[], since: number): (Block & { counted: boolean })[] {
    return blocks
      .map(({ from, to }) => ({
        from: Math.max(from, since, this.#countedTo),
        to,
        counted: from < this.#countedTo,
      }))
      .filter(({ from, to, counted }) => counted || to - from >= this.#threshold * 1000);
  }
}
