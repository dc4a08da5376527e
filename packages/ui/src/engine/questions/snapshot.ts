// Reads a heap snapshot as it comes, so that its text is never held; what earlier ones of its process saw tells who is new.
import { heapIds, loadHeapSnapshot, type Profile } from '@stackpile/profile';
import type { Profiles } from '../profiles.ts';

/**
 * The profile of a snapshot.
 *
 * @param size bytes that will come
 * @throws {ProfileError} that names the byte at fault
 */
export function readSnapshot(
  profiles: Profiles,
  pieces: AsyncIterable<Uint8Array>,
  size: number,
): Promise<Profile> {
  const looks: number[] = [];
  for (const { profile } of profiles.all) {
    const largest = heapIds(profile)?.largest ?? 0;
    if (largest > (looks.at(-1) ?? 0)) looks.push(largest);
  }
  return loadHeapSnapshot(pieces, { expectedBytes: size, classes: { looks } });
}
