// `goroutine?source=heap`: tasks, handles and closures from a heap snapshot, with no hook armed beforehand.
import { memoryUsage } from 'node:process';
import { heapProfile, type Profile } from '@stackpile/profile';
import type { CaptureRequest, ThreadContext } from './capture.ts';
import { allowedSnapshot, loopTurns, SNAPSHOT_MS, type Stopped } from './allowed-snapshot.ts';
import { EndpointError } from '../http/messages.ts';
import { functionNames } from '../script-text.ts';
import { heapFrames, heapFrameWriter } from '../inspect/heap-frames.ts';
import { memoryRoom, refusal, snapshotCost } from '../inspect/memory-room.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import { exactPositions, type KnownPositions, takeHeapSnapshot } from '../inspect/take-snapshot.ts';

/** Seconds that looking up exact lines may add to the stop; `?lines=N` asks for more or less. */
const POSITIONS_SECONDS = 2;
const MOST_POSITIONS_SECONDS = 60;
/** Milliseconds per megabyte of heap that one look-up takes; measured 8 on a slow shared machine. */
const LOOKUP_MS_PER_MB = 8;
/** About how long a snapshot takes, for those who have to wait for it. */
const USUAL_SECONDS = 30;

/** By thread: numbers of scripts and objects are each thread's own. */
const known = new WeakMap<ThreadContext, KnownPositions>();

function knownOf(context: ThreadContext): KnownPositions {
  let positions = known.get(context);
  if (positions === undefined) known.set(context, (positions = new Map()));
  return positions;
}

function positionsMs(request: CaptureRequest): number {
  const text = request.query.get('lines');
  const seconds = text === undefined || text === null || text === '' ? POSITIONS_SECONDS : Number(text);
  if (!(seconds >= 0))
    throw new EndpointError(400, 'invalid value for "lines" - must be a number of seconds');
  return Math.min(seconds, MOST_POSITIONS_SECONDS) * 1000;
}

/**
 * Tasks by heap snapshot. Stops the thread for a time that grows with its heap (tens of milliseconds per megabyte) and needs about 520
 * bytes per object of it. On the main thread it runs only when a request asks for it by name; on a worker thread, where there is no other
 * way, it is bounded as any snapshot that a request causes.
 *
 * @throws {EndpointError} 503 where memory leaves no room (with the numbers) or another snapshot is under way; 400 for `debug=2`
 */
export async function heapTasks(context: ThreadContext, request: CaptureRequest): Promise<Profile> {
  if (request.debug >= 2) {
    const message = 'source=heap knows no single tasks, only stacks and how many wait there: use debug=1';
    throw new EndpointError(400, message);
  }
  const budgetMs = positionsMs(request);
  const look = (session: InspectorSession): Promise<Stopped<Profile>> =>
    read(session, context, request, budgetMs);
  if (context.workerId !== null) return allowedSnapshot(context, 'analysis', request.signal, look);
  // Hanging up does not stop V8: the place is free when the snapshot is done.
  const leave = context.limits.snapshots.enter(USUAL_SECONDS);
  try {
    return await context.thread.withSession(async (session) => {
      const { usedSize } = await session.post<{ usedSize: number }>('Runtime.getHeapUsage');
      const cost = snapshotCost(usedSize, true);
      const room = memoryRoom('self', {
        limit: process.constrainedMemory?.() ?? 0,
        rss: memoryUsage.rss(),
      });
      const refused = refusal(usedSize, cost, room);
      if (refused !== null) throw new EndpointError(503, refused);
      await loopTurns(session);
      return (await look(session)).value;
    });
  } finally {
    leave();
  }
}

async function read(
  session: InspectorSession,
  context: ThreadContext,
  request: CaptureRequest,
  budgetMs: number,
): Promise<Stopped<Profile>> {
  const { usedSize } = await session.post<{ usedSize: number }>('Runtime.getHeapUsage');
  const { analysis, stopMs } = await takeHeapSnapshot(session, {
    timeoutMs: SNAPSHOT_MS,
    analysis: { names: functionNames },
  });
  if (request.signal.aborted) throw new EndpointError(503, 'the client went away');
  const positions = await exactPositions(session, analysis, {
    budgetMs,
    expectedMs: (usedSize / 2 ** 20) * LOOKUP_MS_PER_MB,
    now: () => performance.now(),
    known: knownOf(context),
  });
  await context.originals.learn(session, heapFrames(analysis, positions));
  const value = heapProfile(analysis, {
    taskType: 'goroutine',
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    positions,
    ...(request.debug > 0 ? { kinds: ['task'] as const } : {}),
    frames: (builder) => heapFrameWriter(builder, context),
    comments: [`from a heap snapshot of ${analysis.nodeCount} objects in ${Math.round(stopMs)} ms`],
  });
  return { value, stopMs };
}
