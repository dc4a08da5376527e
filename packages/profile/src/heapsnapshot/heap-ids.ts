// What a profile of a heap says of the ids and ages of its objects, for whoever compares several.
import type { Profile } from '../profile.ts';

/** The label of a sample of objects that tells their age: how many of the earlier looks they were born after; as `heapProfile` writes it. */
export const BORN_LABEL = 'born_after';

const agesComment = /^(?:# )?ages told by (\d+) earlier looks$/u;
const idsComment = /^(?:# )?object ids up to (\d+), of process ([0-9a-f]+)$/u;

/** What a profile of classes says of ids: they grow as objects are made, and an object keeps its own as long as the process lives. */
export interface HeapIds {
  /** The largest one, for the `looks` of the next snapshot. */
  readonly largest: number;
  /** Other where the ids are of another process, or of another session of its heap profiler. */
  readonly process: string;
  /** How many earlier looks its ages count from; see {@link BORN_LABEL}. null where it does not say. */
  readonly looks: number | null;
}

/** The ids of the snapshot that a profile was made of; null where it does not say. */
export function heapIds(profile: Profile): HeapIds | null {
  let ids: { largest: number; process: string } | null = null;
  let looks: number | null = null;
  for (const comment of profile.comments) {
    const [, largest, process] = idsComment.exec(comment) ?? [];
    if (largest !== undefined && process !== undefined) ids ??= { largest: Number(largest), process };
    const [, told] = agesComment.exec(comment) ?? [];
    if (told !== undefined) looks ??= Number(told);
  }
  return ids === null ? null : { ...ids, looks };
}
