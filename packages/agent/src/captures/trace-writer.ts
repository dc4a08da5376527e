// Writes a trace as Chrome's JSON while it is recorded: bounded as a whole, and in what its client has not taken yet.
import type { TraceEvent } from '../host/trace-event.ts';

/** Bytes of a trace. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Bytes that wait for the client; of what comes while there are as many nothing is kept. */
const MOST_WAITING = 4 * 1024 * 1024;
/** Bytes of one piece. */
const PIECE = 65_536;

/** Tracks of the trace, by what `tid` they have. */
export const tracks = { samples: 1, phases: 2, collections: 3, other: 4 } as const;

/** What a trace writer may hold. */
export interface TraceBounds {
  readonly bytes: number;
  readonly waiting: number;
}

/** Writes events to {@link TraceWriter.stream}. */
export class TraceWriter {
  readonly stream: ReadableStream<Uint8Array>;
  /** Aborted when the client has gone. */
  readonly gone: AbortController = new AbortController();
  readonly #bounds: TraceBounds;
  readonly #pid: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #parts: string[] = [];
  #pending = 0;
  #bytes = 0;
  #isFirst = true;
  readonly #dropped = new Map<string, number>();

  constructor(pid: number, bounds: TraceBounds = { bytes: MOST_BYTES, waiting: MOST_WAITING }) {
    this.#pid = pid;
    this.#bounds = bounds;
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: bounds.waiting });
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.gone.abort(),
      },
      strategy,
    );
    this.#put('{"displayTimeUnit":"ms","traceEvents":[\n');
  }

  /** Says what a track, or the process, is called. */
  name(what: 'process_name' | 'thread_name', name: string, tid = 0): void {
    this.#event({ name: what, ph: 'M', pid: this.#pid, tid, args: { name } });
  }

  /** Adds an event, unless there is no room for it. */
  add(event: TraceEvent, tid: number): void {
    const room = (this.#controller?.desiredSize ?? 0) - this.#pending;
    if (room <= 0 || this.#bytes >= this.#bounds.bytes) {
      this.drop(event.cat, 1);
      return;
    }
    this.#event({ ...event, pid: this.#pid, tid });
  }

  /** Counts events that are not in the trace. */
  drop(what: string, count: number): void {
    if (count > 0) this.#dropped.set(what, (this.#dropped.get(what) ?? 0) + count);
  }

  /** Hands over what was written. */
  flush(): void {
    if (this.#parts.length === 0) return;
    const bytes = Buffer.from(this.#parts.join(''));
    this.#parts = [];
    this.#pending = 0;
    if (!this.gone.signal.aborted) this.#controller?.enqueue(bytes);
  }

  /** Ends the trace, with what is not in it: sentences, and how many events of what kind. */
  end(notes: readonly string[], ts: number): void {
    const dropped = Object.fromEntries(this.#dropped);
    for (const [what, count] of this.#dropped) {
      const name = `${count} events of the kind ${what} are not in this trace`;
      this.#event({ name, cat: 'dropped', ph: 'i', s: 'g', ts, pid: this.#pid, tid: tracks.other });
    }
    this.#put(`\n],"otherData":${JSON.stringify({ dropped, notes })}}\n`);
    this.flush();
    if (!this.gone.signal.aborted) this.#controller?.close();
  }

  /** Breaks off: the client must not take it for whole. */
  fail(error: unknown): void {
    if (!this.gone.signal.aborted) this.#controller?.error(error);
  }

  #event(event: object): void {
    this.#put(`${this.#isFirst ? '' : ',\n'}${JSON.stringify(event)}`);
    this.#isFirst = false;
  }

  #put(text: string): void {
    const length = Buffer.byteLength(text);
    this.#parts.push(text);
    this.#pending += length;
    this.#bytes += length;
    if (this.#pending >= PIECE) this.flush();
  }
}
