// What the heap profile says of memory beside the heap.

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
