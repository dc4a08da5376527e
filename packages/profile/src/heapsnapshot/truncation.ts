// What a profile says of the snapshot that it was made of, where that was cut off.
import type { Profile } from '../profile.ts';

const BEGINS = 'this heap snapshot is ';

/** The comment that says how a snapshot was cut off: `truncated at byte …`. */
export function truncationComment(cut: string): string {
  return BEGINS + cut;
}

/** The sentence of {@link truncationComment} in a profile; null where the snapshot was whole. */
export function truncation({ comments }: Profile): string | null {
  return comments.find((comment) => comment.startsWith(BEGINS)) ?? null;
}
