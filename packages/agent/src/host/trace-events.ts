// Records what happens on the main thread while a trace is taken: requests, collections, look-ups, connections, files, phases of the loop.
import diagnostics from 'node:diagnostics_channel';
import { Session } from 'node:inspector';
import type { PerformanceEntry } from 'node:perf_hooks';
import { messageOf } from '../errors.ts';
import { setTimeout } from '../own-timers.ts';
import type { TraceBatch, TraceEvent } from './trace-event.ts';

/** Events that wait to be read; more are counted only. */
const MOST_EVENTS = 20_000;
/** Requests whose end is waited for. */
const MOST_OPEN = 5_000;
/** Whoever has begun it and reads no more has gone. */
const FORGOTTEN_MS = 30_000;
/** Characters of a name. */
const MOST_CHARACTERS = 120;
/** Node's own events: phases of the loop, and files. */
const CATEGORIES: string[] = ['node.environment', 'node.fs.sync', 'node.fs.async'];

/** `kind` of a collection. */
const collections: Readonly<Record<number, string>> = {
  1: 'scavenge',
  2: 'minor mark-sweep',
  4: 'mark-sweep-compact',
  8: 'incremental marking',
  16: 'weak callbacks',
};

/** What Node's tracing sends; used as far as it is what it should be. */
interface NodeTraceEvent {
  readonly pid?: unknown;
  readonly tid?: unknown;
  readonly ts?: unknown;
  readonly dur?: unknown;
  readonly ph?: unknown;
  readonly cat?: unknown;
  readonly name?: unknown;
  readonly id?: unknown;
}

interface Message {
  readonly method?: unknown;
  readonly url?: unknown;
  readonly path?: unknown;
  readonly statusCode?: unknown;
  readonly origin?: unknown;
}

