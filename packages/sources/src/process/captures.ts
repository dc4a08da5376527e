// A profile from the inspector of a process that has no agent: its tasks through the heap, its CPU, its allocations.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  COUNTERS_EXPRESSION,
  countersOf,
  cpuFrames,
  type CpuProfile,
  cpuProfile,
  exactPositions,
  type Expression,
  functionNames,
  type FrameContext,
  heapFrames,
  heapFrameWriter,
  heapRecordFrames,
  heapRecords,
  heapSampleProfile,
  humanBytes,
  memoryRoom,
  Originals,
  parseJson,
  refusal,
  type SamplingHeapProfile,
  snapshotCost,
  type KnownPositions,
  takeHeapSnapshot,
} from '@stackpile/agent/inspector';
import {
  type Counters,
  type HeapAnalysis,
  type HeapAnalysisOptions,
  heapIds,
  heapProfile,
  type Profile,
  ProfileError,
  WireError,
} from '@stackpile/profile';
import type { InspectorConnection } from './conversation.ts';
import { openTarget, type OpenTarget } from './target.ts';
import { type WorkerThread, WorkerThreads } from './workers.ts';
import { SourceError } from '../errors.ts';
import type { LoadedSource, SourceOptions, SourceSpec } from '../options.ts';
import { noSuchProfile, PROCESS_PROFILES } from '../spec.ts';

type InspectorSpec = Extract<SourceSpec, { kind: 'inspector' }>;

const SNAPSHOT_MS = 600_000;
const POSITIONS_MS = 2000;
const LOOKUP_MS_PER_MB = 8;
/** Seconds for which a sampling of allocations runs where nobody says otherwise. */
const HEAP_SECONDS = 10;
const CPU_SECONDS = 30;
/** Tasks and handles that are told one by one; more are told by stack. */
const MOST_IDS = 200_000;
const CPU_INTERVAL_MICROS = 1000;
const HEAP_INTERVAL_BYTES = 32_768;
/** Of a watch, which has to see who keeps making a few hundred kilobytes a minute. */
const WATCH_INTERVAL_BYTES = 16_384;
/** V8's own default, and that of Node's command line. */
const V8_INTERVAL_BYTES = 524_288;

/** What the last snapshot of each source took, so that the next announcement is a measured one. */
const measured = new Map<string, { readonly msPerMegabyte: number }>();

/** A target whose inspector is open, and what can be had from it. */
export interface InspectorCaptures {
  /** Tasks, handles and closures by heap snapshot: the process stands still meanwhile. */
  goroutine(signal?: AbortSignal): Promise<Profile>;
  /** Objects by class and by what holds them, by heap snapshot: the process stands still meanwhile. */
  classes(signal?: AbortSignal): Promise<Profile>;
  /** Both of one snapshot. */
  snapshot(signal?: AbortSignal): Promise<Profile>;
  /** Opens a session with each worker thread that there is, or comes; they end with the connection. */
  findWorkers(): Promise<void>;
  /** Worker threads that live, of those that were found. */
  readonly workers: readonly WorkerThread[];
  /** The same as {@link snapshot} of a worker: only that thread stands still. */
  workerSnapshot(worker: WorkerThread, signal?: AbortSignal): Promise<Profile>;
  /** CPU samples of `seconds`. */
  cpu(seconds: number, signal?: AbortSignal): Promise<Profile>;
  /** Allocations that are alive: of a sampler that runs already, or of `seconds` from now on. */
  heap(seconds: number, signal?: AbortSignal): Promise<Profile>;
  /** Allocations that are alive of all since the first call, which starts the sampler; it ends with the session. */
  allocated(signal?: AbortSignal): Promise<Profile>;
  /** The process in numbers; cheap. */
  counters(): Promise<Counters>;
  /** Leaves the process as it was. */
  close(): Promise<void>;
}

