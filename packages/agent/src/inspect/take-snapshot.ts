// Takes a heap snapshot through an inspector and analyses it chunk by chunk, then asks where exactly its tasks wait.
import {
  analyzeHeap,
  type HeapAnalysis,
  type HeapAnalysisOptions,
  type HeapGroup,
  HeapSnapshotReader,
} from '@stackpile/profile';

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
  readonly analysis?: HeapAnalysisOptions;
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
  const analysis = analyzeHeap(reader.finish(), options.analysis);
  await fillTables(session, analysis);
  return { analysis, stopMs };
}

/** What one question costs at most per megabyte of heap, and all of them together, in milliseconds. */
const LOOKUP_MS_PER_MB = 8;
const FILLS_MS = 1000;
const MOST_FILLS = 3;

/** Asks how many elements the large tables of numbers have, of which a snapshot only knows what they have room for. */
async function fillTables(session: SnapshotSession, { classes, heapBytes }: HeapAnalysis): Promise<void> {
  if (classes === null || classes.tables.length === 0) return;
  const most = Math.min(MOST_FILLS, Math.floor(FILLS_MS / ((LOOKUP_MS_PER_MB * heapBytes) / 2 ** 20)));
  const asked = classes.tables.slice(0, most);
  for (const { objectId } of asked) {
    try {
      const { result } = await session.post<{ result: { description?: unknown } }>(
        'HeapProfiler.getObjectByHeapObjectId',
        { objectId: String(objectId), objectGroup: OBJECT_GROUP },
      );
      // As V8 describes it: `Set(3)`, `Array(12)`.
      const elements = /\((\d{1,10})\)$/u.exec(String(result.description))?.[1];
      if (elements !== undefined) classes.fill(objectId, Number(elements));
    } catch {
      // It is gone by now.
    }
  }
  if (asked.length > 0)
    await session.post('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined);
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
  /**
   * What was found, or not found, for each frame of each stack before. A stack keeps the lines that it got when it was first
   * seen: in a series of dumps it must not change its identity because this time the budget reached further.
   */
  readonly known: KnownPositions;
}

/** Positions by stack and depth; null where none could be had. */
export type KnownPositions = Map<string, Position | null>;

/** Frames that are remembered at most. */
const MOST_KNOWN = 100_000;

function keyOf(group: HeapGroup, depth: number): string {
  const frames = group.frames.map(({ function: f }) => `${f.scriptId}:${f.line}:${f.column}`);
  return `${depth} ${frames.join(' ')}`;
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
  const { known } = options;
  const wanted: { readonly id: number; readonly key: string }[] = [];
  for (let depth = 0; depth < deepest; depth++) {
    for (const group of groups) {
      const id = group.frames[depth]?.objectId ?? 0;
      if (id === 0) continue;
      const key = keyOf(group, depth);
      const before = known.get(key);
      if (before === undefined) wanted.push({ id, key });
      else if (before !== null) found.set(id, before);
    }
  }
  const begun = options.now();
  let slowest = options.expectedMs;
  let asked = 0;
  for (const { id, key } of wanted) {
    const before = options.now();
    let position = found.get(id) ?? null;
    if (position === null && before - begun + slowest <= options.budgetMs) {
      position = await positionOf(session, id);
      slowest = Math.max(asked === 0 ? 0 : slowest, options.now() - before);
      asked++;
    }
    if (position !== null) found.set(id, position);
    if (known.size < MOST_KNOWN) known.set(key, position);
  }
  if (asked > 0)
    await session.post('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined);
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
