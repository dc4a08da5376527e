// What a wire is: how a kind of server is spoken to.
import type { PushSettings } from '../options.ts';

/** A profile that is to be sent, packed as its wire wants it. */
export interface Taken {
  readonly name: PushedName;
  readonly body: Uint8Array;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** The endpoints whose profiles are sent. */
export type PushedName = PushSettings['profiles'][number];

/** A request, without what every request has. */
export interface PushRequest {
  /** Behind the address of the options. */
  readonly path: string;
  readonly contentType: string;
  readonly contentEncoding?: 'gzip';
  readonly body: Uint8Array;
}

/** How a kind of server is spoken to. */
export interface Wire {
  /** What waits to be sent, of what an endpoint has answered: gzipped pprof. */
  pack(name: PushedName, body: Uint8Array, settings: PushSettings): Uint8Array;
  request(taken: Taken, settings: PushSettings, id: string): PushRequest;
  /** Statuses that another attempt may change. */
  readonly passing: ReadonlySet<number>;
  /** What a server that has taken a profile finds wrong with it; '' for nothing. */
  complaint(answer: Uint8Array): string;
}
