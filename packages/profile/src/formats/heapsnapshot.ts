// V8 heap snapshots as a profile format: the tasks, handles and closures that a `.heapsnapshot` file holds.
import { isHeapSnapshot, readHeapSnapshot } from '../heapsnapshot/index.ts';
import type { ProfileFormat } from './format.ts';

/** A `.heapsnapshot` file that fits one buffer; larger ones go through `readHeapSnapshotStream`. */
export const heapSnapshot: ProfileFormat = {
  name: 'V8 heap snapshot',
  sniff: (_bytes, head) => isHeapSnapshot(head),
  read: (bytes) => readHeapSnapshot(bytes),
};
