// Heap snapshots that a request asks for: one at a time, with rests in between, and only where neither the stop nor the memory is too much.
import { memoryUsage } from 'node:process';
import type { ThreadContext } from './capture.ts';
import { sleep } from './sleep.ts';
import type { Stopped } from './stop-watch.ts';
import { temporaryRoom } from './snapshot-file.ts';
import { EndpointError } from '../http/messages.ts';
import { type Expression, OWN_TIMERS } from '../host/calls.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import { humanBytes, memoryRoom, refusal, snapshotCost } from '../inspect/memory-room.ts';

/** A snapshot that takes longer than this is given up; the program goes on when V8 is done. */
export const SNAPSHOT_MS = 600_000;
/** About how long a snapshot takes, for those who have to wait for it. */
const USUAL_SECONDS = 5;
/** After a stop the program is left alone for so many times its length, and no less than so many milliseconds. */
const REST_TIMES = 5;
const REST_MS = 2000;
/** Bytes of a snapshot's text per object; measured 70 to 95. */
const TEXT_BYTES = 95;

/**
 * What is kept beside V8's own tables: the columns of an analysis, or the text itself, in a temporary file. One that was asked for by name
 * (`source=heap`) may take as long as it takes.
 */
export type SnapshotUse = 'analysis' | 'text' | 'analysis by name';

/** What a snapshot works with. */
export interface SnapshotContext {
  readonly settings: Pick<ThreadContext['settings'], 'heap'>;
  readonly limits: Pick<ThreadContext['limits'], 'snapshots' | 'stops'>;
  readonly thread: Pick<ThreadContext['thread'], 'withSession'>;
}

/** The snapshots of one sidecar so far. */
class Snapshots {
  /** The least that one has taken per megabyte: what else the machine does only ever adds to that. */
  #msPerMegabyte: number | null = null;
  /** When the next one may begin, `performance.now()`. */
  #next = 0;

  /**
   * Milliseconds that a snapshot of `bytes` of heap will take.
   *
   * @param usual what it takes on a slow machine: more than that is the doing of whatever else this one was busy with
   */
  expected(bytes: number, usual: number): number {
    return Math.min(usual, (bytes / 2 ** 20) * (this.#msPerMegabyte ?? Infinity));
  }

  get wait(): number {
    return Math.max(0, this.#next - performance.now());
  }

  taken(bytes: number, stopMs: number, besidesMs: number): void {
    const rate = stopMs / Math.max(1, bytes / 2 ** 20);
    this.#msPerMegabyte = Math.min(this.#msPerMegabyte ?? Infinity, rate);
    this.#next = performance.now() + Math.max(REST_MS, REST_TIMES * (stopMs + besidesMs));
  }
}

const snapshots = new WeakMap<SnapshotContext, Snapshots>();

function snapshotsOf(context: SnapshotContext): Snapshots {
  let known = snapshots.get(context);
  if (known === undefined) snapshots.set(context, (known = new Snapshots()));
  return known;
}

/** Why there is no snapshot of a heap with `used` bytes; null where there may be one. */
function whyNot(context: SnapshotContext, used: number, use: SnapshotUse): string | null {
  const cost = snapshotCost(used, use !== 'text');
  const tooLong = use === 'analysis by name' ? null : whyTooLong(context, used, cost.stopMs);
  if (tooLong !== null) return tooLong;
  const text = use === 'text' ? cost.objects * TEXT_BYTES : 0;
  const disk = text === 0 ? null : temporaryRoom();
  if (disk !== null && !disk.inMemory && disk.bytes < text)
    return `a heap snapshot needs about ${humanBytes(text)} of the folder for temporary files, which has ${humanBytes(disk.bytes)}`;
  const bytes = cost.bytes + (disk?.inMemory === true ? text : 0);
  const room = memoryRoom('self', { limit: process.constrainedMemory?.() ?? 0, rss: memoryUsage.rss() });
  return refusal(used, { ...cost, bytes }, room);
}

/** Why the stop for one would be too long; null where it would not. */
function whyTooLong(context: SnapshotContext, used: number, usual: number): string | null {
  const { heap } = context.settings;
  if (heap === null) return 'heap snapshots are off: the option heap is false';
  if (heap.snapshots <= 0) return 'heap snapshots are off: the option heap.snapshots is 0';
  const expected = snapshotsOf(context).expected(used, usual);
  if (expected <= heap.snapshots) return null;
  return (
    `a heap snapshot would stop the process for about ${seconds(expected)} (its heap is ${humanBytes(used)}), and the option ` +
    `heap.snapshots allows ${seconds(heap.snapshots)}`
  );
}

function seconds(ms: number): string {
  return `${(Math.ceil(ms / 100) / 10).toString()} s`;
}

/** How long the loop of a thread may take to turn before a snapshot; a place is held meanwhile. */
const TURN_MS = 5_000;
const TURN: Expression<number> = `new Promise((turned) => ${OWN_TIMERS}.setTimeout(turned, 0, 0))`;

/**
 * Resolves when the thread's event loop has turned: V8 takes a snapshot between two turns, and would wait for ever in a loop without end.
 *
 * @throws {AgentError} `AGENT_TIMEOUT` where it does not turn
 */
async function loopTurns(session: InspectorSession): Promise<void> {
  const asked = { expression: TURN, awaitPromise: true, silent: true };
  await session.post('Runtime.evaluate', asked, { timeoutMs: TURN_MS });
}

/**
 * Takes a heap snapshot, if that is allowed. Waits for the rest after the one before.
 *
 * @throws {EndpointError} 503 with a sentence where another one is under way, or the heap is too large for the stop or the memory
 */
export async function allowedSnapshot<T>(
  context: SnapshotContext,
  use: SnapshotUse,
  signal: AbortSignal,
  take: (session: InspectorSession) => Promise<Stopped<T>>,
): Promise<T> {
  const known = snapshotsOf(context);
  // Hanging up does not stop V8: the place is free when the snapshot is done.
  const leave = context.limits.snapshots.enter(USUAL_SECONDS + known.wait / 1000);
  try {
    await sleep(known.wait, signal);
    if (signal.aborted) throw new EndpointError(503, 'the client went away');
    return await context.thread.withSession(async (session) => {
      const { usedSize } = await session.post<{ usedSize: number }>('Runtime.getHeapUsage');
      const refused = whyNot(context, usedSize, use);
      if (refused !== null) throw new EndpointError(503, refused);
      await loopTurns(session);
      const { value, stopMs, besidesMs = 0 } = await take(session);
      known.taken(usedSize, stopMs, besidesMs);
      context.limits.stops.spend(stopMs + besidesMs);
      return value;
    });
  } finally {
    leave();
  }
}
