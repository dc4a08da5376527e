// How the sidecar reaches the agent's state on the main thread, and what it reads there.

/** Expression that leads the sidecar's `Runtime.evaluate` to the host. */
export const HOST_EXPRESSION = 'globalThis[Symbol.for("stackpile.agent.1")]';

/** An expression that says, beside its value, for how many milliseconds it has stopped the main thread. */
export function costed(expression: string): string {
  return `(() => { const t = performance.now(); const value = ${expression}; return { value, cost: performance.now() - t }; })()`;
}

/** Off-heap memory of the process in bytes, for the heap profile. */
export interface MemoryReading {
  readonly rss: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly sampler: string;
  readonly interval: number;
}
