// Heap snapshots: reading them as a stream, and what piles up in them as a profile.
import type { Profile } from '../profile.ts';
import { analyzeHeap } from './analyze.ts';
import { type HeapProfileOptions, heapProfile } from './heap-profile.ts';
import { truncationComment } from './truncation.ts';
import { HeapSnapshotReader, type HeapSnapshotOptions } from './reader.ts';

export {
  analyzeHeap,
  type HeapAnalysis,
  type HeapAnalysisOptions,
  type HeapFrame,
  type HeapGroup,
  type HeapGroupKind,
} from './analyze.ts';
export type { ClassRow, HeapClasses } from './classes/classes.ts';
export { BORN_LABEL, type HeapIds, heapIds } from './heap-ids.ts';
export {
  type HeapFrameWriter,
  heapProfile,
  type HeapProfileOptions,
  type WrittenHeapFrame,
} from './heap-profile.ts';
export { fileOpeners, type OnlyCall, onlyCalls } from './program-facts.ts';
export { LEASE_NAME } from './handles.ts';
export { type HeapSnapshotOptions, HeapSnapshotReader } from './reader.ts';
export type { HeapSnapshot } from './snapshot.ts';
export { type SurvivingChain, survivors } from './survivors.ts';
export { truncation } from './truncation.ts';

/** Whether a text begins as a heap snapshot does; a few dozen characters are enough. */
export function isHeapSnapshot(head: string): boolean {
  return /^\s*\{\s*"snapshot"\s*:\s*\{/u.test(head);
}

/**
 * Reads a heap snapshot chunk by chunk and gives its profile: objects by class, tasks, handles and closures (see
 * {@link heapProfile}). One that was cut off, as by the kill that follows `--heapsnapshot-near-heap-limit`, is read as far as it
 * goes: the profile's first comment says so.
 *
 * @throws {ProfileError} that names the byte at fault
 */
export async function readHeapSnapshotStream(
  chunks: AsyncIterable<Uint8Array | string>,
  options: HeapSnapshotOptions & HeapProfileOptions = {},
): Promise<Profile> {
  const reader = new HeapSnapshotReader(options);
  for await (const chunk of chunks) reader.push(chunk);
  return profileOf(reader, options);
}

/** Reads a heap snapshot that is in memory already; as {@link readHeapSnapshotStream}. */
export function readHeapSnapshot(bytes: Uint8Array, options: HeapProfileOptions = {}): Profile {
  const reader = new HeapSnapshotReader({ expectedBytes: bytes.length });
  reader.push(bytes);
  return profileOf(reader, options);
}

function profileOf(reader: HeapSnapshotReader, options: HeapProfileOptions): Profile {
  const { cut } = reader;
  const snapshot = reader.finish(true);
  const comments = cut === null ? [] : [truncationComment(cut)];
  const analysis = analyzeHeap(snapshot, { classes: {}, ...options });
  return heapProfile(analysis, { ...options, comments: [...comments, ...(options.comments ?? [])] });
}