/** The clock of V8's samples. */
function micros(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

function short(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}

/** Method and path; a query may hold secrets. */
function requestName({ method, url, path }: Message): string {
  const target = typeof url === 'string' ? url : typeof path === 'string' ? path : '';
  return short(`${typeof method === 'string' ? method : ''} ${target.split(/[?#]/, 1)[0] ?? ''}`.trim());
}

/** Records from {@link TraceEvents.start} on until it is stopped, or nobody reads it any more. */
export class TraceEvents {
  readonly #counters: () => Readonly<Record<string, number | null>>;
  #events: TraceEvent[] = [];
  #dropped = 0;
  readonly #notes: string[] = [];
  #nextId = 1;
  /** Requests under way, by the object that both their events bring. */
  #open = new Map<object, { readonly id: string; readonly name: string; readonly cat: string }>();
  #observer: InstanceType<typeof PerformanceObserver> | null = null;
  #session: Session | null = null;
  #forgotten: NodeJS.Timeout | null = null;
  #clockOffset = 0;

  /** @param counters numbers beside those of the process that are told with each reading */
  constructor(counters: () => Readonly<Record<string, number | null>>) {
    this.#counters = counters;
  }

  get isRunning(): boolean {
    return this.#forgotten !== null;
  }

  start(): void {
    this.#clockOffset = micros() - performance.now() * 1000;
    // Not cleared when it ends: an inspector that asks for that may have interrupted this very timer, and Node would call what is none any more.
    const timer = setTimeout(() => {
      if (this.#forgotten === timer) this.stop();
    }, FORGOTTEN_MS).unref();
    this.#forgotten = timer;
    for (const [channel, listener] of this.#channels) diagnostics.subscribe(channel, listener);
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#onEntry(entry);
    });
    this.#observer.observe({ entryTypes: ['gc', 'dns', 'net'] });
    this.#startNodeTracing();
  }

  stop(): void {
    if (this.#forgotten === null) return;
    this.#forgotten = null;
    for (const [channel, listener] of this.#channels) diagnostics.unsubscribe(channel, listener);
    this.#observer?.disconnect();
    this.#observer = null;
    this.#endNodeTracing();
    this.#open.clear();
  }

  /** What has happened since; `ends` stops it. */
  read(ends: boolean): TraceBatch {
    this.#forgotten?.refresh();
    for (const entry of this.#observer?.takeRecords() ?? []) this.#onEntry(entry);
    const { heapUsed, rss } = process.memoryUsage();
    const ts = micros();
    for (const [name, value] of Object.entries({ ...this.#counters(), heapUsed, rss }))
      if (value !== null) this.#add({ name, cat: 'counter', ph: 'C', ts, args: { [name]: value } });
    const batch = { events: this.#events, dropped: this.#dropped, notes: [...this.#notes] };
    this.#events = [];
    this.#dropped = 0;
    if (ends) this.stop();
    else this.#askNodeTracing();
    return batch;
  }

  #add(event: TraceEvent): void {
    if (this.#events.length < MOST_EVENTS) this.#events.push(event);
    else this.#dropped++;
  }

  #begin(key: unknown, cat: string, name: string): void {
    if (typeof key !== 'object' || key === null || this.#open.size >= MOST_OPEN) return;
    const id = String(this.#nextId++);
    this.#open.set(key, { id, name, cat });
    this.#add({ name, cat, ph: 'b', ts: micros(), id });
  }

  #end(key: unknown, status: unknown): void {
    const open = typeof key === 'object' && key !== null ? this.#open.get(key) : undefined;
    if (open === undefined) return;
    this.#open.delete(key as object);
    const args = typeof status === 'number' ? { args: { status } } : {};
    this.#add({ ...open, ph: 'e', ts: micros(), ...args });
  }

  readonly #channels: readonly (readonly [string, (message: unknown) => void])[] = [
    [
      'http.server.request.start',
      this.#on(({ request }) => this.#begin(request, 'HTTP in', requestName(request as Message))),
    ],
    [
      'http.server.response.finish',
      this.#on(({ request, response }) => this.#end(request, (response as Message).statusCode)),
    ],
    [
      'http.client.request.start',
      this.#on(({ request }) => this.#begin(request, 'HTTP out', requestName(request as Message))),
    ],
    [
      'http.client.response.finish',
      this.#on(({ request, response }) => this.#end(request, (response as Message).statusCode)),
    ],
    ['http.client.request.error', this.#on(({ request }) => this.#end(request, undefined))],
    [
      'undici:request:create',
      this.#on(({ request }) => this.#begin(request, 'HTTP out', requestName(request as Message))),
    ],
    ['undici:request:trailers', this.#on(({ request }) => this.#end(request, undefined))],
    ['undici:request:error', this.#on(({ request }) => this.#end(request, undefined))],
  ];

  /** A listener that cannot hurt who publishes. */
  #on(use: (message: Readonly<Record<string, unknown>>) => void): (message: unknown) => void {
    return (message) => {
      try {
        use(message as Readonly<Record<string, unknown>>);
      } catch {
        // A message of another form: one event less.
      }
    };
  }

  #onEntry(entry: PerformanceEntry): void {
    const { entryType, startTime, duration } = entry;
    const detail = (entry as { detail?: Readonly<Record<string, unknown>> }).detail ?? {};
    const ts = startTime * 1000 + this.#clockOffset;
    const dur = duration * 1000;
    if (entryType === 'gc') {
      const name = collections[Number(detail['kind'])] ?? 'collection';
      this.#add({ name, cat: 'gc', ph: 'X', ts, dur });
      return;
    }
    const what =
      entryType === 'dns' ? detail['hostname'] : `${String(detail['host'])}:${String(detail['port'])}`;
    const name = short(`${entry.name} ${String(what)}`);
    const id = String(this.#nextId++);
    this.#add({ name, cat: entryType, ph: 'b', ts, id });
    this.#add({ name, cat: entryType, ph: 'e', ts: ts + dur, id });
  }

  #startNodeTracing(): void {
    try {
      const session = new Session();
      session.connect();
      this.#session = session;
      session.on(
        'NodeTracing.dataCollected',
        (message: { params?: { value?: readonly NodeTraceEvent[] } }) => {
          for (const event of message.params?.value ?? []) this.#onNodeEvent(event);
        },
      );
      session.on('NodeTracing.tracingComplete', () => {
        if (this.#session === session) this.#goOnNodeTracing();
        else session.disconnect();
      });
      this.#goOnNodeTracing();
    } catch (error) {
      this.#note(`no phases of the loop and no files: ${messageOf(error)}`);
    }
  }

  #goOnNodeTracing(): void {
    const traceConfig = { includedCategories: CATEGORIES };
    this.#session?.post('NodeTracing.start', { traceConfig }, (error) => {
      if (error !== null) this.#note(`no phases of the loop and no files: ${messageOf(error)}`);
    });
  }

  #note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  /** Node keeps its events until it is stopped, and tells them in a later turn; then it goes on, or is let go of. */
  #askNodeTracing(): void {
    this.#session?.post('NodeTracing.stop');
  }

  #endNodeTracing(): void {
    const session = this.#session;
    this.#session = null;
    session?.post('NodeTracing.stop');
  }

  #onNodeEvent({ pid, tid, ts, dur, ph, cat, name, id }: NodeTraceEvent): void {
    // Those of other threads are not what this trace shows.
    if (pid !== tid || typeof ts !== 'number' || typeof name !== 'string' || typeof cat !== 'string') return;
    if (ph !== 'X' && ph !== 'B' && ph !== 'E' && ph !== 'b' && ph !== 'e') return;
    const own = cat.includes('fs') ? 'fs' : 'loop';
    const lasts = ph === 'X' ? { dur: typeof dur === 'number' ? dur : 0 } : {};
    const whose = typeof id === 'string' ? { id } : {};
    this.#add({ name, cat: own, ph, ts, ...lasts, ...whose });
  }
}
