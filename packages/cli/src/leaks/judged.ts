// A verdict with what it is about, and the exit status that says it.
import type { Verdict } from '@stackpile/leaks';

/** A verdict with what it is about. */
export interface Judged {
  readonly verdict: Verdict;
  /** Names of the dumps, or the address that was watched. */
  readonly sources: readonly string[];
  /** The index page of a service; null for files. */
  readonly base: string | null;
}

/** 0 no leak, 1 a leak, 2 could not tell. */
export function exitStatus(judged: readonly Judged[]): 0 | 1 | 2 {
  if (judged.some(({ verdict }) => verdict.kind === 'leak')) return 1;
  return judged.some(({ verdict }) => verdict.kind === 'unsure') ? 2 : 0;
}
