// What loads the program meanwhile: a command of the user's, run by the shell again and again until the watch is over.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

/** Between two runs, in milliseconds: the program may not listen yet. */
const PAUSE_MS = 500;

/** To all that the shell has started. */
function end(child: ChildProcess): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGTERM');
    else process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}

/**
 * Runs `command` until the signal aborts, then ends it. What it prints goes to stderr: stdout is the program's.
 *
 * @param sleep resolves after so many milliseconds, or when the signal aborts
 */
export async function load(
  command: string,
  { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
  sleep: (ms: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const child = spawn(command, {
      cwd,
      env: { ...env },
      shell: true,
      stdio: ['ignore', 2, 2],
      detached: process.platform !== 'win32',
    });
    const stop = (): void => end(child);
    signal.addEventListener('abort', stop, { once: true });
    // A shell that cannot be started is one that has ended.
    await once(child, 'exit').catch(() => undefined);
    signal.removeEventListener('abort', stop);
    await sleep(PAUSE_MS);
  }
}
