// Readings of a process that was never asked, for tests: everything unknown but what a test says.
import type { Counters } from '@stackpile/profile';

/** When made-up processes began, milliseconds since 1970. */
export const began = 1_700_000_000_000;

/** A reading `seconds` after the process began. */
export function reading(seconds: number, known: Partial<Counters> = {}): Counters {
  return {
    schema: 'stackpile.counters/1',
    runtime: 'node',
    time: began + seconds * 1000,
    pid: 4711,
    uptime: seconds,
    rss: null,
    agentMemory: null,
    memoryLimit: null,
    heapUsed: null,
    heapLive: null,
    heapTotal: null,
    heapLimit: null,
    external: null,
    arrayBuffers: null,
    tasks: null,
    tasksBetween: null,
    handles: null,
    handleKinds: null,
    fds: null,
    fdLimit: null,
    threads: null,
    workers: null,
    children: null,
    turns: null,
    requests: null,
    cpu: null,
    eventLoopLag: null,
    ...known,
  };
}

/** Normally distributed with mean 0 and deviation 1 (Box and Muller). */
export function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A Poisson number: by its definition where the mean is small, else by the normal one that is near it. */
export function poisson(random: () => number, mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss(random)));
  let count = 0;
  for (let product = random(); product > Math.exp(-mean); product *= random()) count++;
  return count;
}
