// The outside world of a command that runs for a while: Ctrl-C ends it early.
import process from 'node:process';
import type { CliIo } from '../io.ts';

/** A {@link CliIo} whose waits a Ctrl-C cuts short. */
export interface WatchIo extends Omit<CliIo, 'sleep'> {
  /** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
  sleep(ms: number): Promise<void>;
  /** Aborted by the first Ctrl-C: finish early and tidily. The second one ends the process. */
  readonly signal: AbortSignal;
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
      sleep: (ms) => io.sleep(ms, controller.signal),
      signal: controller.signal,
    });
  } finally {
    // After an interrupt they stay: the same Ctrl-C may still be on its way, and would end the process before it has said anything.
    if (!controller.signal.aborted) {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    }
  }
}
