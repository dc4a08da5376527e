// What comes in pieces, from a pipe or over HTTP: a heap snapshot is read as it comes, however long it is; anything else as a whole.
import type { Profile } from '@stackpile/profile';
import { HEAD, headOf } from './snapshot-head.ts';

/** What came: a snapshot's profile, or the bytes of something else. */
export type Pieces =
  | { readonly kind: 'snapshot'; readonly profile: Profile }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** How pieces are read. */
export interface PiecesOptions {
  /** Bytes of anything but a snapshot, at most. */
  readonly mostBytes: number;
  /** What is thrown where there are more. */
  readonly tooMany: () => Error;
  /** As in `readSnapshotFile`. */
  readonly looks?: readonly number[] | null | undefined;
}

/**
 * Reads all pieces.
 *
 * @throws ProfileError for a snapshot that is malformed; what `tooMany` makes; whatever the pieces throw
 */
export async function readPieces(
  chunks: AsyncIterable<Uint8Array | string>,
  { mostBytes, tooMany, looks }: PiecesOptions,
): Promise<Pieces> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let isKnown = false;
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      const part = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
      length += part.length;
      parts.push(part);
      if (!isKnown && length >= HEAD) {
        isKnown = true;
        const { isSnapshot, isPacked } = headOf(Buffer.concat(parts));
        if (isSnapshot) {
          const { readSnapshotChunks } = await import('./snapshot-file.ts');
          const profile = await readSnapshotChunks(rest(parts, iterator), isPacked, looks ?? null);
          return { kind: 'snapshot', profile };
        }
      }
      if (length > mostBytes) throw tooMany();
    }
  } finally {
    // Whoever sends the rest hears that nobody wants it.
    await iterator.return?.();
  }
  return { kind: 'bytes', bytes: Buffer.concat(parts, length) };
}

async function* rest(
  parts: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  yield* parts;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
    yield typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
}
