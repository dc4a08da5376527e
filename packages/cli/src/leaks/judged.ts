// A verdict with what it is about, and the exit status that says it.
import type { Evidence, Finding, ProcessVerdict, Verdict } from '@stackpile/leaks';

/** A verdict with what it is about. */
export interface Judged {
  readonly verdict: Verdict & { readonly evidence?: Evidence };
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

/** What was judged, and the balance of the whole process; null where one kind of dump was asked for alone. */
export interface Judgement {
  readonly judged: readonly Judged[];
  readonly process: ProcessVerdict | null;
}

/** The verdicts of a balance: first the one on what is blamed first, then what else leaks. */
export function inBlame(judged: readonly Judged[], { convicted }: ProcessVerdict): Judged[] {
  const first = convicted[0]?.evidence;
  const rank = ({ verdict: { evidence, kind } }: Judged): number =>
    kind !== 'leak' ? 2 : evidence === first ? 0 : 1;
  return judged.toSorted((a, b) => rank(a) - rank(b));
}

/** The leaks of a judgement, the one that is blamed first before the others. */
export function leaksOf({ judged }: Pick<Judgement, 'judged'>): Finding[] {
  return judged.flatMap(({ verdict }) => verdict.findings.filter(({ kind }) => kind === 'leak')).slice(0, 10);
}
