// Heap snapshots for programs that seldom meet one: their reader is loaded when it is wanted.
import type { HeapProfileOptions } from './heapsnapshot/heap-profile.ts';
import type { HeapSnapshotOptions } from './heapsnapshot/reader.ts';
import type { Profile } from './profile.ts';

/**
 * As `readHeapSnapshotStream`, which it loads first.
 *
 * @throws {ProfileError} that names the byte at fault
 */
export async function loadHeapSnapshot(
  chunks: AsyncIterable<Uint8Array | string>,
  options: HeapSnapshotOptions & HeapProfileOptions = {},
): Promise<Profile> {
  const { readHeapSnapshotStream } = await import('./heapsnapshot/index.ts');
  return readHeapSnapshotStream(chunks, options);
}