/** Opens the inspector behind a source. Progress, and what a snapshot will do to the process, goes to `options.onProgress`. */
export async function openInspectorTarget(
  spec: InspectorSpec,
  options: SourceOptions,
): Promise<InspectorCaptures> {
  const target = await openTarget(spec.target, {
    name: spec.spec,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const known: KnownPositions = new Map();
  /** The largest object ids of the heap snapshots so far. */
  const looks: number[] = [];
  const threads = new WorkerThreads();
  const seenOf = new WeakMap<WorkerThread, { readonly known: KnownPositions; readonly looks: number[] }>();
  const originals = new Originals();
  const guarded = <T>(
    signal: AbortSignal | undefined,
    take: (options: SourceOptions) => Promise<T>,
  ): Promise<T> => {
    const signals = [options.signal, signal].filter((one) => one !== undefined);
    const asked = signals.length === 0 ? options : { ...options, signal: AbortSignal.any(signals) };
    return capture(target, spec.spec, asked, () => take(asked));
  };
  /** What ends early with the process, and is shown as far as it has come. */
  const recording = <T>(
    signal: AbortSignal | undefined,
    take: (options: SourceOptions) => Promise<T>,
  ): Promise<T> => guarded(signal, (asked) => target.departure.duringRecording(() => take(asked)));
  return {
    goroutine: (signal) =>
      guarded(signal, (asked) => takeTasks(target, spec.spec, asked, known, originals, null)),
    classes: (signal) => guarded(signal, (asked) => takeClasses(target, spec.spec, asked, looks)),
    snapshot: (signal) =>
      guarded(signal, (asked) => takeTasks(target, spec.spec, asked, known, originals, looks)),
    findWorkers: () => threads.open(target.connection),
    get workers() {
      return threads.all;
    },
    workerSnapshot: (worker, signal) =>
      guarded(signal, (asked) => {
        const seen = seenOf.get(worker) ?? { known: new Map(), looks: [] };
        seenOf.set(worker, seen);
        // Memory is the process's, and was asked about for its own snapshot.
        const within: OpenTarget = { ...target, connection: worker.connection, pid: null };
        const name = `${spec.spec} ${worker.name}`;
        return takeTasks(within, name, asked, seen.known, originals, seen.looks);
      }),
    cpu: (seconds, signal) =>
      recording(signal, (asked) => takeCpu(target, spec.spec, seconds, asked, originals)),
    heap: (seconds, signal) =>
      recording(signal, (asked) => takeAllocations(target, spec.spec, seconds, asked, originals)),
    allocated: (signal) => guarded(signal, (asked) => takeAllocated(target, spec.spec, asked, originals)),
    counters: () => guarded(undefined, () => takeCounters(target, spec.spec)),
    close: () => target.close(),
  };
}

/** A loop that has not turned for so long is stuck: the lag says so much, and nobody waits for the rest. */
const STUCK_MS = 1000;

async function takeCounters({ connection, pid }: OpenTarget, name: string): Promise<Counters> {
  const evaluate = async <T>(expression: Expression<T>, more: object = {}): Promise<T> => {
    const { result } = await connection.post<{ result: { value: T } }>('Runtime.evaluate', {
      expression,
      returnByValue: true,
      includeCommandLineAPI: true,
      silent: true,
      ...more,
    });
    return result.value;
  };
  const turn = evaluate<number>(
    '(() => { const from = performance.now(); return new Promise((turned) => setImmediate(() => turned(performance.now() - from))); })()',
    { awaitPromise: true },
  ).catch(() => STUCK_MS);
  const lag = await Promise.race([turn, sleep(STUCK_MS, STUCK_MS, { ref: false })]);
  const read = parseJson(await evaluate(COUNTERS_EXPRESSION));
  const room = pid === null ? null : memoryRoom(pid, { limit: read.constrained ?? 0, rss: read.rss ?? 0 });
  const limit = room === null || room.what === 'machine' ? Infinity : room.limit;
  // What it says may be anything: the program in it can replace what is asked.
  return countersOf(read, limit, lag, name);
}

/** Every failure of a capture as one that names the source. */
async function capture<T>(
  target: OpenTarget,
  name: string,
  options: SourceOptions,
  take: () => Promise<T>,
): Promise<T> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (options.signal?.aborted === true)
      throw new SourceError('SOURCE_ABORTED', `${name}: stopped`, { cause: error });
    if (await target.hasEnded())
      throw new SourceError('SOURCE_ENDED', `${name}: the process has ended`, { cause: error });
    if (error instanceof WireError)
      throw new SourceError('SOURCE_MALFORMED', error.message, { cause: error });
    const code = error instanceof ProfileError ? 'SOURCE_MALFORMED' : 'SOURCE_UNREACHABLE';
    const message = error instanceof Error ? error.message : String(error);
    throw new SourceError(code, `${name}: ${message}`, { cause: error });
  }
}

