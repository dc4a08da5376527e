// Whether the main thread wants the CPU and does not get it: on a machine that is overloaded it answers late, and is neither blocked nor in a loop.
import { readFileSync } from 'node:fs';

/** What the system says of a thread at a moment. */
export interface ThreadRun {
  /** It runs, or would if it had the CPU. */
  readonly isRunnable: boolean;
  /** Milliseconds for which it has run so far. */
  readonly ran: number;
}

/** Of what it took part of the time it was not starved. */
const FAIR = 0.5;

/** The main thread; null where the system does not tell, or must not be asked. */
export function mainThreadRun(): ThreadRun | null {
  // Its number is the process's.
  const folder = `/proc/self/task/${process.pid}`;
  const { permission } = process as { permission?: { has(scope: string, reference: string): boolean } };
  if (process.platform !== 'linux' || permission?.has('fs.read', folder) === false) return null;
  try {
    const stat = readFileSync(`${folder}/stat`, 'latin1');
    const [ran = ''] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ');
    // The name before the state may hold anything.
    const isRunnable = stat.charAt(stat.lastIndexOf(')') + 2) === 'R';
    return /^\d+$/u.test(ran) ? { isRunnable, ran: Number(ran) / 1e6 } : null;
  } catch {
    return null;
  }
}

/** Whether it has wanted more of the time between two looks than it got. */
export function isStarved(before: ThreadRun, after: ThreadRun | null, ms: number): boolean {
  return after !== null && before.isRunnable && after.isRunnable && after.ran - before.ran < FAIR * ms;
}
