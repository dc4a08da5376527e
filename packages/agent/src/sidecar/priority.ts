// The sidecar's place behind the service: its thread gets what the others leave, where the system can tell threads apart.
import { access } from 'node:fs/promises';
import { setPriority } from 'node:os';

/**
 * A third of the weight of the service's threads where all of them want a CPU; all of one that nobody else wants. Less would leave a
 * machine that is overloaded without profiles, just when they are wanted.
 */
const NICE = 5;

/** Lowers the priority of the calling thread on Linux. Elsewhere a priority is the whole process's: nothing happens. */
export async function yieldToService(): Promise<void> {
  if (process.platform !== 'linux') return;
  // The threads of libuv's pool, which are the service's too, begin with its first use, and with the priority of whoever uses it first.
  await access(process.execPath).catch(() => undefined);
  try {
    setPriority(0, NICE);
  } catch {
    // A sandbox that forbids it: the sidecar runs as before.
  }
}