interface Snapshot {
  readonly analysis: HeapAnalysis;
  /** Milliseconds for which the process stood still. */
  readonly took: number;
  readonly megabytes: number;
}

/** Takes a heap snapshot, where memory has room for it. */
async function takeSnapshot(
  { connection, pid }: OpenTarget,
  name: string,
  options: SourceOptions,
  analysisOptions: HeapAnalysisOptions,
): Promise<Snapshot> {
  const { usedSize } = await connection.post<{ usedSize: number }>('Runtime.getHeapUsage');
  const cost = snapshotCost(usedSize, false);
  if (pid !== null) {
    const refused = refusal(usedSize, cost, memoryRoom(pid, { limit: 0, rss: 0 }));
    if (refused !== null) throw new SourceError('SOURCE_UNREADABLE', `${name}: ${refused}`);
  }
  const megabytes = usedSize / 2 ** 20;
  const before = measured.get(name);
  const seconds =
    before === undefined
      ? `about ${roughly(cost.stopMs / 4)} to ${roughly(cost.stopMs * 2)}`
      : `about ${roughly(before.msPerMegabyte * megabytes)}`;
  options.onProgress?.(
    `${name}: taking a heap snapshot: the process stands still for ${seconds} (its heap is ${humanBytes(usedSize)}) and needs ` +
      `about ${humanBytes(cost.bytes)} more memory meanwhile`,
  );
  const { analysis, stopMs: took } = await takeHeapSnapshot(connection, {
    timeoutMs: SNAPSHOT_MS,
    analysis: { names: functionNames, ...analysisOptions },
  });
  measured.set(name, { msPerMegabyte: took / Math.max(1, megabytes) });
  if (options.signal?.aborted === true) throw new SourceError('SOURCE_ABORTED', `${name}: stopped`);
  return { analysis, took, megabytes };
}

/** What is said of a snapshot in its profile. */
function snapshotComment({ analysis, took }: Snapshot): string {
  return `from a heap snapshot of ${analysis.nodeCount} objects in ${Math.round(took)} ms`;
}

async function takeClasses(
  target: OpenTarget,
  name: string,
  options: SourceOptions,
  looks: number[],
): Promise<Profile> {
  const snapshot = await takeSnapshot(target, name, options, { classes: { looks: [...looks] } });
  options.onProgress?.(`${name}: it stood still for ${roughly(snapshot.took)}`);
  const profile = heapProfile(snapshot.analysis, {
    kinds: [],
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    comments: [snapshotComment(snapshot)],
  });
  looks.push(heapIds(profile)?.largest ?? 0);
  return profile;
}

/** Tasks, handles and closures; with `looks`, which grow by this one, objects by class as well. */
async function takeTasks(
  target: OpenTarget,
  name: string,
  options: SourceOptions,
  known: KnownPositions,
  originals: Originals,
  looks: number[] | null,
): Promise<Profile> {
  const { connection } = target;
  // Asked beforehand: afterwards the process may be gone.
  const context = await contextOf(connection, originals);
  const snapshot = await takeSnapshot(target, name, options, {
    maxIds: MOST_IDS,
    ...(looks === null ? {} : { classes: { looks: [...looks] } }),
  });
  const { analysis, took, megabytes } = snapshot;
  const positions = await exactPositions(connection, analysis, {
    budgetMs: POSITIONS_MS,
    expectedMs: megabytes * LOOKUP_MS_PER_MB,
    now: () => performance.now(),
    known,
  });
  await originals.learn(connection, heapFrames(analysis, positions));
  options.onProgress?.(`${name}: it stood still for ${roughly(took)}`);
  const profile = heapProfile(analysis, {
    taskType: 'goroutine',
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    positions,
    frames: (builder) => heapFrameWriter(builder, context),
    comments: [snapshotComment(snapshot)],
  });
  looks?.push(heapIds(profile)?.largest ?? 0);
  return profile;
}

