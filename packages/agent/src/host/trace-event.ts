// Events of a trace as the main thread tells them.

/** One event of Chrome's trace format, without process and thread; times in microseconds of the monotonic clock. */
export interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  /** X a whole slice, B and E its ends, b and e those of what overlaps, C a counter, i a moment. */
  readonly ph: 'X' | 'B' | 'E' | 'b' | 'e' | 'C' | 'i';
  readonly ts: number;
  readonly dur?: number;
  /** Which beginning and end belong together, within `cat`. */
  readonly id?: string;
  readonly args?: Readonly<Record<string, string | number>>;
}

/** What happened on the main thread. */
export interface TraceBatch {
  readonly events: readonly TraceEvent[];
  /** Events that were too many. */
  readonly dropped: number;
  /** Sentences on what could not be had. */
  readonly notes: readonly string[];
}
