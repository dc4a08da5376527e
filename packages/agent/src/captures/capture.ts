// What a capture is: something that produces a Profile from the running process, and the context it works in.
import type { Profile } from '@stackpile/profile';
import type { Query } from '../http/query.ts';
import type { CaptureSettings } from '../options.ts';
import type { Originals } from '../originals.ts';
import type { SymbolTable } from '../symbols.ts';
import type { ForkedThread, InspectedThread } from '../inspect/main-thread.ts';
import type { Limits } from './limits.ts';

/** A stretch of time in which the event loop did not turn; microseconds of the monotonic clock. */
export interface Block {
  readonly from: number;
  readonly to: number;
}

/** Tells when the main thread's event loop is blocked. */
export interface Pulse {
  /** Hears of every block that is at least `threshold` milliseconds long, when it has ended. The result stops that; until then nobody else may listen. */
  listen(threshold: number, onBlock: (block: Block) => void): () => void;
  /** The block that has not ended yet; null where the loop turns, or nobody listens. */
  pending(): Block | null;
}

/** What a sidecar leaves to the next one where it is killed: sums that must not fall as long as the process lives. */
export interface Keepsakes {
  /** What was left under that name; null where nothing was. */
  read(name: string): string | null;
  write(name: string, text: string): void;
}

/** What a capture of one thread gets to work with, the main one or a worker. It runs in the sidecar. */
export interface ThreadContext {
  readonly thread: InspectedThread;
  /** `threadId` of a worker; null for the main thread. */
  readonly workerId: number | null;
  readonly settings: CaptureSettings;
  /** How much may be asked for at the same time; whatever stops the thread, or keeps memory, goes by it. */
  readonly limits: Limits;
  /** Whether the thread's event loop turns within a quarter of a second. */
  isResponsive(): Promise<boolean>;
  /** Working directory of the process; files below it are shown relative to it. */
  readonly cwd: string;
  /** Path of the program's main script. */
  readonly program: string;
  /** Where the thread's frames were written. */
  readonly originals: Originals;
  /** What the addresses of the profiles that were served are called. */
  readonly symbols: SymbolTable;
  /** Left out where nothing outlives the sidecar: of a worker thread, which is sampled by the sidecar's own session. */
  readonly keepsakes?: Keepsakes;
}

/** What a capture of the process gets to work with: its main thread, and what only that has. */
export interface CaptureContext extends ThreadContext {
  /** The same as `thread`. */
  readonly main: ForkedThread;
  readonly pulse: Pulse;
  /** Longest turn of the main thread's event loop since the last call, in milliseconds. */
  loopLag(): Promise<number>;
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

/** How many there are of what is shown. */
export interface Count {
  /** Null where that is not known before it is read. */
  readonly count: number | null;
  /** A sentence on how sure it is; '' where it is. */
  readonly note: string;
  /** When it was counted, `performance.now()`; left out where that is now. */
  readonly at?: number;
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
  /** The number that the index page shows. */
  count(this: void, context: CaptureContext, signal: AbortSignal): Promise<Count>;
  /** Takes a reading. Throws `EndpointError` for what the client did wrong, `AgentError` for what the process cannot do. */
  take(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult>;
  /** The same of a worker thread; left out where that cannot be had. */
  readonly takeOfWorker?: (context: ThreadContext, request: CaptureRequest) => Promise<CaptureResult>;
}

/** A result whose text is made once, however many ask for it. */
export function captureResult(profile: Profile, write: () => string): CaptureResult {
  let text: Uint8Array | null = null;
  return { profile, text: () => (text ??= Buffer.from(write())) };
}
