// Records a trace: what the main thread tells of its requests, collections and files, and its own samples as slices of time.
import type { TaskDump } from '../tasks/dump.ts';
import { AgentError, messageOf } from '../errors.ts';
import { type Frame, writtenFrame } from '../frames.ts';
import { costed, type Expression, hostCall, maybeHostCall, parseJson } from '../host/calls.ts';
import type { TraceEvent } from '../host/trace-event.ts';
import { type CpuProfile, frameOf } from '../inspect/cpu-profile.ts';
import { evaluated, type InspectedThread, type InspectorSession } from '../inspect/main-thread.ts';
import type { CaptureContext } from './capture.ts';
import { sleep } from './sleep.ts';
import { type Slice, TurnSlices } from './trace-slices.ts';
import { tracks, TraceWriter } from './trace-writer.ts';

/** Milliseconds between two readings of events. */
const EVERY_MS = 500;
/** Samples after which V8 hands over what it has. */
const MOST_SAMPLES = 30_000;
/** Most milliseconds that a start or a cut is taken to stop the main thread. */
const MOST_PER_STEP = 60;
/** How long the last of Node's own events are waited for. */
const LAST_MS = 100;
/** How long who asks waits for the end of a trace whose client has gone, and how long for word that it has. */
const END_MS = 2_000;
const GONE_MS = 100;
/** Tasks that are shown. */
const MOST_TASKS = 1_000;
/** How long the main thread may take for each step of a trace that has begun: a block is what it is there to show. */
const SLOW = { timeoutMs: 60_000 };

const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** What a trace is to hold. */
export interface TraceRequest {
  readonly seconds: number;
  readonly hz: number;
  /** Aborted when the client goes. */
  readonly signal: AbortSignal;
}

/** A trace that is begun, and has not ended. */
interface Running {
  /** Aborted when its client has gone. */
  readonly gone: AbortSignal;
  /** Aborted when it has ended. */
  readonly ended: AbortController;
}

/** Takes traces, one at a time. */
export class Tracer {
  readonly #context: CaptureContext;
  readonly #main: InspectedThread;
  #running: Running | null = null;

  constructor(context: CaptureContext) {
    this.#context = context;
    this.#main = context.main.apart();
  }

