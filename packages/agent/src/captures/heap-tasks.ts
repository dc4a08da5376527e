// `goroutine?source=heap`: tasks, handles and closures from a heap snapshot, with no hook armed beforehand.
import { heapProfile, type Profile } from '@stackpile/profile';
import type { CaptureRequest, ThreadContext } from './capture.ts';
import { allowedSnapshot, SNAPSHOT_MS } from './allowed-snapshot.ts';
import type { Stopped } from './stop-watch.ts';
import { EndpointError } from '../http/messages.ts';
import { functionNames } from '../script-text.ts';
import { heapFrames, heapFrameWriter } from '../inspect/heap-frames.ts';
import type { InspectorSession } from '../inspect/main-thread.ts';
import { exactPositions, type KnownPositions, takeHeapSnapshot } from '../inspect/take-snapshot.ts';

/** Seconds that looking up exact lines may add to the stop; `?lines=N` asks for more or less. */
const POSITIONS_SECONDS = 2;
const MOST_POSITIONS_SECONDS = 60;
/** Milliseconds per megabyte of heap that one look-up takes; measured 8 on a slow shared machine. */
const LOOKUP_MS_PER_MB = 8;

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
 * bytes per object of it. On the main thread it runs only when a request asks for it by name, with the rests of any snapshot; on a worker
 * thread, where there is no other way, it is as long as any snapshot that a request causes may be.
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
  const use = context.workerId === null ? 'analysis by name' : 'analysis';
  return allowedSnapshot(context, use, request.signal, look);
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
  const looked = performance.now();
  const positions = await exactPositions(session, analysis, {
    budgetMs,
    expectedMs: (usedSize / 2 ** 20) * LOOKUP_MS_PER_MB,
    now: () => performance.now(),
    known: knownOf(context),
  });
  const besidesMs = performance.now() - looked;
  await context.originals.learn(session, heapFrames(analysis, positions));
  const value = heapProfile(analysis, {
    taskType: 'goroutine',
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    positions,
    ...(request.debug > 0 ? { kinds: ['task'] as const } : {}),
    frames: (builder) => heapFrameWriter(builder, context),
    comments: [`from a heap snapshot of ${analysis.nodeCount} objects in ${Math.round(stopMs)} ms`],
  });
  return { value, stopMs, besidesMs };
}
