// The CPU profile: one V8 profiler for all requests that run at the same time, each with its own window of time.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Frame, type FrameContext, FrameWriter } from '../frames.ts';
import type { InspectorSession } from '../sidecar/main-thread.ts';
import type { CaptureContext } from './capture.ts';

/** A node of V8's call tree. */
export interface CpuNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** `Profiler.Profile` of the inspector protocol; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** Options of one CPU capture. */
export interface CpuRequest {
  readonly seconds: number;
  readonly hz: number;
  /** Keep the time in which the event loop waited, as a wall-clock profile does. */
  readonly idle: boolean;
  readonly signal: AbortSignal;
}

const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** Shares V8's profiler among requests. A request that ends cuts the recording; the others go on with the next piece. */
export class CpuProfiler {
  readonly #context: CaptureContext;
  readonly #active = new Set<{ readonly pieces: CpuProfile[] }>();
  #intervalMicros = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(context: CaptureContext) {
    this.#context = context;
  }

  /** Records for `seconds`, or until the client goes; the profile holds what ran in that time only. */
  capture(request: CpuRequest): Promise<Profile> {
    return this.#context.main.withSession(async (session) => {
      const window = { pieces: [] as CpuProfile[] };
      await this.#serial(async () => {
        if (this.#active.size === 0) {
          this.#intervalMicros = Math.round(1e6 / request.hz);
          await session.post('Profiler.enable');
          await this.#start(session);
          await this.#nameTheLoop(session);
        }
        this.#active.add(window);
      });
      const timeNanos = BigInt(Date.now()) * 1_000_000n;
      const from = microseconds();
      await sleep(request.seconds * 1000, request.signal);
      const to = microseconds();
      const interval = this.#intervalMicros;
      await this.#serial(async () => {
        const { profile } = await session.post<{ profile: CpuProfile }>(
          'Profiler.stop',
          {},
          { timeoutMs: 60_000 },
        );
        for (const one of this.#active) one.pieces.push(profile);
        this.#active.delete(window);
        if (this.#active.size > 0) await this.#start(session);
        else await session.post('Profiler.disable');
      });
      const all = { from, to, timeNanos, intervalMicros: interval, idle: request.idle };
      await this.#context.originals.learn(session, cpuFrames(window.pieces));
      return cpuProfile(window.pieces, all, this.#context);
    });
  }

  async #start(session: InspectorSession): Promise<void> {
    await session.post('Profiler.setSamplingInterval', { interval: this.#intervalMicros });
    await session.post('Profiler.start');
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

  /** Runs steps one after the other: a start must not overtake a stop. */
  #serial<T>(step: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(step);
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

/** Waits; ends early, without an error, when `signal` is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** What a CPU profile covers. */
export interface CpuWindow {
  /** Microseconds of the monotonic clock. */
  readonly from: number;
  readonly to: number;
  readonly timeNanos: bigint;
  readonly intervalMicros: number;
  readonly idle: boolean;
}

/**
 * Turns recordings into a profile of `window`. Each sample counts 1 and lasts until the next one, as every reader of V8's
 * profiles has it; time outside of the window counts for nothing.
 */
export function cpuProfile(pieces: readonly CpuProfile[], window: CpuWindow, context: FrameContext): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: window.intervalMicros * 1000,
    timeNanos: window.timeNanos,
    durationNanos: BigInt(Math.round(window.to - window.from)) * 1000n,
  });
  const writer = new FrameWriter(builder, context);
  for (const piece of pieces) writePiece(piece, window, builder, writer);
  builder.comment(
    'lines of callers are those on which the calling function starts: V8 records the leaf line only',
  );
  writer.comment();
  return builder.build();
}

/** All frames of recordings, for the look-up of where they were written. */
export function cpuFrames(pieces: readonly CpuProfile[]): Frame[] {
  return pieces.flatMap(({ nodes }) =>
    nodes.flatMap((node) =>
      [0, ...(node.positionTicks ?? []).map((tick) => tick.line)].map((line) => frameOf(node, line)),
    ),
  );
}

function writePiece(
  piece: CpuProfile,
  window: CpuWindow,
  builder: ProfileBuilder,
  writer: FrameWriter,
): void {
  const count = new Map<number, number>();
  const micros = new Map<number, number>();
  let time = piece.startTime;
  piece.samples?.forEach((node, i) => {
    time += Math.max(0, piece.timeDeltas?.[i] ?? 0);
    const next = piece.timeDeltas?.[i + 1];
    const until = next === undefined ? piece.endTime : time + next;
    const lasts = Math.min(until, window.to) - Math.max(time, window.from);
    if (lasts > 0) micros.set(node, (micros.get(node) ?? 0) + lasts);
    if (time >= window.from && time <= window.to) count.set(node, (count.get(node) ?? 0) + 1);
  });
  const nodes = new Map<number, CpuNode>();
  const parent = new Map<number, CpuNode>();
  for (const node of piece.nodes) {
    nodes.set(node.id, node);
    for (const child of node.children ?? []) parent.set(child, node);
  }
  for (const [id, samples] of count) {
    const leaf = nodes.get(id);
    if (leaf === undefined) continue;
    const name = leaf.callFrame.functionName;
    if (name === '(root)' || (name === '(idle)' && !window.idle)) continue;
    const callers: number[] = [];
    for (let node = parent.get(id); node !== undefined; node = parent.get(node.id)) {
      if (node.callFrame.functionName !== '(root)') callers.push(writer.location(frameOf(node, 0)));
    }
    const nanos = (micros.get(id) ?? 0) * 1000;
    for (const part of byLine(leaf, samples)) {
      const value = [part.samples, Math.round((nanos * part.samples) / samples)];
      const stack = [writer.location(frameOf(leaf, part.line)), ...callers];
      builder.sample(stack, value, writer.labels(stack));
    }
  }
}

/** The frame of a node on a line of which V8 has counted ticks; 0 stands for where the function begins. */
function frameOf({ callFrame }: CpuNode, line: number): Frame {
  const { functionName, scriptId, url, lineNumber, columnNumber } = callFrame;
  const [startLine, startColumn] = [lineNumber + 1, columnNumber + 1];
  const at = line > 0 ? { line } : { line: startLine, column: startColumn };
  return { name: functionName, file: url, scriptId, startLine, startColumn, ...at };
}

/** Shares out `samples` among the lines that V8 saw ticks on, largest remainders first. */
function byLine(node: CpuNode, samples: number): { line: number; samples: number }[] {
  const ticks = node.positionTicks ?? [];
  const total = ticks.reduce((sum, one) => sum + one.ticks, 0);
  if (total === 0) return [{ line: 0, samples }];
  const parts = ticks.map(({ line, ticks: n }) => ({ line, exact: (n * samples) / total }));
  const shares = parts.map((part) => ({
    line: part.line,
    samples: Math.floor(part.exact),
    rest: part.exact % 1,
  }));
  let left = samples - shares.reduce((sum, share) => sum + share.samples, 0);
  for (const share of [...shares].sort((a, b) => b.rest - a.rest)) {
    if (left <= 0) break;
    share.samples++;
    left--;
  }
  return shares.filter((share) => share.samples > 0);
}