function roughly(ms: number): string {
  return ms < 950 ? `${Math.max(0.1, Math.round(ms / 100) / 10)} s` : `${Math.round(ms / 1000)} s`;
}

/** Waits; an abort ends it early and is no error here. */
async function wait(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(seconds * 1000, undefined, { signal });
  } catch {
    // Aborted: the caller knows why.
  }
}

/** Lets a recording run for some seconds, or until the process ends or wants to. */
async function untilOver(
  { connection, departure }: OpenTarget,
  name: string,
  seconds: number,
  options: SourceOptions,
): Promise<void> {
  const begun = performance.now();
  const over = new AbortController();
  const signals = options.signal === undefined ? [over.signal] : [over.signal, options.signal];
  await Promise.race([wait(seconds, AbortSignal.any(signals)), connection.ended, departure.begun]);
  over.abort();
  if (departure.isUnderWay())
    options.onProgress?.(
      `${name}: the process ends and is let go: this is what it did for ${roughly(performance.now() - begun)}`,
    );
}

async function takeCpu(
  target: OpenTarget,
  name: string,
  seconds: number,
  options: SourceOptions,
  originals: Originals,
): Promise<Profile> {
  const { connection } = target;
  const context = await contextOf(connection, originals);
  await connection.post('Profiler.enable');
  await connection.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_MICROS });
  await connection.post('Profiler.start');
  options.onProgress?.(`recording CPU samples for ${seconds} s`);
  const timeNanos = BigInt(Date.now()) * 1_000_000n;
  await untilOver(target, name, seconds, options);
  const { profile } = await connection.post<{ profile: CpuProfile }>(
    'Profiler.stop',
    {},
    { timeoutMs: 120_000 },
  );
  connection.send('Profiler.disable');
  if (options.signal?.aborted === true) throw new Error('stopped');
  await originals.learn(connection, cpuFrames([profile]));
  return cpuProfile(
    [profile],
    {
      from: profile.startTime,
      to: profile.endTime,
      timeNanos,
      intervalMicros: CPU_INTERVAL_MICROS,
      idle: false,
    },
    context,
  );
}

/** The main script of the target, and no working directory: paths stay absolute for somebody who looks from outside. */
async function contextOf(connection: InspectorConnection, originals: Originals): Promise<FrameContext> {
  const { result } = await connection.post<{ result: { value?: unknown } }>('Runtime.evaluate', {
    expression: 'process.argv[1] || process.execPath',
    returnByValue: true,
  });
  return { program: typeof result.value === 'string' ? result.value : '', cwd: '', originals };
}

async function takeAllocations(
  target: OpenTarget,
  name: string,
  seconds: number,
  options: SourceOptions,
  originals: Originals,
): Promise<Profile> {
  const { connection } = target;
  const context = await contextOf(connection, originals);
  // V8 has one sampler per isolate: one that runs already is somebody else's, to be read and never to be stopped.
  let sampling = await connection
    .post<{ profile: SamplingHeapProfile }>('HeapProfiler.getSamplingProfile', {}, { timeoutMs: 120_000 })
    .catch(() => null);
  const foreign = sampling !== null;
  if (sampling === null) {
    const settings = { samplingInterval: HEAP_INTERVAL_BYTES, stackDepth: 64 };
    await connection.post('HeapProfiler.startSampling', settings);
    options.onProgress?.(`sampling allocations for ${seconds} s: only what is allocated meanwhile is seen`);
    await untilOver(target, name, seconds, options);
    sampling = await connection.post<{ profile: SamplingHeapProfile }>(
      'HeapProfiler.stopSampling',
      {},
      { timeoutMs: 120_000 },
    );
  }
  if (options.signal?.aborted === true) throw new Error('stopped');
  // Whoever started a sampler before us has most likely left V8's own interval.
  return allocationProfile(target, sampling, foreign ? null : HEAP_INTERVAL_BYTES, context, originals);
}

