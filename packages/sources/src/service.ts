// A running service, however it is reached: what it offers, what it says of itself in numbers, and what can be captured of it.
import type { Counters, Offers, Profile } from '@stackpile/profile';

/** Query parameters of a capture, by name: `{ seconds: '5' }`. */
export type Query = Readonly<Record<string, string>>;

/** What came of asking a service once. */
export interface Capture {
  /** Of the offer: `goroutine`. */
  readonly name: string;
  /** For messages: where it comes from, without secrets. */
  readonly source: string;
  /** When it was asked for, in milliseconds since 1970. */
  readonly time: number;
  /** Media type of {@link body}. */
  readonly type: string;
  /** As it came, packed or not. Of a process, gzipped pprof, made when it is first read. */
  readonly body: Uint8Array;
  /**
   * The body as a profile, read once.
   *
   * @throws SourceError `SOURCE_MALFORMED` where it is none
   */
  profile(): Promise<Profile>;
}

/** A thread of a service with a heap of its own. */
export interface ServiceWorker {
  /** What the query parameter `worker` of a capture is given. */
  readonly id: string;
  /** `worker 2 (jobs.js)`. */
  readonly name: string;
}

/** How a service is reached, which decides what it can be asked. */
export type ServiceKind = 'agent' | 'go' | 'process';

/** A running service. Everything it is asked for throws a SourceError whose sentence begins with its name, and ends in time. */
export interface Service {
  /** Fit to be shown: no credentials. */
  readonly name: string;
  readonly kind: ServiceKind;
  /** Whether a look at its tasks makes it stand still: then nobody takes one unasked, or often. */
  readonly heavy: boolean;
  /**
   * How often the process behind it is known to have begun anew since it was opened, by what {@link Counters} do not carry: totals
   * that Go's runtime only ever adds to.
   */
  readonly restarts: number;
  /** Worker threads that live just now, where they can be looked at: a capture with `worker` is of one of them. */
  readonly workers?: readonly ServiceWorker[];
  /** What it can be asked. */
  offers(signal?: AbortSignal): Promise<Offers>;
  /** The process in numbers, cheap; callers at the same time share one reading. What it does not know is null. */
  counters(signal?: AbortSignal): Promise<Counters>;
  /** Takes what is offered under a name. */
  capture(name: string, query?: Query, signal?: AbortSignal): Promise<Capture>;
  /** Leaves the service as it was. */
  close(): Promise<void>;
}
