// All formats that pprof does not read, in the order in which they are tried.
import type { ProfileFormat } from './format.ts';
import { goStacks } from './go-goroutine-stacks.ts';
import { heapSnapshot } from './heapsnapshot.ts';

/** Formats by content; the first whose `sniff` says yes reads the bytes. */
export const formats: readonly ProfileFormat[] = [goStacks, heapSnapshot];
