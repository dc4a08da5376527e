// The outside world of a command that runs for a while: a clock to wait on and a Ctrl-C to end early.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { CliIo } from '../io.ts';

/** A {@link CliIo} with time in it. */
export interface WatchIo extends CliIo {
  /** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
  sleep(ms: number): Promise<void>;
  /** Aborted by the first Ctrl-C: finish early and tidily. The second one ends the process. */
  readonly signal: AbortSignal;
}

async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // aborted: the caller looks at the signal
  }
}

/** A second signal sooner than this is the same Ctrl-C: npm and other parents pass on what the terminal already sent. */
const sameInterruptMs = 1000;

/** Runs `command` with the first Ctrl-C (or SIGTERM) turned into an abort; a later one ends the process. */
export async function withInterrupt<T>(io: CliIo, command: (io: WatchIo) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > sameInterruptMs) {
      process.exit(130);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await command({
      ...io,
      now: () => io.now(),
      sleep: (ms) => sleepUntilAborted(ms, controller.signal),
      signal: controller.signal,
    });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
