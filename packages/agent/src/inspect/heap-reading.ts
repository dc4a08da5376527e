// What a reading of the heap gives: sampled objects by site, and the memory of the process beside them.
import type { Frame } from '../frames.ts';
import type { MemoryReading } from '../host/reading.ts';

/** A group of sampled objects of one size at one site: what V8 saw, before any scaling. */
export interface HeapRecord {
  /** Frames, leaf first. */
  readonly frames: readonly Frame[];
  /** Bytes per object; 0 for memory outside of the heap. */
  readonly size: number;
  /** Objects that were sampled; 0 for memory outside of the heap. */
  readonly count: number;
  /** Bytes in the heap that the record stands for: V8's estimate, or the truth where nothing is sampled. */
  readonly bytes: number;
}

/** A reading of the heap. */
export interface HeapReading {
  readonly records: readonly HeapRecord[];
  readonly memory: MemoryReading;
  readonly timeNanos: bigint;
  /** Milliseconds that the reading stopped the main thread, collection included. */
  readonly cost: number;
  /** What is to be said of it. */
  readonly comments?: readonly string[];
}
