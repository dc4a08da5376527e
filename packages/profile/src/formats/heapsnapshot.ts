// V8 heap snapshots as a profile format: the tasks, handles and closures that a `.heapsnapshot` file holds.
import { readHeapSnapshot } from '../heapsnapshot/index.ts';
import type { JsonFormat } from './format.ts';

/** A `.heapsnapshot` file that fits one buffer; larger ones go through `readHeapSnapshotStream`. */
export const heapSnapshot: JsonFormat = {
  name: 'V8 heap snapshot',
  read: (bytes, { at = 0 } = {}) => readHeapSnapshot(bytes.subarray(at)),
};
