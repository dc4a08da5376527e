// A running service, however it is reached: what it offers, what it says of itself in numbers, and what can be captured of it.
import { gzipSync } from 'node:zlib';
import { type Counters, encodeProfile, type Offers, type Profile } from '@stackpile/profile';

/** Query parameters of a capture, by name: `{ seconds: '5' }`. */
export type Query = Readonly<Record<string, string>>;

/** What came of asking a service once. */
export interface Capture {
  /** Of the offer: `goroutine`. */
  readonly name: string;
  /** For messages: where it comes from, without secrets. */
  readonly source: string;
  /** When it was asked for, in milliseconds since 1970; null for a dump that does not say when it was taken. */
  readonly time: number | null;
  /** Media type of {@link body}. */
  readonly type: string;
  /** As it came, packed or not. Of a process and of a dump, gzipped pprof, made when it is first read. */
  readonly body: Uint8Array;
  /**
   * The body as a profile, read once.
   *
   * @throws SourceError `SOURCE_MALFORMED` where it is none
   */
  profile(): Promise<Profile>;
}

/** A capture whose bytes are made when somebody wants them. */
export function captureOf(name: string, source: string, time: number | null, profile: Profile): Capture {
  let packed: Uint8Array | null = null;
  return {
    name,
    source,
    time,
    type: 'application/octet-stream',
    get body() {
      packed ??= gzipSync(encodeProfile(profile), { level: 1 });
      return packed;
    },
    profile: () => Promise.resolve(profile),
  };
}

/** A thread of a service with a heap of its own. */
export interface ServiceWorker {
  /** What the query parameter `worker` of a capture is given. */
  readonly id: string;
  /** `worker 2 (jobs.js)`. */
  readonly name: string;
}

/** How a service is reached, which decides what it can be asked. */
export type ServiceKind = 'agent' | 'go' | 'process' | 'dumps';

/** A profile that a look takes. */
export interface Ask {
  readonly name: string;
  readonly query?: Query;
}

/** A look that somebody took before, and left as dumps. */
export interface PastLook {
  /** In milliseconds since 1970, or since the first one where only the time between them is known; null where not even that is. */
  readonly time: number | null;
  /** What the dumps count; null where they count nothing that {@link Counters} know. */
  readonly counters: Counters | null;
  /** What was taken, each with the query that gives it. */
  readonly asks: readonly Ask[];
}

/** A running service, or what one has left behind. Everything it is asked for throws a SourceError whose sentence begins with its name, and ends in time. */
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
  /** Of dumps: all looks that there ever were of it, oldest first. Absent where it runs, and can be looked at. */
  readonly past?: readonly PastLook[];
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

/** A running service that answers some questions otherwise; all others it answers itself. */
export function answering(service: Service, own: Partial<Pick<Service, 'counters' | 'capture'>>): Service {
  return {
    name: service.name,
    kind: service.kind,
    heavy: service.heavy,
    get restarts() {
      return service.restarts;
    },
    get workers() {
      return service.workers ?? [];
    },
    offers: (signal) => service.offers(signal),
    counters: own.counters ?? ((signal) => service.counters(signal)),
    capture: own.capture ?? ((name, query, signal) => service.capture(name, query, signal)),
    close: () => service.close(),
  };
}
