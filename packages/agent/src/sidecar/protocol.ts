// Messages between the main thread and the sidecar worker.
import type { KeptBuffers } from './keepsakes.ts';
import type { PlainGate } from '../door/gate.ts';
import type { Place } from '../http/place.ts';
import type { PprofResponse } from '../http/messages.ts';
import type { AuthRequest, CaptureSettings, PushSettings, TlsOptions } from '../options.ts';

/** Where the worker listens; null where it only serves a mounted handler. */
export interface ListenSettings {
  readonly place: Place;
  /** `ask` puts the question to the main thread. */
  readonly auth: PlainGate;
  /** Null for plain HTTP. */
  readonly tls: TlsOptions | null;
  /** Where profiles are sent, null for nowhere. */
  readonly push: PushSettings | null;
  readonly allowedHosts: readonly string[];
}

/** What the worker is started with. */
export interface SidecarData {
  readonly listen: ListenSettings | null;
  readonly settings: CaptureSettings;
  readonly commandLine: readonly string[];
  readonly cwd: string;
  readonly program: string;
  /**
   * Slot 0: 1 once the main thread exits. Slot 1: number of inspector sessions that the worker holds on the main thread.
   * Slot 2: number of `ask` messages that the main thread has not read. Slot 3: when its loop turned last, see `Heartbeat`.
   */
  readonly shared: Int32Array;
  /** What the sidecar before has left to this one. */
  readonly kept: KeptBuffers;
}

/** From the main thread to the worker. */
export type ToSidecar =
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly body: string | undefined;
    }
  /** The client has its answer, or has gone before. */
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'auth'; readonly id: number; readonly allowed: boolean }
  | { readonly kind: 'awake' }
  /** What {@link FromSidecar} `evaluate` came to; `error` where it threw. */
  | { readonly kind: 'evaluated'; readonly id: number; readonly value?: unknown; readonly error?: string }
  /** The loop did not turn in that time; microseconds of the monotonic clock. */
  | { readonly kind: 'blocked'; readonly from: number; readonly to: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'exit' };

/** From the worker to the main thread. */
export type FromSidecar =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'response'; readonly id: number; readonly response: PprofResponse }
  | { readonly kind: 'ask'; readonly id: number; readonly request: AuthRequest }
  /** Held for the sidecar that follows, should this one be killed. */
  | { readonly kind: 'keep'; readonly name: string; readonly buffer: SharedArrayBuffer }
  /** Something for whoever runs the service to read. */
  | { readonly kind: 'say'; readonly line: string }
  /** An expression of ours, where there is no inspector to evaluate it. */
  | { readonly kind: 'evaluate'; readonly id: number; readonly expression: string }
  /** Makes the loop turn; answered by `awake`. */
  | { readonly kind: 'wake' }
  /** Starts the heartbeat, and has every block of `threshold` milliseconds told; null stops it. */
  | { readonly kind: 'beat'; readonly threshold: number | null }
  | { readonly kind: 'closed' };