  /**
   * Begins a trace; null where one is being taken. The stream ends `seconds` later.
   *
   * @throws {EndpointError} 503 where too much is recorded already
   * @throws {AgentError} `AGENT_TIMEOUT` where the main thread does not answer, `AGENT_UNAVAILABLE` where there is no inspector
   */
  async begin(request: TraceRequest): Promise<ReadableStream<Uint8Array> | null> {
    await this.#waitForEnd(request.signal);
    if (this.#running !== null) return null;
    const { limits, main } = this.#context;
    const writer = new TraceWriter(process.pid);
    const signal = AbortSignal.any([request.signal, writer.gone.signal]);
    const ended = new AbortController();
    this.#running = { gone: signal, ended };
    let leave = (): void => undefined;
    const end = (): void => {
      leave();
      this.#running = null;
      ended.abort();
    };
    try {
      leave = limits.recordings.enter(request.seconds, request.signal);
      // Nothing has begun where there is no inspector.
      await main.withSession(() => Promise.resolve());
      if ((await main.evaluate(maybeHostCall('startTrace'), request.signal)) === false) {
        end();
        return null;
      }
      const recording = new Recording(this.#context, this.#main, writer, { ...request, signal });
      void recording.run().finally(end);
      return writer.stream;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Whoever comes right behind a client that hung up waits until its trace has ended, within bounds. */
  async #waitForEnd(signal: AbortSignal): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    // That a client has gone may be told a little later than that the next one has come.
    await sleep(GONE_MS, AbortSignal.any([signal, running.gone]));
    if (running.gone.aborted) await sleep(END_MS, AbortSignal.any([signal, running.ended.signal]));
  }
}

/** One trace. */
class Recording {
  readonly #context: CaptureContext;
  readonly #main: InspectedThread;
  readonly #writer: TraceWriter;
  readonly #request: TraceRequest;
  readonly #signal: AbortSignal;
  readonly #notes: string[] = [
    'calls are slices between samples; their lines are those on which the functions begin',
  ];
  readonly #turns = new TurnSlices();
  #started = 0;

  constructor(context: CaptureContext, main: InspectedThread, writer: TraceWriter, request: TraceRequest) {
    this.#context = context;
    this.#main = main;
    this.#writer = writer;
    this.#request = request;
    this.#signal = request.signal;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const writer = this.#writer;
    try {
      writer.name('process_name', this.#context.program);
      writer.name('thread_name', 'event loop: turns, and functions by samples', tracks.samples);
      writer.name('thread_name', 'event loop: timers, immediates, files', tracks.phases);
      writer.name('thread_name', 'garbage collection', tracks.collections);
      writer.name('thread_name', 'requests, connections, tasks', tracks.other);
      writer.flush();
      await this.#record();
      if (this.#signal.aborted) writer.fail(new AgentError('AGENT_ABORTED', 'the trace was broken off'));
      else writer.end(this.#notes, microseconds());
    } catch (error) {
      writer.fail(error);
    }
  }

  async #record(): Promise<void> {
    const { limits } = this.#context;
    const began = microseconds();
    const until = performance.now() + this.#request.seconds * 1000;
    try {
      await this.#main.withSession(async (session) => {
        // Without leave to stop the main thread there are events, and no samples.
        await sleep(Math.min(limits.stops.wait(), this.#request.seconds * 500), this.#signal);
        const samples = limits.stops.wait() === 0;
        if (samples) await this.#startSamples(session);
        else
          this.#notes.push('no samples: the main thread was stopped too much just before; ask again later');
        try {
          while (!this.#signal.aborted && performance.now() < until) {
            await sleep(Math.min(EVERY_MS, until - performance.now()), this.#signal);
            if (performance.now() >= until) break;
            if (limits.pace.wait() === 0) await this.#events(false);
            if (samples && (limits.cuts.wait() === 0 || this.#isFull)) await this.#cut(session, true);
          }
        } finally {
          if (samples) await this.#cut(session, false);
        }
      });
      if (!this.#signal.aborted) await this.#tasks(began);
    } finally {
      // What Node is asked for by one reading it tells by the next.
      await this.#events(false);
      await sleep(LAST_MS, this.#signal);
      await this.#events(true);
    }
  }

  get #isFull(): boolean {
    return microseconds() - this.#started > (MOST_SAMPLES / this.#request.hz) * 1e6;
  }

  async #startSamples(session: InspectorSession): Promise<void> {
    const began = performance.now();
    await session.post('Profiler.enable', {}, SLOW);
    await this.#start(session);
    this.#context.limits.stops.spend(Math.min(MOST_PER_STEP, performance.now() - began));
  }

  async #start(session: InspectorSession): Promise<void> {
    const interval = Math.round(1e6 / this.#request.hz);
    await Promise.all([
      session.post('Profiler.setSamplingInterval', { interval }, SLOW),
      session.post('Profiler.start', {}, SLOW),
    ]);
    this.#started = microseconds();
  }

  /** Takes the samples from V8. */
  async #cut(session: InspectorSession, goesOn: boolean): Promise<void> {
    const began = performance.now();
    // Asked in one go: turns that nobody sees in between would be taken for one.
    const [{ profile }] = await Promise.all([
      session.post<{ profile: CpuProfile }>('Profiler.stop', {}, SLOW),
      goesOn ? this.#start(session) : session.post('Profiler.disable', {}, SLOW),
    ]);
    this.#context.limits.cuts.spend(Math.min(MOST_PER_STEP, performance.now() - began));
    if (this.#signal.aborted) return;
    const { main, originals } = this.#context;
    const frames = profile.nodes.map(({ callFrame }) => frameOf(callFrame, 0));
    await main.withSession((other) => originals.learn(other, frames));
    this.#write(this.#turns.add(profile));
    if (!goesOn) this.#write(this.#turns.end());
    this.#writer.flush();
  }

  #write(slices: Iterable<Slice>): void {
    for (const slice of slices) {
      if (slice.kind === 'left out') this.#writer.drop('call', slice.count);
      else this.#writer.add(this.#sliceEvent(slice), tracks.samples);
    }
  }

  #sliceEvent(slice: Exclude<Slice, { kind: 'left out' }>): TraceEvent {
    const { ts, dur } = slice;
    if (slice.kind === 'turn')
      return { name: slice.isLong ? 'long turn' : 'turn', cat: 'turn', ph: 'X', ts, dur };
    const { name, file, line } = this.#written(slice.frame);
    const where = file === '' ? {} : { args: { file, line } };
    return { name: file === '' ? name : `${name} ${file}:${line}`, cat: 'call', ph: 'X', ts, dur, ...where };
  }

  #written(frame: Frame): { readonly name: string; readonly file: string; readonly line: number } {
    return writtenFrame(frame, this.#context.originals, this.#context.cwd);
  }

  /** What has happened since; a main thread that is stuck tells it later. */
  async #events(ends: boolean): Promise<void> {
    try {
      const json = await this.#read(maybeHostCall('readTrace', ends));
      if (json === null) return;
      const { events, dropped, notes } = parseJson(json);
      for (const event of events) this.#writer.add(event, trackOf(event));
      this.#writer.drop('main thread', dropped);
      for (const note of notes) if (!this.#notes.includes(note)) this.#notes.push(note);
      this.#writer.flush();
    } catch (error) {
      if (ends) this.#notes.push(`the last events are missing: ${messageOf(error)}`);
    }
  }

  /** What it takes of the main thread's time others have to wait for. */
  async #read<T>(expression: Expression<T>): Promise<T> {
    const { main, limits } = this.#context;
    const { value, cost } = await main.withSession((session) =>
      evaluated(session, costed(expression), { who: 'the main thread', ...SLOW }),
    );
    limits.pace.spend(cost);
    return value;
  }

  /** Tasks that wait at the end, from when on they wait. */
  async #tasks(began: number): Promise<void> {
    if (this.#context.settings.tasks === null) return;
    const json = await this.#read(hostCall('dumpTasks', false));
    if (json === null) return;
    const ends = microseconds();
    const groups = taskGroups(parseJson(json));
    const { main, originals } = this.#context;
    const leaves = groups.flatMap(({ leaf }) => (leaf === null ? [] : [leaf]));
    await main.withSession((session) => originals.learn(session, leaves));
    for (const { leaf, stack, waited, count } of groups) {
      const ts = Math.max(began, ends - waited * 1000);
      const name = leaf === null ? 'task' : this.#place(leaf);
      const event = { name, cat: 'task', id: String(stack), args: { tasks: Math.round(count) } };
      this.#writer.add({ ...event, ph: 'b', ts }, tracks.other);
      this.#writer.add({ ...event, ph: 'e', ts: ends }, tracks.other);
    }
  }

  #place(frame: Frame): string {
    const { name, file, line } = this.#written(frame);
    return file === '' ? name : `${name} ${file}:${line}`;
  }
}

function trackOf({ cat }: TraceEvent): number {
  if (cat === 'gc') return tracks.collections;
  return cat === 'loop' || cat === 'fs' ? tracks.phases : tracks.other;
}

/** Tasks of one stack. */
interface TaskGroup {
  /** Where they wait; null where nobody knows. */
  readonly leaf: Frame | null;
  readonly stack: number;
  /** Milliseconds. */
  waited: number;
  count: number;
}

/** Groups of tasks by stack, the largest first. */
function taskGroups(dump: TaskDump): TaskGroup[] {
  const { rows } = dump;
  const groups = new Map<number, TaskGroup>();
  rows.stack.forEach((stack, row) => {
    if (rows.handle[row] === 1) return;
    let group = groups.get(stack);
    if (group === undefined)
      groups.set(stack, (group = { leaf: leafOf(dump, stack), stack, waited: 0, count: 0 }));
    group.waited = Math.max(group.waited, rows.waited[row] ?? 0);
    group.count += rows.count[row] ?? 0;
  });
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, MOST_TASKS);
}

function leafOf(dump: TaskDump, stack: number): Frame | null {
  const frame = dump.stacks[stack]?.[0];
  if (frame === undefined) return null;
  return {
    name: dump.names[frame] ?? '',
    file: dump.files[frame] ?? '',
    line: dump.lines[frame] ?? 0,
    column: dump.columns[frame] ?? 0,
    startLine: dump.beginLines[frame] ?? 0,
    startColumn: dump.beginColumns[frame] ?? 0,
  };
}
