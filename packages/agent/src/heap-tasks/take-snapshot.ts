// Takes a heap snapshot through an inspector and analyses it chunk by chunk, then asks where exactly its tasks wait.
import { analyzeHeap, type HeapAnalysis, HeapSnapshotReader } from '@stackpile/profile';

/** What is used of an inspector: the sidecar's session on the main thread, or a WebSocket to another process. */
export interface SnapshotSession {
  post<T>(method: string, params?: object, options?: { timeoutMs?: number }): Promise<T>;
  /** Calls `listener` with the params of each notification; the result stops that. */
  on(method: string, listener: (params: unknown) => void): () => void;
}

/** How far a snapshot has come. */
export interface SnapshotProgress {
  /** Bytes of text so far. */
  readonly bytes: number;
}

export interface SnapshotOptions {
  /** Milliseconds that the snapshot may take. */
  readonly timeoutMs: number;
  readonly onProgress?: (progress: SnapshotProgress) => void;
}

/** A snapshot that was taken and read. */
export interface TakenSnapshot {
  readonly analysis: HeapAnalysis;
  /** Milliseconds until V8 was through: so long the isolate stood still. Reading goes on for a while after that. */
  readonly stopMs: number;
}

/**
 * Takes a snapshot of the session's isolate and analyses it. The isolate stands still until the last chunk is written; chunks
 * are read as they come, and nothing of the text is kept.
 *
 * @throws {ProfileError} where the text is not a heap snapshot; whatever `post` throws
 */
export async function takeHeapSnapshot(
  session: SnapshotSession,
  options: SnapshotOptions,
): Promise<TakenSnapshot> {
  // V8 is writing: its own counts can be trusted, and columns are allocated once.
  const reader = new HeapSnapshotReader({ expectedBytes: Infinity });
  const failures: Error[] = [];
  const stop = session.on('HeapProfiler.addHeapSnapshotChunk', (params) => {
    if (failures.length > 0) return;
    try {
      reader.push((params as { chunk: string }).chunk);
      options.onProgress?.({ bytes: reader.bytes });
    } catch (error) {
      // Thrown here it would end the process; the rest of the chunks has to be let through anyway.
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const begun = performance.now();
  let stopMs: number;
  try {
    await session.post(
      'HeapProfiler.takeHeapSnapshot',
      { reportProgress: false },
      { timeoutMs: options.timeoutMs },
    );
    stopMs = performance.now() - begun;
  } finally {
    stop();
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return { analysis: analyzeHeap(reader.finish()), stopMs };
}

/** A position in a script, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface PositionOptions {
  /** Milliseconds for all look-ups together. Each walks the whole heap while the program stands still. */
  readonly budgetMs: number;
  /** Milliseconds that the first look-up is expected to take; it is not made where that is more than the budget. */
  readonly expectedMs: number;
  now(): number;
}

interface LocationValue {
  readonly lineNumber?: unknown;
  readonly columnNumber?: unknown;
}

interface InternalProperty {
  readonly name: string;
  readonly value?: { readonly value?: LocationValue };
}

const OBJECT_GROUP = 'stackpile-positions';

/**
 * Asks the isolate where the suspended functions of an analysis wait exactly: for each stack its newest member, innermost frames
 * of the largest groups first, for as long as the budget lasts. Look-ups that fail (the function went on in the meantime) are
 * passed over: their frames keep the line of the function.
 */
export async function exactPositions(
  session: SnapshotSession,
  analysis: HeapAnalysis,
  options: PositionOptions,
): Promise<ReadonlyMap<number, Position>> {
  const found = new Map<number, Position>();
  const groups = analysis.groups.filter((group) => group.kind === 'task').sort((a, b) => b.count - a.count);
  const deepest = groups.reduce((most, group) => Math.max(most, group.frames.length), 0);
  const wanted: number[] = [];
  for (let depth = 0; depth < deepest; depth++) {
    for (const group of groups) {
      const id = group.frames[depth]?.objectId ?? 0;
      if (id !== 0) wanted.push(id);
    }
  }
  const begun = options.now();
  let slowest = options.expectedMs;
  try {
    for (const id of wanted) {
      const before = options.now();
      if (found.has(id)) continue;
      if (before - begun + slowest > options.budgetMs) break;
      const position = await positionOf(session, id);
      slowest = Math.max(found.size === 0 ? 0 : slowest, options.now() - before);
      if (position !== null) found.set(id, position);
    }
  } finally {
    await session.post('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined);
  }
  return found;
}

async function positionOf(session: SnapshotSession, id: number): Promise<Position | null> {
  try {
    const { result } = await session.post<{ result: { objectId?: string } }>(
      'HeapProfiler.getObjectByHeapObjectId',
      { objectId: String(id), objectGroup: OBJECT_GROUP },
    );
    if (result.objectId === undefined) return null;
    const { internalProperties } = await session.post<{ internalProperties?: readonly InternalProperty[] }>(
      'Runtime.getProperties',
      { objectId: result.objectId, ownProperties: true },
    );
    const location = internalProperties?.find((one) => one.name === '[[GeneratorLocation]]')?.value?.value;
    if (typeof location?.lineNumber !== 'number') return null;
    const column = typeof location.columnNumber === 'number' ? location.columnNumber : -1;
    return { line: location.lineNumber + 1, column: column + 1 };
  } catch {
    return null;
  }
}