/** Targets whose allocations are sampled for a watch, with the interval; null where somebody else had begun. */
const watched = new WeakMap<OpenTarget, { readonly interval: number | null }>();

async function takeAllocated(
  target: OpenTarget,
  name: string,
  options: SourceOptions,
  originals: Originals,
): Promise<Profile> {
  const { connection } = target;
  const context = await contextOf(connection, originals);
  const read = (): Promise<{ profile: SamplingHeapProfile }> =>
    connection.post<{ profile: SamplingHeapProfile }>(
      'HeapProfiler.getSamplingProfile',
      {},
      { timeoutMs: 120_000 },
    );
  let known = watched.get(target);
  if (known === undefined) {
    // V8 has one sampler per isolate: one that runs already is somebody else's, to be read and never to be stopped.
    const isForeign = await read().then(
      () => true,
      () => false,
    );
    known = { interval: isForeign ? null : WATCH_INTERVAL_BYTES };
    if (!isForeign) {
      const settings = { samplingInterval: WATCH_INTERVAL_BYTES, stackDepth: 64 };
      await connection.post('HeapProfiler.startSampling', settings);
      options.onProgress?.(`${name}: sampling allocations, one in ${humanBytes(WATCH_INTERVAL_BYTES)}`);
    }
    watched.set(target, known);
  }
  const { profile } = await read();
  return allocationProfile(target, { profile }, known.interval, context, originals);
}

/** @param interval of our own sampler; null of somebody else's */
async function allocationProfile(
  { connection }: OpenTarget,
  sampling: { readonly profile: SamplingHeapProfile },
  own: number | null,
  context: FrameContext,
  originals: Originals,
): Promise<Profile> {
  const interval = own ?? V8_INTERVAL_BYTES;
  const memory = {
    rss: 0,
    heapTotal: 0,
    heapUsed: 0,
    external: 0,
    arrayBuffers: 0,
    sampler: own === null ? 'foreign' : 'own',
    interval,
  };
  const timeNanos = BigInt(Date.now()) * 1_000_000n;
  const records = heapRecords(sampling.profile, interval);
  await originals.learn(connection, heapRecordFrames(records));
  return heapSampleProfile({ records, memory, timeNanos, cost: 0 }, context);
}

/**
 * Which profile a source means: what it names itself (`pid:1234/heap`), else what the command asks for (`options.profile`).
 * Without either, `seconds` ask for CPU; a process as such is asked what it waits for.
 */
function wantedProfile(spec: InspectorSpec, options: SourceOptions, seconds: number | undefined): string {
  return spec.target.profile ?? options.profile ?? (seconds === undefined ? 'goroutine' : 'profile');
}

/**
 * Takes a profile from a process through its inspector, and leaves the process as it was, also where something fails.
 *
 * @throws SourceError
 */
export async function loadInspector(spec: InspectorSpec, options: SourceOptions): Promise<LoadedSource> {
  // As in the address of a service: what the option says replaces what stands there.
  const seconds = options.seconds ?? (spec.target.seconds || undefined);
  const wanted = wantedProfile(spec, options, seconds);
  if (!PROCESS_PROFILES.includes(wanted)) throw noSuchProfile(spec.spec, wanted);
  const captures = await openInspectorTarget(spec, options);
  try {
    let profile: Profile;
    if (wanted === 'goroutine' || wanted === 'tasks') profile = await captures.goroutine();
    else if (wanted === 'heapclasses') profile = await captures.classes();
    else if (wanted === 'heapsnapshot') profile = await captures.snapshot();
    else if (wanted === 'profile' || wanted === 'cpu') profile = await captures.cpu(seconds ?? CPU_SECONDS);
    else profile = await captures.heap(seconds ?? HEAP_SECONDS);
    return { spec: spec.spec, name: spec.spec, profile, bytes: null, remote: true, time: Date.now() };
  } finally {
    await captures.close();
  }
}
