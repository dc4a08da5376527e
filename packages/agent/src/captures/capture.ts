// What a capture is: something that produces a Profile from the running process, and the context it works in.
import type { Profile } from '@stackpile/profile';
import type { Query } from '../http/query.ts';
import type { CaptureSettings } from '../options.ts';
import type { Originals } from '../originals.ts';
import type { SymbolTable } from '../symbols.ts';
import type { MainThread } from '../inspect/main-thread.ts';
import type { Limits } from './limits.ts';

/** What a capture gets to work with. It runs in the sidecar. */
export interface CaptureContext {
  readonly main: MainThread;
  readonly settings: CaptureSettings;
  /** How much may be asked for at the same time; whatever stops the main thread, or keeps memory, goes by it. */
  readonly limits: Limits;
  /** Whether the main thread's event loop turns within a quarter of a second. */
  isResponsive(): Promise<boolean>;
  /** Longest turn of the main thread's event loop since the last call, in milliseconds. */
  loopLag(): Promise<number>;
  /** Working directory of the process; files below it are shown relative to it. */
  readonly cwd: string;
  /** Path of the program's main script. */
  readonly program: string;
  /** Where the process's frames were written. */
  readonly originals: Originals;
  /** What the addresses of the profiles that were served are called. */
  readonly symbols: SymbolTable;
}

/** One request to a capture. */
export interface CaptureRequest {
  readonly query: Query;
  /** 0: protobuf; 1 and more: text; 2 asks `goroutine` for one entry per task. */
  readonly debug: number;
  /** Aborted when the client goes away or the sidecar closes. */
  readonly signal: AbortSignal;
  /** A reading that is older than this is none, `performance.now()`; without it one that is young enough is given again. */
  readonly since?: number;
}

/** What a capture answers: one object for all requests that share a reading. */
export interface CaptureResult {
  readonly profile: Profile;
  /** The text form for the request's `debug`; called only where it is not 0, and made once. UTF-8. */
  text(): Uint8Array;
}

/** A named profile of the process, one row in the table of endpoints. */
export interface Capture {
  readonly name: string;
  /** A sentence for the index page. */
  readonly description: string;
  /** Whether `?seconds=N` may be answered by the difference of two readings. */
  readonly delta: boolean;
  /** The query parameters that it takes besides `debug` and `seconds`, and what each is for. */
  readonly query: Readonly<Record<string, string>>;
  /** The number that the index page shows, and a sentence on how sure it is; '' where it is. */
  count(
    this: void,
    context: CaptureContext,
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly note: string }>;
  /** Takes a reading. Throws `EndpointError` for what the client did wrong, `AgentError` for what the process cannot do. */
  take(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult>;
}

/** A result whose text is made once, however many ask for it. */
export function captureResult(profile: Profile, write: () => string): CaptureResult {
  let text: Uint8Array | null = null;
  return { profile, text: () => (text ??= Buffer.from(write())) };
}
