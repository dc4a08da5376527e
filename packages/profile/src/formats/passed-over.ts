// What a reader went past because it made no sense of it: counted, and told once.
import type { ProfileBuilder } from '../builder.ts';

const MARK = '# passed over ';
/** Characters of what is quoted. */
const MOST = 60;

/** A piece of a text on one line, in quotes. */
export function quotedPiece(text: string): string {
  const line = text
    .slice(0, 4 * MOST)
    .replace(/\s+/gu, ' ')
    .trim();
  return JSON.stringify(line.length > MOST ? `${line.slice(0, MOST)}…` : line);
}

/** The plural of a noun that may go on: `record of perf`. */
function plural(what: string): string {
  if (what.startsWith('child ')) return what.replace('child', 'children');
  return what.replace(/^\S+/u, '$&s');
}

/** Counts what is passed over, by what it is called. */
export class PassedOver {
  readonly #kinds = new Map<string, { count: number; readonly first: string }>();

  /**
   * @param what the noun, in the singular: `line`, `sample`
   * @param first describes it; asked for the first of its kind only
   */
  add(what: string, first: () => string): void {
    const kind = this.#kinds.get(what);
    if (kind === undefined) this.#kinds.set(what, { count: 1, first: first() });
    else kind.count++;
  }

  /** What was said of the first of a kind; null where nothing of it was passed over. */
  firstOf(what: string): string | null {
    return this.#kinds.get(what)?.first ?? null;
  }

  /** One comment per kind; with `#` in front pprof keeps them out of the heads of reports. */
  comments(): string[] {
    return [...this.#kinds].map(([what, { count, first }]) =>
      count === 1 ? `${MARK}1 ${what}: ${first}` : `${MARK}${count} ${plural(what)}, the first: ${first}`,
    );
  }

  /** Adds the comments to a profile. */
  tell(builder: ProfileBuilder): void {
    for (const comment of this.comments()) builder.comment(comment);
  }
}

/** What a reader passed over, as sentences; none where it read everything. */
export function passedOver(profile: { readonly comments: readonly string[] }): string[] {
  return profile.comments.filter((comment) => comment.startsWith(MARK)).map((comment) => comment.slice(2));
}
